"""Waivers: kept for good, known from their moment on, and a reason to judge the lead again."""

from __future__ import annotations

import sqlite3

import pytest

from sync.store.database import Database
from sync.store.dirty import Dirty
from sync.store.waivers import Waivers
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
    for order in ("UPDATE waiver SET why = 'x'", "DELETE FROM waiver"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.transaction() as tx:
            tx.execute(order)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        waivers.add(finding="f1", lead=LEAD, at=NINE + HOUR, **GIVEN)
    assert waivers.given() == (kept,)


def test_its_lead_is_judged_again(store: Database) -> None:
    a_mirror(store).save_page("hubspot", a_page(a_record(LEAD)), seen_at=NINE)
    dirty = Dirty(store, {"hubspot": WORDS})
    with store.transaction() as tx:
        tx.execute("DELETE FROM dirty")
    assert dirty.count(NINE + HOUR) == 0
    Waivers(store).add(finding="f1", lead=LEAD, at=NINE, **GIVEN)
    assert dirty.count(NINE + HOUR) == 1
