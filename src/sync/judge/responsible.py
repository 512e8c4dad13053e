"""Whom a finding holds responsible. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sync.agreement.model import Agreement, Assigned, Clock
from sync.judge.clocks import Start, Verdict, is_owner_clock
from sync.judge.cycles import Assignment
from sync.judge.findings import Side, Status


def responsible_side(
    clock: Clock, status: Status, start: Start, verdict: Verdict, assignments: Sequence[Assignment], agreement: Agreement, *, upto: datetime
) -> Side:
    """Return who is responsible: nobody is blamed for the time in which the router had the lead.

    `upto` is when the breach was settled, or until when it has lasted.
    """
    owed_by = Side(clock.owed_by)
    if status in (Status.EXCUSED, Status.UNKNOWN):
        return Side.NONE
    if status is not Status.BREACHED or owed_by is not Side.OWNER or is_owner_clock(clock):
        return owed_by
    return Side.SYSTEM if _router_is_to_blame(clock, start, verdict, assignments, agreement, upto=upto) else Side.OWNER


def _router_is_to_blame(
    clock: Clock, start: Start, verdict: Verdict, assignments: Sequence[Assignment], agreement: Agreement, *, upto: datetime
) -> bool:
    if not assignments or assignments[0].at > verdict.due_at:
        return True
    if assignments[0].at <= _assign_by(start, agreement):
        return False
    owners_time = clock.within.measure(assignments[0].at, upto, start.calendar)
    return owners_time <= clock.within.measure(start.at, clock.within.after(start.at, start.calendar), start.calendar)


def _assign_by(start: Start, agreement: Agreement) -> datetime:
    """Return by when the agreement's own clock wants the lead assigned; without one, at once."""
    for clock in agreement.judged_clocks:
        if not is_owner_clock(clock) and Assigned() in clock.kept_by:
            return clock.within.after(start.at, start.calendar)
    return start.at
