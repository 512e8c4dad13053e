"""The days of meetings: which words are understood, which moments they mean, and what a DST night does to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync.agreement.recurrence import Recurrence, read_recurrence
from sync.agreement.words import WordError

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def days_of(text: str, since: str, count: int, *, year_starts: int = 1) -> list[str]:
    recurrence, found, moment = read_recurrence(text, year_starts=year_starts), [], at(since)
    for _ in range(count):
        moment = recurrence.next(moment, NEW_YORK)
        found.append(f"{moment.astimezone(NEW_YORK):%Y-%m-%d %H:%M}")
        moment += timedelta(hours=2)
    return found


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("first Tuesday of the month 10:00", ["2026-12-01 10:00", "2027-01-05 10:00"]),
        ("15th of the month 10:00", ["2026-12-15 10:00", "2027-01-15 10:00"]),
        ("last Friday of the month 09:30", ["2026-11-27 09:30", "2026-12-25 09:30"]),
        ("every Monday 09:00", ["2026-11-23 09:00", "2026-11-30 09:00"]),
        ("Monday 07:00", ["2026-11-23 07:00", "2026-11-30 07:00"]),
        ("Sundays at 7:00", ["2026-11-22 07:00", "2026-11-29 07:00"]),
        ("2nd and 4th Wednesday of the month 14:00", ["2026-11-25 14:00", "2026-12-09 14:00"]),
        ("1st, 15th and last day of the month 10:00", ["2026-11-30 10:00", "2026-12-01 10:00", "2026-12-15 10:00"]),
        ("Mon, Wed and Fri 08:15", ["2026-11-20 08:15", "2026-11-23 08:15", "2026-11-25 08:15"]),
        ("every weekday 09:00", ["2026-11-20 09:00", "2026-11-23 09:00"]),
        ("every day 09:00", ["2026-11-20 09:00", "2026-11-21 09:00"]),
        ("31st of the month 10:00", ["2026-12-31 10:00", "2027-01-31 10:00", "2027-03-31 10:00"]),
        ("fifth Monday of the month 10:00", ["2026-11-30 10:00", "2027-03-29 10:00"]),
        ("first Tuesday of the quarter 10:00", ["2027-01-05 10:00", "2027-04-06 10:00"]),
        ("last Friday of every quarter 16:00", ["2026-12-25 16:00", "2027-03-26 16:00"]),
        ("last day of the month 09:00", ["2026-11-30 09:00", "2026-12-31 09:00", "2027-01-31 09:00", "2027-02-28 09:00"]),
    ],
)
def test_words_mean_these_days(text: str, days: list[str]) -> None:
    assert days_of(text, "2026-11-20T00:00", len(days)) == days  # a Friday


def test_a_quarter_is_one_of_the_fiscal_year() -> None:
    assert days_of("first Tuesday of the quarter 10:00", "2026-11-20T00:00", 2, year_starts=2) == ["2027-02-02 10:00", "2027-05-04 10:00"]
    assert days_of("last day of the quarter 10:00", "2026-11-20T00:00", 2, year_starts=2) == ["2027-01-31 10:00", "2027-04-30 10:00"]


@pytest.mark.parametrize(
    "text",
    [
        "when the moon is full",
        "every second Tuesday 10:00",  # of the month, or every other week?
        "first Tuesday 10:00",
        "first Tuesday of the month",
        "32nd of the month 10:00",
        "0th of the month 10:00",
        "6th Monday of the month 10:00",
        "every Monday 24:00",
        "every Monday and then 10:00",
        "Tuesday of the month 10:00",
        "every month 10:00",
        "first of the month or so 10:00",
        "",
    ],
)
def test_other_words_are_not_guessed_at(text: str) -> None:
    with pytest.raises(WordError) as refused:
        read_recurrence(text)
    assert "first Tuesday of the month 10:00" in refused.value.fix


@pytest.mark.parametrize(
    ("text", "since", "moments"),
    [  # 02:30 is left out on 2027-03-14, 01:30 comes twice on 2026-11-01
        ("Sunday 02:30", "2027-03-13T12:00", [datetime(2027, 3, 14, 7, 30, tzinfo=UTC), datetime(2027, 3, 21, 6, 30, tzinfo=UTC)]),
        ("Sunday 01:30", "2026-10-31T12:00", [datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 8, 6, 30, tzinfo=UTC)]),
    ],
)
def test_a_dst_night_has_its_meeting_once(text: str, since: str, moments: list[datetime]) -> None:
    found = read_recurrence(text).between(at(since), at(since) + timedelta(days=9), NEW_YORK)
    assert list(found) == moments


def test_the_last_one_and_the_one_before() -> None:
    recurrence = read_recurrence("first Tuesday of the month 10:00")
    meeting = at("2026-12-01T10:00")
    assert recurrence.last(meeting, NEW_YORK) == meeting
    assert recurrence.last(meeting - timedelta(seconds=1), NEW_YORK) == at("2026-11-03T10:00")
    assert recurrence.before(meeting, NEW_YORK) == at("2026-11-03T10:00")


def test_rare_days_are_found_however_long_ago() -> None:
    rare: Recurrence = read_recurrence("fifth Monday of the quarter 10:00")
    last = rare.last(at("2026-11-20T00:00"), NEW_YORK)
    assert last is not None
    assert last.astimezone(NEW_YORK).weekday() == 0
    assert last.astimezone(NEW_YORK).day >= 29
