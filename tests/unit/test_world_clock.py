"""The walking clock of the practice world, against examples worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.world.clock import OpenHours
from sandbox.world.promises import CALENDARS

TWO_HOURS = timedelta(hours=2)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "start", "due"),
    [
        pytest.param("default", "2026-11-18 15:00", "2026-11-18 17:00", id="within a morning"),
        pytest.param("default", "2026-11-18 20:30", "2026-11-18 22:30", id="exactly until closing"),
        pytest.param("default", "2026-11-18 20:31", "2026-11-19 14:01", id="one minute over closing"),
        pytest.param("default", "2026-11-18 14:00", "2026-11-18 16:00", id="at opening"),
        pytest.param("default", "2026-11-18 13:59:59", "2026-11-18 16:00", id="a second before opening"),
        pytest.param("default", "2026-11-18 22:30", "2026-11-19 16:00", id="at closing"),
        pytest.param("default", "2026-11-20 21:30", "2026-11-23 15:00", id="over a weekend"),
        pytest.param("default", "2026-11-25 22:00", "2026-11-27 15:30", id="over Thanksgiving"),
        pytest.param("default", "2026-10-30 20:30", "2026-11-02 15:00", id="over the end of summer time, an hour on each side"),
        pytest.param("berlin", "2026-10-23 15:30", "2026-10-26 09:30", id="Berlin, half an hour before the last summer weekend"),
        pytest.param("berlin", "2027-03-05 16:30", "2027-03-09 09:30", id="Berlin keeps Women's Day, a Monday"),
        pytest.param("pacific", "2026-11-18 23:30", "2026-11-19 16:30", id="San Francisco closes at 01:00 UTC"),
    ],
)
def test_two_open_hours_end_where_a_person_with_a_calendar_says(calendar: str, start: str, due: str) -> None:
    assert utc(due) == OpenHours(CALENDARS[calendar]).after(utc(start), TWO_HOURS)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        pytest.param("2026-11-18 15:00", 1, "2026-11-19 15:00", id="the next day at the same time"),
        pytest.param("2026-11-20 15:00", 1, "2026-11-23 15:00", id="over a weekend"),
        pytest.param("2026-11-25 15:00", 1, "2026-11-27 15:00", id="over Thanksgiving"),
        pytest.param("2026-10-30 13:30", 1, "2026-11-02 14:30", id="half past nine stays so over the end of summer time"),
        pytest.param("2026-11-18 12:00", 1, "2026-11-19 14:00", id="before opening: at opening"),
        pytest.param("2026-11-18 22:30", 1, "2026-11-19 22:30", id="at closing"),
        pytest.param("2026-11-18 22:30:01", 1, "2026-11-20 14:00", id="after closing: from the next opening"),
        pytest.param("2026-11-21 15:00", 2, "2026-11-25 14:00", id="on a Saturday: from Monday's opening"),
    ],
)
def test_working_days_keep_the_local_time_of_day(start: str, days: int, due: str) -> None:
    assert utc(due) == OpenHours(CALENDARS["default"]).days_after(utc(start), days)


def test_walking_back_and_forth_ends_where_it_began() -> None:
    hours = OpenHours(CALENDARS["default"])
    for minutes in range(1, 2_000, 37):
        start = hours.before(utc("2026-11-30 15:00"), timedelta(minutes=minutes))

        assert utc("2026-11-30 15:00") == hours.after(start, timedelta(minutes=minutes))
        assert timedelta(minutes=minutes) == hours.between(start, utc("2026-11-30 15:00"))


def test_there_is_no_open_time_over_a_weekend() -> None:
    hours = OpenHours(CALENDARS["berlin"])

    assert timedelta(0) == hours.between(utc("2026-11-20 17:00"), utc("2026-11-23 08:00"))


def test_the_clock_agrees_with_counting_every_minute() -> None:
    hours = OpenHours(CALENDARS["default"])
    start, minute = utc("2026-11-25 21:07"), timedelta(minutes=1)
    count, at = 0, start
    while count < 120:
        at += minute
        local = at - minute - timedelta(hours=5)  # standard time all week
        count += local.weekday() <= 4 and local.day != 26 and 9 * 60 <= local.hour * 60 + local.minute < 17 * 60 + 30

    assert at == hours.after(start, TWO_HOURS)


def test_the_day_of_a_clock_change_is_known() -> None:
    hours = OpenHours(CALENDARS["default"])

    assert hours.changes_clock(utc("2026-11-01 12:00").date())
    assert not hours.changes_clock(utc("2026-11-02 12:00").date())
