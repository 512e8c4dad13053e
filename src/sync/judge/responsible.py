"""Whom a clock from the handoff holds responsible, where the owner owes it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync.agreement.model import Clock
from sync.agreement.spans import Unit
from sync.judge.findings import Side, Status
from sync.judge.owners import Assignment
from sync.judge.touches import Suspension
from sync.judge.verdict import Start, deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one clock went: what the responsibility for a breach follows from."""

    start: Start
    assignments: Sequence[Assignment]
    suspensions: Sequence[Suspension]
    assign_by: datetime  # when the agreement's own clock wanted the lead assigned
    owner_now: str | None  # who holds the lead at `upto`
    upto: datetime  # when the breach was settled, or until when it has lasted


def responsible_side(clock: Clock, status: Status, course: Course) -> Side:
    """Return who is responsible: nobody is blamed for the time in which the router had the lead."""
    match status:
        case Status.EXCUSED | Status.UNKNOWN:
            return Side.NONE
        case Status.KEPT:
            return Side.OWNER
        case Status.BREACHED:
            return Side.SYSTEM if _router_is_to_blame(clock, course) else Side.OWNER
        case _:
            return Side.OWNER if course.owner_now is not None else Side.SYSTEM


def _router_is_to_blame(clock: Clock, course: Course) -> bool:
    """Whether the router came too late, and the owners have not had more than the whole span to themselves since."""
    if not course.assignments:
        return True
    first, calendar = course.assignments[0].at, course.start.calendar
    if first <= course.assign_by:
        return False
    stood_still = (clock.within.measure(max(span.since, first), min(span.until, course.upto), calendar) for span in course.suspensions)
    owners_time = clock.within.measure(first, course.upto, calendar) - sum(stood_still, timedelta())
    return owners_time <= clock.within.measure(first, clock.within.after(first, calendar), calendar)


def blame_moves_at(clock: Clock, course: Course) -> datetime | None:
    """Return when a late router's breach becomes the owners', if it goes on like this; None if it never does."""
    if not course.assignments or course.assignments[0].at <= course.assign_by:
        return None
    used_up = deadline(clock.within, replace(course.start, at=course.assignments[0].at), course.suspensions)
    return used_up if clock.within.unit is Unit.WALL else course.start.calendar.next_opening(used_up)
