"""What a tick leaves alone while a CRM does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.records import RecordKey
from sync.context import Context
from sync.daemon.tick import reachable
from sync.judge.findings import Judgement
from tests.builders import a_finding
from tests.flow.receiver import receiver
from tests.flow.test_post import NOW, REASSIGNED, opened

CONTACT, LEAD = RecordKey("hubspot", "contact", "1"), RecordKey("salesforce", "Lead", "00Q000000000001AAA")
OTHER = RecordKey("hubspot", "contact", "2")
STEPS = [(0, replace(REASSIGNED, finding="both")), (1, replace(REASSIGNED, finding="one", lead=str(OTHER), record=OTHER))]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Context]:
    """A store with a lead that has records in both CRMs, and one that has its only one in HubSpot."""
    with receiver() as to, opened(tmp_path, to) as run:
        run_id = run.runs.start("daemon", mode="enforce", as_of=None, now=NOW, agreement_hash="a")
        findings = [
            a_finding("first_touch", NOW, key="both", lead=str(CONTACT), records=(CONTACT, LEAD)),
            a_finding("first_touch", NOW, key="one", lead=str(OTHER), records=(OTHER,)),
        ]
        judged = [Judgement(lead=finding.lead, findings=(finding,), next_at=None) for finding in findings]
        run.known.findings.save(run_id, judged, judged_at=NOW)
        yield run


@pytest.mark.parametrize(("down", "left"), [((), [0, 1]), (("salesforce",), [1]), (("hubspot",), []), (("hubspot", "salesforce"), [])])
def test_a_lead_with_a_record_in_a_crm_that_is_down_is_left_alone_and_others_are_not(
    run: Context, down: tuple[str, ...], left: list[int]
) -> None:
    assert [position for position, _ in reachable(run, STEPS, frozenset(down))] == left
