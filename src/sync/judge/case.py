"""One cycle of one lead: every clock that runs in it, judged. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sync.agreement import model
from sync.agreement.model import Agreement, Clock
from sync.judge import clocks
from sync.judge.clocks import Start, Verdict
from sync.judge.cycles import Cycle, find_assignments, owner_at
from sync.judge.findings import CycleRef, Evidence, Finding, Status, finding_key
from sync.judge.responsible import Course, blame_moves_at, responsible_side
from sync.judge.touches import Attempt, Suspension, TouchRule, find_attempts, find_suspensions
from sync.judge.wording import message
from sync.terms import Terms
from sync.timeline import Timeline

AFTER = timedelta(milliseconds=1)  # a deadline is inclusive: the judgement changes just after it

Judged = tuple[Finding, datetime | None]  # a finding, and when it changes next without news


class Case:
    """A cycle with all that its clocks are judged by; `latest` is the end of what the calendars know."""

    def __init__(self, timeline: Timeline, cycle: Cycle, *, agreement: Agreement, terms: Terms, now: datetime, latest: datetime) -> None:
        self._timeline = timeline
        self._cycle = cycle
        self._agreement = agreement
        self._terms = terms
        self._now = now
        self._latest = latest
        self._assignments = find_assignments(timeline, cycle)
        self._meetings = find_suspensions(timeline, cycle, latest=latest)

    def judged(self) -> Iterator[Judged]:
        """Yield a finding for every clock that started in the cycle."""
        for clock in self._agreement.judged_clocks:
            if clock.handoff in (None, self._cycle.handoff.name):
                yield from self._judge(clock)

    def _judge(self, clock: Clock) -> Iterator[Judged]:
        attempts = self._attempts(clock)
        stages = [stage.name for stage in self._agreement.stages]
        kept = clocks.find_kept(clock, self._cycle, self._timeline, assignments=self._assignments, attempts=attempts, stages=stages)
        meetings = self._meetings if clocks.is_kept_by_touch(clock) else ()
        for start in self._starts(clock):
            if clocks.is_owner_clock(clock) and any(k.at < start.at for k in kept):
                continue  # the promise was kept before this owner came
            suspensions = clocks.suspended_by(clock, start, meetings)
            verdict = clocks.weigh(
                start,
                due=clocks.deadline(clock, start, suspensions),
                warn_at=clocks.warnings(clock, start, suspensions),
                kept=kept,
                excused=clocks.first_excuse(self._timeline, start.at),
                now=self._now,
            )
            yield self._finding(clock, start, verdict, attempts, suspensions)

    def _attempts(self, clock: Clock) -> tuple[Attempt, ...]:
        """Return the cycle's touches as `clock` counts them; none for a clock that no touch keeps."""
        if not clocks.is_kept_by_touch(clock):
            return ()
        counts = clock.counts_sequence if clock.counts_sequence is not None else not self._cycle.by_hand_raise
        rule = TouchRule(by=clock.by, sequence_counts=counts)
        return find_attempts(self._timeline, self._cycle, rule, agreement=self._agreement, terms=self._terms, now=self._now)

    def _starts(self, clock: Clock) -> Iterator[Start]:
        """Yield where `clock` starts in the cycle, each with its calendar."""
        crm = self._timeline.crm
        if clocks.is_owner_clock(clock):
            named = clock.calendar if clock.calendar not in (None, "owner") else None
            theirs = [self._terms.calendar_of(crm, a.owner, self._agreement) for a in self._assignments]
            found = [self._agreement.calendars[named] for _ in theirs] if named else theirs
        else:
            first = self._assignments[0] if self._assignments else None
            own = self._terms.calendar_of(crm, first.owner, self._agreement) if first and first.at == self._cycle.opened_at else None
            found = [clocks.lead_calendar(clock, self._cycle, self._agreement, own)]
        return clocks.find_starts(clock, self._cycle, self._assignments, found)

    def _assign_by(self) -> datetime:
        """Return by when the agreement's own clock wants the lead assigned; without one, at once."""
        for clock in self._agreement.judged_clocks:
            if clock.handoff in (None, self._cycle.handoff.name) and model.Assigned() in clock.kept_by:
                return min(clocks.deadline(clock, start, ()) for start in self._starts(clock))
        return self._cycle.opened_at

    def _finding(
        self, clock: Clock, start: Start, verdict: Verdict, attempts: Sequence[Attempt], suspensions: Sequence[Suspension]
    ) -> Judged:
        timeline, by_touch = self._timeline, clocks.is_kept_by_touch(clock)
        unread = self._terms.unread_streams(timeline.records[0], verdict.due_at, touches=by_touch)
        status = Status.UNKNOWN if verdict.status is Status.BREACHED and verdict.settled_at is None and unread else verdict.status
        upto = verdict.settled_at or min(self._now, start.ends_at or self._now)
        course = Course(
            start=start,
            assignments=self._assignments,
            suspensions=suspensions,
            assign_by=self._assign_by(),
            owner_now=owner_at(timeline, upto),
            upto=min(upto, self._latest),
        )
        finding = Finding(
            key=finding_key(rule=clock.name, fact=f"{self._cycle.handoff.name}|{start.name}"),
            lead=timeline.lead,
            records=timeline.records,
            cycle=self._reference(),
            rule=clock.name,
            kind="clock",
            status=status,
            side=responsible_side(clock, status, course),
            owner=start.assignment.owner if start.assignment else owner_at(timeline, min(verdict.due_at, upto)),
            started_at=start.at,
            due_at=verdict.due_at,
            settled_at=verdict.settled_at,
            late_by_s=max(0, round((upto - verdict.due_at).total_seconds())) if status is Status.BREACHED else None,
            evidence=_each_once(*self._facts(start), *_suspended(suspensions), *verdict.evidence, *clocks.refused(attempts)),
            message=message(clock, status, verdict, unread, self._agreement.zone),
        )
        return finding, self._next_at(verdict, course, clock, attempts)

    def _reference(self) -> CycleRef:
        cycle = self._cycle
        return CycleRef(
            handoff=cycle.handoff.name,
            number=cycle.number,
            opened_at=cycle.opened_at,
            opened_by=cycle.opened_by,
            closed_at=cycle.closed_at,
            closed_by=cycle.closed_by,
        )

    def _facts(self, start: Start) -> Iterator[Evidence]:
        yield Evidence(at=self._cycle.opened_at, what=f"handed over: {self._cycle.opened_by}", source=self._cycle.source)
        for assignment in (start.assignment,) if start.assignment else self._assignments:
            yield Evidence(at=assignment.at, what=f"assigned to owner {assignment.owner}", source=assignment.source)

    def _next_at(self, verdict: Verdict, course: Course, clock: Clock, attempts: Sequence[Attempt]) -> datetime | None:
        """Return when this finding, or what may be done about it, changes without news."""
        moments = [attempt.at for attempt in attempts]  # one dated in the future has not happened yet
        if verdict.status in (Status.RUNNING, Status.AT_RISK):
            moments += [*verdict.warn_at, verdict.due_at + AFTER]
        elif verdict.status is Status.BREACHED and verdict.settled_at is None:
            moves_at = blame_moves_at(clock, course)
            moments += [verdict.due_at + self._terms.settle, *([moves_at + AFTER] if moves_at else [])]
        else:
            return None
        return min((at for at in moments if at > self._now), default=None)


def _each_once(*evidence: Evidence) -> tuple[Evidence, ...]:
    """Leave out what tells of the same fact a second time."""
    return tuple({(e.at, e.source): e for e in reversed(evidence)}.values())[::-1]


def _suspended(suspensions: Sequence[Suspension]) -> Iterator[Evidence]:
    return (Evidence(at=s.since, what="meeting booked, the clock stands still until its end", source=s.source) for s in suspensions)
