"""Linked records and judgements: which leads are judged again, and that nothing fires twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from connectors.records import Merge
from sync.judge.findings import Judgement, Status
from sync.store.database import Database
from sync.store.dirty import Dirty
from sync.store.findings import Findings
from sync.store.link import Links
from sync.store.mirror import Mirror
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from tests.flow.store_values import (
    BOTH,
    HOUR,
    MINUTE,
    NINE,
    a_finding,
    a_judgement,
    a_key,
    a_link,
    a_page,
    a_record,
    an_activity,
    an_owner,
    save_in_both,
)

ANN = "ann@x.example"
CONTACT, LEAD, TASK, DEAL = "hubspot/contact/1", "salesforce/Lead/00Q1", "salesforce/Task/00T1", "salesforce/Opportunity/0061"
LATER = NINE + HOUR
NOW = LATER + HOUR


def dirty(store: Database, now: datetime = NOW) -> list[str]:
    return [rows.lead for rows in LeadReader(store, BOTH.values()).changed(now=now, bulk_within=5 * MINUTE)]


def judge(store: Database, *judgements: Judgement, at: datetime = NINE) -> None:
    """Judge as a run does: what is dirty, then what is no lead any more."""
    run = Runs(store).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    marks, findings = Dirty(store, BOTH), Findings(store)
    marks.refresh("terms", bulk_within=5 * MINUTE)
    upto = marks.newest()
    told = {judgement.lead: judgement for judgement in judgements}
    findings.save(run, [told.get(lead, a_judgement(lead=lead)) for lead in dirty(store)], judged_at=at, marked_upto=upto)
    findings.withdraw_former(run, judged_at=at)


def standing(store: Database) -> list[tuple[str, str]]:
    return [(finding.key, finding.lead) for finding in Findings(store).latest()]


def versions(store: Database, key: str) -> list[int]:
    """Return of each version of a finding whether it was withdrawn by it."""
    with store.snapshot() as tx:
        return [withdrawn for (withdrawn,) in tx.execute("SELECT withdrawn FROM finding_version WHERE key = ? ORDER BY id", (key,))]


@pytest.fixture
def apart(store: Database) -> Database:
    """A contact and a Lead that nothing links yet, judged, each with a finding."""
    save_in_both(store, a_record("contact/1", {"email": ANN}), a_record(LEAD, {"Email": "b@x.example"}))
    judge(store, a_judgement(a_finding("ours", CONTACT), lead=CONTACT), a_judgement(a_finding("theirs", LEAD), lead=LEAD))
    assert dirty(store) == []
    return store


def link(store: Database, at: datetime = LATER) -> None:
    save_in_both(store, a_record(LEAD, {"Email": ANN}, changed_at=at), at=at)


@pytest.fixture
def together(store: Database) -> Database:
    """A contact and a Lead with the same address, with a call and a deal that the Lead is linked to, judged."""
    save_in_both(store, a_record("contact/1", {"email": ANN}), a_record(LEAD, {"Email": ANN, "OwnerId": "005A"}, history={"OwnerId": []}))
    mirror = Mirror(store, BOTH)
    mirror.save_page("salesforce", a_page(a_record(DEAL, {"StageName": "New"}), stream="Opportunity"), seen_at=NINE)
    links = (a_link(TASK, LEAD), a_link(DEAL, LEAD))
    mirror.save_page("salesforce", a_page(an_activity(TASK, alike="x"), stream="Task", links=links), seen_at=NINE)
    mirror.save_page("salesforce", a_page(stream="owners", owners=(an_owner("005A", crm="salesforce"),)), seen_at=NINE)
    judge(store)
    assert dirty(store) == []
    return store


def test_when_two_leads_become_one_that_one_is_judged_again(apart: Database) -> None:
    link(apart)
    assert dirty(apart) == [CONTACT]


def test_what_was_found_of_the_other_is_withdrawn_and_what_is_found_again_is_told_once(apart: Database) -> None:
    link(apart)
    judge(apart, a_judgement(a_finding("ours", CONTACT), a_finding("theirs", CONTACT, records=(a_key(LEAD),)), lead=CONTACT), at=LATER)
    assert standing(apart) == [("ours", CONTACT), ("theirs", CONTACT)]
    assert (versions(apart, "ours"), versions(apart, "theirs")) == ([0], [0, 0])  # another lead's now, and never withdrawn
    assert dirty(apart) == []


def test_what_is_not_found_any_more_of_a_record_that_became_part_of_another_lead_is_withdrawn_once(apart: Database) -> None:
    link(apart)
    for _ in range(2):
        judge(apart, a_judgement(a_finding("ours", CONTACT), lead=CONTACT), at=LATER)
    assert standing(apart) == [("ours", CONTACT)]
    assert versions(apart, "theirs") == [0, 1]


def test_when_one_lead_becomes_two_both_are_judged_again(together: Database) -> None:
    save_in_both(together, a_record(LEAD, {"Email": "new@x.example"}, changed_at=LATER), at=LATER)
    assert dirty(together) == [CONTACT, LEAD]


def test_a_new_doubt_and_one_that_is_gone_have_their_leads_judged_again(apart: Database) -> None:
    save_in_both(apart, a_record("contact/2", {"email": ANN}), at=LATER)
    assert dirty(apart) == [CONTACT, "hubspot/contact/2"]
    judge(apart, at=LATER)
    save_in_both(apart, a_record("contact/2", {"email": "c@x.example"}, changed_at=NOW), at=NOW)
    assert dirty(apart) == [CONTACT, "hubspot/contact/2"]


def new_value(store: Database) -> None:
    record = a_record(LEAD, {"Email": ANN, "OwnerId": "005B"}, history={"OwnerId": []}, changed_at=LATER)
    Mirror(store, BOTH).save_page("salesforce", a_page(record, stream="Lead"), seen_at=LATER)


def new_call(store: Database) -> None:
    page = a_page(an_activity("salesforce/Task/00T2", LATER), stream="Task", links=(a_link("salesforce/Task/00T2", LEAD),))
    Mirror(store, BOTH).save_page("salesforce", page, seen_at=LATER)


def changed_call(store: Database) -> None:
    page = a_page(an_activity(TASK, alike="x", changed_at=LATER, duration_s=9.0), stream="Task")
    Mirror(store, BOTH).save_page("salesforce", page, seen_at=LATER)


def look_alike(store: Database) -> None:
    Mirror(store, BOTH).save_page("salesforce", a_page(an_activity("salesforce/Task/00T9", alike="x"), stream="Task"), seen_at=LATER)


def new_stage_of_its_deal(store: Database) -> None:
    page = a_page(a_record(DEAL, {"StageName": "Won"}, changed_at=LATER), stream="Opportunity")
    Mirror(store, BOTH).save_page("salesforce", page, seen_at=LATER)


def owner_left(store: Database) -> None:
    Mirror(store, BOTH).save_page(
        "salesforce", a_page(stream="owners", owners=(an_owner("005A", crm="salesforce", active=False),)), seen_at=LATER
    )


def deleted(store: Database) -> None:
    Mirror(store, BOTH).save_page("salesforce", a_page(stream="Lead", gone=((a_key(LEAD), LATER),)), seen_at=LATER)


def merged_into_another(store: Database) -> None:
    survivor = a_record("salesforce/Lead/00Q2", changed_at=LATER)
    merge = Merge(gone=a_key(LEAD), into=a_key("salesforce/Lead/00Q2"), at=LATER)
    Mirror(store, BOTH).save_page("salesforce", a_page(survivor, stream="Lead", merged=(merge,)), seen_at=LATER)
    Links(store, BOTH).renew(now=LATER)


@pytest.mark.parametrize(
    "happens", [new_value, new_call, changed_call, look_alike, new_stage_of_its_deal, owner_left, deleted, merged_into_another]
)
def test_news_of_a_linked_record_is_news_of_its_lead(together: Database, happens: Callable[[Database], None]) -> None:
    happens(together)
    assert CONTACT in dirty(together)


def test_when_the_record_that_names_the_lead_is_erased_the_other_is_judged_by_itself(together: Database) -> None:
    Mirror(together, BOTH).save_page("hubspot", a_page(erased=(a_key(CONTACT),)), seen_at=LATER)
    Links(together, BOTH).renew(now=LATER)
    assert dirty(together) == [LEAD]


def test_a_lead_that_waits_for_a_stream_of_the_other_crm_is_judged_again_until_that_was_read(store: Database) -> None:
    save_in_both(store, a_record("contact/1"), a_record(LEAD))
    unknown = a_finding("f1", CONTACT, status=Status.UNKNOWN, due_at=NINE)
    mirror = Mirror(store, BOTH)
    mirror.note_failure("salesforce", "Task", "closed", at=NINE)
    judge(store, a_judgement(unknown, lead=CONTACT))
    assert dirty(store) == [CONTACT]

    mirror.save_page("salesforce", a_page(stream="Task", began_at=LATER), seen_at=LATER)
    mirror.save_page("salesforce", a_page(stream="Lead", began_at=LATER), seen_at=LATER)
    mirror.save_page("hubspot", a_page(began_at=LATER), seen_at=LATER)
    judge(store, a_judgement(unknown, lead=CONTACT), at=LATER)
    assert dirty(store) == []


def test_a_stream_of_the_other_crm_that_is_read_for_the_first_time_may_tell_what_is_unknown(apart: Database) -> None:
    run = Runs(apart).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    unknown = a_finding("f1", CONTACT, status=Status.UNKNOWN, kind="data")
    Findings(apart).save(run, [a_judgement(unknown, lead=CONTACT)], judged_at=NINE, marked_upto=Dirty(apart, BOTH).newest())
    assert dirty(apart) == []
    Mirror(apart, BOTH).save_page("salesforce", a_page(stream="Event"), seen_at=LATER)
    assert dirty(apart) == [CONTACT]


def test_for_a_promise_that_fell_due_the_activities_of_every_record_are_read(together: Database) -> None:
    run = Runs(together).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    running = a_finding("f1", CONTACT, status=Status.RUNNING, due_at=NINE)
    Findings(together).save(run, [a_judgement(running, lead=CONTACT)], judged_at=NINE)
    due = [key for crm in BOTH for key in Findings(together).fallen_due(crm, LATER)]
    assert [str(key) for key in due] == [CONTACT, LEAD]
