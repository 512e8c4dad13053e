"""One clock: when it is due, what kept it, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sync.agreement import model
from sync.agreement.calendar import Calendar
from sync.agreement.model import Agreement, Clock
from sync.judge.cycles import Assignment, Cycle
from sync.judge.findings import Evidence, Status
from sync.judge.touches import Attempt, Suspension
from sync.timeline import Exit, Left, StageReached, Timeline

EXITS = {
    model.Rejected: Exit.REJECTED,
    model.Recycled: Exit.RECYCLED,
    model.Disqualified: Exit.DISQUALIFIED,
    model.Returned: Exit.RETURNED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a clock starts, and where it loses its reason if nothing else happens before."""

    at: datetime
    name: str  # natural key of the fact, for the finding's key
    calendar: Calendar
    ends_at: datetime | None
    ends_by: str | None  # why: `recycled`, `the owner changed`
    assignment: Assignment | None = None  # owner clocks only


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The fact that keeps a clock."""

    at: datetime
    what: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one clock."""

    status: Status
    due_at: datetime
    warn_at: tuple[datetime, ...]
    settled_at: datetime | None
    why: str | None = None  # for `excused`
    evidence: tuple[Evidence, ...] = ()


def is_owner_clock(clock: Clock) -> bool:
    """Whether `clock` starts anew for each owner."""
    return clock.starts is model.StartWord.ASSIGNED


def is_kept_by_touch(clock: Clock) -> bool:
    """Whether a touch keeps `clock`, so that bookings suspend it and activities are its proof."""
    return any(isinstance(way, model.Touch | model.Answered) for way in clock.kept_by)


def find_starts(clock: Clock, cycle: Cycle, assignments: Sequence[Assignment], calendars: Sequence[Calendar]) -> Iterator[Start]:
    """Yield where `clock` starts in `cycle`; `calendars` holds one per assignment for owner clocks, else a single one."""
    if not is_owner_clock(clock):
        yield Start(at=cycle.opened_at, name=cycle.name, calendar=calendars[0], ends_at=cycle.closed_at, ends_by=cycle.closed_by)
        return
    for assignment, calendar in zip(assignments, calendars, strict=True):
        superseded = assignment.until is not None
        yield Start(
            at=assignment.at,
            name=assignment.name,
            calendar=calendar,
            ends_at=assignment.until if superseded else cycle.closed_at,
            ends_by="the owner changed" if superseded else cycle.closed_by,
            assignment=assignment,
        )


def find_kept(
    clock: Clock, cycle: Cycle, timeline: Timeline, *, assignments: Sequence[Assignment], attempts: Sequence[Attempt], stages: Sequence[str]
) -> list[Kept]:
    """Return every fact of `cycle` that keeps `clock`, oldest first; `stages` are the agreement's, in order."""
    kept: list[Kept] = []
    for way in clock.kept_by:
        match way:
            case model.Assigned():
                kept += [Kept(at=a.at, what="assigned", source=a.source) for a in assignments]
            case model.Touch() | model.Answered():
                kept += [Kept(at=a.at, what=a.what, source=str(a.activity.key)) for a in attempts if a.refused is None]
            case model.StageReached(stage=stage):
                kept += _stages_reached(timeline, cycle, frozenset(stages[stages.index(stage) :]))
            case model.Rejected() | model.Recycled() | model.Disqualified() | model.Returned():
                kept += _exits(timeline, cycle, EXITS[type(way)])
    return sorted(kept, key=lambda k: (k.at, k.source))


def _exits(timeline: Timeline, cycle: Cycle, how: Exit) -> list[Kept]:
    if how is Exit.RETURNED:
        return [Kept(at=cycle.closed_at, what=how.value, source=cycle.source)] if cycle.closed_at and cycle.closed_by == how.value else []
    return [
        Kept(at=fact.at, what=fact.how.value, source=fact.source)
        for fact in timeline.facts
        if isinstance(fact, Left) and fact.how is how and cycle.holds(fact.at) and not fact.ours
    ]


def _stages_reached(timeline: Timeline, cycle: Cycle, stages: frozenset[str]) -> list[Kept]:
    return [
        Kept(at=fact.at, what=f"reached {fact.stage} or passed it", source=fact.source)
        for fact in timeline.facts
        if isinstance(fact, StageReached) and fact.stage in stages and cycle.holds(fact.at) and not fact.ours
    ]


def suspended_by(clock: Clock, start: Start, suspensions: Sequence[Suspension]) -> tuple[Suspension, ...]:
    """Return the meetings that stop `clock`: booked before its end and before the deadline that the earlier ones left it."""
    applied: list[Suspension] = []
    for span in suspensions:
        ended = start.ends_at is not None and span.since >= start.ends_at
        if not ended and span.until > start.at and span.since < deadline(clock, start, applied):
            applied.append(span)
    return tuple(applied)


def deadline(clock: Clock, start: Start, suspensions: Sequence[Suspension]) -> datetime:
    """Return when `clock` is due, the time of the meetings that stop it left out."""
    return _push(clock.within.after(start.at, start.calendar), clock, start, suspensions)


def warnings(clock: Clock, start: Start, suspensions: Sequence[Suspension]) -> tuple[datetime, ...]:
    """Return the moments of the agreed warning fractions, in order, the time of the meetings that stop it left out."""
    return tuple(_push(clock.within.warning(start.at, share, start.calendar), clock, start, suspensions) for share in clock.warn_at)


def _push(target: datetime, clock: Clock, start: Start, suspensions: Sequence[Suspension]) -> datetime:
    """Move `target` on by what is left of the clock whenever a meeting stops it before it falls due."""
    for span in suspensions:
        since = max(span.since, start.at)
        if since < target:
            target = clock.within.resume(clock.within.measure(since, target, start.calendar), span.until, start.calendar)
    return target


def weigh(
    start: Start, *, due: datetime, warn_at: Sequence[datetime], kept: Sequence[Kept], excused: tuple[datetime, str] | None, now: datetime
) -> Verdict:
    """Decide what became of a clock from what came first: the proof, the deadline, or a reason to stop."""
    first = next((k for k in kept if k.at >= start.at and (start.ends_at is None or k.at <= start.ends_at)), None)
    stop = _first_stop(start, excused)
    verdict = Verdict(status=Status.RUNNING, due_at=due, warn_at=tuple(warn_at), settled_at=None)
    if first is not None and first.at <= due and (stop is None or first.at <= stop[0]):
        return replace(verdict, status=Status.KEPT, settled_at=first.at, evidence=(_proof(first),))
    if stop is not None and stop[0] <= due:
        return replace(verdict, status=Status.EXCUSED, why=stop[1])
    if now <= due:
        return replace(verdict, status=Status.AT_RISK if any(at <= now for at in warn_at) else Status.RUNNING)
    settled = (first.at, (_proof(first),)) if first is not None else (None, ())
    return replace(verdict, status=Status.BREACHED, settled_at=settled[0], evidence=settled[1])


def _proof(kept: Kept) -> Evidence:
    return Evidence(at=kept.at, what=kept.what, source=kept.source)


def _first_stop(start: Start, excused: tuple[datetime, str] | None) -> tuple[datetime, str] | None:
    stops = [excused] if excused is not None else []
    if start.ends_at is not None:
        stops.append((start.ends_at, start.ends_by or ""))
    return min(stops, default=None)


def first_excuse(timeline: Timeline, since: datetime) -> tuple[datetime, str] | None:
    """Return when and why an excuse first held at or after `since`."""
    holds = [(max(excuse.since, since), excuse.why) for excuse in timeline.excuses if excuse.until is None or excuse.until > since]
    return min(holds, default=None)


def refused(attempts: Sequence[Attempt]) -> tuple[Evidence, ...]:
    """List the attempts that did not count, with the reason."""
    return tuple(Evidence(at=a.at, what=a.what, source=str(a.activity.key), counted=False) for a in attempts if a.refused is not None)


def lead_calendar(clock: Clock, cycle: Cycle, agreement: Agreement, owners: Calendar | None) -> Calendar:
    """Return the calendar of a lead clock: the rule's, else that of the owner at the handoff, else the pool's, else the default."""
    if clock.calendar not in (None, "owner"):
        return agreement.calendars[clock.calendar or "default"]
    if owners is not None:
        return owners
    pool = agreement.pools.get(cycle.handoff.pool or "")
    return agreement.calendars[(pool.calendar if pool else None) or "default"]
