"""The daemon starts what makes reports when one is due, and leaves alone for a while what failed, or made nothing of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from sync.daemon.reporting import LOOK_AGAIN, Reporting

NOW = datetime(2026, 12, 1, 13, 0, tzinfo=UTC)
WITHIN_S = 60
MINUTE = timedelta(minutes=1)


@pytest.fixture
def missing(tmp_path: Path) -> Path:
    """A config that is not there: what is started by it fails at once."""
    return tmp_path / "config.toml"


def until_it_ends(reporting: Reporting, now: datetime) -> None:
    give_up = time.monotonic() + WITHIN_S
    while reporting._child.runs:
        assert time.monotonic() < give_up, "it was to end"
        reporting.look(now)
        time.sleep(0.02)


def events(reporting: Reporting, looks: list[datetime]) -> list[str]:
    """Return what is logged where it is looked at these moments, each time to the end of what that starts."""
    with structlog.testing.capture_logs() as logs:
        for at in looks:
            reporting.look(at)
            until_it_ends(reporting, at)
    return [line["event"] for line in logs]


def at(moment: datetime | None) -> Callable[[datetime], datetime | None]:
    return lambda _: moment


def test_nothing_is_started_before_it_is_due_or_where_nothing_ever_is(missing: Path) -> None:
    assert events(Reporting(config=missing, next_at=at(NOW)), [NOW - MINUTE]) == []
    assert events(Reporting(config=missing, next_at=at(None)), [NOW]) == []


def test_what_fails_is_told_and_tried_again_after_a_pause_that_grows(missing: Path) -> None:
    reporting = Reporting(config=missing, next_at=at(NOW))
    once = ["report_started", "report_failed"]
    assert events(reporting, [NOW, NOW + MINUTE, NOW + 4 * MINUTE]) == once
    assert events(reporting, [NOW + 5 * MINUTE, NOW + 12 * MINUTE]) == once
    assert events(reporting, [NOW + 15 * MINUTE]) == once


def test_when_the_next_is_due_is_asked_seldom_and_again_where_the_clock_jumped_back(missing: Path) -> None:
    asked: list[datetime] = []

    def next_at(now: datetime) -> datetime:
        asked.append(now)
        return NOW + timedelta(days=1)

    reporting = Reporting(config=missing, next_at=next_at)
    moments = [NOW, NOW + MINUTE, NOW + LOOK_AGAIN, NOW + LOOK_AGAIN + MINUTE, NOW - timedelta(days=1)]
    assert events(reporting, moments) == []
    assert asked == [NOW, NOW + LOOK_AGAIN, NOW - timedelta(days=1)]


def test_one_that_runs_is_ended_with_the_daemon(missing: Path) -> None:
    reporting = Reporting(config=missing, next_at=at(NOW))
    reporting.look(NOW)
    assert reporting._child.runs
    reporting.stop(within_s=WITHIN_S)
    assert not reporting._child.runs
