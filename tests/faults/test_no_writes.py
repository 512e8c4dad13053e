"""No audit writes to a CRM: the practice CRMs count the calls that do."""

from __future__ import annotations

from pathlib import Path

import urllib3

from tests.faults.worlds import NOW
from tests.flow.practice import audit_json, base_url, practice_hubspot


def test_an_audit_of_both_crms_writes_to_neither(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--crm", "both", "--leads", "40", "--seed", "7", "--now", NOW) as files:
        audit_json(files)
        audit_json(files, "--full")
        told = urllib3.request("GET", f"{base_url(files)}/_sandbox/stats").json()

    assert [(told[crm]["calls"] > 0, told[crm]["writes"]) for crm in ("hubspot", "salesforce")] == [(True, 0), (True, 0)]
