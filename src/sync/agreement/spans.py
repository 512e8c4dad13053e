"""The spans of an agreement: wall time, business time, business days, and calendar periods. Pure."""

from __future__ import annotations

import difflib
import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from sync.agreement.calendar import Calendar

_LONGEST = timedelta(days=3_660)
_SPAN = re.compile(r"\s*(?P<amount>\d+(?:\.\d+)?)\s+(?P<business>business\s+)?(?P<unit>[a-z]+)\s*", re.ASCII)
_PERIOD = re.compile(r"\s*(?P<amount>\d{1,4})\s+(?P<unit>[a-z]+)\s*", re.ASCII)
_WALL = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_BUSINESS = ("minute", "hour", "day")
_SPAN_EXAMPLES = "write it like 15 minutes, 24 hours, 2 business hours or 10 business days"
_PERIOD_EXAMPLES = "write it like 6 months, 1 year or 2 weeks"


class SpanError(ValueError):
    """A span or period that cannot be read: str() is the sentence, `fix` says what to write."""

    def __init__(self, message: str, *, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class Unit(StrEnum):
    """How a span is counted."""

    WALL = "wall time"
    BUSINESS_TIME = "business time"
    BUSINESS_DAYS = "business days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of time as an agreement writes it; more than zero.

    Wall time asks no calendar; it takes one so that no caller need tell the units apart.
    """

    unit: Unit
    length: timedelta = timedelta()  # zero for business days
    days: int = 0  # business days; zero for the other units
    text: str = field(compare=False)  # as written

    def after(self, start: datetime, calendar: Calendar) -> datetime:
        """The deadline of a promise that starts at `start`; at that very moment it is still in time."""
        match self.unit:
            case Unit.WALL:
                return start + self.length
            case Unit.BUSINESS_TIME:
                return calendar.add(start, self.length)
            case Unit.BUSINESS_DAYS:
                return calendar.add_days(start, self.days)

    def warning(self, start: datetime, fraction: float, calendar: Calendar) -> datetime:
        """When `fraction` (above 0, at most 1) of the time to the deadline has passed.

        Of wall time for wall time; of the open time between start and deadline for the others.
        """
        match self.unit:
            case Unit.WALL:
                return start + self.length * fraction
            case Unit.BUSINESS_TIME:
                return calendar.add(start, self.length * fraction)
            case Unit.BUSINESS_DAYS:
                due = calendar.add_days(start, self.days)
                return min(calendar.add(start, calendar.between(start, due) * fraction), due)

    def measure(self, a: datetime, b: datetime, calendar: Calendar) -> timedelta:
        """How much time this span counts from `a` to `b`: wall time, or open time; never negative."""
        if self.unit is Unit.WALL:
            return max(b - a, timedelta())
        return calendar.between(a, b)

    def resume(self, remaining: timedelta, at: datetime, calendar: Calendar) -> datetime:
        """The deadline of a clock that stood still and goes on at `at` with a measured remainder."""
        return at + remaining if self.unit is Unit.WALL else calendar.add(at, remaining)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of the calendar, such as 6 months: whole months or whole days, more than zero."""

    months: int = 0
    days: int = 0
    text: str = field(compare=False)  # as written

    def after(self, day: date) -> date:
        """The day one period on; of a shorter month the last day (31 January + 1 month is 28 February)."""
        return self._moved(day, 1)

    def before(self, day: date) -> date:
        """The day one period back; of a shorter month the last day."""
        return self._moved(day, -1)

    def _moved(self, day: date, sign: int) -> date:
        year, month = divmod(day.year * 12 + day.month - 1 + sign * self.months, 12)
        last = monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day.day, last)) + sign * timedelta(days=self.days)


def parse_span(text: str) -> Span:
    """Read `2 business hours`, `15 minutes`, `24 hours`, `10 business days`; raises SpanError.

    Units: seconds, minutes, hours, days, weeks; business minutes, hours, days. Hours and the
    like may have decimals (1.5 hours), business days may not. A day is 24 hours, a business day
    is one of the calendar's. At most ten years.
    """
    match = _SPAN.fullmatch(text.lower())
    if match is None:
        raise SpanError(f"`{text}` is no span of time", fix=_SPAN_EXAMPLES)
    business, unit = bool(match["business"]), _unit(text, match["unit"], known=_BUSINESS if match["business"] else tuple(_WALL))
    amount = float(match["amount"])
    if amount > _LONGEST / _WALL[unit] or not (length := amount * _WALL[unit]):
        raise SpanError(f"`{text}` is too {'long' if amount > 1 else 'short'}", fix="write more than zero and at most ten years")
    if not (business and unit == "day"):
        return Span(unit=Unit.BUSINESS_TIME if business else Unit.WALL, length=length, text=text)
    if not amount.is_integer():
        raise SpanError(f"`{text}` is no whole number of business days", fix="write whole business days, or business hours")
    return Span(unit=Unit.BUSINESS_DAYS, days=int(amount), text=text)


def parse_period(text: str) -> Period:
    """Read `6 months`, `1 year`, `2 weeks`, `30 days`; whole numbers only. Raises SpanError."""
    match = _PERIOD.fullmatch(text.lower())
    if match is None:
        raise SpanError(f"`{text}` is no period", fix=_PERIOD_EXAMPLES)
    unit, amount = _unit(text, match["unit"], known=("day", "week", "month", "quarter", "year")), int(match["amount"])
    months, days = {"day": (0, 1), "week": (0, 7), "month": (1, 0), "quarter": (3, 0), "year": (12, 0)}[unit]
    if not 0 < months * amount * 30 + days * amount <= _LONGEST.days:
        raise SpanError(f"`{text}` is too {'long' if amount else 'short'}", fix="write more than zero and at most ten years")
    return Period(months=months * amount, days=days * amount, text=text)


def _unit(text: str, word: str, *, known: tuple[str, ...]) -> str:
    unit = word.removesuffix("s")
    if unit in known:
        return unit
    nearest = difflib.get_close_matches(unit, known, n=1)
    fix = f"write {nearest[0]}s" if nearest else f"write one of: {', '.join(f'{name}s' for name in known)}"
    raise SpanError(f"`{text}` has no unit that is known here: `{word}`", fix=fix)
