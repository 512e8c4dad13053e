"""What became of one promise: kept, broken, or without its reason, whichever came first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sync.agreement.calendar import Calendar
from sync.agreement.spans import Span
from sync.judge.findings import Evidence, Status
from sync.judge.owners import Assignment
from sync.judge.touches import Suspension
from sync.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a promise starts, and where it loses its reason if nothing else happens before."""

    at: datetime
    name: str  # natural key of the fact, for the finding's key
    calendar: Calendar
    ends_at: datetime | None = None
    ends_by: str | None = None  # why: `recycled`, `the owner changed`
    assignment: Assignment | None = None  # owner clocks only
    what: str = ""  # the fact, in words; empty where the handoff or the assignment says it
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The fact that keeps a promise."""

    at: datetime
    what: str
    source: str

    @property
    def evidence(self) -> Evidence:
        """It, as a finding tells it."""
        return Evidence(at=self.at, what=self.what, source=self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one promise."""

    status: Status
    due_at: datetime
    warn_at: tuple[datetime, ...] = ()
    settled_at: datetime | None = None
    stopped_at: datetime | None = None  # when it lost its reason; `excused` only
    why: str | None = None  # for `excused`
    evidence: tuple[Evidence, ...] = ()


Stop = tuple[datetime, str]  # when a promise lost its reason, and why


def weigh(
    start: Start, *, due: datetime, kept: Iterable[Kept], excused: Stop | None, now: datetime, warn_at: Sequence[datetime] = ()
) -> Verdict:
    """Decide what became of a promise from what came first: the proof, the deadline, or a reason to stop; `kept` is in order."""
    first = next((k for k in kept if k.at >= start.at and (start.ends_at is None or k.at <= start.ends_at)), None)
    stop = first_stop(start, excused)
    verdict = Verdict(status=Status.RUNNING, due_at=due, warn_at=tuple(warn_at))
    if first is not None and first.at <= due and (stop is None or first.at <= stop[0]):
        return replace(verdict, status=Status.KEPT, settled_at=first.at, evidence=(first.evidence,))
    if stop is not None and stop[0] <= due:
        return replace(verdict, status=Status.EXCUSED, stopped_at=stop[0], why=stop[1])
    if now <= due:
        return replace(verdict, status=Status.AT_RISK if any(at <= now for at in warn_at) else Status.RUNNING)
    settled = (first.at, (first.evidence,)) if first is not None else (None, ())
    return replace(verdict, status=Status.BREACHED, settled_at=settled[0], evidence=settled[1])


def first_stop(start: Start, excused: Stop | None) -> Stop | None:
    """Return what first took a promise its reason: its own end, or an excuse."""
    stops = [excused] if excused is not None else []
    if start.ends_at is not None:
        stops.append((start.ends_at, start.ends_by or ""))
    return min(stops, default=None)


def first_excuse(timeline: Timeline, since: datetime) -> Stop | None:
    """Return when and why an excuse first held at or after `since`."""
    holds = [(max(excuse.since, since), excuse.why) for excuse in timeline.excuses if excuse.until is None or excuse.until > since]
    return min(holds, default=None)


def suspended_by(within: Span, start: Start, suspensions: Sequence[Suspension]) -> tuple[Suspension, ...]:
    """Return the meetings that stop a promise: booked before its end and before the deadline that the earlier ones left it."""
    applied: list[Suspension] = []
    for span in suspensions:
        ended = start.ends_at is not None and span.since >= start.ends_at
        if not ended and span.until > start.at and span.since < deadline(within, start, applied):
            applied.append(span)
    return tuple(applied)


def deadline(within: Span, start: Start, suspensions: Sequence[Suspension]) -> datetime:
    """Return when a promise is due, the time of the meetings that stop it left out."""
    return _push(within.after(start.at, start.calendar), within, start, suspensions)


def warnings(within: Span, warn_at: Sequence[float], start: Start, suspensions: Sequence[Suspension]) -> tuple[datetime, ...]:
    """Return the moments of the agreed warning fractions, in order, the time of the meetings that stop it left out."""
    return tuple(_push(within.warning(start.at, share, start.calendar), within, start, suspensions) for share in warn_at)


def _push(target: datetime, within: Span, start: Start, suspensions: Sequence[Suspension]) -> datetime:
    """Move `target` on by what is left of the promise whenever a meeting stops it before it falls due."""
    for span in suspensions:
        since = max(span.since, start.at)
        if since < target:
            target = within.resume(within.measure(since, target, start.calendar), span.until, start.calendar)
    return target
