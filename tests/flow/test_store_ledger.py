"""The ledger of turns: only ever added to, gives turns back, and tells what was owed at any time."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import FieldChange, Link, Page, Record, RecordKey
from sync.caps import Load
from sync.journal import Entry, Event, Place
from sync.people_turns import PeopleTurn
from sync.route import Given, Seat
from sync.store.database import Database
from sync.store.findings import Findings
from sync.store.journal import Journal
from sync.store.ledger import Ledger, Turn
from sync.store.whose import Intent, Whose
from tests.flow.store_values import HOUR, MINUTE, NINE, WORDS, a_mirror
from tests.flow.test_store_journal import FREE, a_plan

BOTH = (Seat(owner="1", weight=1), Seat(owner="2", weight=1))
HUBSPOT = "hubspot"


def entered(store: Database, *owners: str, given_by: str = "turn") -> int:
    """Enter a turn for each of `owners`, a minute apart, of as many steps of one plan; return the plan."""
    _, plan = a_plan(store, *(FREE for _ in owners))
    for position, owner in enumerate(owners):
        given = Given(pool="sdr", seats=BOTH, owner=owner, by=given_by)
        Ledger(store).enter([Turn(place=Place(plan, position), given=given, crm=HUBSPOT, lead=FREE.lead)], at=NINE + position * MINUTE)
    return plan


def a_turn(owner: str, *, source: str = "a change|sdr", lead: str = FREE.lead) -> PeopleTurn:
    return PeopleTurn(given=Given(pool="sdr", seats=BOTH, owner=owner, by="people"), lead=lead, at=NINE + HOUR, source=source)


def owed(store: Database) -> dict[str, float]:
    return Ledger(store).book(HUBSPOT).owed.get("sdr", {})


def test_turns_of_people_count_like_ours_and_each_once(store: Database) -> None:
    entered(store, "1", "2")
    for _ in range(2):
        Ledger(store).note_people([a_turn("1")], crm=HUBSPOT, upto=NINE + 2 * HOUR)
    assert owed(store) == {"1": -0.5, "2": 0.5}
    assert Ledger(store).people_read_upto(HUBSPOT) == NINE + 2 * HOUR
    assert Ledger(store).people_read_upto("salesforce") is None
    assert Ledger(store).knows(["a change|sdr", "another|sdr"]) == {"a change|sdr"}


def test_a_lead_that_was_returned_gives_the_newest_of_its_turns_back_once(store: Database) -> None:
    ledger = Ledger(store)
    entered(store, "1")
    ledger.note_people([a_turn("2")], crm=HUBSPOT, upto=NINE)
    eleven = NINE + 2 * HOUR
    assert ledger.give_back(FREE.lead, why="returned", since=eleven, at=eleven)
    assert owed(store) == {"1": -0.5, "2": 0.5}, "the turn of the person came last"
    assert not ledger.give_back(FREE.lead, why="returned", since=eleven, at=eleven + HOUR), "that is done"
    assert ledger.give_back(FREE.lead, why="returned", since=eleven + HOUR, at=eleven + HOUR), "it went back once more"
    assert owed(store) == {}
    assert not ledger.give_back(FREE.lead, why="returned", since=eleven + 2 * HOUR, at=eleven + 2 * HOUR), "none is left"
    assert not ledger.give_back("hubspot/contact/99", why="returned", since=NINE, at=NINE), "it never took one"
    told = [(one.given.by, one.back_why, one.back_at) for one in ledger.entries(HUBSPOT, "sdr")]
    assert told == [("turn", "returned", eleven + HOUR), ("people", "returned", eleven)]


def test_what_is_undone_gives_back_the_turn_of_that_very_step(store: Database) -> None:
    entered(store, "1")
    Ledger(store).note_people([a_turn("2")], crm=HUBSPOT, upto=NINE)
    assert not Ledger(store).undone(FREE.lead, finding=FREE.finding, rung=FREE.rung + 1, at=NINE)
    assert Ledger(store).undone(FREE.lead, finding=FREE.finding, rung=FREE.rung, at=NINE)
    assert owed(store) == {"1": 0.5, "2": -0.5}, "the turn of the person stands"


def test_a_lead_given_by_name_to_a_fallback_is_nobodys_turn(store: Database) -> None:
    _, plan = a_plan(store, FREE)
    Ledger(store).enter(
        [Turn(place=Place(plan, 0), given=Given(pool="sdr", seats=(), owner="9", by="fallback"), crm=HUBSPOT, lead=FREE.lead)], at=NINE
    )
    assert owed(store) == {}
    assert [one.given.owner for one in Ledger(store).entries(HUBSPOT, "sdr")] == ["9"]


def test_what_was_owed_when_a_plan_was_made_can_be_worked_out_again(store: Database) -> None:
    ledger = Ledger(store)
    entered(store, "1")
    plan = entered(store, "1")
    ledger.note_book(plan, {"sdr": owed(store), "other": {}}, unsaved=0)
    entered(store, "2", "2", "2")
    ledger.give_back(FREE.lead, why="returned", since=NINE, at=NINE)
    noted = ledger.books(plan)
    assert noted["sdr"].owed == {"1": -1.0, "2": 1.0} == ledger.book(HUBSPOT, upto=noted["sdr"].upto).owed["sdr"]
    assert (noted["other"].owed, noted["other"].unsaved) == ({}, 0)


def test_what_each_got_is_counted_by_the_hour_the_day_and_the_week(store: Database) -> None:
    entered(store, "1", "1", "2")
    now = NINE + timedelta(hours=1, minutes=1)
    assert Ledger(store).loads(HUBSPOT, now) == {("sdr", "1"): Load(hour=0, day=2, week=2), ("sdr", "2"): Load(hour=1, day=1, week=1)}
    assert Ledger(store).loads(HUBSPOT, NINE + timedelta(days=8)) == {}


@pytest.mark.parametrize("table", ["assignment", "people_turn", "given_back", "plan_book"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_nothing_of_the_ledger_is_changed_or_deleted(store: Database, table: str, statement: str) -> None:
    plan = entered(store, "1")
    Ledger(store).note_people([a_turn("2")], crm=HUBSPOT, upto=NINE)
    Ledger(store).note_book(plan, {"sdr": {}}, unsaved=0)
    Ledger(store).give_back(FREE.lead, why="returned", since=NINE, at=NINE)
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"), store.transaction() as tx:
        tx.execute(statement.format(table))


def a_record(kind: str, id_: str, **values: str) -> Record:
    return Record(key=RecordKey(HUBSPOT, kind, id_), values=values, created_at=NINE, changed_at=NINE)


def save(store: Database, stream: str, *records: Record, links: tuple[Link, ...] = ()) -> None:
    page = Page(stream=stream, began_at=NINE, records=records, links=links, cursor="c", last=True)
    a_mirror(store).save_page(HUBSPOT, page, seen_at=NINE)


def test_accounts_are_known_by_their_domain_where_somebody_owns_them(store: Database) -> None:
    save(
        store,
        "companies",
        a_record("company", "8", domain="b.example", hubspot_owner_id="2"),
        a_record("company", "7", domain="a.example", hubspot_owner_id="1"),
        a_record("company", "9", domain="c.example", hubspot_owner_id=""),
    )
    found = list(Whose(store).accounts(replace(WORDS, company_domain="domain")))
    assert found == [("a.example", "1", RecordKey(HUBSPOT, "company", "7")), ("b.example", "2", RecordKey(HUBSPOT, "company", "8"))]


def test_who_came_to_another_owner_is_found_by_when_that_was_heard(store: Database) -> None:
    key = RecordKey(HUBSPOT, "contact", "1")
    changes = tuple(
        FieldChange(record=key, field="hubspot_owner_id", value=owner, at=NINE + hours * HOUR) for hours, owner in enumerate(("1", "2"))
    )
    save(store, "contacts", Record(key=key, values={}, history={"hubspot_owner_id": changes}, created_at=NINE, changed_at=NINE))
    whose, long_ago = Whose(store), NINE - HOUR
    assert whose.passed_on(WORDS, ["1"], since=NINE, seen_since=long_ago) == ["hubspot/contact/1"]
    assert whose.passed_on(WORDS, ["1"], since=NINE + MINUTE, seen_since=long_ago) == []
    assert whose.passed_on(WORDS, ["2"], since=NINE + MINUTE, seen_since=long_ago) == ["hubspot/contact/1"]
    assert whose.passed_on(WORDS, ["3"], since=NINE, seen_since=long_ago) == []
    assert whose.passed_on(WORDS, ["1"], since=NINE, seen_since=NINE + HOUR) == []


def test_what_leadpact_was_about_to_write_is_known_whatever_became_of_it(store: Database) -> None:
    run, plan = a_plan(store, FREE)
    values = {"before": {"hubspot_owner_id": "77"}, "after": {"hubspot_owner_id": "78"}}
    Journal(store).note(run, [Entry(place=Place(plan, 0), event=Event.INTENDED, at=NINE, **values)])
    assert Whose(store).intents(WORDS, since=NINE) == [Intent(record=str(FREE.record), owner="78", at=NINE)]
    assert Whose(store).intents(WORDS, since=NINE + MINUTE) == []


def test_no_lead_is_owned_where_none_was_judged(store: Database) -> None:
    assert list(Findings(store).latest()) == []
    assert Ledger(store).owned(WORDS, {"Marketing to SDR": "sdr"}) == {}
