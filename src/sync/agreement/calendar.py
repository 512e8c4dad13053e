"""Business time: calendars compiled to moments, asked by bisection. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

from sync.agreement.calendar_errors import CalendarError, CalendarRangeError
from sync.agreement.calendar_hours import holiday_dates, names_holidays, open_spans
from sync.agreement.calendar_zone import LocalClock, compile_clock, from_us, read_zone, reading_us, to_us

__all__ = ["Calendar", "CalendarError", "CalendarRangeError", "compile_calendar"]

_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_DAY_US = _DAY // _MICROSECOND
_MARGIN = 2 * _DAY  # compiled on either side, so that no shift is cut where questions are answered


@dataclass(frozen=True, slots=True, kw_only=True)
class _WorkingDay:
    """A local date on which an opening begins, or which is open throughout; clock readings in microseconds."""

    midnight: int
    opens: int
    closes: int  # later than the next midnight after an overnight shift


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calendar:
    """The hours during which a team works, from `since` to `upto`, both days included.

    A moment is open if the local clock then shows open hours: the hour that a clock skips in spring
    is not there to be worked, the one it repeats in autumn counts twice. An opening holds its first
    moment and not its last. Questions are in aware times, answers in UTC, to the microsecond; outside
    of the calendar's days they raise CalendarRangeError.
    """

    name: str
    zone: str
    since: date
    upto: date
    notes: tuple[str, ...]  # what is allowed and probably not meant, one sentence each
    _first: int  # the first moment it answers for
    _last: int  # the last one
    _starts: tuple[int, ...]
    _ends: tuple[int, ...]
    _sums: tuple[int, ...]  # open time up to the end of each opening
    _days: tuple[_WorkingDay, ...]
    _closes: tuple[int, ...]  # of each working day
    _clock: LocalClock

    @property
    def is_ever_open(self) -> bool:
        """Whether any moment of its days is open."""
        return any(opens < self._last and closes > self._first for opens, closes in zip(self._starts, self._ends, strict=True))

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is open; false exactly at closing."""
        moment = self._within(at)
        index = bisect_right(self._starts, moment) - 1
        return index >= 0 and moment < self._ends[index]

    def next_opening(self, at: datetime) -> datetime:
        """The first open moment at or after `at`: `at` itself if it is open."""
        return self._answer(self._opening(self._within(at)))

    def between(self, a: datetime, b: datetime) -> timedelta:
        """How much open time lies from `a` to `b`; zero if `b` is not after `a`."""
        return max(self._open_until(self._within(b)) - self._open_until(self._within(a)), 0) * _MICROSECOND

    def add(self, start: datetime, open_time: timedelta) -> datetime:
        """When `open_time` (not negative) of open time has passed since `start`.

        If that is exactly at closing it is the closing time. Of no time at all it is `start` if
        that is open or exactly at closing, else the next opening.
        """
        moment, length = self._within(start), open_time // _MICROSECOND
        return self._answer(self._advance(moment, length) if length > 0 else self._settled(moment))

    def add_days(self, start: datetime, days: int) -> datetime:
        """`days` working days after `start`, at the same local time of day, clipped to opening hours.

        A start on a closed day or after closing counts from the next opening. A time between two
        openings of the day is the later opening's; an overnight shift belongs to the day it begins on.
        """
        reading = self._clock.reading(self._within(start))
        index = bisect_left(self._closes, reading)
        if index + days >= len(self._days):
            raise self._beyond()
        base, day = self._days[index], self._days[index + days]
        since_midnight = (base.opens if reading < base.midnight else reading) - base.midnight
        clipped = min(max(day.midnight + since_midnight, day.opens), day.closes)
        return self._answer(self._settled(self._clock.moment(clipped)))

    def _settled(self, moment: int) -> int:
        """`moment` if it is open or exactly at closing, else the next opening."""
        index = bisect_left(self._ends, moment)
        if index < len(self._ends) and self._ends[index] == moment:
            return moment
        return self._opening(moment)

    def _opening(self, moment: int) -> int:
        index = bisect_right(self._ends, moment)
        if index == len(self._ends):
            raise self._beyond()
        return max(moment, self._starts[index])

    def _advance(self, moment: int, length: int) -> int:
        total = self._open_until(moment) + length
        index = bisect_left(self._sums, total)
        if index == len(self._sums):
            raise self._beyond()
        return self._ends[index] - (self._sums[index] - total)

    def _open_until(self, moment: int) -> int:
        index = bisect_right(self._starts, moment) - 1
        if index < 0:
            return 0
        return self._sums[index] - max(0, self._ends[index] - moment)

    def _within(self, at: datetime) -> int:
        moment = to_us(at)
        if not self._first <= moment <= self._last:
            raise CalendarRangeError(
                f"the calendar `{self.name}` is known from {self.since} to {self.upto}, and was asked about {at:%Y-%m-%d %H:%M %Z}",
                fix="compile it for more years",
            )
        return moment

    def _answer(self, moment: int) -> datetime:
        if moment > self._last:
            raise self._beyond()
        return from_us(moment)

    def _beyond(self) -> CalendarRangeError:
        return CalendarRangeError(
            f"the calendar `{self.name}` is known up to {self.upto}, and the answer lies later", fix="compile it for more years"
        )


@lru_cache(maxsize=128)  # the versions of an agreement, and people's own hours, share most of theirs
def compile_calendar(  # noqa: PLR0913 - what a calendar is made of, all by keyword
    *,
    name: str,
    hours: str,
    zone: str,
    holidays: str | None,
    since: date,
    upto: date,
    closed: tuple[date, ...] = (),
    may_be_closed: bool = False,
) -> Calendar:
    """Compile opening hours (OpenStreetMap's notation) for the days from `since` to `upto`.

    `zone` is an IANA name, `holidays` a country or region (`US`, `DE-BE`) whose public holidays
    PH stands for, `closed` further days without work. A holiday is an ordinary day unless the
    hours name PH. Raises CalendarError, also for hours that never are, unless it `may_be_closed`
    all the time: no deadline can be worked out by such a calendar.
    """
    start, end = since - _MARGIN, upto + _MARGIN
    public = holiday_dates(holidays, years=range(start.year, end.year + 1)) if holidays is not None else frozenset()
    spans = open_spans(hours, public=public, closed=closed, since=start, upto=end)
    clock = compile_clock(read_zone(zone), since=start - _DAY, upto=end + _DAY)
    openings = _joined(moments for opens, closes in spans for moments in clock.moments(reading_us(opens), reading_us(closes)))
    days = _working_days((reading_us(opens), reading_us(closes)) for opens, closes in spans)
    calendar = Calendar(
        name=name,
        zone=zone,
        since=since,
        upto=upto,
        notes=_notes(hours, holidays),
        _first=clock.moment(_midnight(since)),
        _last=clock.moment(_midnight(upto + _DAY)),
        _starts=tuple(opens for opens, _ in openings),
        _ends=tuple(closes for _, closes in openings),
        _sums=tuple(accumulate(closes - opens for opens, closes in openings)),
        _days=days,
        _closes=tuple(day.closes for day in days),
        _clock=clock,
    )
    if not (may_be_closed or calendar.is_ever_open):
        fix = "give it hours, such as Mo-Fr 09:00-17:30; PH off"
        raise CalendarError(f"the calendar `{name}` is never open from {since} to {upto}", fix=fix)
    return calendar


def _notes(hours: str, holidays: str | None) -> tuple[str, ...]:
    if holidays is not None and not names_holidays(hours):
        return (f"holidays of {holidays} are given, but the hours do not name PH, so they are ordinary days; add `; PH off`",)
    if holidays is None and names_holidays(hours):
        return ("the hours name PH, but no holidays are given, so no day is one; set holidays, such as US",)
    return ()


def _working_days(spans: Iterable[tuple[int, int]]) -> tuple[_WorkingDay, ...]:
    """One for each date on which a span begins, or which lies in one as a whole."""
    days: list[_WorkingDay] = []
    for start, end in spans:
        opens = start
        while opens < end:
            midnight = opens // _DAY_US * _DAY_US
            whole_day_follows = end >= midnight + 2 * _DAY_US
            closes = midnight + _DAY_US if whole_day_follows else end
            first_opens = days.pop().opens if days and days[-1].midnight == midnight else opens
            days.append(_WorkingDay(midnight=midnight, opens=first_opens, closes=closes))
            opens = closes
    return tuple(days)


def _joined(openings: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order and apart: the repeated hour in autumn gives two pieces of one opening."""
    joined: list[tuple[int, int]] = []
    for opens, closes in sorted(openings):
        if joined and joined[-1][1] >= opens:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return joined


def _midnight(day: date) -> int:
    return (day - date(1970, 1, 1)).days * _DAY_US
