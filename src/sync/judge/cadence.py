"""Cadences: how often, in which rhythm and by which channels a lead was worked. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from connectors.records import ActivityKind
from sync.agreement.model import Cadence
from sync.agreement.spans import Span
from sync.judge.case import BY_OWNER, Case
from sync.judge.conclude import Judged, Promise, Told, conclude, counted, due_owner, lead_side, refused
from sync.judge.findings import Evidence, Status
from sync.judge.levels import cadence_at
from sync.judge.touches import Attempt, Suspension
from sync.judge.verdict import Start, Stop, Verdict, deadline, first_excuse, first_stop, suspended_by

CHANNELS = {
    ActivityKind.CALL: "call",
    ActivityKind.EMAIL: "email",
    ActivityKind.MESSAGE: "message",
    ActivityKind.MEETING: "meeting",
}


def judge_cadences(case: Case) -> Iterator[Judged]:
    """Yield a finding for every cadence that started in the cycle."""
    for cadence in case.agreement.cadences:
        if (entry := case.stage_entry(cadence.stage)) is not None:
            rule, level = cadence_at(case, cadence, entry.at)
            start = Start(
                at=entry.at,
                name=entry.name,
                calendar=case.calendar_at(rule.calendar, entry.at),
                ends_at=case.cycle.closed_at,
                ends_by=case.cycle.closed_by,
                what=f"entered {cadence.stage}",
                source=entry.source,
            )
            yield _judge(case, rule, level, start)


def _judge(case: Case, cadence: Cadence, level: str | None, start: Start) -> Judged:
    stop = _stop(case, cadence, start)
    attempts = [a for a in case.attempts(BY_OWNER) if a.at >= start.at and (stop is None or a.at <= stop[0])]
    weighed = weigh_attempts(cadence, start, attempts)
    suspensions = suspended_by(cadence.within, start, case.meetings)
    tries = [Try(at=one.at, counted=so.refused is None) for one, so in zip(attempts, weighed, strict=True) if one.refused is None]
    verdict = _verdict(case, cadence, start, tries, stop)
    promise = Promise(
        rule=cadence.name, kind="cadence", words=_words(cadence, sum(one.counted for one in tries)), level=level, by_touch=True
    )
    told = Told(
        owner=due_owner(case, start, verdict),
        side=lead_side(case, start, verdict),
        evidence=_looked_at(weighed),
        suspensions=suspensions,
        moments=[attempt.at for attempt in attempts],
    )
    return conclude(case, promise, start, verdict, told)


def _words(cadence: Cadence, made: int) -> str:
    apart = f", at most {cadence.gap_at_most.text} apart" if cadence.gap_at_most else ""
    return f"{made} of {cadence.attempts} attempts made; all within {cadence.within.text}{apart}"


def _looked_at(attempts: Sequence[Attempt]) -> tuple[Evidence, ...]:
    return tuple(sorted((*counted(a for a in attempts if a.refused is None), *refused(attempts)), key=lambda e: (e.at, e.source)))


def _stop(case: Case, cadence: Cadence, start: Start) -> Stop | None:
    """Return what ended the cadence: a reply, a later stage, an excuse, or the end of the cycle."""
    stops = [first_stop(start, first_excuse(case.timeline, start.at))]
    stops += [(reply.at, "the lead replied") for reply in case.replies if reply.at >= start.at]
    if (reached := case.reached_after(cadence.stage, start.at)) is not None:
        stops.append((reached.at, f"reached {reached.stage}"))
    return min((stop for stop in stops if stop is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A touch that counts, made while the cadence ran."""

    at: datetime
    counted: bool  # as an attempt: neither too soon, nor by a channel that has had its share


@dataclass(slots=True)
class _Places:
    """How many attempts are still free: by channel, and for any."""

    by_channel: Counter[str]
    free: int

    def take(self, channel: str) -> bool:
        """Take a place for `channel`; False if none is left for it."""
        if self.by_channel[channel] > 0:
            self.by_channel[channel] -= 1
            return True
        self.free -= 1
        return self.free >= 0


def weigh_attempts(cadence: Cadence, start: Start, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts, those refused that came too soon or by a channel that has had its share; in order."""
    places = _Places(Counter(cadence.channels), cadence.attempts - sum(cadence.channels.values()))
    last: datetime | None = None
    weighed: list[Attempt] = []
    for attempt in attempts:
        refused_for = attempt.refused
        if refused_for is None and _is_too_soon(cadence, start, attempt, last):
            refused_for = "too soon after the last"
        elif refused_for is None and not places.take(CHANNELS[attempt.activity.kind]):
            refused_for = "wrong channel"
        if refused_for is None:
            last = attempt.at
        weighed.append(replace(attempt, refused=refused_for))
    return weighed


def _is_too_soon(cadence: Cadence, start: Start, attempt: Attempt, last: datetime | None) -> bool:
    return last is not None and cadence.gap_at_least is not None and attempt.at < cadence.gap_at_least.after(last, start.calendar)


def _verdict(case: Case, cadence: Cadence, start: Start, tries: Sequence[Try], stop: Stop | None) -> Verdict:
    """Decide what became of a cadence: the first deadline that was missed, the last attempt, or a reason to stop."""
    whole = _due(cadence.within, start, case.meetings)
    made = [one.at for one in tries if one.counted]
    done_at = made[cadence.attempts - 1] if len(made) >= cadence.attempts else None
    missed = _first_missed(case, cadence, start, [one.at for one in tries if done_at is None or one.at <= done_at], whole)
    if missed is None and done_at is not None:
        return Verdict(status=Status.KEPT, due_at=whole, settled_at=done_at)
    missed = missed or _next_due(case, cadence, start, tries[-1].at if tries else start.at, whole)
    if stop is not None and stop[0] <= missed:
        return Verdict(status=Status.EXCUSED, due_at=whole, stopped_at=stop[0], why=stop[1])
    if case.now <= missed:
        return Verdict(status=Status.RUNNING, due_at=missed)
    return Verdict(status=Status.BREACHED, due_at=missed, settled_at=done_at)


def _first_missed(case: Case, cadence: Cadence, start: Start, tries: Sequence[datetime], whole: datetime) -> datetime | None:
    """Return the first moment by which a try was owed and came too late; None if all came in time."""
    for last, at in pairwise((start.at, *tries)):
        due = _next_due(case, cadence, start, last, whole)
        if at > due:
            return due
    return None


def _next_due(case: Case, cadence: Cadence, start: Start, last: datetime, whole: datetime) -> datetime:
    """Return by when the next try is owed after the `last`."""
    if cadence.gap_at_most is None:
        return whole
    return min(whole, _due(cadence.gap_at_most, replace(start, at=last), case.meetings))


def _due(within: Span, start: Start, meetings: Sequence[Suspension]) -> datetime:
    return deadline(within, start, suspended_by(within, start, meetings))
