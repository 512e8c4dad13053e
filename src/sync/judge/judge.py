"""Judge one lead: its cycles, every clock in them, who is responsible, and when that changes next. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sync.agreement.model import Agreement, Clock
from sync.history import readings
from sync.judge import clocks
from sync.judge.cycles import Assignment, Cycle, find_assignments, find_cycles, owner_at, pending_return
from sync.judge.findings import CycleRef, Evidence, Finding, Judgement, Status, finding_key
from sync.judge.responsible import Course, responsible_side
from sync.judge.touches import Attempt, Suspension, TouchRule, find_attempts, find_suspensions
from sync.judge.unknown import agree
from sync.judge.wording import message
from sync.rows import LeadRows
from sync.terms import Terms, member_ids
from sync.timeline import Timeline, build_timeline

ROOM_BEFORE = timedelta(days=2)  # zones differ from the agreement's by at most that
ROOM_AFTER = timedelta(days=730)  # room for the longest clock that starts last
AFTER = timedelta(milliseconds=1)  # a deadline is inclusive: the judgement changes just after it


def judge_lead(rows: LeadRows, terms: Terms, now: datetime) -> Judgement:
    """Judge one lead from its mirror rows, in every way its observed changes may have happened."""
    judgements = [judge_reading(reading, terms, now) for reading in readings(rows, _judged_fields(terms))]
    findings = agree([judgement.findings for judgement in judgements])
    moments = [judgement.next_at for judgement in judgements if judgement.next_at is not None]
    return Judgement(lead=rows.lead, findings=findings, next_at=min(moments, default=None))


def _judged_fields(terms: Terms) -> dict[str, frozenset[str]]:
    """Return the fields, per record kind, whose moments a judgement rests on."""
    fields: dict[str, frozenset[str]] = {}
    for name, crm in terms.crms.items():
        words = crm.vocabulary
        own = {words.person: {words.owner, words.hand_raise_at, words.hand_raise_form}, words.deal: {words.deal_closed, words.deal_stage}}
        for span in terms.spans:
            for kind, named in _rested_on(span.agreement, name).items():
                own.setdefault(kind, set()).update(named)
        for kind, named in own.items():
            fields[kind] = fields.get(kind, frozenset()) | frozenset(named)
    return fields


def _rested_on(agreement: Agreement, crm: str) -> dict[str, set[str]]:
    """Return per kind the fields that stages, exits and excuses are recognised by."""
    fields: dict[str, set[str]] = {}
    exits = (agreement.reject, agreement.disqualify, agreement.recycle)
    for recognised in (*(stage.recognised for stage in agreement.stages), *(way.recognised for way in exits)):
        for (of, kind), criterion in recognised.items():
            if of == crm:
                fields.setdefault(kind, set()).update(criterion.fields)
    for excuse in agreement.excuses:
        for name in excuse.criterion.fields:
            for (of, kind), field in agreement.fields[name].sources.items():
                if of == crm:
                    fields.setdefault(kind, set()).add(field)
    return fields


def judge_reading(rows: LeadRows, terms: Terms, now: datetime) -> Judgement:
    """Judge one lead whose changes all have a moment; each clock by the version in force when it started."""
    judgements = []
    for span in terms.spans:
        timeline = build_timeline(rows, span.agreement, terms, now=now)
        judgement = judge(timeline, span.agreement, terms, now)
        own = tuple(f for f in judgement.findings if f.started_at is not None and span.covers(f.started_at))
        judgements.append(Judgement(lead=rows.lead, findings=own, next_at=judgement.next_at))
    findings = sorted((f for j in judgements for f in j.findings), key=_order)
    return Judgement(lead=rows.lead, findings=tuple(findings), next_at=min((j.next_at for j in judgements if j.next_at), default=None))


def _order(finding: Finding) -> tuple[str, datetime | None, str]:
    return finding.rule, finding.started_at, finding.key


def judge(timeline: Timeline, agreement: Agreement, terms: Terms, now: datetime) -> Judgement:
    """Judge a timeline by one version of the agreement: a finding for every clock that started."""
    if timeline.excluded is not None:
        return Judgement(lead=timeline.lead, findings=(), next_at=None)
    judged: list[tuple[Finding, datetime | None]] = []
    pending: list[datetime] = []
    first, latest = _reach(agreement)
    for handoff in agreement.handoffs:
        if (at := pending_return(timeline, handoff, now)) is not None:
            pending.append(at)
        members = member_ids(terms.roster, timeline.crm, handoff.pool) if handoff.ownership == "pool" and handoff.pool else None
        for cycle in find_cycles(timeline, handoff, now):
            if not first <= cycle.opened_at <= latest:
                continue
            suspensions = find_suspensions(timeline, cycle, latest=latest)
            case = _Case(timeline, cycle, find_assignments(timeline, cycle, members), suspensions, agreement, terms, now)
            for clock in agreement.judged_clocks:
                if clock.handoff in (None, handoff.name):
                    judged += _judge_clock(clock, case)
    moments = [at for _, at in judged if at is not None] + pending
    return Judgement(lead=timeline.lead, findings=tuple(sorted((f for f, _ in judged), key=_order)), next_at=min(moments, default=None))


def _reach(agreement: Agreement) -> tuple[datetime, datetime]:
    """Return between which moments a clock may start: the agreement's calendars know ten years before it and some after it.

    What a CRM dates outside of that (an import of 1970, a slip of the year) is no handoff under this agreement.
    """
    first, last = agreement.calendar_span
    start, end = (datetime.combine(day, time.min, tzinfo=agreement.zone) for day in (first, last))
    return start + ROOM_BEFORE, end - ROOM_AFTER


@dataclass(frozen=True, slots=True)
class _Case:
    """One cycle with all that its clocks are judged by."""

    timeline: Timeline
    cycle: Cycle
    assignments: tuple[Assignment, ...]
    suspensions: tuple[Suspension, ...]
    agreement: Agreement
    terms: Terms
    now: datetime

    def attempts(self, clock: Clock) -> tuple[Attempt, ...]:
        """Return the cycle's touches as `clock` counts them; none for a clock that no touch keeps."""
        if not clocks.is_kept_by_touch(clock):
            return ()
        counts = clock.counts_sequence if clock.counts_sequence is not None else not self.cycle.by_hand_raise
        rule = TouchRule(by=clock.by, sequence_counts=counts)
        return find_attempts(self.timeline, self.cycle, rule, agreement=self.agreement, terms=self.terms, now=self.now)

    def starts(self, clock: Clock) -> Iterator[clocks.Start]:
        """Yield where `clock` starts in the cycle, each with its calendar."""
        crm = self.timeline.crm
        if clocks.is_owner_clock(clock):
            named = clock.calendar if clock.calendar not in (None, "owner") else None
            theirs = [self.terms.calendar_of(crm, a.owner, self.agreement) for a in self.assignments]
            found = [self.agreement.calendars[named] for _ in theirs] if named else theirs
        else:
            owner = self.assignments[0].owner if self.assignments and self.assignments[0].at == self.cycle.opened_at else None
            own = self.terms.calendar_of(crm, owner, self.agreement) if owner else None
            found = [clocks.lead_calendar(clock, self.cycle, self.agreement, own)]
        return clocks.find_starts(clock, self.cycle, self.assignments, found)


def _judge_clock(clock: Clock, case: _Case) -> Iterator[tuple[Finding, datetime | None]]:
    attempts = case.attempts(clock)
    stages = [stage.name for stage in case.agreement.stages]
    kept = clocks.find_kept(clock, case.cycle, case.timeline, assignments=case.assignments, attempts=attempts, stages=stages)
    suspensions = case.suspensions if clocks.is_kept_by_touch(clock) else ()
    for start in case.starts(clock):
        if clocks.is_owner_clock(clock) and any(k.at < start.at for k in kept):
            continue  # the promise was kept before this owner came
        due = clocks.deadline(clock, start, suspensions)
        verdict = clocks.weigh(
            start,
            due=due,
            warn_at=clocks.warnings(clock, start, suspensions),
            kept=kept,
            excused=clocks.first_excuse(case.timeline, start.at),
            now=case.now,
        )
        yield _finding(clock, case, start, verdict, attempts, suspensions), _next_at(verdict, case)


def _finding(
    clock: Clock, case: _Case, start: clocks.Start, verdict: clocks.Verdict, attempts: Sequence[Attempt], suspensions: Sequence[Suspension]
) -> Finding:
    unread = case.terms.unread_streams(case.timeline.records[0], verdict.due_at, touches=clocks.is_kept_by_touch(clock))
    status = Status.UNKNOWN if verdict.status is Status.BREACHED and verdict.settled_at is None and unread else verdict.status
    cycle = case.cycle
    upto = verdict.settled_at or min(case.now, start.ends_at or case.now)
    course = Course(start=start, due_at=verdict.due_at, assignments=case.assignments, upto=upto)
    return Finding(
        key=finding_key(rule=clock.name, fact=start.name),
        lead=case.timeline.lead,
        records=case.timeline.records,
        cycle=CycleRef(
            number=cycle.number, opened_at=cycle.opened_at, opened_by=cycle.opened_by, closed_at=cycle.closed_at, closed_by=cycle.closed_by
        ),
        rule=clock.name,
        kind="clock",
        status=status,
        side=responsible_side(clock, status, course, case.agreement),
        owner=start.assignment.owner if start.assignment else owner_at(case.timeline, min(verdict.due_at, upto)),
        started_at=start.at,
        due_at=verdict.due_at,
        settled_at=verdict.settled_at,
        late_by_s=max(0, round((upto - verdict.due_at).total_seconds())) if status is Status.BREACHED else None,
        evidence=(_opening(cycle), *_assigned(start, case), *_suspended(suspensions), *verdict.evidence, *clocks.refused(attempts)),
        message=message(clock, status, verdict, unread, case.agreement.zone),
    )


def _opening(cycle: Cycle) -> Evidence:
    return Evidence(at=cycle.opened_at, what=f"handed over: {cycle.opened_by}", source=cycle.source)


def _assigned(start: clocks.Start, case: _Case) -> tuple[Evidence, ...]:
    assignments = (start.assignment,) if start.assignment else case.assignments
    return tuple(Evidence(at=a.at, what=f"assigned to owner {a.owner}", source=a.source) for a in assignments)


def _suspended(suspensions: Sequence[Suspension]) -> tuple[Evidence, ...]:
    return tuple(Evidence(at=s.since, what="meeting booked, the clock stands still until its end", source=s.source) for s in suspensions)


def _next_at(verdict: clocks.Verdict, case: _Case) -> datetime | None:
    """Return when this finding, or what may be done about it, changes without news."""
    if verdict.status in (Status.RUNNING, Status.AT_RISK):
        return min(at for at in (*verdict.warn_at, verdict.due_at + AFTER) if at > case.now)
    settled = verdict.due_at + case.terms.settle
    return settled if verdict.status is Status.BREACHED and settled > case.now else None
