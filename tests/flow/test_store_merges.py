"""Merged records: from the merge on one lead, before it two, and nothing fires twice."""

from __future__ import annotations

from datetime import datetime

import pytest

from connectors.records import Merge
from sync.judge.findings import Status
from sync.rows import LeadRows
from sync.store.database import Database
from sync.store.dirty import Dirty
from sync.store.findings import Findings
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from tests.flow.store_values import (
    HOUR,
    MINUTE,
    NINE,
    WORDS,
    a_finding,
    a_judgement,
    a_key,
    a_link,
    a_record,
    an_activity,
    dump,
    read,
    save,
)

MERGED = NINE + 2 * HOUR
SEEN = NINE + 3 * HOUR
BOTH = ["hubspot/contact/1", "hubspot/contact/2"]


def a_merge(gone: str = "contact/1", into: str = "contact/2", at: datetime | None = MERGED) -> Merge:
    return Merge(gone=a_key(gone), into=a_key(into), at=at)


def merge(store: Database, *merges: Merge, seen_at: datetime = SEEN) -> None:
    save(store, a_record("contact/2", changed_at=MERGED), merged=merges or (a_merge(),), seen_at=seen_at)


def leads(store: Database, upto: datetime | None = None) -> list[str]:
    return [lead.lead for lead in read(store, upto=upto)]


def calls_of(lead: LeadRows) -> list[str]:
    return [activity.key.id for activity in lead.activities]


@pytest.fixture
def two(store: Database) -> Database:
    """Contacts 1 and 2, each with a call; a deal and a company are the first one's."""
    save(store, a_record("company/9"), a_record("deal/8"), stream="companies")
    save(store, a_record("contact/1", {"email": "ann@x.example"}), a_record("contact/2"), linked_kinds=frozenset({"company"}))
    links = (a_link("call/5", "contact/1"), a_link("call/6", "contact/2"), a_link("deal/8", "contact/1"))
    save(store, an_activity("call/5"), an_activity("call/6"), stream="calls", links=links)
    return store


def test_a_merged_record_is_a_lead_before_the_merge_and_none_from_its_moment_on(two: Database) -> None:
    merge(two)

    assert leads(two) == leads(two, MERGED) == ["hubspot/contact/2"]
    assert leads(two, MERGED - MINUTE) == BOTH


def test_a_merge_without_a_time_counts_from_when_it_was_seen(two: Database) -> None:
    merge(two, a_merge(at=None))

    assert leads(two, SEEN - MINUTE) == BOTH
    assert leads(two, SEEN) == ["hubspot/contact/2"]


def test_the_survivor_has_the_calls_and_deals_of_both_from_the_merge_on(two: Database) -> None:
    merge(two)

    (survivor,) = read(two)
    first, second = read(two, upto=MERGED - MINUTE)
    assert (calls_of(survivor), [deal.key.id for deal in survivor.deals]) == (["5", "6"], ["8"])
    assert (calls_of(first), calls_of(second)) == (["5"], ["6"])
    assert ([deal.key.id for deal in first.deals], second.deals) == (["8"], ())


def test_a_company_passes_on_only_if_the_survivor_is_told_to_have_it(two: Database) -> None:
    save(two, a_record("contact/1"), links=(a_link("contact/1", "company/9"),), seen_at=NINE + MINUTE)
    survivor = a_record("contact/2", changed_at=MERGED)
    save(two, survivor, merged=(a_merge(),), linked_kinds=frozenset({"company"}), seen_at=SEEN)

    (lead,) = read(two)
    assert lead.company is None


def test_saving_a_merge_twice_adds_nothing(two: Database) -> None:
    merge(two)
    before = dump(two)
    merge(two, a_merge(at=None), seen_at=SEEN + HOUR)

    after = dump(two)
    assert {table: rows for table, rows in after.items() if table not in ("dirty", "judged_by")} == {
        table: rows for table, rows in before.items() if table not in ("dirty", "judged_by")
    }


def test_a_merge_of_a_record_that_we_never_held_is_not_noted(two: Database) -> None:
    merge(two, a_merge("contact/77"))

    assert leads(two) == BOTH


def test_of_a_chain_of_merges_the_last_survivor_remains(two: Database) -> None:
    merge(two)
    save(two, a_record("contact/3"), merged=(a_merge("contact/2", "contact/3", SEEN), a_merge("contact/1", "contact/3")), seen_at=SEEN)

    (survivor,) = read(two)
    assert (survivor.lead, calls_of(survivor)) == ("hubspot/contact/3", ["5", "6"])
    assert LeadReader(two, [WORDS]).find("ann@x.example") == ("hubspot/contact/3",)


def test_a_record_that_comes_again_by_itself_is_a_lead_again(two: Database) -> None:
    merge(two)
    save(two, a_record("contact/1", changed_at=SEEN), seen_at=SEEN)

    assert leads(two) == BOTH


def test_a_merged_record_is_found_under_its_survivor_and_before_the_merge_under_its_own_name(two: Database) -> None:
    merge(two)

    reader = LeadReader(two, [WORDS])
    for text in ("1", "hubspot/contact/1", "ANN@x.example"):
        assert reader.find(text) == ("hubspot/contact/2",)
        assert reader.find(text, upto=MERGED - MINUTE) == ("hubspot/contact/1",)


def test_a_merge_marks_both_and_is_no_work_for_ever(two: Database) -> None:
    run = Runs(two).start("dry-run", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    findings, marks = Findings(two), Dirty(two, {"hubspot": WORDS})
    marks.refresh("terms", bulk_within=5 * MINUTE)
    judged = [a_judgement(a_finding("f1")), a_judgement(a_finding("f2", BOTH[1]), lead=BOTH[1])]
    findings.save(run, judged, judged_at=NINE, marked_upto=marks.newest())
    assert marks.count(SEEN) == 0

    merge(two)

    with two.snapshot() as tx:
        assert {lead for (lead,) in tx.execute("SELECT crm_id FROM dirty JOIN object ON object.id = lead")} == {"1", "2"}
    assert marks.count(SEEN) == 1  # the merged one is no lead
    assert findings.withdraw_former(run, judged_at=SEEN) == 1
    with two.snapshot() as tx:
        assert {lead for (lead,) in tx.execute("SELECT crm_id FROM dirty JOIN object ON object.id = lead")} == {"2"}


def test_what_stood_of_a_merged_record_is_withdrawn_by_a_version_and_not_twice(two: Database) -> None:
    run = Runs(two).start("dry-run", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    findings = Findings(two)
    findings.save(run, [a_judgement(a_finding("f1")), a_judgement(a_finding("f2", BOTH[1]), lead=BOTH[1])], judged_at=NINE)
    merge(two)

    assert findings.withdraw_former(run, judged_at=MERGED - MINUTE) == 0
    assert findings.withdraw_former(run, judged_at=SEEN) == 1
    assert findings.withdraw_former(run, judged_at=SEEN) == 0

    assert [finding.key for finding in findings.latest()] == ["f2"]
    with two.snapshot() as tx:
        assert tx.execute("SELECT withdrawn FROM finding_version WHERE key = 'f1' ORDER BY id").fetchall() == [(0,), (1,)]


def test_a_finding_of_the_merged_record_that_is_the_survivors_now_is_not_withdrawn(two: Database) -> None:
    """An answer clock that a reply started has the reply's key, whoever the lead is."""
    run = Runs(two).start("dry-run", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    findings = Findings(two)
    findings.save(run, [a_judgement(a_finding("reply"))], judged_at=NINE)
    merge(two)
    findings.save(run, [a_judgement(a_finding("reply", BOTH[1]), lead=BOTH[1])], judged_at=SEEN)

    assert findings.withdraw_former(run, judged_at=SEEN) == 0
    assert [(finding.key, finding.lead) for finding in findings.latest()] == [("reply", BOTH[1])]


def test_no_activities_are_read_for_a_merged_record(two: Database) -> None:
    run = Runs(two).start("dry-run", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    findings = Findings(two)
    open_ones = [a_finding(key, lead, status=Status.RUNNING) for key, lead in zip(("f1", "f2"), BOTH, strict=True)]
    findings.save(run, [a_judgement(one, lead=one.lead) for one in open_ones], judged_at=NINE)
    assert [key.id for key in findings.fallen_due("hubspot", SEEN)] == ["1", "2"]

    merge(two)

    assert [key.id for key in findings.fallen_due("hubspot", SEEN)] == ["2"]
