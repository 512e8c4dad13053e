from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import RecordKey
from sync.orders import Backlog, Offboard
from sync.steps import FieldWrite, Step
from sync.store.database import Database
from sync.store.plans import Plans, SavedPlan
from sync.store.runs import Runs
from tests.flow.store_values import NINE, a_mirror

REASSIGN = Step(
    lead="hubspot/contact/1",
    record=RecordKey("hubspot", "contact", "1"),
    action="reassign",
    fields=(FieldWrite(field="hubspot_owner_id", before="77", after="78"),),
    finding="f1",
    rule="first touch",
    rung=1,
    reason="due 2026-11-20 11:00, no touch",
    blocked_by=("observe only",),
)
ESCALATE = replace(REASSIGN, action="escalate", fields=(), rung=2, blocked_by=())


def a_run(store: Database, agreement_hash: str = "abc") -> str:
    return Runs(store).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash=agreement_hash)


def saved(plans: Plans, run_id: str, steps: list[Step]) -> SavedPlan:
    """Save a plan as a run does: opened, filled in chunks, closed."""
    plan = plans.begin(run_id)
    for step in steps:
        plans.add(plan, [step])
    return plans.close(plan)


def test_the_steps_of_a_plan_come_back_in_their_order(store: Database) -> None:
    plans = Plans(store)
    first = saved(plans, a_run(store), [ESCALATE, REASSIGN])
    saved(plans, a_run(store), [REASSIGN])

    assert list(plans.steps(first.id)) == [ESCALATE, REASSIGN]
    assert list(plans.steps(404)) == []


def test_the_same_steps_on_the_same_terms_have_the_same_hash(store: Database) -> None:
    plans = Plans(store)

    first, second = (saved(plans, a_run(store), [REASSIGN, ESCALATE]) for _ in range(2))

    assert first.hash == second.hash
    assert first.id != second.id


def test_other_steps_another_agreement_or_another_account_give_another_hash(store: Database) -> None:
    plans = Plans(store)
    hashes = [
        saved(plans, a_run(store), [REASSIGN, ESCALATE]).hash,
        saved(plans, a_run(store), [ESCALATE, REASSIGN]).hash,
        saved(plans, a_run(store), [replace(REASSIGN, reason="another"), ESCALATE]).hash,
        saved(plans, a_run(store, agreement_hash="def"), [REASSIGN, ESCALATE]).hash,
    ]
    a_mirror(store).bind_account("hubspot", "62515")
    hashes.append(saved(plans, a_run(store), [REASSIGN, ESCALATE]).hash)

    assert len(set(hashes)) == 5


def test_a_plan_needs_a_run(store: Database) -> None:
    with pytest.raises(KeyError):
        saved(Plans(store), "20990101T000000Z-0001", [REASSIGN])


def test_a_move_that_only_mode_and_agreement_held_back_is_told_once_as_it_was_first_planned(store: Database) -> None:
    plans, runs = Plans(store), Runs(store)

    def plan_of(hours: int, *steps: Step, trips: dict[str, str] | None = None, order: Backlog | None = None) -> None:
        run = runs.start("sync", mode="observe", as_of=None, now=NINE + timedelta(hours=hours), agreement_hash="abc")
        plan = plans.begin(run, order)
        plans.add(plan, steps)
        plans.close(plan, trips)

    later = replace(REASSIGN, fields=(FieldWrite(field="hubspot_owner_id", before="77", after="79"),))
    protected = replace(REASSIGN, finding="f2", is_pending=False)
    beyond = replace(REASSIGN, finding="f3", rule="other")
    plan_of(0, replace(REASSIGN, finding="f0"))
    plan_of(
        1, REASSIGN, protected, ESCALATE, replace(ESCALATE, blocked_by=("observe only",)), replace(REASSIGN, finding="f4", blocked_by=())
    )
    plan_of(2, replace(REASSIGN, finding="f0"), later, beyond, trips={"other": "too many"})
    plan_of(3, replace(REASSIGN, finding="f5"), order=Backlog())
    unsealed = plans.begin(a_run(store))
    plans.add(unsealed, [replace(REASSIGN, finding="f6")])

    meant = plans.meant(since=NINE + timedelta(hours=1))

    assert [(one.at, one.step, one.is_beyond) for one in meant] == [
        (NINE + timedelta(hours=1), REASSIGN, False),
        (NINE + timedelta(hours=2), beyond, True),
    ]


def test_what_a_person_ordered_is_kept_with_the_plan(store: Database) -> None:
    plans = Plans(store)
    orders = [None, Backlog(any_age=True), Offboard(owner="7", pool="sdr")]
    kept = [plans.begin(a_run(store), order) for order in orders]
    for plan in kept:
        plans.close(plan)
    assert [one.order for plan in kept if (one := plans.get(plan)) is not None] == orders
