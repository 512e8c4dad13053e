"""The local time of a zone: clock readings to moments and back, daylight saving included. Pure."""

from __future__ import annotations

import difflib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sync.agreement.calendar_errors import CalendarError

_MICROSECOND = timedelta(microseconds=1)
_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US  # more than any offset
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a clock reading has no zone


def read_zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; CalendarError with the nearest known one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = {zone.lower(): zone for zone in available_timezones()}
        nearest = next((known[key] for key in difflib.get_close_matches(name.lower(), known, n=1)), None)
        fix = f"write {nearest}" if nearest else "write an IANA zone, such as America/New_York"
        raise CalendarError(f"there is no time zone `{name}`", fix=fix, nearest=nearest) from None


def to_us(moment: datetime) -> int:
    """Microseconds of an aware moment since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(moment_us: int) -> datetime:
    """The aware moment, in UTC."""
    return _EPOCH + timedelta(microseconds=moment_us)


def reading_us(reading: datetime) -> int:
    """Microseconds of a clock reading (a datetime without zone) since its own 1970."""
    return (reading - _LOCAL_EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalClock:
    """A zone's clock over some years, as spans of constant offset; all numbers are microseconds.

    A reading that the clock skips is the moment of the jump; of one it shows twice it is the first.
    """

    starts: tuple[int, ...]  # moments (UTC) at which an offset begins, ascending
    offsets: tuple[int, ...]  # local minus UTC
    end: int  # moment up to which the last offset is known

    def reading(self, moment: int) -> int:
        """What the clock shows; in an hour shown for the second time, the end of that hour.

        So a later moment never has an earlier reading.
        """
        index = max(0, bisect_right(self.starts, moment) - 1)
        shown = moment + self.offsets[index]
        return max(shown, self.starts[index] + self.offsets[index - 1]) if index else shown

    def moment(self, reading: int) -> int:
        """The first moment at which the clock shows `reading` or later."""
        for index, start in enumerate(self.starts):
            if reading < self._end(index) + self.offsets[index]:
                return max(start, reading - self.offsets[index])
        return reading - self.offsets[-1]

    def moments(self, start: int, end: int) -> list[tuple[int, int]]:
        """The spans during which the clock shows `start` or later but not yet `end`: mostly one."""
        spans = []
        for index in range(max(0, bisect_right(self.starts, start - _DAY_US) - 1), bisect_right(self.starts, end + _DAY_US)):
            opens = max(self.starts[index], start - self.offsets[index])
            closes = min(self._end(index), end - self.offsets[index])
            if opens < closes:
                spans.append((opens, closes))
        return spans

    def _end(self, index: int) -> int:
        return self.starts[index + 1] if index + 1 < len(self.starts) else self.end


def compile_clock(zone: ZoneInfo, *, since: date, upto: date) -> LocalClock:
    """The clock of `zone` from the start of `since` to the start of `upto`, in UTC."""
    moment = datetime(since.year, since.month, since.day, tzinfo=UTC)
    end = datetime(upto.year, upto.month, upto.day, tzinfo=UTC)
    starts, offsets = [to_us(moment)], [_offset(zone, moment)]
    while moment < end:
        after = moment + timedelta(days=1)
        offset = _offset(zone, after)
        if offset != offsets[-1]:
            starts.append(_change(zone, moment, after))
            offsets.append(offset)
        moment = after
    return LocalClock(starts=tuple(starts), offsets=tuple(offsets), end=to_us(end))


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    return (moment.astimezone(zone).utcoffset() or timedelta()) // _MICROSECOND


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> int:
    """The second at which the offset changes, by halving the day."""
    low, high, old = to_us(before), to_us(after), _offset(zone, before)
    while high - low > _SECOND_US:
        middle = (low + high) // 2 // _SECOND_US * _SECOND_US
        if _offset(zone, from_us(middle)) == old:
            low = middle
        else:
            high = middle
    return high
