"""Escalations from outside: the task a manager gets, what later runs add to it, and what is never done twice."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.flow.enforcing import CrmTask, Enforced, complete_task, enforced, tasks_of
from tests.flow.practice import leadpact

CREATES = {"hubspot": "*/objects/*/tasks", "salesforce": "*/sobjects/Task*"}
EXTENDS = {"hubspot": {"path": "*/tasks/batch/update"}, "salesforce": {"path": "*/composite*"}}
FORBIDS = {"hubspot": {}, "salesforce": {"code": "INSUFFICIENT_ACCESS"}}
HOUR_S, DAY_S = 3600, 24 * 3600
ARRIVED_S = 660  # until then what was sent may still arrive


def manager_of(one: Enforced, owner: str) -> str:
    """Return the owner id of somebody's manager, by the roster."""
    people = tomllib.loads((one.files / "roster.toml").read_text(encoding="utf-8"))["person"]
    (rep,) = [person for person in people if str(person.get(one.world.crm)) == owner]
    return next(str(person[one.world.crm]) for person in people if person["name"] == rep["manager"])


def escalated(one: Enforced) -> list[CrmTask]:
    """Return the tasks for managers about any of the leads, the oldest first."""
    found = (task for lead in one.leads for task in tasks_of(one, lead) if "[leadpact escalation " in task.subject)
    return sorted(found, key=lambda task: task.id)


def listed(one: Enforced, task: CrmTask) -> list[str]:
    """Return the leads that a task lists, in their order."""
    return [lead for lead in one.leads if f"• {one.key(lead)}" in task.body]


def sync(one: Enforced, *, code: int = 0) -> tuple[str, dict[str, Any]]:
    """Let leadpact act; return what it said, and its report."""
    report = one.files / "report.json"
    said = one.run("sync", "--format", "json", "--output", str(report), code=code)
    return said, json.loads(report.read_text(encoding="utf-8"))


def judged(report: dict[str, Any]) -> dict[str, str]:
    """Return what became of each promise about whatever lead."""
    return {finding["key"]: finding["status"] for finding in report["findings"]}


def fault(one: Enforced, **rule: Any) -> None:
    """Let the next call go wrong that creates a task; or another one."""
    one.world.people.ask("POST", "/_sandbox/faults", [{"path": CREATES[one.world.crm], "method": "POST", "count": 1} | rule])


@pytest.mark.parametrize("crm", ["hubspot", pytest.param("salesforce", marks=pytest.mark.campaign)])
def test_a_manager_gets_one_task_a_day_that_lists_the_leads_whatever_is_lost(crm: str, tmp_path: Path) -> None:
    with enforced(crm, tmp_path, leads=2, ladder='["escalate"]', hours=3) as one:
        rep, rest = one.members()[0], one.world.people.rest

        fault(one, status=403, **FORBIDS[crm])
        said, _ = sync(one, code=4)
        assert re.search("escalate refused: .*let this (token|user) write ", said), "without the right to write tasks the run goes on"
        assert escalated(one) == []

        fault(one, fault="reset_after")
        said, first = sync(one)

        assert "2 written and read back, 0 skipped, 0 failed" in said, "the lost answer is settled by reading"
        (task,) = escalated(one)
        assert (task.owner, task.is_open, listed(one, task)) == (manager_of(one, rep), True, one.leads)

        said, second = sync(one)
        assert "0 written and read back" in said, "a rung fires once"
        assert judged(second) == judged(first), "our own task is no touch"
        assert "only escalated: the task is its manager's, who completes it" in one.run("undo", first["run"]["id"], code=64)
        assert f"task for: {task.owner} (" in shown(one, first)

        one.leads.append(one.hand_over(rep, 2))
        rest(HOUR_S / 2)
        one.leads.append(one.hand_over(rep, 3))
        rest(HOUR_S * 1.6)
        fault(one, **EXTENDS[crm], fault="reset_after")
        said, _ = sync(one)
        assert "1 written and read back, 0 skipped, 0 failed" in said, "the third was due at two hours past its handover"
        (task,) = escalated(one)
        assert listed(one, task) == one.leads[:3]

        complete_task(one, task.id)
        rest(HOUR_S / 2)
        said, _ = sync(one)
        assert "escalate skipped: the manager's task of today is done or was removed; tomorrow's lists it" in said

        rest(DAY_S)
        fault(one, fault="reset_before")
        said, _ = sync(one, code=4)
        assert "escalate unknown: not seen yet; the next run looks again" in said
        assert "0 written" in sync(one)[0], "it may still arrive, and is not sent again"
        rest(ARRIVED_S)
        assert "1 written and read back, 0 skipped, 0 failed" in sync(one)[0]

        _, next_day = escalated(one)
        assert (next_day.is_open, listed(one, next_day)) == (True, one.leads[3:])


def shown(one: Enforced, report: dict[str, Any]) -> str:
    """Return what `show` says of a run."""
    done = leadpact("show", report["run"]["id"], "--config", str(one.files / "config.toml"))
    return done.stdout
