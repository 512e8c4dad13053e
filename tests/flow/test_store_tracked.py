"""Histories that a stream of its own tells, and fields of which the CRM keeps none."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations

import pytest

from connectors.records import FieldChange, FieldDefinition, Page
from sync.store.database import Database
from sync.store.dirty import Dirty
from sync.store.findings import Findings
from sync.store.mirror import Mirror
from sync.store.runs import Runs
from tests.flow.store_values import BOTH, HOUR, MINUTE, NINE, SF_WORDS, a_change, a_judgement, a_page, a_record, read

LEAD = "salesforce/Lead/00Q1"
BORN, SEEN = NINE, NINE + 10 * HOUR
Told = tuple[str | None, datetime, datetime | None]


def define(store: Database, *tracked: str, seen_at: datetime = SEEN) -> None:
    """Tell that a Lead has a Status and an owner, and which of them are tracked."""
    fields = tuple(
        FieldDefinition(crm="salesforce", kind="Lead", name=name, label=name, type="string", tracked=name in tracked)
        for name in ("Status", "OwnerId")
    )
    page = Page(stream="definitions", began_at=NINE, definitions=fields, cursor=None, last=True)
    Mirror(store, BOTH).save_page("salesforce", page, seen_at=seen_at)


def shown(store: Database, value: str | None, seen_at: datetime = SEEN, *, field: str = "Status") -> None:
    """Read the Lead as it is at `seen_at`."""
    record = a_record(LEAD, {field: value}, history={field: []}, created_at=BORN, changed_at=seen_at)
    Mirror(store, BOTH).save_page("salesforce", a_page(record, stream="Lead"), seen_at=seen_at)


def told(store: Database, *changes: FieldChange, seen_at: datetime = SEEN) -> None:
    """Read the stream of histories."""
    page = Page(stream="LeadHistory", began_at=NINE, changes=changes, cursor="c1", last=True)
    Mirror(store, BOTH).save_page("salesforce", page, seen_at=seen_at)


def became(value: str | None, at: datetime, *, before: str | None = None, field: str = "Status") -> FieldChange:
    return a_change(LEAD, field, value, at, before=before)


def history(store: Database, *, upto: datetime | None = None, field: str = "Status") -> list[Told]:
    (lead,) = read(store, upto=upto, words=[SF_WORDS])
    return [(change.value, change.at, change.since) for change in lead.changes if change.field == field]


def value_at(store: Database, upto: datetime) -> str | None:
    (lead,) = read(store, upto=upto, words=[SF_WORDS])
    return lead.people[0].values["Status"]


FIRST, SECOND = BORN + HOUR, BORN + 2 * HOUR
TWO = (became("Working", FIRST, before="New"), became("Accepted", SECOND, before="Working"))
WHOLE: list[Told] = [("New", BORN, None), ("Working", FIRST, None), ("Accepted", SECOND, None)]


@pytest.mark.parametrize("order", list(permutations(("record", "first", "second"))))
def test_records_and_their_changes_may_come_in_any_order(store: Database, order: tuple[str, ...]) -> None:
    define(store, "Status")
    for what in order:
        shown(store, "Accepted") if what == "record" else told(store, TWO[what == "second"])
    assert history(store) == WHOLE


def test_what_comes_twice_is_there_once(store: Database) -> None:
    define(store, "Status")
    for _ in range(2):
        shown(store, "Accepted")
        told(store, *TWO)
    assert history(store) == WHOLE


def test_a_tracked_field_that_never_changed_was_always_what_it_is(store: Database) -> None:
    define(store, "Status")
    shown(store, "New")
    assert history(store) == [("New", BORN, None)]


def test_a_field_that_was_blank_at_first_has_no_value_before_its_first_change(store: Database) -> None:
    define(store, "Status")
    shown(store, "Working")
    told(store, became("Working", FIRST))
    assert history(store) == [("Working", FIRST, None)]


def test_a_tracked_field_is_never_observed(store: Database) -> None:
    """The record may be read before its history: what is missing comes."""
    define(store, "Status")
    shown(store, "New")
    shown(store, "Working", SEEN + HOUR)
    told(store, became("Working", SEEN + 30 * MINUTE, before="New"), seen_at=SEEN + HOUR)
    assert history(store) == [("New", BORN, None), ("Working", SEEN + 30 * MINUTE, None)]


@pytest.mark.parametrize(
    ("upto", "value"),
    [(BORN, "New"), (FIRST - MINUTE, "New"), (FIRST, "Working"), (SECOND - MINUTE, "Working"), (SECOND, "Accepted")],
)
def test_as_of_a_moment_it_has_the_value_it_had(store: Database, upto: datetime, value: str) -> None:
    define(store, "Status")
    shown(store, "Accepted")
    told(store, *TWO)
    assert value_at(store, upto) == value
    assert history(store, upto=upto) == [one for one in WHOLE if one[1] <= upto]


def test_what_is_not_tracked_is_observed_between_two_readings(store: Database) -> None:
    define(store)
    shown(store, "New")
    shown(store, "Working", SEEN + HOUR)
    assert history(store) == [("New", SEEN, BORN), ("Working", SEEN + HOUR, SEEN)]


def test_a_field_that_is_tracked_from_now_on_keeps_what_was_observed_of_it(store: Database) -> None:
    define(store)
    shown(store, "New")
    define(store, "Status")
    shown(store, "Working", SEEN + 2 * HOUR)
    told(store, became("Working", SEEN + HOUR, before="New"))
    assert history(store) == [("New", SEEN, BORN), ("Working", SEEN + HOUR, None)]


def test_a_field_that_is_no_longer_tracked_keeps_its_history_from_the_beginning(store: Database) -> None:
    define(store, "Status")
    shown(store, "Accepted")
    told(store, *TWO)
    define(store)
    shown(store, "Rejected", SEEN + HOUR)
    assert history(store) == [*WHOLE, ("Rejected", SEEN + HOUR, SEEN)]


@pytest.mark.parametrize("order", list(permutations(("record", "first", "second"))))
@pytest.mark.parametrize(("value", "last"), [("Accepted", []), ("Rejected", [("Rejected", SEEN, SECOND)])])
def test_what_was_observed_does_not_depend_on_when_the_history_of_before_was_read(
    store: Database, value: str, last: list[Told], order: tuple[str, ...]
) -> None:
    define(store)
    for what in order:
        shown(store, value) if what == "record" else told(store, TWO[what == "second"])
    assert history(store) == [*WHOLE, *last]
    with store.snapshot() as tx:
        assert tx.execute("SELECT count(*) FROM field_change WHERE since IS NOT NULL").fetchone() == (len(last),)


def test_each_field_stands_for_itself(store: Database) -> None:
    define(store, "OwnerId")
    record = a_record(LEAD, {"Status": "New", "OwnerId": "005B"}, history={"Status": [], "OwnerId": []}, created_at=BORN, changed_at=SEEN)
    Mirror(store, BOTH).save_page("salesforce", a_page(record, stream="Lead"), seen_at=SEEN)
    told(store, became("005B", FIRST, before="005A", field="OwnerId"))
    assert history(store, field="OwnerId") == [("005A", BORN, None), ("005B", FIRST, None)]
    assert history(store) == [("New", SEEN, BORN)]


def judge(store: Database) -> None:
    run = Runs(store).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    marks = Dirty(store, BOTH)
    marks.refresh("terms", bulk_within=5 * MINUTE)
    Findings(store).save(run, [a_judgement(lead=LEAD)], judged_at=SEEN + HOUR, marked_upto=marks.newest())


def test_a_change_told_apart_from_its_record_has_the_lead_judged_again(store: Database) -> None:
    define(store, "Status")
    shown(store, "Accepted")
    judge(store)
    assert Dirty(store, BOTH).count(SEEN + HOUR) == 0
    told(store, *TWO)
    assert Dirty(store, BOTH).count(SEEN + HOUR) == 1


def test_leads_are_judged_again_when_other_fields_are_tracked_and_not_when_the_same_are(store: Database) -> None:
    define(store)
    shown(store, "Accepted")
    judge(store)
    define(store)
    assert Dirty(store, BOTH).count(SEEN + HOUR) == 0
    define(store, "Status")
    assert Dirty(store, BOTH).count(SEEN + HOUR) == 1
