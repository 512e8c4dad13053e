"""Calendars: opening hours, holidays, closed days and daylight saving, case by case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync.agreement.calendar import Calendar, CalendarError, CalendarRangeError, compile_calendar

NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"
OFFICE = "Mo-Fr 09:00-17:30; PH off"


def a_calendar(
    hours: str = OFFICE, zone: str = NEW_YORK, holidays: str | None = "US", closed: tuple[date, ...] = (), since: date = date(2026, 1, 1)
) -> Calendar:
    return compile_calendar(name="default", hours=hours, zone=zone, holidays=holidays, closed=closed, since=since, upto=date(2027, 12, 31))


def at(reading: str, zone: str = NEW_YORK, fold: int = 0) -> datetime:
    return datetime.fromisoformat(reading).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        ("2026-11-20 10:00", 2, "2026-11-20 12:00"),
        ("2026-11-20 16:30", 2, "2026-11-23 10:00"),  # Friday afternoon runs on on Monday
        ("2026-11-20 15:30", 2, "2026-11-20 17:30"),  # exactly at closing is closing, not the next opening
        ("2026-11-20 17:30", 2, "2026-11-23 11:00"),  # a start at closing
        ("2026-11-20 09:00", 8.5, "2026-11-20 17:30"),  # exactly at opening, for the whole day
        ("2026-11-20 08:59", 1, "2026-11-20 10:00"),
        ("2026-11-21 12:00", 1, "2026-11-23 10:00"),  # a Saturday
        ("2026-11-25 17:00", 1, "2026-11-27 09:30"),  # Thanksgiving lies between
        ("2026-03-06 17:00", 1, "2026-03-09 09:30"),  # so does the jump to summer time
    ],
)
def test_business_hours_count_open_time_only(start: str, length: float, due: str) -> None:
    assert a_calendar().add(at(start), hours(length)) == at(due)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-19 10:15", 1, "2026-11-20 10:15"),
        ("2026-11-20 10:15", 1, "2026-11-23 10:15"),
        ("2026-11-20 17:30", 1, "2026-11-23 17:30"),  # at closing is not after closing
        ("2026-11-20 17:31", 1, "2026-11-24 09:00"),  # after closing counts from Monday's opening
        ("2026-11-21 12:00", 1, "2026-11-24 09:00"),  # and so does a closed day
        ("2026-11-20 07:00", 1, "2026-11-23 09:00"),  # before opening the time of day stays, clipped to opening
        ("2026-11-25 12:00", 2, "2026-11-30 12:00"),  # Thanksgiving is no working day
        ("2026-11-20 10:15", 0, "2026-11-20 10:15"),
        ("2026-03-06 10:00", 1, "2026-03-09 10:00"),  # the same clock reading over the jump
    ],
)
def test_business_days_keep_the_local_time_of_day(start: str, days: int, due: str) -> None:
    assert a_calendar().add_days(at(start), days) == at(due)


def test_business_days_are_clipped_to_the_hours_of_the_day_they_end_on() -> None:
    short_fridays = a_calendar("Mo-Th 09:00-17:00; Fr 10:00-12:00,13:00-15:00", holidays=None)
    assert short_fridays.add_days(at("2026-11-19 16:00"), 1) == at("2026-11-20 15:00")
    assert short_fridays.add_days(at("2026-11-19 09:30"), 1) == at("2026-11-20 10:00")
    assert short_fridays.add_days(at("2026-11-19 12:30"), 1) == at("2026-11-20 13:00")  # the noon break ends at one


def test_an_overnight_shift_belongs_to_the_day_it_begins_on() -> None:
    night = a_calendar("Mo-Fr 22:00-06:00", holidays=None)
    assert night.between(at("2026-11-20 20:00"), at("2026-11-23 12:00")) == hours(8)
    assert night.add(at("2026-11-20 23:00"), hours(8)) == at("2026-11-23 23:00")
    assert night.add_days(at("2026-11-20 23:00"), 1) == at("2026-11-23 23:00")
    assert night.add_days(at("2026-11-21 03:00"), 1) == at("2026-11-24 03:00")  # Friday's shift, on Saturday morning
    assert night.add_days(at("2026-11-17 03:00"), 1) == at("2026-11-18 03:00")
    assert night.add_days(at("2026-11-21 08:00"), 1) == at("2026-11-24 22:00")  # Friday's shift is over


def test_round_the_clock_every_day_is_a_working_day() -> None:
    always = a_calendar("24/7", holidays=None)
    assert always.add_days(at("2026-11-20 03:00"), 3) == at("2026-11-23 03:00")
    assert always.add(at("2026-10-31 12:00"), hours(24)) == at("2026-11-01 11:00")  # that day has 25 hours


@pytest.mark.parametrize(
    ("zone", "day", "night", "shift"),
    [
        (NEW_YORK, "2026-03-08", 5, 7),
        (NEW_YORK, "2026-11-01", 7, 9),
        (BERLIN, "2026-03-29", 5, 7),
        (BERLIN, "2026-10-25", 7, 9),
    ],
)
def test_the_skipped_hour_is_not_worked_and_the_repeated_one_twice(zone: str, day: str, night: int, shift: int) -> None:
    midnight = at(f"{day} 00:00", zone)
    assert a_calendar("00:00-06:00", zone, None).between(midnight, midnight + hours(12)) == hours(night)
    assert a_calendar("22:00-06:00", zone, None).between(midnight - hours(4), midnight + hours(12)) == hours(shift)


@pytest.mark.parametrize(
    ("written", "day", "length"),
    [
        ("01:30-02:30", "2026-03-08", timedelta(minutes=30)),  # 02:00 to 03:00 does not exist
        ("02:15-02:45", "2026-03-08", timedelta()),
        ("01:15-01:45", "2026-11-01", hours(1)),  # shown twice
        ("01:30-03:00", "2026-11-01", hours(2)),
        ("00:30-01:30", "2026-11-01", hours(1.5)),
    ],
)
def test_hours_that_begin_in_the_changed_hour_are_open_whenever_the_clock_shows_them(written: str, day: str, length: timedelta) -> None:
    midnight = at(f"{day} 00:00")
    assert a_calendar(written, holidays=None).between(midnight, midnight + hours(12)) == length


def test_a_working_day_later_in_the_skipped_hour_is_the_moment_of_the_jump() -> None:
    always = a_calendar("24/7", holidays=None)
    assert always.add_days(at("2026-03-07 02:30"), 1) == at("2026-03-08 03:00")
    assert always.add_days(at("2026-10-31 01:30"), 1) == at("2026-11-01 01:30", fold=0)


def test_public_holidays_are_those_of_the_region() -> None:
    womens_day = at("2027-03-08 10:00", BERLIN)  # a holiday in Berlin only
    assert not a_calendar(OFFICE, BERLIN, "DE-BE").is_open(womens_day)
    assert a_calendar(OFFICE, BERLIN, "DE").is_open(womens_day)
    assert a_calendar(OFFICE, BERLIN, None).is_open(at("2026-12-25 10:00", BERLIN))


def test_holidays_may_have_hours_of_their_own() -> None:
    calendar = a_calendar("Mo-Fr 09:00-17:00; Sa,PH 10:00-12:00", BERLIN, "DE-BE")
    christmas_friday, saturday = at("2026-12-25 00:00", BERLIN), at("2026-11-21 00:00", BERLIN)
    assert calendar.between(christmas_friday, christmas_friday + hours(24)) == hours(2)
    assert calendar.between(saturday, saturday + hours(24)) == hours(2)


def test_a_rule_after_the_holiday_rule_wins() -> None:
    calendar = a_calendar("Mo-Fr 09:00-17:00; PH off; Dec 25 10:00-11:00")
    assert calendar.between(at("2026-12-25 00:00"), at("2026-12-26 00:00")) == hours(1)
    assert calendar.between(at("2026-11-26 00:00"), at("2026-11-27 00:00")) == hours(0)


def test_own_closed_days_are_closed_for_a_whole_week() -> None:
    week = tuple(date(2026, 8, 3) + timedelta(days=n) for n in range(7))
    calendar = a_calendar(closed=week)
    assert calendar.add(at("2026-07-31 17:00"), hours(1)) == at("2026-08-10 09:30")
    assert calendar.add_days(at("2026-07-31 12:00"), 1) == at("2026-08-10 12:00")
    assert calendar.next_opening(at("2026-08-05 12:00")) == at("2026-08-10 09:00")


def test_an_opening_holds_its_first_moment_and_not_its_last() -> None:
    calendar = a_calendar()
    assert calendar.is_open(at("2026-11-20 09:00"))
    assert not calendar.is_open(at("2026-11-20 17:30"))
    assert calendar.next_opening(at("2026-11-20 09:00")) == at("2026-11-20 09:00")
    assert calendar.next_opening(at("2026-11-20 17:30")) == at("2026-11-23 09:00")


def test_no_time_at_all_leads_to_the_next_opening_only_from_outside_hours() -> None:
    calendar = a_calendar()
    assert calendar.add(at("2026-11-20 12:00"), hours(0)) == at("2026-11-20 12:00")
    assert calendar.add(at("2026-11-20 17:30"), hours(0)) == at("2026-11-20 17:30")
    assert calendar.add(at("2026-11-20 17:31"), hours(0)) == at("2026-11-23 09:00")
    assert calendar.add(at("2026-11-20 08:00"), hours(0)) == at("2026-11-20 09:00")


def test_nothing_lies_between_a_moment_and_an_earlier_one() -> None:
    assert a_calendar().between(at("2026-11-20 12:00"), at("2026-11-20 10:00")) == hours(0)


def test_a_moment_outside_of_the_compiled_years_is_refused() -> None:
    calendar = a_calendar()
    with pytest.raises(CalendarRangeError, match="`default` is known from 2026-01-01 to 2027-12-31, and was asked") as error:
        calendar.is_open(at("2025-12-31 23:59"))
    assert error.value.fix
    with pytest.raises(CalendarRangeError, match="the answer lies later"):
        calendar.add(at("2027-12-30 12:00"), hours(40))
    with pytest.raises(CalendarRangeError, match="the answer lies later"):
        calendar.add_days(at("2027-12-30 12:00"), 40)


@pytest.mark.parametrize(
    ("wrong", "message", "fix"),
    [
        ({"hours": "Mo-Fr 9-17"}, "cannot be read at `9-17`", "Mo-Fr 09:00-17:30"),
        ({"hours": ""}, "they are empty", "Mo-Fr 09:00-17:30"),
        ({"hours": "Mo-Fr 09:00-"}, "after their end", "Mo-Fr 09:00-17:30"),
        ({"hours": "sunrise-sunset"}, "`sunrise` says no hours", "Mo-Fr 09:00-17:30"),
        ({"hours": "Mo-Fr 09:00-17:00; SH off"}, "`SH` says no hours", "Mo-Fr 09:00-17:30"),
        ({"hours": "Mo-Fr 09:00-17:00; Dec PH off"}, "PH in a way that is not understood", "let PH begin a rule"),
        ({"hours": "Mo-Fr 09:00-17:00; PH +1 day off"}, "PH in a way that is not understood", "let PH begin a rule"),
        ({"hours": "PH off"}, "`default` is never open", "give it hours"),
        ({"hours": "2020 Mo-Fr 09:00-17:00"}, "`default` is never open", "give it hours"),
        ({"hours": "x" * 1001}, "at most 1,000", "fewer rules"),
        ({"zone": "America/NewYork"}, "no time zone `America/NewYork`", "write America/New_York"),
        ({"zone": "../../etc/passwd"}, "no time zone", "IANA zone"),
        ({"zone": "America"}, "no time zone", ""),
        ({"holidays": "XQ"}, "no holidays are known for `XQ`", ""),
        ({"holidays": "us"}, "no holidays are known for `us`", "write US"),
        ({"holidays": "DE-XX"}, "`DE` has no region `XX`", "BE"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_with_its_fix(wrong: dict[str, str], message: str, fix: str) -> None:
    with pytest.raises(CalendarError) as error:
        a_calendar(**wrong)  # type: ignore[arg-type]
    assert message in str(error.value)
    assert fix in error.value.fix


def test_holidays_that_the_hours_do_not_name_are_noted() -> None:
    assert "do not name PH" in a_calendar("Mo-Fr 09:00-17:30").notes[0]
    assert "no holidays are given" in a_calendar(holidays=None).notes[0]
    assert a_calendar().notes == ()
