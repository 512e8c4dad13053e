"""What goes back says why, and what should go back does. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sandbox.world.clocks import PlannedClock, Told, first_end, tell
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.picklists import LABELS, RECYCLE_FIELD, REJECT_FIELD
from sandbox.world.promises import (
    DISQUALIFIED_STATUS,
    PROMISES,
    REASON_WITHIN,
    RECYCLE_REASONS,
    RECYCLED_STATUS,
    REJECT_REASONS,
    REJECTED_STATUS,
    PromiseName,
    Side,
    Status,
)
from sandbox.world.stages import beyond_spans, first_within, gone_back, moments
from sandbox.world.touching import replies, touches
from sandbox.world.verdicts.cadence import work_of
from sandbox.world.verdicts.stale import broken_stretches


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a lead should go back, since when, and what ends that."""

    why: str
    at: datetime
    ends: tuple[tuple[datetime | None, str], ...]
    side: Side | None = None  # of a breach, where the owners' time does not tell


def reasons(course: Course, now: datetime) -> Iterator[Told]:
    """One promise for each rejection and each recycling in a passage."""
    yield from _reasons(course, now, "reject reason", (REJECTED_STATUS, REJECT_FIELD, REJECT_REASONS))
    yield from _reasons(course, now, "recycle reason", (RECYCLED_STATUS, RECYCLE_FIELD, RECYCLE_REASONS))


def _reasons(course: Course, now: datetime, promise: PromiseName, what: tuple[str, str, Collection[str]]) -> Iterator[Told]:
    status, field, permitted = what
    for at in moments(course.contact, status):
        if not any(passage.holds(at) for passage in course.of("sdr")):
            continue
        upto = at + REASON_WITHIN
        values = [course.contact.value_at(field, at)]
        values += [version.value for version in course.contact.versions(field) if at < version.at <= upto]
        stated = any(is_permitted(text, permitted) for value in values if value for text in (value, LABELS[field].get(value, "")))
        side: Side = "owner" if course.ownership.at(at) else "system"
        verdict: Status = "kept" if stated else "breached" if now > upto else "running"
        yield Told(promise, at, verdict, upto, side, f"reason {values[-1]!r}")


def is_permitted(value: str, permitted: Collection[str]) -> bool:
    """Whether `value` is one of `permitted`, without regard to case, `_` and `-`."""
    return value.lower().replace("_", " ").replace("-", " ") in permitted


def given_back(course: Course, passage: Passage, now: datetime) -> Iterator[Told]:
    """One promise for each cause for which the lead should go back to Marketing."""
    for cause in _causes(course, passage, now):
        yield _told(course, passage, cause, now)


def _causes(course: Course, passage: Passage, now: datetime) -> Iterator[Cause]:
    work = work_of(course, passage)
    if work is not None and work.done_at is not None:
        answered = first_within(replies(course, passage), work.done_at, None)
        yield Cause(why="exhausted", at=work.done_at, ends=((answered, "a reply"), _beyond(course, work.done_at)))
    for stretch in broken_stretches(course, passage, now):
        signs = [*(weighed.at for weighed in touches(course, passage)), *replies(course, passage)]
        alive = min((at for at in signs if at > stretch.due_at), default=None)
        yield Cause(why="stale", at=stretch.due_at, ends=((alive, "a sign of life"), _beyond(course, stretch.due_at)))
    if passage.ending == "rejected" and passage.ended_at is not None:
        owned = course.ownership.at(passage.ended_at) is not None
        yield Cause(why="rejected", at=passage.ended_at, ends=(), side="owner" if owned else "system")


def _beyond(course: Course, since: datetime) -> tuple[datetime | None, str]:
    return first_within([at for at, _ in beyond_spans(course.contact)], since, None), "qualified"


def _told(course: Course, passage: Passage, cause: Cause, now: datetime) -> Told:
    out = [at for status in (RECYCLED_STATUS, DISQUALIFIED_STATUS) for at in moments(course.contact, status)]
    again = min((other.opened_at for other in course.of(passage.handoff) if other.opened_at > passage.opened_at), default=None)
    lost, how = first_end(
        *cause.ends,
        (first_within(list(course.deals_closed), cause.at, None), "deal closed"),
        (again, "handed over again"),
        (course.excused_at, "opted out"),
    )
    clock = PlannedClock(
        promise="given back",
        started_at=cause.at,
        due_at=course.hours["default"].days_after(cause.at, PROMISES["given back"].days),
        kept_at=first_within([*out, *gone_back(course.contact)], cause.at, None),
        ended_at=lost,
        ending=how,
    )
    told = tell(clock, course.ownership, now, cause.side)
    side = told.side if cause.side is None or told.status == "excused" else cause.side
    if side == "system" and told.status == "kept":
        raise DoesNotFit  # kept, and nobody had it who could owe it
    return Told(told.promise, told.started_at, told.status, told.due_at, side, f"{cause.why}, {told.why}")
