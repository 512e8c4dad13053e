"""A clock of the plan: its moments, its status, whose it is; and how booked meetings make it stand still. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.world.clock import OpenHours
from sandbox.world.ownership import Ownership
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.promises import PROMISES, PromiseName, Side, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedClock:
    """One promise of the plan: its moments, ready for a verdict."""

    promise: PromiseName
    started_at: datetime
    due_at: datetime
    kept_at: datetime | None = None
    ended_at: datetime | None = None  # it lost its reason, or its passage ended
    ending: str = ""
    warned_at: tuple[datetime, ...] = ()  # the first warning, by every reading of it

    @property
    def settled_at(self) -> datetime | None:
        """When it was kept, in time or late; what comes after the clock's own end settles nothing."""
        if self.kept_at is None or (self.ended_at is not None and self.kept_at > self.ended_at):
            return None
        return self.kept_at


@dataclass(frozen=True, slots=True)
class Told:
    """A promise of the plan with its verdict, before it has a record."""

    promise: PromiseName
    started_at: datetime | None
    status: Status
    due_at: datetime | None
    side: Side
    why: str


def status_of(clock: PlannedClock, now: datetime) -> Status:
    """The status of one clock; exactly at the deadline is in time, exactly at the warning is warned."""
    settled, ended, due = clock.settled_at, clock.ended_at, clock.due_at
    if settled is not None and settled <= due:
        return "kept"
    if ended is not None and ended <= due:
        return "excused"
    if now > due:
        return "breached"
    if clock.warned_at and min(clock.warned_at) <= now < max(clock.warned_at):
        raise DoesNotFit
    return "at_risk" if clock.warned_at and now >= max(clock.warned_at) else "running"


def tell(clock: PlannedClock, owners: Ownership, now: datetime, side: Side | None = None) -> Told:
    """The verdict on one clock; `side` where the general rule does not say whose breach it is."""
    status = status_of(clock, now)
    return Told(
        promise=clock.promise,
        started_at=clock.started_at,
        status=status,
        due_at=clock.due_at,
        side=_side(clock, status, owners, now) if side is None or status != "breached" else side,
        why=reason(clock, status),
    )


def _side(clock: PlannedClock, status: Status, owners: Ownership, now: datetime) -> Side:
    if status == "excused":
        return "none"
    owed_by = PROMISES[clock.promise].owed_by if clock.promise in PROMISES else "owner"
    if owed_by != "owner" or status == "kept":
        return owed_by
    if status == "breached":
        return "owner" if owners.anybody(clock.started_at, clock.due_at) else "system"
    return "owner" if owners.at(now) else "system"


def reason(clock: PlannedClock, status: Status) -> str:
    """How it came to its status, in words."""
    due = f"due {clock.due_at:%a %F %T}"
    match status:
        case "kept":
            return f"{clock.promise} {clock.kept_at:%a %F %T}, {due}"
        case "excused":
            return f"{clock.ending} {clock.ended_at:%a %F %T} before it was {clock.promise}, {due}"
        case "breached" if clock.settled_at is not None:
            return f"{clock.promise} late, {clock.kept_at:%a %F %T}, {due}"
        case _:
            return f"not {clock.promise} yet, {due}"


def first_end(*ends: tuple[datetime | None, str]) -> tuple[datetime | None, str]:
    """The first of several ends that came, with its words."""
    came = [(at, how) for at, how in ends if at is not None]
    return min(came, key=lambda end: end[0]) if came else (None, "")


def passage_end(course: Course, passage: Passage) -> tuple[datetime | None, str]:
    """When clocks of `passage` lost their reason: it was closed, or the person opted out."""
    return first_end((passage.ended_at, passage.ending), (course.excused_at, "opted out"))


def suspended(course: Course, passage: Passage, start: datetime, due: datetime, calendar: OpenHours) -> datetime:
    """When the time that ends at `due` is over, if it stands still while a booked meeting lies ahead."""
    meetings = sorted((deed for deed in course.deeds if deed.frees_until is not None), key=lambda deed: deed.logged_at)
    for deed in meetings:
        since, until = max(deed.logged_at, start), deed.frees_until
        if until is not None and since < due and max(since, passage.opened_at) < until:
            left = calendar.between(since, due)
            if left <= timedelta(0):
                raise DoesNotFit  # a deadline at an opening, with no open time left to run on
            due = calendar.after(until, left)
    return due
