"""When the daemon does what: once a day, through DST nights and days that were slept through; and how long it leaves alone what fails."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync.daemon.schedule import Backoff, Daily

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def test_a_daily_job_is_due_at_its_time_of_the_zone() -> None:
    daily = Daily(at=time(3), zone=NEW_YORK, done_at=at("2026-11-20T12:00"))
    assert daily.due_at(at("2026-11-20T13:00")) == at("2026-11-21T03:00")
    assert not daily.is_due(at("2026-11-21T02:59"))
    assert daily.is_due(at("2026-11-21T03:00"))


def test_one_that_was_never_done_waits_for_the_first_of_its_times() -> None:
    daily = Daily(at=time(3), zone=NEW_YORK)
    for minutes in (0, 20, 59):
        now = at("2026-11-20T02:00") + timedelta(minutes=minutes)
        daily.begin(now)
        assert not daily.is_due(now)
    assert daily.is_due(at("2026-11-20T03:01"))


def test_nights_that_were_slept_through_are_made_up_for_once() -> None:
    daily = Daily(at=time(3), zone=NEW_YORK, done_at=at("2026-11-20T03:00"))
    monday = at("2026-11-23T08:00")
    assert daily.is_due(monday)
    daily.done_at = monday
    assert daily.due_at(monday) == at("2026-11-24T03:00")


@pytest.mark.parametrize(
    ("day_before", "due", "next_due"),
    [
        ("2027-03-13T02:30", datetime(2027, 3, 14, 7, 30, tzinfo=UTC), datetime(2027, 3, 15, 6, 30, tzinfo=UTC)),  # 02:30 is left out
        ("2026-10-31T01:30", datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 2, 6, 30, tzinfo=UTC)),  # 01:30 comes twice
    ],
)
def test_a_dst_night_has_one_run(day_before: str, due: datetime, next_due: datetime) -> None:
    began = at(day_before)
    daily = Daily(at=began.timetz().replace(tzinfo=None), zone=NEW_YORK, done_at=began)
    assert daily.due_at(began) == due
    daily.done_at = due
    assert daily.due_at(due) == next_due


def test_what_fails_is_left_alone_twice_as_long_each_time_up_to_a_bound() -> None:
    backoff = Backoff(first_s=5, longest_s=60)
    assert [backoff.fail() for _ in range(6)] == [5, 10, 20, 40, 60, 60]
    for _ in range(10_000):
        backoff.fail()
    backoff.succeed()
    assert backoff.fail() == 5
