"""Open time counted by walking the days of a calendar one by one. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays

from sandbox.world.promises import Hours

ONE_DAY = timedelta(days=1)
NOTHING = timedelta(0)

Span = tuple[datetime, datetime]


class OpenHours:
    """One calendar's opening hours; all moments in and out are aware UTC."""

    def __init__(self, hours: Hours) -> None:
        self._hours = hours
        self._zone = ZoneInfo(hours.zone)
        self._closed = holidays.country_holidays(hours.country, subdiv=hours.region)
        self._spans: dict[date, Span | None] = {}

    def local_day(self, at: datetime) -> date:
        """Which local date `at` falls on."""
        return at.astimezone(self._zone).date()

    def is_holiday(self, day: date) -> bool:
        """Whether `day` is a public holiday here."""
        return day in self._closed

    def noon(self, day: date) -> datetime:
        """Local noon of `day`, whether it is open or not."""
        return datetime(day.year, day.month, day.day, 12, tzinfo=self._zone).astimezone(UTC)

    def changes_clock(self, day: date) -> bool:
        """Whether the clocks were turned between noon of the day before and noon of `day`."""
        return self.noon(day) - self.noon(day - ONE_DAY) != ONE_DAY

    def span(self, day: date) -> Span | None:
        """When `day` opens and closes; None for a weekend or a holiday."""
        if day not in self._spans:
            self._spans[day] = self._span(day)
        return self._spans[day]

    def _span(self, day: date) -> Span | None:
        if day.weekday() > 4 or day in self._closed:
            return None
        opens = datetime.combine(day, self._hours.opens, self._zone).astimezone(UTC)
        closes = datetime.combine(day, self._hours.closes, self._zone).astimezone(UTC)
        return opens, closes

    def after(self, start: datetime, amount: timedelta) -> datetime:
        """The moment by which `amount` (more than nothing) of open time has passed since `start`.

        An amount that is used up exactly at closing ends at closing, not at the next opening.
        """
        day, left = self.local_day(start), amount
        while True:
            if span := self.span(day):
                begin = max(span[0], start)
                room = max(span[1] - begin, NOTHING)
                if NOTHING < left <= room:
                    return begin + left
                left -= room
            day += ONE_DAY

    def days_after(self, start: datetime, days: int) -> datetime:
        """The same local time of day `days` working days on, clipped to opening hours.

        A start on a closed day or after closing counts from the next opening.
        """
        day = self.local_day(start)
        span = self.span(day)
        if span is None or start > span[1]:
            day = self._next_open(day)
            start = self._open(day)[0]
        for _ in range(days):
            day = self._next_open(day)
        opens, closes = self._open(day)
        wall = datetime.combine(day, start.astimezone(self._zone).time(), self._zone).astimezone(UTC)
        return min(max(wall, opens), closes)

    def midnight(self, day: date) -> datetime:
        """When `day` begins here."""
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).astimezone(UTC)

    def _next_open(self, day: date) -> date:
        day += ONE_DAY
        while self.span(day) is None:
            day += ONE_DAY
        return day

    def _open(self, day: date) -> Span:
        span = self.span(day)
        if span is None:
            raise ValueError(f"{day} is no working day")
        return span

    def before(self, end: datetime, amount: timedelta) -> datetime:
        """The latest moment from which `amount` (more than nothing) of open time passes up to `end`."""
        day, left = self.local_day(end), amount
        while True:
            if span := self.span(day):
                stop = min(span[1], end)
                room = max(stop - span[0], NOTHING)
                if NOTHING < left <= room:
                    return stop - left
                left -= room
            day -= ONE_DAY

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between two moments; nothing if `end` comes first."""
        day, last, total = self.local_day(start), self.local_day(end), NOTHING
        while day <= last:
            if span := self.span(day):
                total += max(min(span[1], end) - max(span[0], start), NOTHING)
            day += ONE_DAY
        return total
