"""The laws of business time, and its agreement with a minute-by-minute count and an independent library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
from hypothesis import given, settings
from hypothesis import strategies as st
from workclock import Break, Holidays, Schedule, WorkDay

from sync.agreement.calendar import Calendar, compile_calendar

SINCE, UPTO = date(2026, 1, 1), date(2027, 12, 31)
MINUTE = timedelta(minutes=1)
CLOSED = tuple(date(2026, 8, 3) + timedelta(days=n) for n in range(7))
US = frozenset(holidays.country_holidays("US", years=range(2025, 2029)))
BERLIN = frozenset(holidays.country_holidays("DE", subdiv="BE", years=range(2025, 2029)))


@dataclass(frozen=True)
class Case:
    """One calendar, told twice: in our notation, and as a rule over clock readings and as a schedule."""

    hours: str
    zone: str
    holidays: str | None
    off: frozenset[date]
    shows_open: Callable[[datetime], bool]  # of a local time, holidays aside
    schedule: tuple[WorkDay | Break, ...]
    closed: tuple[date, ...] = ()

    def calendar(self) -> Calendar:
        return compile_calendar(
            name="case", hours=self.hours, zone=self.zone, holidays=self.holidays, closed=self.closed, since=SINCE, upto=UPTO
        )

    def is_open(self, moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(self.zone))
        return local.date() not in self.off and self.shows_open(local)


def weekday_between(start: time, end: time) -> Callable[[datetime], bool]:
    return lambda local: local.weekday() < 5 and start <= local.time() < end


def overnight(local: datetime) -> bool:
    evening, morning = local.weekday() < 5 and local.time() >= time(22), local.weekday() in range(1, 6) and local.time() < time(6)
    return evening or morning


def with_a_break(local: datetime) -> bool:
    return local.weekday() < 6 and (time(8) <= local.time() < time(12) or time(13) <= local.time() < time(16))


CASES = [
    Case(
        "Mo-Fr 09:00-17:30; PH off",
        "America/New_York",
        "US",
        US | set(CLOSED),
        weekday_between(time(9), time(17, 30)),
        (WorkDay(time(9), time(17, 30)),),
        CLOSED,
    ),
    Case("Mo-Fr 09:00-18:00; PH off", "Europe/Berlin", "DE-BE", BERLIN, weekday_between(time(9), time(18)), (WorkDay(time(9), time(18)),)),
    Case("Mo-Fr 22:00-06:00", "America/New_York", None, frozenset(), overnight, (WorkDay(time(22), time(6)),)),
    Case("Mo-Fr 22:00-06:00; PH off", "Europe/Berlin", "DE-BE", BERLIN, overnight, (WorkDay(time(22), time(6)),)),
    Case(
        "Mo-Sa 08:00-12:00,13:00-16:00",
        "Australia/Sydney",
        None,
        frozenset(),
        with_a_break,
        (WorkDay(time(8), time(16), days=range(6)), Break(time(12), time(13), days=range(6))),
    ),
    Case("24/7", "America/New_York", None, frozenset(), lambda _: True, (WorkDay(time(0), time(0), days=range(7)),)),
]
CALENDARS = [case.calendar() for case in CASES]
EDGES = [
    datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    for zone, day in [
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/New_York", "2026-11-26"),
        ("America/New_York", "2026-08-03"),
        ("Australia/Sydney", "2026-04-05"),
    ]
    for clock in ("00:00", "01:30", "03:00", "06:00", "09:00", "17:30", "22:00")
]

numbers = st.integers(0, len(CASES) - 1)
anywhere = st.integers(0, 400 * 24 * 60).map(lambda minutes: datetime(2026, 2, 1, tzinfo=UTC) + minutes * MINUTE)
near_an_edge = st.tuples(st.sampled_from(EDGES), st.integers(-3 * 24 * 60, 3 * 24 * 60)).map(lambda drawn: drawn[0] + drawn[1] * MINUTE)
minutes = st.one_of(st.sampled_from(EDGES), anywhere, near_an_edge)
moments = st.tuples(minutes, st.integers(0, 59_999)).map(lambda drawn: drawn[0] + timedelta(milliseconds=drawn[1]))
lengths = st.one_of(
    st.integers(0, 100 * 60).map(lambda count: count * MINUTE),
    st.integers(0, 10**9).map(lambda count: timedelta(milliseconds=count % (90 * 3_600_000))),
)


@settings(max_examples=250, deadline=None)
@given(number=numbers, start=moments, first=lengths, second=lengths)
def test_two_spans_one_after_the_other_are_their_sum(number: int, start: datetime, first: timedelta, second: timedelta) -> None:
    calendar = CALENDARS[number]
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@settings(max_examples=250, deadline=None)
@given(number=numbers, start=moments, length=lengths)
def test_what_was_added_lies_between(number: int, start: datetime, length: timedelta) -> None:
    calendar = CALENDARS[number]
    assert calendar.between(start, calendar.add(start, length)) == length


@settings(max_examples=250, deadline=None)
@given(number=numbers, three=st.lists(moments, min_size=3, max_size=3).map(sorted))
def test_the_time_between_adds_up(number: int, three: list[datetime]) -> None:
    calendar, (a, b, c) = CALENDARS[number], three
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)


@settings(max_examples=250, deadline=None)
@given(number=numbers, two=st.lists(moments, min_size=2, max_size=2).map(sorted), length=lengths, days=st.integers(0, 30))
def test_a_later_start_never_ends_earlier(number: int, two: list[datetime], length: timedelta, days: int) -> None:
    calendar, (earlier, later) = CALENDARS[number], two
    assert calendar.add(earlier, length) <= calendar.add(later, length)
    assert calendar.add_days(earlier, days) <= calendar.add_days(later, days)


@settings(max_examples=250, deadline=None)
@given(number=numbers, start=moments, days=st.integers(0, 30))
def test_more_business_days_never_end_earlier_and_always_end_in_hours(number: int, start: datetime, days: int) -> None:
    calendar = CALENDARS[number]
    due = calendar.add_days(start, days)
    assert due <= calendar.add_days(start, days + 1)
    assert calendar.add(due, timedelta()) == due  # open, or exactly at closing


@settings(max_examples=200, deadline=None)
@given(number=numbers, start=minutes, count=st.integers(0, 5 * 24 * 60))
def test_open_time_is_what_a_count_of_the_minutes_finds(number: int, start: datetime, count: int) -> None:
    case, calendar = CASES[number], CALENDARS[number]
    counted = sum(case.is_open(start + n * MINUTE) for n in range(count))
    assert calendar.between(start, start + count * MINUTE) == counted * MINUTE
    assert calendar.is_open(start) is case.is_open(start)


@settings(max_examples=150, deadline=None)
@given(number=numbers, start=minutes, length=st.integers(1, 20 * 60))
def test_a_deadline_is_where_a_count_of_the_minutes_ends(number: int, start: datetime, length: int) -> None:
    case, moment, left = CASES[number], start, length
    while left:
        left -= case.is_open(moment)
        moment += MINUTE
    assert CALENDARS[number].add(start, length * MINUTE) == moment


def schedule_of(case: Case) -> Schedule:
    rules = [*case.schedule, Holidays(case.off)] if case.off else case.schedule
    return Schedule(rules, time_zone=case.zone)


SCHEDULES = [schedule_of(case) for case in CASES]


@settings(max_examples=250, deadline=None)
@given(number=numbers, asked=st.lists(st.tuples(moments, moments, lengths.filter(bool)), min_size=5, max_size=5))
def test_an_independent_library_agrees(number: int, asked: list[tuple[datetime, datetime, timedelta]]) -> None:
    calendar, schedule = CALENDARS[number], SCHEDULES[number]
    for a, b, length in asked:
        assert calendar.between(a, b) == max(schedule.between(a, b), timedelta())
        assert calendar.add(a, length) == schedule.add(a, length)
