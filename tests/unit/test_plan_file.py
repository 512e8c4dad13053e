"""A plan as a file: read back as it was written, and refused, with the reason, once anything in it was changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.records import RecordKey
from sync.errors import UsageError
from sync.plan_file import hash_in, plan_json
from sync.route import Given, Seat
from sync.steps import FieldWrite, Step
from sync.store.plans import KeptPlan, plan_hash
from tests.builders import ny

STEP = Step(
    lead="hubspot/contact/1",
    record=RecordKey("hubspot", "contact", "1"),
    action="reassign",
    fields=(FieldWrite(field="hubspot_owner_id", before="11", after="12"),),
    finding="f1",
    rule="first_touch",
    rung=1,
    reason="=cmd|' /C calc'!A0: broken",
    blocked_by=(),
    given=Given(pool="sdr", seats=(Seat(owner="12", weight=1.0), Seat(owner="13", weight=0.5)), owner="12"),
)
STEPS = [STEP, replace(STEP, action="escalate", fields=(), given=None, blocked_by=("mode of first_touch is observe",))]
ACCOUNTS = {"hubspot": "62515"}
PLAN = KeptPlan(
    id=7, hash=plan_hash(ACCOUNTS, "abc", STEPS), accounts=ACCOUNTS, agreement_hash="abc", run="r-1", made_at=ny("2026-11-20 10:00")
)
TEXT = b"".join(plan_json(PLAN, STEPS, {"first_touch": "too many"}))


def edited(**changes: Any) -> bytes:
    return json.dumps(json.loads(TEXT) | changes).encode()


def first_step(**changes: Any) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads(TEXT)["steps"]
    return [steps[0] | changes, *steps[1:]]


def test_a_plan_names_itself_and_what_is_held_and_has_each_step_on_a_line() -> None:
    told = json.loads(TEXT)
    assert (told["id"], told["run"], told["held"], len(told["steps"])) == (7, "r-1", {"first_touch": "too many"}, 2)
    assert sum(line.strip().startswith(b'{"lead"') for line in TEXT.splitlines()) == 2
    assert hash_in(TEXT, "plan.json") == PLAN.hash


def test_other_spaces_change_nothing() -> None:
    assert hash_in(json.dumps(json.loads(TEXT), indent=8).encode(), "plan.json") == PLAN.hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT[: len(TEXT) // 2], "cut off or edited"),
        (b"", "cut off or edited"),
        (b"[]", "not a plan of this version"),
        (edited(leadpact_plan=2), "not a plan of this version"),
        (edited(steps=first_step(fields=[{"field": "hubspot_owner_id", "before": "11", "after": "99"}])), "was edited"),
        (edited(steps=first_step(blocked_by=["no"])), "was edited"),
        (edited(steps=json.loads(TEXT)["steps"][:1]), "was edited"),
        (edited(steps=json.loads(TEXT)["steps"][::-1]), "was edited"),
        (edited(steps=[{"lead": "hubspot/contact/1"}]), "was edited"),
        (edited(steps=["x"]), "was edited"),
        (edited(steps=first_step(record="x")), "was edited"),
        (edited(steps=None), "`steps` is missing"),
        (edited(accounts={"hubspot": "1"}), "was edited"),
        (edited(agreement="def"), "was edited"),
        (edited(hash="0" * 64), "was edited"),
    ],
)
def test_whatever_was_changed_in_a_plan_is_told(text: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        hash_in(text, "plan.json")
    assert str(refused.value).startswith("plan.json: ")
    assert "--out" in refused.value.fix
