"""As long as a lead is worked, something happens to it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from sandbox.world.clocks import PlannedClock, Told, first_end, status_of, suspended, tell
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.promises import PROMISES
from sandbox.world.stages import Span, accepted_spans, beyond_spans, stands
from sandbox.world.touching import replies, touches


def alive(course: Course, passage: Passage, now: datetime) -> Iterator[Told]:
    """The stretches that were broken, and the last one."""
    stretches = list(stretches_of(course, passage))
    for number, clock in enumerate(stretches, start=1):
        told = tell(clock, course.owners(passage), now)
        if told.status == "breached" or number == len(stretches):
            yield told


def broken_stretches(course: Course, passage: Passage, now: datetime) -> list[PlannedClock]:
    """Those that nothing happened in for too long."""
    return [clock for clock in stretches_of(course, passage) if status_of(clock, now) == "breached"]


def stretches_of(course: Course, passage: Passage) -> Iterator[PlannedClock]:
    """Every stretch without a sign of life, oldest first; each is kept by the next sign, the last one by the end of the stage."""
    stay = _stay(course, passage)
    if stay is None:
        return
    since, left = stay
    signs = sorted({*(weighed.at for weighed in touches(course, passage)), *replies(course, passage)})
    signs = [at for at in signs if since < at and (left is None or at <= left)]
    for begin, sign in pairwise([since, *signs, None]):
        if begin is not None:
            yield _stretch(course, passage, begin, sign if sign is not None else left, last=sign is None)


def _stretch(course: Course, passage: Passage, begin: datetime, end: datetime | None, *, last: bool) -> PlannedClock:
    calendar = course.calendar(passage, begin)
    due = suspended(course, passage, begin, calendar.days_after(begin, PROMISES["alive"].days), calendar)
    excused = course.excused_at
    if excused is not None and excused <= begin and last:
        raise DoesNotFit  # opted out before it began
    return PlannedClock(
        promise="alive",
        started_at=begin,
        due_at=due,
        kept_at=end if end is None or end <= due or not last else None,
        ended_at=excused if last else None,
        ending="opted out",
    )


def _stay(course: Course, passage: Passage) -> Span | None:
    """From when to when the lead stood in the stage within `passage`."""
    reached = next((since for since, until in beyond_spans(course.contact) if until is None or until > passage.opened_at), None)
    for since, left in accepted_spans(course.contact):
        begin = max(since, passage.opened_at)
        if passage.holds(begin) and (begin == since or stands((since, left), begin)):
            end, _ = first_end((left, ""), (reached, ""), (passage.ended_at, ""))
            return None if reached is not None and reached <= begin else (begin, end)
    return None
