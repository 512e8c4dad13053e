"""When a message may go: not outside its reader's hours unless it is urgent, and not again at once after it failed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.agreement.calendar import Calendar, CalendarRangeError
from sync.messages import Kind, Message, State

AT_ONCE = frozenset({Kind.TRIP, Kind.FAILED, Kind.DOWN, Kind.BACK, Kind.REPORT})  # somebody must decide, or look; a report has its hour
WITH_A_DEADLINE = frozenset({Kind.REMINDER, Kind.GIVEN, Kind.ASSIGNED, Kind.AT_RISK})  # urgent if it falls before the reader is back
AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))  # the first failure, the second, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message of the outbox to one target."""

    id: int
    target: str
    message: Message
    put_at: datetime
    state: State
    at: datetime  # since when it is in that state
    attempts: int
    said: str | None
    held_until: datetime | None = None  # when its reader's hours began next, where it came outside of them
    not_before: datetime | None = None  # when it may be tried next

    @property
    def due_at(self) -> datetime:
        """From when on it may go, as far as is known."""
        return max(filter(None, (self.put_at, self.held_until, self.not_before)))


def hold_until(message: Message, calendar: Calendar, now: datetime, *, deadlines: Iterable[datetime] = ()) -> datetime | None:
    """Return the opening of its reader's hours that a message waits for; None if it may go now.

    It may in open hours, if it is urgent by its kind, and if a deadline of what it tells of lies between now and that opening. A daily
    digest comes at an agreed hour: within the hour after it, whatever the hours.
    """
    if message.kind in AT_ONCE:
        return None
    try:
        opening = calendar.next_opening(now)
    except CalendarRangeError:
        return None
    if opening <= now:
        return None
    is_urgent = message.kind in WITH_A_DEADLINE and any(now <= deadline <= opening for deadline in deadlines)
    return None if is_urgent else opening


def again_at(attempts: int, at: datetime) -> datetime:
    """Return when a message that failed for the `attempts`-th time at a moment is tried again."""
    return at + AGAIN_AFTER[min(attempts, len(AGAIN_AFTER)) - 1]


def next_at(waiting: Iterable[Kept], mornings: Iterable[datetime] = ()) -> datetime | None:
    """Return the earliest moment at which there is something to send: a message that waits, or a daily digest; None for never."""
    return min((*(one.due_at for one in waiting), *mornings), default=None)
