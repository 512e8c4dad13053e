"""The law of crashes: whatever a run was killed in, one more run leaves the CRM as if it had not been, and nothing is done twice."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crashing import SLOW_S, Crashing, State, crashing, lose_answers, parted, sent_twice, without_stamps
from tests.faults.crashing_both import crashing_in_both
from tests.flow import warm
from tests.flow.practice import leadpact
from tests.flow.receiver import Receiver

ARRIVED_S = 660  # until then what was sent may still arrive
DONE, GAVE_UP = (0, 4), 1  # exit codes: of a run that came to its end, and of one that could not read a CRM whose answers are lost
MOST_A_DAY = 8  # kills; the work of a day is done by then


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day comes to."""

    state: State  # after one run, stamps apart
    at_rest: State  # after the next, which stamps what the first one did
    told: Counter[str]


def the_rest_of(one: Crashing, to: Receiver) -> Day:
    """Let it be long enough ago that whatever was sent arrived, and run twice."""
    one.world.people.rest(ARRIVED_S)
    one.run("sync")
    state = without_stamps(one.state())
    one.run("sync")
    at_rest = one.state()
    told = Counter(f"{box} {one['title']}\n{one['message']}" for box, theirs in to.got.items() for one in theirs)
    to.got.clear()
    return Day(state=state, at_rest=at_rest, told=told)


def kill(one: Crashing, has_come: Callable[[], bool]) -> int:
    """Start a run and kill it once its moment has come; return how it ended. What was on its way arrives."""
    run = warm.start(["sync", "--config", str(one.files / "config.toml")])
    with run.folder:
        while run.poll() is None and not has_come():
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
        code, said = run.wait(30), run.said("stderr")
    time.sleep(2 * SLOW_S)
    assert code in (-signal.SIGKILL, *DONE, GAVE_UP), said
    assert "Traceback" not in said
    return code


def a_moment(one: Crashing, moments: random.Random, takes_s: float) -> Callable[[], bool]:
    """Choose a moment: of a whole run, or after one of its writes was sent, should it send so many."""
    began, upto_s = time.monotonic(), moments.uniform(0, takes_s)
    if moments.random() < 0.4:
        return lambda: time.monotonic() - began >= upto_s
    writes, more, after_s = one.world.writes(), moments.randint(1, 4), moments.uniform(0, SLOW_S)

    def has_come() -> bool:
        if one.world.writes() - writes >= more:
            time.sleep(after_s)
            return True
        return time.monotonic() - began >= takes_s

    return has_come


def killed_often(one: Crashing, moments: random.Random, takes_s: float) -> int:
    """Kill one run after the other while answers are lost, until one comes to its end; return how many were killed."""
    lose_answers(one, seed=one.days)
    killed, code = 0, GAVE_UP
    while killed < MOST_A_DAY and code not in DONE:
        code = kill(one, a_moment(one, moments, takes_s))
        killed += code == -signal.SIGKILL
    one.world.people.ask("DELETE", "/_sandbox/faults")
    return killed


def assert_alike(found: Day, expected: Day) -> None:
    """Hold that one more run did all that was left, and the next one stamped it; deadlines differ by what was waited for at most."""
    assert found.state == expected.state
    (state, deadlines), (its, at) = parted(found.at_rest), parted(expected.at_rest)
    assert state == its
    assert {lead for lead, one in deadlines.items() if not _near(one, at[lead])} == set()


def _near(one: datetime | None, other: datetime | None) -> bool:
    return one == other or (one is not None and other is not None and abs(one - other) <= timedelta(seconds=ARRIVED_S))


def company(crm: str, folder: Path) -> AbstractContextManager[tuple[Crashing, Receiver]]:
    """Serve a company that works with `crm`, which may be `both`."""
    return crashing_in_both(folder) if crm == "both" else crashing(crm, folder)


@pytest.mark.campaign
@pytest.mark.parametrize(("days", "kills"), [pytest.param(40, 100, id="100 moments")])
@pytest.mark.parametrize("crm", ["hubspot", "salesforce", "both"])
def test_whatever_runs_were_killed_in_one_more_run_ends_as_if_they_had_not_been(crm: str, days: int, kills: int, tmp_path: Path) -> None:
    moments, killed = random.Random(crm), 0
    with company(crm, tmp_path / "whole") as (whole, to_whole), company(crm, tmp_path / "killed") as (one, to):
        for _ in range(days):
            whole.another_day()
            one.another_day()
            began = time.monotonic()
            expected = the_rest_of(whole, to_whole)
            takes_s = (time.monotonic() - began) / 2
            before, unknown = one.world.calls(), one.unknown()

            killed += killed_often(one, moments, takes_s)
            found = the_rest_of(one, to)

            print(f"{crm}, day {one.days}: {killed} killed")
            assert_alike(found, expected)
            calls: list[dict[str, Any]] = one.world.people.ask("GET", f"/_sandbox/requests?after={before}")["requests"]
            assert not sent_twice(call for call in calls if call["is_write"])
            assert not [text for text, times in found.told.items() if times > 1], "nobody is told anything twice"
            assert not found.told - expected.told
            assert (expected.told - found.told).total() <= one.unknown() - unknown, "what was being sent is listed as unknown"
            if killed >= kills:
                break
        assert killed >= kills
        assert "0 written" in one.run("sync")
        assert leadpact("route", "sdr", "--replay", "--config", str(one.files / "config.toml")).returncode == 0
