"""One planned passage of a lead through the handoff, and the promises that follow from the plan. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.world.clock import OpenHours
from sandbox.world.people import Rep
from sandbox.world.promises import PROMISES, Promise, PromiseName, Side, Status

MARGIN = timedelta(minutes=3)  # between now and any moment that decides a status
SHORT_MARGIN = timedelta(seconds=75)  # for the three minutes in which an unassigned lead is at risk


class PlanError(Exception):
    """A lead cannot be planned so."""


class DoesNotFit(PlanError):
    """A drawn plan has a moment too close to now, or in the future; draw another one."""


@dataclass(slots=True, kw_only=True)
class Tenure:
    """One assignment within a passage."""

    rep: Rep
    at: datetime
    until: datetime | None = None  # when the owner changed


@dataclass(slots=True, kw_only=True)
class Passage:
    """What is planned to happen to a lead between its handoff and the end of that cycle.

    Moments that have not come yet are None: a plan holds only what the portal shows.
    """

    opened_at: datetime
    hand_raise: bool = False
    tenures: list[Tenure] = field(default_factory=list)  # oldest first, no two overlap
    touched_at: datetime | None = None  # when the first touch that counts counts
    decided_at: datetime | None = None  # accepted, passed on to a later stage, or rejected
    ended_at: datetime | None = None  # closed, or excused by opting out
    ending: str = ""  # how, in words
    suspended: list[tuple[datetime, datetime]] = field(default_factory=list)  # by booked meetings, from and until, in order

    @property
    def assigned_at(self) -> datetime | None:
        """When the lead was first assigned."""
        return self.tenures[0].at if self.tenures else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedClock:
    """One clock of the plan: its moments, ready for a verdict."""

    promise: PromiseName
    started_at: datetime
    due_at: datetime
    kept_at: datetime | None
    ended_at: datetime | None
    warned_at: tuple[datetime, ...]  # the first warning, by every reading of it

    @property
    def settled_at(self) -> datetime | None:
        """When it was kept, in time or late; what comes after the clock's own end settles nothing."""
        if self.kept_at is None or (self.ended_at is not None and self.kept_at > self.ended_at):
            return None
        return self.kept_at


def promises_of(passage: Passage, *, record: str, title: str, hours: Mapping[str, OpenHours], now: datetime) -> Iterator[Promise]:
    """Every promise that applies to `passage`, with its status at `now`.

    Raises DoesNotFit where `now` is too close to a moment that decides a status.
    """
    calendar = hours[_calendar(passage)]
    for clock in (_assigned(passage), _touched(passage, calendar), *_decided(passage)):
        status = status_of(clock, now)
        refuse_if_too_close(clock, status, now)
        side = _side(clock, status, passage, calendar, now)
        yield Promise(
            record=record,
            promise=clock.promise,
            started_at=clock.started_at,
            status=status,
            due_at=clock.due_at,
            side=side,
            why=f"{title}: {_reason(clock, status, passage)}",
        )


def status_of(clock: PlannedClock, now: datetime) -> Status:
    """The status of one clock; exactly at the deadline is in time, exactly at the warning is warned."""
    settled, ended, due = clock.settled_at, clock.ended_at, clock.due_at
    if settled is not None and settled <= due:
        return "kept"
    if ended is not None and ended < due:
        return "excused"
    if now > due:
        return "breached"
    return "at_risk" if now >= max(clock.warned_at) else "running"


def refuse_if_too_close(clock: PlannedClock, status: Status, now: datetime) -> None:
    """Raise DoesNotFit where a few seconds, or another reading of the warning, would give another status."""
    if status in ("kept", "excused"):
        return
    margin = SHORT_MARGIN if (clock.promise, status) == ("assigned", "at_risk") else MARGIN
    if any(abs(now - moment) < margin for moment in (clock.due_at, *clock.warned_at)):
        raise DoesNotFit
    if status != "breached" and min(clock.warned_at) <= now < max(clock.warned_at):
        raise DoesNotFit


def _calendar(passage: Passage) -> str:
    assigned_then = passage.tenures and passage.tenures[0].at == passage.opened_at
    return passage.tenures[0].rep.calendar if assigned_then else "default"


def _assigned(passage: Passage) -> PlannedClock:
    return _wall_clock("assigned", passage.opened_at, kept_at=passage.assigned_at, ended_at=passage.ended_at)


def _decided(passage: Passage) -> Iterator[PlannedClock]:
    for tenure in passage.tenures:
        if passage.decided_at is not None and passage.decided_at < tenure.at:
            continue
        ended = min((at for at in (passage.ended_at, tenure.until) if at is not None), default=None)
        yield _wall_clock("decided", tenure.at, kept_at=passage.decided_at, ended_at=ended)


def _wall_clock(promise: PromiseName, start: datetime, *, kept_at: datetime | None, ended_at: datetime | None) -> PlannedClock:
    terms = PROMISES[promise]
    warned = start + terms.within * terms.warn_at[0]
    return PlannedClock(
        promise=promise, started_at=start, due_at=start + terms.within, kept_at=kept_at, ended_at=ended_at, warned_at=(warned,)
    )


def _touched(passage: Passage, calendar: OpenHours) -> PlannedClock:
    terms = PROMISES["touched"]
    due = open_time_later(passage, terms.within, calendar)
    warned = open_time_later(passage, terms.within * terms.warn_at[0], calendar)
    half_way = calendar.after(passage.opened_at, calendar.between(passage.opened_at, due) * terms.warn_at[0])
    return PlannedClock(
        promise="touched",
        started_at=passage.opened_at,
        due_at=due,
        kept_at=passage.touched_at,
        ended_at=passage.ended_at,
        warned_at=(warned, half_way),
    )


def open_time_later(passage: Passage, amount: timedelta, calendar: OpenHours) -> datetime:
    """When `amount` of open time has run since the handoff, not counting while a booked meeting suspends the clock."""
    at = calendar.after(passage.opened_at, amount)
    for booked, until in passage.suspended:
        since = max(booked, passage.opened_at)
        if since < at and since < until:
            at = calendar.after(until, calendar.between(since, at))
    return at


def _side(clock: PlannedClock, status: Status, passage: Passage, calendar: OpenHours, now: datetime) -> Side:
    if status in ("excused", "unknown"):
        return "none"
    owed_by = PROMISES[clock.promise].owed_by
    if clock.promise != "touched" or status == "kept":
        return owed_by
    if status != "breached":
        return owed_by if passage.tenures and passage.tenures[-1].until is None else "system"
    return _blame(clock, passage, calendar, now)


def _blame(clock: PlannedClock, passage: Passage, calendar: OpenHours, now: datetime) -> Side:
    """Whose breach a missed first touch is: the system's, where it left the owners less than the whole span."""
    first = passage.assigned_at
    if first is None:
        return "system"
    if first - passage.opened_at <= PROMISES["assigned"].within:
        return "owner"
    whole, upto = PROMISES["touched"].within, clock.settled_at or clock.ended_at or now
    if upto == now and abs(now - calendar.after(first, whole)) < MARGIN:
        raise DoesNotFit
    return "system" if calendar.between(first, upto) <= whole else "owner"


def _reason(clock: PlannedClock, status: Status, passage: Passage) -> str:
    due = f"due {clock.due_at:%a %F %T}"
    match status:
        case "kept":
            return f"{clock.promise} {clock.kept_at:%a %F %T}, {due}"
        case "excused":
            how = passage.ending if clock.ended_at == passage.ended_at else "another owner"
            return f"{how} {clock.ended_at:%a %F %T} before it was {clock.promise}, {due}"
        case "breached" if clock.settled_at is not None:
            return f"{clock.promise} late, {clock.kept_at:%a %F %T}, {due}"
        case _:
            return f"not {clock.promise} yet, {due}"
