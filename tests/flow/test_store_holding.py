"""Held plans and stops in the store: what waits, what it latches, what ends it; and that a stop needs no lock of a run."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sync.brakes import Latch
from sync.steps import Step
from sync.stops import Scope, StopKind, Target
from sync.store.database import Database, open_store, open_store_beside
from sync.store.errors import NoStore
from sync.store.held import Held
from sync.store.journal import Journal
from sync.store.plans import Plans
from sync.store.stops import Stops
from tests.faults.holding import run_that_holds
from tests.flow.store_values import HOUR, NINE
from tests.flow.test_store_plans import REASSIGN, a_run

DAY = timedelta(days=1)
FREE = replace(REASSIGN, blocked_by=())
OTHER = replace(FREE, lead="hubspot/contact/2", rule="decide")
REMIND = replace(FREE, lead="hubspot/contact/3", action="remind")
UNDO = replace(FREE, action="undo")


def hold(store: Database, *steps: Step, ahead: timedelta = timedelta()) -> int:
    """Hold a plan from NINE for a day, beyond a limit of the first step's rule."""
    plans = Plans(store)
    plan = plans.begin(a_run(store))
    plans.add(plan, steps)
    plans.close(plan, {steps[0].rule: "6 moves, 5 are allowed"})
    Held(store).hold(plan, now=NINE, until=NINE + DAY, ahead=ahead)
    return plan


def test_a_held_plan_latches_the_moves_of_its_rule_that_nothing_else_is_against(store: Database) -> None:
    plan = hold(store, FREE, OTHER, REMIND, replace(FREE, lead="hubspot/contact/4", blocked_by=("protected",)))
    assert Held(store).latches(NINE) == {("first touch", "hubspot/contact/1"): Latch(plan, NINE)}
    (held,) = Held(store).waiting(NINE)
    assert (held.plan, held.moves, held.trips) == (plan, {"first touch": 1}, {"first touch": "6 moves, 5 are allowed"})


def test_a_plan_that_would_take_back_is_told_from_one_that_would_move(store: Database) -> None:
    plan = hold(store, UNDO)
    assert Held(store).latches(NINE)["first touch", "hubspot/contact/1"] == Latch(plan, NINE, undoes=True)


def test_exactly_at_its_end_a_held_plan_waits_no_more_and_its_leads_are_free(store: Database) -> None:
    plan, held = hold(store, FREE), Held(store)
    last = NINE + DAY - timedelta(milliseconds=1)
    assert held.latches(last) and held.waiting(last)
    assert (held.latches(NINE + DAY), held.waiting(NINE + DAY)) == ({}, ())
    found = held.get(plan)
    assert found is not None and not found.waits(NINE + DAY) and found.waits(last)


def test_who_asks_by_this_machines_clock_is_answered_by_that_of_the_crm(store: Database) -> None:
    hold(store, FREE, ahead=2 * HOUR)
    assert Held(store).waiting(NINE + DAY - 2 * HOUR - timedelta(seconds=1))
    assert Held(store).waiting(NINE + DAY - 2 * HOUR) == ()


def test_a_dropped_plan_frees_its_leads_and_is_dropped_once(store: Database) -> None:
    plan, held = hold(store, FREE), Held(store)
    assert held.drop(plan, now=NINE + HOUR, who="ann", why="wrong")
    assert not held.drop(plan, now=NINE + HOUR, who="ben", why="also")
    assert (held.latches(NINE), held.waiting(NINE)) == ({}, ())
    found = held.get(plan)
    assert found is not None and found.dropped is not None and (found.dropped.who, found.dropped.why) == ("ann", "wrong")


def test_what_was_carried_out_cannot_be_dropped(store: Database) -> None:
    plan, held, run = hold(store, FREE), Held(store), a_run(store)
    assert Journal(store).take_up(run, plan, at=NINE) is None
    assert not held.drop(plan, now=NINE, who="ann", why="too late")
    found = held.get(plan)
    assert found is not None and (found.applied_by, found.dropped) == (run, None)
    assert held.latches(NINE) == {}


def test_a_plan_that_no_limit_held_is_none_of_them(store: Database) -> None:
    plans = Plans(store)
    plan = plans.close(plans.begin(a_run(store))).id
    assert Held(store).get(plan) is None
    assert not Held(store).drop(plan, now=NINE, who="ann", why="why")


RULE = Target(scope=Scope.RULE, name="first touch")


def pause(store: Database, *targets: Target) -> None:
    Stops(store).add(StopKind.PAUSE, targets, now=NINE, until=NINE + HOUR, who="ann", why="why")


def test_a_pause_holds_from_its_first_moment_and_is_over_at_its_last(store: Database) -> None:
    pause(store, RULE)
    moments = (NINE - timedelta(seconds=1), NINE, NINE + HOUR - timedelta(seconds=1), NINE + HOUR)
    assert [len(Stops(store).active(at)) for at in moments] == [0, 1, 1, 0]
    (stop,) = Stops(store).active(NINE)
    assert (stop.kind, stop.target, stop.since, stop.until, stop.who, stop.why) == (StopKind.PAUSE, RULE, NINE, NINE + HOUR, "ann", "why")


def test_an_observe_stays_until_it_is_resumed(store: Database) -> None:
    stops = Stops(store)
    stops.add(StopKind.OBSERVE, [Target()], now=NINE, until=None, who="ann", why="why")
    (stop,) = stops.active(NINE + 1000 * DAY)
    stops.resume([stop], now=NINE + 2 * HOUR, who="ben", why="")
    stops.resume([stop], now=NINE + 3 * HOUR, who="cid", why="twice is once")
    assert [len(stops.active(NINE + hours * HOUR)) for hours in (0, 1, 2, 3)] == [1, 1, 0, 0]


@pytest.mark.parametrize("table", ["held", "dropped", "stop", "resumed"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET at = at"])
def test_what_people_did_is_never_changed(store: Database, table: str, statement: str) -> None:
    Held(store).drop(hold(store, FREE), now=NINE, who="ann", why="why")
    pause(store, RULE)
    Stops(store).resume(Stops(store).active(NINE), now=NINE + HOUR / 2, who="ann", why="")
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"), store.transaction() as tx:
        tx.execute(statement.format(table))


def test_a_pause_needs_no_lock_of_the_run_that_holds_the_store_and_is_seen_by_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path) as theirs, run_that_holds(path):
        assert Stops(theirs).active(NINE) == ()
        with open_store_beside(path) as ours:
            pause(ours, RULE)
        assert [stop.target for stop in Stops(theirs).active(NINE)] == [RULE]


def test_without_a_store_there_is_nothing_to_pause(tmp_path: Path) -> None:
    with pytest.raises(NoStore):
        open_store_beside(tmp_path / "store.db")
    assert not (tmp_path / "store.db").exists()
