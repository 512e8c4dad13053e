"""Worked as agreed: so many attempts, by these channels, neither too soon nor too late after each other. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.world.clocks import PlannedClock, Told, first_end, passage_end, suspended, tell
from sandbox.world.criteria import is_enterprise
from sandbox.world.passage import Course, Passage
from sandbox.world.promises import EFFORT, ENTERPRISE_ATTEMPTS
from sandbox.world.touching import Weighed, replies, touches
from sandbox.world.verdicts.first_days import accepted_at, beyond_at


@dataclass(slots=True, kw_only=True)
class Work:
    """What was made of the attempts of one passage."""

    started_at: datetime
    needed: int
    ended_at: datetime | None  # a reply, a later stage, an opt-out, or the passage's end
    ending: str
    counted: list[Weighed] = field(default_factory=list)
    wasted: list[tuple[Weighed, str]] = field(default_factory=list)  # touches that are no attempts, and why
    tried_at: datetime | None = None  # the last try, whether it counted or not
    missed: datetime | None = None  # the first deadline that passed

    @property
    def done_at(self) -> datetime | None:
        """When the last attempt that was agreed was made."""
        return self.counted[-1].at if len(self.counted) == self.needed else None


def worked(course: Course, passage: Passage, now: datetime) -> Iterator[Told]:
    """The promise to work a lead that was accepted."""
    work = work_of(course, passage)
    if work is None:
        return
    whole = _whole(course, passage, work)
    due = work.missed or whole
    if work.missed is None and work.done_at is None and (work.ended_at is None or work.ended_at > _next_due(course, passage, work)):
        due = _next_due(course, passage, work)
    clock = PlannedClock(
        promise="worked", started_at=work.started_at, due_at=due, kept_at=work.done_at, ended_at=work.ended_at, ending=work.ending
    )
    yield tell(clock, course.owners(passage), now)


def work_of(course: Course, passage: Passage) -> Work | None:
    """Count the attempts; None for a lead that was not accepted."""
    start = accepted_at(course, passage)
    if start is None:
        return None
    needed = ENTERPRISE_ATTEMPTS if is_enterprise(course, start) else EFFORT.attempts
    answered = min((at for at in replies(course, passage) if at >= start), default=None)
    ended, how = first_end((answered, "a reply"), (beyond_at(course, passage), "qualified"), passage_end(course, passage))
    work = Work(started_at=start, needed=needed, ended_at=ended, ending=how)
    for attempt in touches(course, passage):
        if attempt.at >= start and (ended is None or attempt.at <= ended) and work.done_at is None:
            _attempt(course, passage, work, attempt)
    return work


def _attempt(course: Course, passage: Passage, work: Work, attempt: Weighed) -> None:
    calendar = course.calendar(passage, work.started_at)
    due = _next_due(course, passage, work)
    if attempt.at > due and work.missed is None:
        work.missed = due
    work.tried_at = attempt.at
    if work.counted and attempt.at < calendar.after(work.counted[-1].at, EFFORT.at_least):
        work.wasted.append((attempt, "too soon after the last"))
        return
    if not _has_place(work, attempt):
        work.wasted.append((attempt, "wrong channel"))
        return
    work.counted.append(attempt)


def _has_place(work: Work, attempt: Weighed) -> bool:
    used = Counter(weighed.deed.channel for weighed in work.counted)
    free = work.needed - sum(EFFORT.channels.values())
    taken = sum(max(count - EFFORT.channels.get(channel, 0), 0) for channel, count in used.items())
    channel = attempt.deed.channel
    return used[channel] < EFFORT.channels.get(channel, 0) or taken < free


def _whole(course: Course, passage: Passage, work: Work) -> datetime:
    """By when all attempts are due."""
    calendar = course.calendar(passage, work.started_at)
    return suspended(course, passage, work.started_at, calendar.days_after(work.started_at, EFFORT.days), calendar)


def _next_due(course: Course, passage: Passage, work: Work) -> datetime:
    """By when the next attempt is due, by the gap or by the whole."""
    calendar = course.calendar(passage, work.started_at)
    last = work.tried_at or work.started_at
    by_gap = suspended(course, passage, last, calendar.days_after(last, EFFORT.at_most_days), calendar)
    return min(by_gap, _whole(course, passage, work))
