"""Waivers: kept for good, known from their moment on, and a reason to judge the lead again."""

from __future__ import annotations

import sqlite3

import pytest

from sync.store.database import Database
from sync.store.dirty import Dirty
from sync.store.waivers import Waivers
from sync.waivers import Withdrawal, standing
from tests.flow.store_values import HOUR, NINE, WORDS, a_mirror, a_page, a_record

GIVEN = {"rule": "first_touch", "by": "Max", "why": "the portal was down"}
LEAD = "hubspot/contact/1"


def test_a_waiver_is_known_from_its_moment_on(store: Database) -> None:
    waivers = Waivers(store)
    first = waivers.add(finding="f1", lead=LEAD, at=NINE, **GIVEN)
    second = waivers.add(finding="f2", lead=LEAD, at=NINE + HOUR, **GIVEN)
    assert waivers.given() == (first, second)
    assert waivers.given(upto=NINE) == (first,)
    assert waivers.given(upto=NINE - HOUR) == ()
    assert (first.number, first.lead, first.why) == (1, LEAD, "the portal was down")


def test_a_waiver_is_never_changed_nor_taken_away_and_a_promise_has_one_at_most(store: Database) -> None:
    waivers = Waivers(store)
    kept = waivers.add(finding="f1", lead=LEAD, at=NINE, **GIVEN)
    waivers.withdraw(waivers.add(finding="f2", lead=LEAD, at=NINE, **GIVEN), at=NINE, by="Max", why="another lead was meant")
    tables = ("waiver", "waiver_withdrawn")
    for order in [*(f"DELETE FROM {table}" for table in tables), *(f"UPDATE {table} SET why = 'x'" for table in tables)]:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.transaction() as tx:
            tx.execute(order)
    with pytest.raises(sqlite3.IntegrityError, match="the promise is waived already"):
        waivers.add(finding="f1", lead=LEAD, at=NINE + HOUR, **GIVEN)
    assert waivers.given()[0] == kept
    assert len(waivers.given()) == 2


def test_a_waiver_that_was_taken_back_is_told_from_then_on_and_the_promise_may_be_excused_anew(store: Database) -> None:
    waivers = Waivers(store)
    first = waivers.add(finding="f1", lead=LEAD, at=NINE, **GIVEN)
    taken = waivers.withdraw(first, at=NINE + HOUR, by="Ann", why="another lead was meant")
    assert waivers.given(upto=NINE) == (first,)
    assert waivers.given(upto=NINE + HOUR) == (taken,)
    assert taken.withdrawn == Withdrawal(at=NINE + HOUR, by="Ann", why="another lead was meant")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        waivers.withdraw(first, at=NINE + HOUR, by="Ann", why="twice")
    second = waivers.add(finding="f1", lead=LEAD, at=NINE + 2 * HOUR, **GIVEN)
    assert waivers.given() == (taken, second)
    assert standing(waivers.given()) == (second,)


def test_its_lead_is_judged_again_when_it_is_given_and_when_it_is_taken_back(store: Database) -> None:
    a_mirror(store).save_page("hubspot", a_page(a_record(LEAD)), seen_at=NINE)
    dirty = Dirty(store, {"hubspot": WORDS})
    with store.transaction() as tx:
        tx.execute("DELETE FROM dirty")
    assert dirty.count(NINE + HOUR) == 0
    waiver = Waivers(store).add(finding="f1", lead=LEAD, at=NINE, **GIVEN)
    assert dirty.count(NINE + HOUR) == 1
    with store.transaction() as tx:
        tx.execute("DELETE FROM dirty")
    Waivers(store).withdraw(waiver, at=NINE, by="Max", why="another lead was meant")
    assert dirty.count(NINE + HOUR) == 1
