"""When people are at work, counted by hand: what is expected of leadpact must not rest on its own calendars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

THANKSGIVING = date(2026, 11, 26)
SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class Office:
    """Its hours of a working day."""

    zone: str
    opens: time
    closes: time
    closed_on: tuple[date, ...] = ()

    def days(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield opening and closing of each working day that is not over at `since`, in UTC, without end."""
        zone = ZoneInfo(self.zone)
        day = since.astimezone(zone).date()
        while True:
            if day.weekday() < SATURDAY and day not in self.closed_on:
                opens, closes = (datetime.combine(day, at, zone).astimezone(UTC) for at in (self.opens, self.closes))
                if closes > since:
                    yield opens, closes
            day += timedelta(days=1)

    def hours_after(self, start: datetime, span: timedelta) -> datetime:
        """Return when the office was open for so long since `start`."""
        left = span
        for opens, closes in self.days(start):
            begins = max(opens, start)
            if closes - begins >= left:
                return begins + left
            left -= closes - begins
        raise AssertionError("working days do not end")

    def days_after(self, start: datetime, count: int) -> datetime:
        """Return the same time of day so many working days later, counted from the next opening and within the hours."""
        days = self.days(start)
        opens, _ = next(days)
        at = max(opens, start).astimezone(ZoneInfo(self.zone)).time()
        for _ in range(count):
            opens, closes = next(days)
        wanted = datetime.combine(opens.astimezone(ZoneInfo(self.zone)).date(), at, ZoneInfo(self.zone)).astimezone(UTC)
        return min(max(wanted, opens), closes)


OFFICES = {
    "default": Office(zone="America/New_York", opens=time(9), closes=time(17, 30), closed_on=(THANKSGIVING,)),
    "berlin": Office(zone="Europe/Berlin", opens=time(9), closes=time(18)),
    "pacific": Office(zone="America/Los_Angeles", opens=time(8), closes=time(17), closed_on=(THANKSGIVING,)),
}
