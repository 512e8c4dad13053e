"""From a verdict to a finding: status, side, evidence, message, and when it changes next. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sync.judge.case import Case
from sync.judge.elapsed import split_elapsed
from sync.judge.findings import Evidence, Finding, Side, Status, finding_key
from sync.judge.owners import was_owned
from sync.judge.touches import Attempt, Suspension
from sync.judge.verdict import Start, Verdict
from sync.judge.wording import message

AFTER = timedelta(milliseconds=1)  # a deadline is inclusive: the judgement changes just after it
TIMED = frozenset({"clock", "cadence"})  # kinds whose findings split the time that went by


class Judged(NamedTuple):
    """A finding, the moment that says by which version it is judged, and when it changes next without news."""

    finding: Finding
    began_at: datetime
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a finding is about."""

    rule: str
    kind: str
    words: str  # its span, as the agreement writes it
    level: str | None = None
    of_passage: bool = True  # False: one finding a fact, however many passages were open then
    told: str | None = None  # the whole message, where the usual sentences do not fit
    reason: str | None = None  # with which the lead goes back
    by_touch: bool = False  # activities are its proof, and bookings suspend it

    @property
    def label(self) -> str:
        """The rule as messages name it, with the level that speaks."""
        return f"{self.rule} ({self.level})" if self.level else self.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is to be said beside the verdict."""

    owner: str | None
    side: Callable[[Status], Side]
    evidence: Sequence[Evidence] = ()
    suspensions: Sequence[Suspension] = ()
    moments: Sequence[datetime] = ()  # when it may change, beside warnings, deadline and settling
    warned: tuple[int, ...] = ()  # the agreed warnings that have passed, in percent, ascending


def conclude(case: Case, promise: Promise, start: Start, verdict: Verdict, told: Told) -> Judged:
    """Return the finding on a promise that started; one that rests on what was not read is `unknown`."""
    unread = case.terms.unread_streams(verdict.due_at, touches=promise.by_touch)
    status = Status.UNKNOWN if verdict.status is Status.BREACHED and unread else verdict.status
    upto = lasted_upto(case, start, verdict)
    late_s = 0 if verdict.due_at == start.at else max(0, round((upto - verdict.due_at).total_seconds()))
    finding = Finding(
        key=finding_key(rule=promise.rule, fact=f"{case.cycle.handoff.name}|{start.name}" if promise.of_passage else start.name),
        lead=case.timeline.lead,
        records=case.timeline.records,
        cycle=case.reference(),
        rule=promise.rule,
        kind=promise.kind,
        status=status,
        side=told.side(status),
        owner=told.owner,
        started_at=start.at,
        due_at=verdict.due_at,
        settled_at=verdict.settled_at,
        late_by_s=late_s if status is Status.BREACHED else None,
        evidence=_evidence(case, start, verdict, told),
        message=promise.told or message(promise.label, promise.words, status, verdict, unread, case.agreement.zone),
        level=promise.level,
        reason=promise.reason,
        owed=_is_owed(case, start, verdict),
        elapsed=split_elapsed(case, start.at, upto, told.suspensions) if promise.kind in TIMED else None,
        warned=told.warned,
    )
    return Judged(finding, start.at, _next_at(case, verdict, told.moments))


def _evidence(case: Case, start: Start, verdict: Verdict, told: Told) -> tuple[Evidence, ...]:
    """Return what a finding rests on, each fact once, in the order in which it happened."""
    began = [Evidence(at=start.at, what=start.what, source=start.source)] if start.what else []
    facts = each_once(*handed_over(case, start), *began, *_suspended(told.suspensions), *verdict.evidence, *told.evidence)
    return tuple(sorted(facts, key=lambda one: (one.at is not None, one.at)))


def _is_owed(case: Case, start: Start, verdict: Verdict) -> bool:
    """Whether a promise can still be kept, in time or late."""
    over = verdict.settled_at is not None or verdict.stopped_at is not None
    return not over and (start.ends_at is None or start.ends_at > case.now)


def lasted_upto(case: Case, start: Start, verdict: Verdict) -> datetime:
    """Return when a promise was settled or stopped, or up to when it has lasted."""
    return verdict.settled_at or verdict.stopped_at or min(case.now, start.ends_at or case.now)


def due_owner(case: Case, start: Start, verdict: Verdict) -> str | None:
    """Return whom a promise is about: its assignment's owner, else the lead's at the deadline or when it was over, else the next one."""
    if start.assignment is not None:
        return start.assignment.owner
    at = max(start.at, min(verdict.due_at, lasted_upto(case, start, verdict)))
    owner = case.holder_at(at) if at == case.cycle.closed_at and start.at < at else case.owner_at(at)
    return owner or next((assignment.owner for assignment in case.assignments if assignment.at >= at), None)


def lead_side(case: Case, start: Start, verdict: Verdict) -> Callable[[Status], Side]:
    """Return who is responsible for a promise that the lead's owner owes: nobody is blamed who never had the lead."""

    def side(status: Status) -> Side:
        match status:
            case Status.EXCUSED | Status.UNKNOWN:
                return Side.NONE
            case Status.KEPT:
                return Side.OWNER
            case Status.BREACHED:
                return Side.OWNER if was_owned(case.timeline, start.at, verdict.due_at) else Side.SYSTEM
            case _:
                return Side.OWNER if case.owner_at(case.now) is not None else Side.SYSTEM

    return side


def fixed_side(owed_by: Side) -> Callable[[Status], Side]:
    """Return who is responsible for a promise that one side owes, whatever becomes of it."""
    return lambda status: Side.NONE if status in (Status.EXCUSED, Status.UNKNOWN) else owed_by


def handed_over(case: Case, start: Start) -> Iterator[Evidence]:
    """Yield the facts that every promise of a cycle rests on."""
    cycle = case.cycle
    if cycle.number == 0:
        yield Evidence(at=cycle.opened_at, what=cycle.opened_by, source=cycle.source)
        return
    yield Evidence(at=cycle.opened_at, what=f"handed over: {cycle.opened_by}", source=cycle.source)
    for assignment in (start.assignment,) if start.assignment else case.assignments:
        yield Evidence(at=assignment.at, what=f"assigned to owner {assignment.owner}", source=assignment.source)


def refused(attempts: Iterable[Attempt]) -> tuple[Evidence, ...]:
    """List the attempts that did not count, with the reason."""
    return tuple(Evidence(at=a.at, what=a.what, source=str(a.activity.key), counted=False) for a in attempts if a.refused is not None)


def counted(attempts: Iterable[Attempt]) -> tuple[Evidence, ...]:
    """List attempts that counted."""
    return tuple(Evidence(at=a.at, what=a.what, source=str(a.activity.key)) for a in attempts)


def each_once(*evidence: Evidence) -> tuple[Evidence, ...]:
    """Leave out what tells of the same fact a second time."""
    return tuple({(e.at, e.source): e for e in reversed(evidence)}.values())[::-1]


def _suspended(suspensions: Sequence[Suspension]) -> Iterator[Evidence]:
    return (Evidence(at=s.since, what="meeting booked, the clock stands still until its end", source=s.source) for s in suspensions)


def _next_at(case: Case, verdict: Verdict, moments: Sequence[datetime]) -> datetime | None:
    """Return when a finding, or what may be done about it, changes without news."""
    changes = list(moments)
    if verdict.status in (Status.RUNNING, Status.AT_RISK):
        changes += [*verdict.warn_at, verdict.due_at + AFTER]
    elif verdict.status is Status.BREACHED and verdict.settled_at is None:
        changes.append(verdict.due_at + case.terms.settle)
    return min((at for at in changes if at > case.now), default=None)
