from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.records import RecordKey
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
