"""The daily digest: when each reader's is due, and what is open, due today and broken since yesterday. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sync.agreement.calendar import Calendar, CalendarRangeError
from sync.judge.findings import Side, Status
from sync.messages import Recipient

DAY = timedelta(days=1)
SOON = timedelta(hours=1)  # after the agreed hour a digest still comes as agreed
LOOKED_AHEAD = 31  # days
LINES = 25  # of each part of a digest; the rest is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One promise that is still owed: what a digest may list."""

    lead: str
    rule: str
    status: Status  # running, at risk or breached
    side: Side
    owner: str | None  # `hubspot/77`
    due_at: datetime | None
    opened_at: datetime | None  # its passage


@dataclass(slots=True)
class Overview:
    """What one reader's digest says."""

    open: int = 0
    late: int = 0  # of them broken, also before yesterday
    today: list[Owed] = field(default_factory=list)  # due by the end of the day, the earliest first
    broken: list[Owed] = field(default_factory=list)  # since yesterday's digest was due


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who gets a digest, of whose leads, and by which hours."""

    recipient: Recipient
    calendar: Calendar
    owners: frozenset[str] | None  # `hubspot/77`; None: everybody's, nobody's too
    side: Side | None = None  # only what this side owes

    def is_for(self, owed: Owed) -> bool:
        """Whether a promise is this reader's affair: of an owner, all that is not Marketing's."""
        if self.owners is None:
            return self.side in (None, owed.side)
        return owed.owner in self.owners and owed.side is not Side.MARKETING


def due_on(calendar: Calendar, at: time, day: date) -> datetime | None:
    """Return when the digest of a day is due by the calendar's clock; None on a day without open hours."""
    try:
        opens = calendar.next_opening(_moment(calendar, day)) < _moment(calendar, day + DAY)
    except CalendarRangeError:
        return None
    return _moment(calendar, day, at) if opens else None


def due_now(reader: Reader, at: time, now: datetime, told: date | None) -> date | None:
    """Return the day whose digest is due and was not told yet: today's alone, whatever was missed; None if there is none."""
    today = now.astimezone(ZoneInfo(reader.calendar.zone)).date()
    moment = due_on(reader.calendar, at, today)
    return today if moment is not None and moment <= now and (told is None or told < today) else None


def next_due(reader: Reader, at: time, now: datetime, told: date | None) -> datetime | None:
    """Return when a reader's next digest is due, which may be past; None where none is within a month."""
    today = now.astimezone(ZoneInfo(reader.calendar.zone)).date()
    days = (today + number * DAY for number in range(LOOKED_AHEAD))
    moments = (due_on(reader.calendar, at, day) for day in days if told is None or day > told)
    return next((moment for moment in moments if moment is not None), None)


def is_on_time(calendar: Calendar, at: time, day: date, now: datetime) -> bool:
    """Whether the digest of a day comes within the hour after the agreed one."""
    moment = due_on(calendar, at, day)
    return moment is not None and moment <= now < moment + SOON


def overview(reader: Reader, owed: Iterable[Owed], *, at: time, day: date) -> Overview:
    """Return what a reader's digest of a day says; `owed` in any order."""
    found, ends, since = Overview(), _moment(reader.calendar, day + DAY), _day_before(reader.calendar, at, day)
    for one in owed:
        if not reader.is_for(one):
            continue
        found.open += 1
        found.late += one.status is Status.BREACHED
        if one.due_at is not None and one.status is Status.BREACHED and one.due_at > since:
            found.broken.append(one)
        elif one.due_at is not None and one.status is not Status.BREACHED and one.due_at < ends:
            found.today.append(one)
    for part in (found.today, found.broken):
        part.sort(key=lambda one: (one.due_at, one.lead, one.rule))
    return found


def shown(part: Sequence[Owed]) -> Iterator[Owed]:
    """Yield what a digest lists of a part."""
    yield from part[:LINES]


def _day_before(calendar: Calendar, at: time, day: date) -> datetime:
    """Return when the digest of the working day before was due: over a weekend that is Friday's."""
    days = (due_on(calendar, at, day - number * DAY) for number in range(1, LOOKED_AHEAD))
    return next((moment for moment in days if moment is not None), _moment(calendar, day - DAY, at))


def _moment(calendar: Calendar, day: date, at: time = time()) -> datetime:
    """Return a moment by the calendar's clock, in UTC: within one zone Python compares what clocks show."""
    return datetime.combine(day, at, ZoneInfo(calendar.zone)).astimezone(UTC)
