"""What is deleted, merged, erased and restored in the CRM, seen from the findings: end to end, through the program."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.flow.people import TO_CONTACT, People
from tests.flow.practice import audit_json, base_url, practice_hubspot, store_bytes

NOW = "2026-11-20T15:00Z"  # a Friday, ten in the morning in New York
RUNNING = {"running", "at_risk"}


class Scene:
    """Three leads that were handed over just now, the first one's address and a call to each as a test wants it."""

    def __init__(self, files: Path) -> None:
        self.files = files
        self.people = People(base_url(files), 1)
        self.owner = self.people.ask("GET", "/crm/v3/owners?limit=100")["results"][0]["id"]
        self.ann, self.ben, self.cem = (self.lead(f"{name}@planted.example") for name in ("ann", "ben", "cem"))

    def lead(self, email: str) -> str:
        """Create a lead that was handed over."""
        values = {"email": email, "lifecyclestage": "marketingqualifiedlead", "hubspot_owner_id": self.owner}
        return str(self.people.ask("POST", "/crm/v3/objects/contacts", {"properties": values})["id"])

    def call(self, contact: str) -> str:
        """Log a call that reached the lead."""
        now = self.people.ask("GET", "/_sandbox/clock")["now"]
        told = {"hs_timestamp": now, "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED", "hs_call_duration": "120000"}
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TO_CONTACT["calls"]}]
        body = {"properties": told | {"hubspot_owner_id": self.owner}, "associations": [{"to": {"id": contact}, "types": types}]}
        return str(self.people.ask("POST", "/crm/v3/objects/calls", body)["id"])

    def audited(self, *, after_s: int = 60) -> dict[tuple[str, str], str]:
        """Let time pass, audit, and return the status of each promise to the planted leads, by lead and rule."""
        self.people.rest(after_s)
        return {
            (finding["lead"].rpartition("/")[2], finding["rule"]): finding["status"]
            for finding in audit_json(self.files)["findings"]
            if int(finding["lead"].rpartition("/")[2]) >= int(self.ann)
        }

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.files / "leadpact.db")) as tables:
            return tables.execute(sql).fetchall()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with practice_hubspot(tmp_path, "--leads", "20", "--seed", "9", "--now", NOW) as files:
        yield Scene(files)


def of(lead: str, found: dict[tuple[str, str], str]) -> dict[str, str]:
    return {rule: status for (key, rule), status in found.items() if key == lead}


def test_the_clocks_of_a_deleted_lead_end_and_run_again_once_it_is_restored(scene: Scene) -> None:
    before = scene.audited()
    assert of(scene.ann, before)["first_touch"] in RUNNING

    scene.people.ask("DELETE", f"/crm/v3/objects/contacts/{scene.ann}")
    gone = scene.audited()

    assert RUNNING.isdisjoint(of(scene.ann, gone).values())
    assert of(scene.ben, gone)["first_touch"] in RUNNING
    scene.people.ask("POST", "/_sandbox/restore", {"kind": "contacts", "id": scene.ann})
    assert of(scene.ann, scene.audited())["first_touch"] in RUNNING


def test_what_was_done_for_a_merged_lead_counts_for_its_survivor(scene: Scene) -> None:
    assert of(scene.ben, scene.audited())["first_touch"] in RUNNING
    scene.call(scene.ann)
    assert of(scene.ann, scene.audited())["first_touch"] == "kept"

    scene.people.ask("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": scene.ben, "objectIdToMerge": scene.ann})
    merged = scene.audited()

    assert of(scene.ann, merged) == {}
    assert of(scene.ben, merged)["first_touch"] == "kept"


def test_of_a_person_who_was_deleted_for_good_no_byte_is_left(scene: Scene) -> None:
    scene.call(scene.ann)
    scene.audited()
    store = scene.files / "leadpact.db"
    backup = store.with_name("leadpact.db.before-0007_trusted_pull.bak")
    backup.write_bytes(store.read_bytes())
    assert b"ann@planted.example" in store_bytes(store)

    scene.people.ask("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": scene.ann})
    left = scene.audited()

    assert of(scene.ann, left) == {}
    assert b"ann@planted.example" not in store_bytes(store)
    assert b"ben@planted.example" in store_bytes(store)


def test_a_person_who_was_deleted_first_and_for_good_later_is_erased_too(scene: Scene) -> None:
    scene.audited()
    scene.people.ask("DELETE", f"/crm/v3/objects/contacts/{scene.ann}")
    scene.audited()
    scene.people.ask("POST", "/_sandbox/restore", {"kind": "contacts", "id": scene.ann})
    scene.people.ask("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": scene.ann})

    scene.audited(after_s=24 * 3600)

    assert b"ann@planted.example" not in store_bytes(scene.files / "leadpact.db")


def test_a_deleted_call_no_longer_keeps_a_promise(scene: Scene) -> None:
    call = scene.call(scene.ann)
    assert of(scene.ann, scene.audited())["first_touch"] == "kept"

    scene.people.ask("DELETE", f"/crm/v3/objects/calls/{call}")

    assert of(scene.ann, scene.audited())["first_touch"] in RUNNING
    assert scene.rows("SELECT count(*) FROM activity JOIN object USING (id) WHERE object.kind = 'call' AND gone_at IS NOT NULL") == [(1,)]
