"""Former runs and the steps of their plans, read back as they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import RecordKey
from sync.steps import Step
from sync.store.database import Database
from sync.store.plans import Chosen, NotedPlan, Plans
from sync.store.runs import Runs
from tests.flow.store_values import HOUR, NINE
from tests.flow.test_store_plans import ESCALATE, REASSIGN, a_run, saved

MANY = 1203  # more steps than are read at once


def of_contact(number: int) -> Step:
    """Return a step about one contact; every third is an escalation."""
    key = RecordKey("hubspot", "contact", str(number))
    return replace(ESCALATE if number % 3 == 0 else REASSIGN, lead=str(key), record=key)


def test_runs_come_newest_first_over_all_pages_and_no_more_than_asked(store: Database) -> None:
    runs = Runs(store)
    ids = [runs.start("sync", mode="observe", as_of=None, now=NINE + timedelta(minutes=n), agreement_hash="abc") for n in range(402)]

    assert [run.id for run in runs.newest(1000)] == ids[::-1]
    assert [run.id for run in runs.newest(201)] == ids[:-202:-1]
    assert list(runs.newest(0)) == []


def test_a_run_tells_how_it_ended_and_one_that_did_not_that_it_did_not(store: Database) -> None:
    runs = Runs(store)
    ended = runs.start("dry-run", mode="observe", as_of=NINE - HOUR, now=NINE, agreement_hash="abc")
    runs.finish(ended, outcome="ok", summary={"leads": 3})
    runs.start("dry-run", mode="observe", as_of=None, now=NINE, agreement_hash="def")

    open_one, noted = runs.newest(2)

    assert (noted.id, noted.as_of, noted.began_at, noted.outcome, noted.summary) == (ended, NINE - HOUR, NINE, "ok", {"leads": 3})
    assert (open_one.agreement_hash, open_one.as_of, open_one.outcome, open_one.summary) == ("def", None, None, {})


def test_a_run_is_found_by_the_beginning_of_its_id_and_two_show_that_it_is_not_one(store: Database) -> None:
    first, second = a_run(store), a_run(store)

    assert [run.id for run in Runs(store).named(first)] == [first]
    assert [run.id for run in Runs(store).named(first[:8])] == [second, first]
    assert Runs(store).named("2027") == Runs(store).named("%") == ()


def test_the_steps_of_a_long_plan_come_in_order_each_with_its_place(store: Database) -> None:
    plans = Plans(store)
    plan = saved(plans, a_run(store), [])
    plans.add(plan.id, [of_contact(number) for number in range(MANY)])

    assert list(plans.numbered(plan.id)) == [(number, of_contact(number)) for number in range(MANY)]
    assert list(plans.steps(plan.id)) == [of_contact(number) for number in range(MANY)]


@pytest.mark.parametrize(
    ("chosen", "places"),
    [
        (Chosen(keys=frozenset({"hubspot/contact/6", "hubspot/contact/7", "hubspot/contact/unknown"})), [6, 7]),
        (Chosen(actions=frozenset({"escalate"})), list(range(0, 12, 3))),
        (Chosen(keys=frozenset({"hubspot/contact/6", "hubspot/contact/7"}), actions=frozenset({"escalate"})), [6]),
        (Chosen(keys=frozenset()), []),
    ],
)
def test_only_the_chosen_steps_come_and_keep_their_places(store: Database, chosen: Chosen, places: list[int]) -> None:
    plans = Plans(store)
    plan = saved(plans, a_run(store), [of_contact(number) for number in range(12)])
    assert [place for place, _ in plans.numbered(plan.id, chosen)] == places


def test_the_steps_come_alone_in_whose_pool_nobody_is_left(store: Database) -> None:
    plans = Plans(store)
    plan = saved(plans, a_run(store), [REASSIGN, replace(REASSIGN, nobody_left="sdr"), ESCALATE])
    assert [place for place, _ in plans.numbered(plan.id, Chosen(for_nobody=True))] == [1]


def test_a_step_is_found_by_the_record_that_it_writes_too(store: Database) -> None:
    lead = replace(REASSIGN, record=RecordKey("salesforce", "Lead", "00Q1"))
    plans = Plans(store)
    plan = saved(plans, a_run(store), [lead])
    assert list(plans.numbered(plan.id, Chosen(keys=frozenset({"salesforce/Lead/00Q1"})))) == [(0, lead)]


def test_a_plan_says_how_many_of_its_steps_nothing_holds_back_and_whether_it_was_sealed(store: Database) -> None:
    plans, runs = Plans(store), [a_run(store) for _ in range(4)]
    sealed, empty = saved(plans, runs[0], [REASSIGN, ESCALATE, REASSIGN]), saved(plans, runs[1], [])
    plans.add(unsealed := plans.begin(runs[2]), [ESCALATE])

    assert plans.of_runs(runs) == {
        runs[0]: (NotedPlan(id=sealed.id, hash=sealed.hash, free=1, blocked=2),),
        runs[1]: (NotedPlan(id=empty.id, hash=empty.hash, free=0, blocked=0),),
        runs[2]: (NotedPlan(id=unsealed, hash=None, free=1, blocked=0),),
    }
