"""Whom a finding holds responsible. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.agreement.model import Agreement, Assigned, Clock
from sync.judge.clocks import Start, is_owner_clock
from sync.judge.cycles import Assignment
from sync.judge.findings import Side, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one clock went: what the responsibility for a breach follows from."""

    start: Start
    due_at: datetime
    assignments: Sequence[Assignment]
    upto: datetime  # when the breach was settled, or until when it has lasted


def responsible_side(clock: Clock, status: Status, course: Course, agreement: Agreement) -> Side:
    """Return who is responsible: nobody is blamed for the time in which the router had the lead."""
    owed_by = Side(clock.owed_by)
    if status in (Status.EXCUSED, Status.UNKNOWN):
        return Side.NONE
    if status is not Status.BREACHED or owed_by is not Side.OWNER or is_owner_clock(clock):
        return owed_by
    return Side.SYSTEM if _router_is_to_blame(clock, course, agreement) else Side.OWNER


def _router_is_to_blame(clock: Clock, course: Course, agreement: Agreement) -> bool:
    start = course.start
    if not course.assignments or course.assignments[0].at > course.due_at:
        return True
    assigned_at = course.assignments[0].at
    if assigned_at <= _assign_by(start, agreement):
        return False
    owners_time = clock.within.measure(assigned_at, course.upto, start.calendar)
    return owners_time <= clock.within.measure(start.at, clock.within.after(start.at, start.calendar), start.calendar)


def _assign_by(start: Start, agreement: Agreement) -> datetime:
    """Return by when the agreement's own clock wants the lead assigned; without one, at once."""
    for clock in agreement.judged_clocks:
        if not is_owner_clock(clock) and Assigned() in clock.kept_by:
            return clock.within.after(start.at, start.calendar)
    return start.at
