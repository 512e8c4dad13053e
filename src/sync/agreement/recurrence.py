"""The days of meetings and reports, such as `first Tuesday of the month 10:00`: read from their words, and when the next one is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]

from sync.agreement.words import WordError

UNDERSTOOD = (
    "`every Monday 09:00`, `every Monday and Thursday 09:00`, `every weekday 09:00`, `every day 09:00`, `15th of the month 10:00`, "
    "`1st and 15th of the month 10:00`, `first Tuesday of the month 10:00`, `2nd and 4th Wednesday of the month 14:00`, "
    "`last Friday of the month 09:30`, `last day of the month 09:00`, and `of the quarter` in the place of `of the month`"
)
NOT_TWICE = timedelta(hours=2)  # a DST night has some times twice
LOOKED_BACK = tuple(timedelta(days=days) for days in (8, 70, 400, 4000))
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_TIME = r"(?:at )?(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)"
_WEEKLY = re.compile(rf"(?:every |each |on )?(?P<days>[a-z ]+?) {_TIME}")
_WITHIN = re.compile(rf"(?:on )?(?:the |every |each )?(?P<which>[a-z0-9 ]+?) (?:of|in) (?:the|each|every) (?P<span>month|quarter) {_TIME}")
_NUMBERED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_EVERY_MONTH = "*"


class Days(NamedTuple):
    """Which days, in the fields of a cron line."""

    month: str = _EVERY_MONTH
    day: str = "*"
    day_of_week: str = "*"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A time of day that comes back on certain days."""

    days: tuple[Days, ...]
    hour: int
    minute: int

    def next(self, at: datetime, zone: tzinfo) -> datetime:
        """Return the first moment at or after `at`, in UTC; where a DST night leaves its time out, the same distance from midnight."""
        return min(_next(self._trigger(days, zone), at) for days in self.days)

    def between(self, since: datetime, upto: datetime, zone: tzinfo) -> Iterator[datetime]:
        """Yield the moments from `since` on up to `upto`, both included, in UTC; of a time that a DST night has twice the first."""
        at = self.next(since, zone)
        while at <= upto:
            yield at
            at = self.next(at + NOT_TWICE, zone)

    def last(self, at: datetime, zone: tzinfo) -> datetime | None:
        """Return the last moment at or before `at`, in UTC; None if there was none for eleven years."""
        for span in LOOKED_BACK:
            if found := list(self.between(at - span, at, zone)):
                return found[-1]
        return None

    def before(self, at: datetime, zone: tzinfo) -> datetime | None:
        """Return the last moment well before `at`, in UTC: another day's."""
        return self.last(at - NOT_TWICE, zone)

    def _trigger(self, days: Days, zone: tzinfo) -> CronTrigger:
        return CronTrigger(**days._asdict(), hour=self.hour, minute=self.minute, timezone=zone)


def read_recurrence(text: str, *, year_starts: int = 1) -> Recurrence:
    """Read such words; quarters are those of a year that starts with the month `year_starts`. Raises WordError."""
    said = re.sub(r"\s*,\s*(?:and )?| and | & ", " ", " ".join(text.lower().split()))
    for form, read in ((_WITHIN, _within), (_WEEKLY, _weekly)):
        if (found := form.fullmatch(said)) is not None:
            return Recurrence(days=read(found, year_starts), hour=int(found["hour"]), minute=int(found["minute"]))
    raise _not_understood()


def _weekly(found: re.Match[str], _: int) -> tuple[Days, ...]:
    names = found["days"].split()
    if names == ["day"]:
        return (Days(),)
    if names in (["weekday"], ["weekdays"]):
        return (Days(day_of_week="mon-fri"),)
    return (Days(day_of_week=",".join(dict.fromkeys(map(_weekday, names)))),)


def _within(found: re.Match[str], year_starts: int) -> tuple[Days, ...]:
    *ordinals, last = found["which"].split()
    names = [_weekday(last)] if _is_weekday(last) else []
    which = ordinals if names or last in ("day", "days") else [*ordinals, last]
    if not which:
        raise _not_understood()
    return tuple(_days(word, names, found["span"], year_starts) for word in dict.fromkeys(which))


def _days(word: str, weekday: Sequence[str], span: str, year_starts: int) -> Days:
    """Return the days that an ordinal means: of a weekday, of the month's days, or the last; `last` of a quarter is in its third month."""
    number = None if word == "last" else _number(word)
    if number is not None and not 1 <= number <= (5 if weekday else 31):
        raise _not_understood()
    month = _EVERY_MONTH if span == "month" else _months(year_starts + (2 if number is None else 0))
    if weekday:
        return Days(month=month, day=f"{'last' if number is None else _NTH[number - 1]} {weekday[0]}")
    return Days(month=month, day="last" if number is None else str(number))


_NTH = ("1st", "2nd", "3rd", "4th", "5th")


def _months(first: int) -> str:
    """Return every third month from one on, in the order of the year."""
    return ",".join(str(month) for month in sorted((first - 1 + step) % 12 + 1 for step in (0, 3, 6, 9)))


def _number(word: str) -> int:
    if word in _ORDINALS:
        return _ORDINALS[word]
    if (found := _NUMBERED.fullmatch(word)) is None:
        raise _not_understood()
    return int(found[1])


def _is_weekday(word: str) -> bool:
    return len(word) >= 3 and any(name.startswith(word.removesuffix("s")) or name == word for name in _WEEKDAYS)


def _weekday(word: str) -> str:
    """Return a weekday as cron lines name it: by number they would count from Monday = 0."""
    if not _is_weekday(word):
        raise _not_understood()
    return word[:3]


def _next(trigger: CronTrigger, at: datetime) -> datetime:
    due = trigger.get_next_fire_time(None, at)
    assert isinstance(due, datetime), "every month and week has such days, or a later one"
    return due.astimezone(UTC)  # times of a zone compare as its clock shows them, and one that comes twice equals nothing


def _not_understood() -> WordError:
    return WordError("days and a time, in words that leadpact understands", fix=f"write it like {UNDERSTOOD}")
