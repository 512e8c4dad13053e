"""A run that is killed while it writes: the next one finds out what arrived, and nothing is done twice or forgotten."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.test_assigning import BY_US, come_in
from tests.cli.test_notify import tell
from tests.faults.interjecting import WRITES as MOVES
from tests.faults.interjecting import Between, between
from tests.flow.enforcing import HOUR_S, Enforced, add_task, enforced, tasks_of
from tests.flow.people import People
from tests.flow.practice import PROGRAM, leadpact
from tests.flow.receiver import receiver

WRITES = {"hubspot": "*/contacts/batch/update", "salesforce": "*/composite*"}
CREATES = {"hubspot": "*/objects/*/tasks", "salesforce": "*/sobjects/Task*"}
ARRIVED_S = 660  # until then what was sent may still arrive
LEADS = 4


def start_and_kill(one: Enforced, *, writes: int, then_s: float) -> None:
    """Kill a run a moment after it has sent so many writes."""
    before = one.world.writes()
    process = subprocess.Popen(
        [*PROGRAM, "sync", "--config", str(one.files / "config.toml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and one.world.writes() - before < writes:
        time.sleep(0.01)
    time.sleep(then_s)
    process.kill()
    process.wait()


def times_given(one: Enforced, lead: str) -> int:
    """Count how often a lead was given to somebody else after it was made."""
    people = one.world.people
    if isinstance(people, People):
        row = people.ask("GET", f"/crm/v3/objects/contacts/{lead}?propertiesWithHistory=hubspot_owner_id")
        return len(row["propertiesWithHistory"]["hubspot_owner_id"]) - 1
    return people.changes(lead, "Owner")


def lose_answers(one: Enforced, seed: int) -> None:
    """Let writes be slow, and the answers of some be lost after they were done."""
    path = WRITES[one.world.crm]
    slow = {"path": path, "method": "POST", "fault": "slow", "seconds": 0.5, "every": 2}
    lost = {"path": path, "method": "POST", "fault": "reset_after", "probability": 0.4, "seed": seed}
    one.world.people.ask("POST", "/_sandbox/faults", [lost, slow])


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_whatever_a_run_was_killed_in_each_lead_is_moved_once(crm: str, tmp_path: Path) -> None:
    with enforced(crm, tmp_path, leads=LEADS) as one:
        before = one.owners()
        lose_answers(one, seed=1)
        start_and_kill(one, writes=1, then_s=random.Random(1).uniform(0, 1.5))
        one.world.people.ask("DELETE", "/_sandbox/faults")

        one.run("sync")

        assert {lead: times_given(one, lead) for lead in one.leads} == dict.fromkeys(one.leads, 1)
        assert all(owner not in (None, before[lead]) for lead, owner in one.owners().items())
        assert "0 written" in one.run("sync")


def kill_at_the_answer(one: Enforced, somebody: Between, writes: re.Pattern[bytes]) -> None:
    """Start a run and kill it once a write is done, before it hears of that."""
    runs: list[subprocess.Popen[bytes]] = []
    somebody.writes, somebody.after = writes, [lambda: runs.pop().kill()]
    command = [*PROGRAM, "sync", "--config", str(one.files / "config.toml")]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    runs.append(run)
    assert run.wait() == -signal.SIGKILL


def test_a_task_in_salesforce_that_a_run_was_killed_in_making_or_adding_to_lists_each_lead_once(tmp_path: Path) -> None:
    with enforced("salesforce", tmp_path, leads=2, ladder='["escalate"]', hours=3) as one, between(one.files, "salesforce") as somebody:
        kill_at_the_answer(one, somebody, re.compile(rb"^POST \S+/sobjects/Task "))
        assert "0 failed" in one.run("sync")
        (made,) = [task for lead in one.leads for task in tasks_of(one, lead)]

        one.leads.append(one.hand_over(one.members()[0], 2))
        one.world.people.rest(3 * HOUR_S)
        kill_at_the_answer(one, somebody, re.compile(rb"^POST \S+/composite.*PATCH.*Task", re.DOTALL))
        assert "0 failed" in one.run("sync")

        (task,) = [task for lead in one.leads for task in tasks_of(one, lead)]
        assert (task.id, [task.body.count(f"• {one.key(lead)}") for lead in one.leads]) == (made.id, [1, 1, 1])
        assert "0 written" in one.run("sync")


def test_the_first_owner_whom_a_run_was_killed_in_naming_gets_the_lead_once_and_is_told_once(tmp_path: Path) -> None:
    with (
        enforced("hubspot", tmp_path, leads=0, hours=0, tell=BY_US) as one,
        receiver() as to,
        between(one.files, "hubspot") as somebody,
    ):
        tell(one, to)
        (lead,) = come_in(one, 0)
        kill_at_the_answer(one, somebody, MOVES["hubspot"])
        owner = one.owner(lead)
        assert owner in one.present()
        assert to.take("desk") == []

        assert "0 failed" in one.run("sync")

        assert (one.owner(lead), times_given(one, lead)) == (owner, 1)
        (told,) = to.take("desk")
        assert told.startswith(f"A lead is yours now: {one.key(lead)}\n")
        assert "This lead was given to you, because nobody had it." in told
        assert "0 written" in one.run("sync")
        ledger = json.loads(leadpact("route", "sdr", "--replay", "--format", "json", "--config", str(one.files / "config.toml")).stdout)
        assert (ledger["entries"], ledger["wrong"], to.take("desk")) == (1, [], [])


@pytest.mark.campaign
@pytest.mark.parametrize(("rounds", "kills"), [pytest.param(12, 8, id="96 moments")])
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_was_not(crm: str, rounds: int, kills: int, tmp_path: Path) -> None:
    with enforced(crm, tmp_path / "whole", leads=LEADS) as one:
        began = time.monotonic()
        one.run("sync")
        takes_s, expected = time.monotonic() - began, one.owners()
    for number in range(rounds):
        moments = random.Random(number)
        with enforced(crm, tmp_path / str(number), leads=LEADS) as one:
            lose_answers(one, seed=number)
            for _ in range(kills):
                start_and_kill(one, writes=0, then_s=moments.uniform(0, takes_s))
            one.world.people.ask("DELETE", "/_sandbox/faults")

            one.run("sync")

            assert one.owners() == expected
            assert {lead: times_given(one, lead) for lead in one.leads} == dict.fromkeys(one.leads, 1)
            assert "0 written" in one.run("sync")


@pytest.mark.campaign
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_whatever_a_run_was_killed_in_a_manager_gets_one_task_that_lists_each_lead(crm: str, tmp_path: Path) -> None:
    for number in range(5):
        moments = random.Random(number)
        with enforced(crm, tmp_path / str(number), leads=3, ladder='["escalate"]', hours=3) as one:
            one.world.people.ask("POST", "/_sandbox/faults", [{"path": CREATES[crm], "method": "POST", "fault": "slow", "seconds": 1}])
            start_and_kill(one, writes=1, then_s=moments.uniform(0, 1.5))
            one.world.people.ask("DELETE", "/_sandbox/faults")
            time.sleep(1)  # so long what was on its way arrives
            one.world.people.rest(ARRIVED_S)

            one.run("sync")

            (task,) = [task for lead in one.leads for task in tasks_of(one, lead)]
            assert [task.body.count(f"• {one.key(lead)}") for lead in one.leads] == [1, 1, 1]
            assert "0 written" in one.run("sync")


@pytest.mark.campaign
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_whatever_a_run_was_killed_in_the_open_tasks_are_with_their_leads_owner(crm: str, tmp_path: Path) -> None:
    paths = {"hubspot": "*/batch/update", "salesforce": "*/composite*"}
    for number in range(5):
        moments = random.Random(number)
        with enforced(crm, tmp_path / str(number), leads=3, act="move_open_tasks = true") as one:
            tasks = [add_task(one, lead, one.members()[0], "Call") for lead in one.leads]
            one.world.people.rest(60)
            one.world.people.ask("POST", "/_sandbox/faults", [{"path": paths[crm], "fault": "slow", "seconds": 1, "count": 2}])
            start_and_kill(one, writes=moments.choice([1, 2]), then_s=moments.uniform(0, 1.5))
            one.world.people.ask("DELETE", "/_sandbox/faults")

            one.run("sync")

            found = {lead: [(task.id, task.owner) for task in tasks_of(one, lead)] for lead in one.leads}
            assert found == {lead: [(task, one.owner(lead))] for lead, task in zip(one.leads, tasks, strict=True)}
            assert {lead: times_given(one, lead) for lead in one.leads} == dict.fromkeys(one.leads, 1)
            assert "0 written" in one.run("sync")
