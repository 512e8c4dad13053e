"""Judge one lead: its cycles, every clock in them, who is responsible, and when that changes next. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sync.agreement.model import Agreement, Handoff
from sync.history import readings
from sync.judge.case import Case, Judged
from sync.judge.cycles import find_cycles, owned_within, pending_return
from sync.judge.findings import Finding, Judgement
from sync.judge.unknown import agree
from sync.rows import LeadRows
from sync.terms import Terms, member_ids
from sync.timeline import Timeline, build_timeline

ROOM_BEFORE = timedelta(days=2)  # zones differ from the agreement's by at most that
ROOM_AFTER = timedelta(days=730)  # room for the longest clock that starts last


def judge_lead(rows: LeadRows, terms: Terms, now: datetime) -> Judgement:
    """Judge one lead from its mirror rows, in every way its observed changes may have happened."""
    judgements = [judge_reading(reading, terms, now) for reading in readings(rows, terms.judged_fields)]
    findings = agree([judgement.findings for judgement in judgements])
    moments = [judgement.next_at for judgement in judgements if judgement.next_at is not None]
    return Judgement(lead=rows.lead, findings=findings, next_at=min(moments, default=None))


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
    judged: list[Judged] = []
    pending: list[datetime] = []
    first, latest = _reach(agreement)
    for handoff in agreement.handoffs:
        if (at := pending_return(timeline, handoff, now)) is not None:
            pending.append(at)
        within = _owned_as_agreed(timeline, handoff, terms)
        for cycle in find_cycles(within, handoff, now):
            if not first <= cycle.opened_at <= latest:
                continue
            case = Case(within, cycle, agreement=agreement, terms=terms, now=now, latest=latest)
            judged += case.judged()
    moments = [at for _, at in judged if at is not None] + pending
    return Judgement(lead=timeline.lead, findings=tuple(sorted((f for f, _ in judged), key=_order)), next_at=min(moments, default=None))


def _owned_as_agreed(timeline: Timeline, handoff: Handoff, terms: Terms) -> Timeline:
    """Return the timeline with the owners that count in `handoff`: anybody, or the members of its pool."""
    if handoff.ownership != "pool" or handoff.pool is None:
        return timeline
    return owned_within(timeline, member_ids(terms.roster, timeline.crm, handoff.pool))


def _reach(agreement: Agreement) -> tuple[datetime, datetime]:
    """Return between which moments a clock may start: the agreement's calendars know ten years before it and some after it.

    What a CRM dates outside of that (an import of 1970, a slip of the year) is no handoff under this agreement.
    """
    first, last = agreement.calendar_span
    start, end = (datetime.combine(day, time.min, tzinfo=agreement.zone) for day in (first, last))
    return start + ROOM_BEFORE, end - ROOM_AFTER
