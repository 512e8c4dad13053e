"""Replies that are answered, and leads that came back and are spoken to. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox.world.clocks import PlannedClock, Told, first_end, passage_end, suspended, tell
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.promises import DISQUALIFIED_STATUS, PROMISES, RECYCLED_STATUS
from sandbox.world.stages import moments
from sandbox.world.touching import counts_at, replies, touches


def answers(course: Course, passage: Passage, now: datetime) -> Iterator[Told]:
    """One clock for each reply that no clock was running for."""
    open_clock, settled = False, passage.opened_at - timedelta(milliseconds=1)
    counted = [weighed.at for weighed in touches(course, passage, sequences=False)]
    for reply in replies(course, passage):
        if open_clock or reply <= settled:
            continue
        if course.excused_at is not None and reply >= course.excused_at:
            raise DoesNotFit
        kept = next((at for at in counted if at >= reply), None)
        clock = _answered(course, passage, reply, kept)
        yield tell(clock, course.owners(passage), now)
        open_clock, settled = clock.settled_at is None, clock.settled_at or settled


def _answered(course: Course, passage: Passage, reply: datetime, kept: datetime | None) -> PlannedClock:
    terms, calendar = PROMISES["answered"], course.calendar(passage, reply)
    due = suspended(course, passage, reply, calendar.after(reply, terms.within), calendar)
    share = terms.warn_at[0]
    warned = suspended(course, passage, reply, calendar.after(reply, terms.within * share), calendar)
    ended, ending = passage_end(course, passage)
    return PlannedClock(
        promise="answered",
        started_at=reply,
        due_at=due,
        kept_at=kept,
        ended_at=ended,
        ending=ending,
        warned_at=(warned, calendar.after(reply, calendar.between(reply, due) * share)),
    )


def nurtured(course: Course, passage: Passage, now: datetime) -> Iterator[Told]:
    """The clock of a lead whose passage ended by going back to Marketing."""
    start = passage.ended_at
    if start is None or start not in moments(course.contact, RECYCLED_STATUS):
        return
    spoken = sorted(counts_at(course, deed) for deed in course.deeds if deed.nurtures)
    again = min((other.opened_at for other in course.of("sdr") if other.opened_at > start), default=None)
    out = min((at for at in moments(course.contact, DISQUALIFIED_STATUS) if at >= start), default=None)
    won = min((at for at in course.deals_closed if at >= start), default=None)
    excused = _after(course.excused_at, start)
    lost, how = first_end((again, "handed over again"), (out, "disqualified"), (won, "deal closed"), (excused, "opted out"))
    yield tell(
        PlannedClock(
            promise="nurtured",
            started_at=start,
            due_at=course.hours["default"].days_after(start, PROMISES["nurtured"].days),
            kept_at=next((at for at in spoken if at >= start), None),
            ended_at=lost,
            ending=how,
        ),
        course.ownership,
        now,
    )


def _after(at: datetime | None, start: datetime) -> datetime | None:
    if at is not None and at < start:
        raise DoesNotFit  # opted out before it went back
    return at
