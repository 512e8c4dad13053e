"""Spans and periods: how they are written, and the deadlines and warnings they give."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.agreement.calendar import compile_calendar
from sync.agreement.spans import Period, Span, SpanError, Unit, parse_period, parse_span

OFFICE = compile_calendar(
    name="default",
    hours="Mo-Fr 09:00-17:30; PH off",
    zone="America/New_York",
    holidays="US",
    since=date(2026, 1, 1),
    upto=date(2027, 12, 31),
)
MOMENTS = st.integers(0, 300 * 24 * 3_600_000).map(lambda ms: datetime(2026, 2, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
SPANS = st.sampled_from(["2 business hours", "15 minutes", "24 hours", "3 business days", "90 business minutes", "2 days"]).map(parse_span)


def at(reading: str) -> datetime:
    return datetime.fromisoformat(reading).replace(tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "unit", "length", "days"),
    [
        ("2 business hours", Unit.BUSINESS_TIME, timedelta(hours=2), 0),
        ("1 business hour", Unit.BUSINESS_TIME, timedelta(hours=1), 0),
        ("90 business minutes", Unit.BUSINESS_TIME, timedelta(minutes=90), 0),
        ("1.5 business hours", Unit.BUSINESS_TIME, timedelta(minutes=90), 0),
        ("15 minutes", Unit.WALL, timedelta(minutes=15), 0),
        ("20 seconds", Unit.WALL, timedelta(seconds=20), 0),
        ("24 hours", Unit.WALL, timedelta(hours=24), 0),
        ("60 days", Unit.WALL, timedelta(days=60), 0),
        ("2 Weeks", Unit.WALL, timedelta(weeks=2), 0),
        (" 10  business days ", Unit.BUSINESS_DAYS, timedelta(), 10),
    ],
)
def test_a_span_is_read_as_written(text: str, unit: Unit, length: timedelta, days: int) -> None:
    assert parse_span(text) == Span(unit=unit, length=length, days=days, text="")
    assert parse_span(text).text == text


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("", "is no span", "15 minutes"),
        ("soon", "is no span", "15 minutes"),
        ("-2 hours", "is no span", "15 minutes"),
        ("2hours", "is no span", "15 minutes"),
        ("2 busines hours", "is no span", "15 minutes"),
        ("2 hors", "`hors`", "write hours"),
        ("6 months", "`months`", "write one of: seconds"),
        ("2 business weeks", "`weeks`", "write one of: minutes, hours, days"),
        ("0 hours", "too short", "more than zero"),
        ("99999999999999999999 hours", "too long", "at most ten years"),
        ("1.5 business days", "no whole number", "whole business days"),
    ],
)
def test_what_is_no_span_is_refused_with_its_fix(text: str, message: str, fix: str) -> None:
    with pytest.raises(SpanError) as error:
        parse_span(text)
    assert message in str(error.value)
    assert fix in error.value.fix


@pytest.mark.parametrize(
    ("text", "start", "due"),
    [
        ("15 minutes", "2026-11-20 17:25", "2026-11-20 17:40"),
        ("24 hours", "2026-10-31 12:00", "2026-11-01 11:00"),  # wall time passes, whatever the clock shows
        ("2 business hours", "2026-11-20 16:30", "2026-11-23 10:00"),
        ("3 business days", "2026-11-24 16:00", "2026-11-30 16:00"),
    ],
)
def test_each_unit_has_its_own_deadline(text: str, start: str, due: str) -> None:
    assert parse_span(text).after(at(start), OFFICE) == at(due)


@pytest.mark.parametrize(
    ("text", "start", "fraction", "warned"),
    [
        ("24 hours", "2026-11-20 10:00", 0.5, "2026-11-20 22:00"),
        ("15 minutes", "2026-11-20 10:00", 0.8, "2026-11-20 10:12"),
        ("2 business hours", "2026-11-20 17:00", 0.5, "2026-11-23 09:30"),
        ("2 business hours", "2026-11-20 17:00", 0.25, "2026-11-20 17:30"),  # half an hour on, exactly at closing
        ("2 business days", "2026-11-23 10:00", 0.5, "2026-11-24 10:00"),
        ("2 business days", "2026-11-25 10:00", 0.5, "2026-11-27 10:00"),  # a holiday has no open time
        ("1 business days", "2026-11-20 17:30", 1.0, "2026-11-23 17:30"),
    ],
)
def test_a_warning_comes_when_its_share_of_the_time_has_passed(text: str, start: str, fraction: float, warned: str) -> None:
    assert parse_span(text).warning(at(start), fraction, OFFICE) == at(warned)


@settings(max_examples=300, deadline=None)
@given(span=SPANS, start=MOMENTS, fractions=st.lists(st.floats(0.01, 1), min_size=2, max_size=2).map(sorted))
def test_warnings_come_in_order_and_never_after_the_deadline(span: Span, start: datetime, fractions: list[float]) -> None:
    first, second = (span.warning(start, fraction, OFFICE) for fraction in fractions)
    assert start <= first <= second <= span.after(start, OFFICE)


@settings(max_examples=300, deadline=None)
@given(span=SPANS.filter(lambda span: span.unit is not Unit.BUSINESS_DAYS), start=MOMENTS, share=st.floats(0, 1))
def test_a_clock_that_is_resumed_where_it_stopped_has_the_same_deadline(span: Span, start: datetime, share: float) -> None:
    due = span.after(start, OFFICE)
    stopped = start + (due - start) * share
    remaining = span.measure(stopped, due, OFFICE)
    assert span.resume(remaining, stopped, OFFICE) == due or remaining == timedelta()


def test_time_is_measured_as_the_unit_counts_it_and_never_backwards() -> None:
    friday, monday = at("2026-11-20 17:00"), at("2026-11-23 10:00")
    assert parse_span("1 hours").measure(friday, monday, OFFICE) == timedelta(hours=65)
    assert parse_span("1 business hours").measure(friday, monday, OFFICE) == timedelta(hours=1.5)
    assert parse_span("1 business days").measure(friday, monday, OFFICE) == timedelta(hours=1.5)
    assert parse_span("1 hours").measure(monday, friday, OFFICE) == timedelta()


def test_a_meeting_s_remainder_runs_on_in_the_clock_s_own_time() -> None:
    after_the_meeting = at("2026-11-20 17:00")
    assert parse_span("2 business hours").resume(timedelta(hours=1), after_the_meeting, OFFICE) == at("2026-11-23 09:30")
    assert parse_span("24 hours").resume(timedelta(hours=1), after_the_meeting, OFFICE) == at("2026-11-20 18:00")


@pytest.mark.parametrize(
    ("text", "start", "after", "before"),
    [
        ("6 months", date(2026, 1, 31), date(2026, 7, 31), date(2025, 7, 31)),
        ("1 month", date(2026, 3, 31), date(2026, 4, 30), date(2026, 2, 28)),
        ("1 year", date(2024, 2, 29), date(2025, 2, 28), date(2023, 2, 28)),
        ("1 quarter", date(2026, 11, 15), date(2027, 2, 15), date(2026, 8, 15)),
        ("2 weeks", date(2026, 12, 25), date(2027, 1, 8), date(2026, 12, 11)),
        ("30 days", date(2026, 1, 1), date(2026, 1, 31), date(2025, 12, 2)),
    ],
)
def test_a_period_moves_on_the_calendar_and_keeps_within_the_month(text: str, start: date, after: date, before: date) -> None:
    period = parse_period(text)
    assert (period.after(start), period.before(start)) == (after, before)


def test_a_year_and_twelve_months_are_the_same_period() -> None:
    assert parse_period("1 year") == parse_period("12 months") == Period(months=12, text="")


@pytest.mark.parametrize("text", ["", "half a year", "0 months", "1.5 years", "9999 years", "6 moons", "3 business days"])
def test_what_is_no_period_is_refused_with_a_fix(text: str) -> None:
    with pytest.raises(SpanError) as error:
        parse_period(text)
    assert error.value.fix
