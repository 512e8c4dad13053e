"""Escalations from outside: the task a manager gets, what later runs add to it, and what is never done twice."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.enforcing import CrmTask, Enforced, complete_task, enforced, tasks_of

CRMS = ["hubspot", "salesforce"]
LADDER = '["escalate"]'
DAY_S = 24 * 3600
ARRIVED_S = 660  # so long what was sent may still arrive


def manager_of(one: Enforced, owner: str) -> str:
    """Return the owner id of somebody's manager, by the roster."""
    people = tomllib.loads((one.files / "roster.toml").read_text(encoding="utf-8"))["person"]
    (rep,) = [person for person in people if str(person.get(one.world.crm)) == owner]
    return next(str(person[one.world.crm]) for person in people if person["name"] == rep["manager"])


def escalated(one: Enforced) -> list[CrmTask]:
    """Return the tasks that leadpact made about any of the leads."""
    return [task for lead in one.leads for task in tasks_of(one, lead) if "[leadpact escalation " in task.subject]


@pytest.mark.parametrize("crm", CRMS)
def test_a_manager_gets_one_task_a_day_that_lists_the_leads(crm: str, tmp_path: Path) -> None:
    with enforced(crm, tmp_path, leads=3, ladder=LADDER) as one:
        rep, report = one.members()[0], tmp_path / "report.json"

        said = one.run("sync", "--format", "json", "--output", str(report))

        assert "3 written and read back, 0 skipped, 0 failed" in said
        (task,) = escalated(one)
        assert (task.owner, task.is_open) == (manager_of(one, rep), True)
        assert all(f"• {one.key(lead)}" in task.body for lead in one.leads)
