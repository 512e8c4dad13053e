"""Judge one lead: every promise in every cycle and outside of them, and when that changes next. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sync.agreement.model import Agreement, Handoff
from sync.history import readings
from sync.judge.cadence import judge_cadences
from sync.judge.case import Case
from sync.judge.clocks import judge_clocks
from sync.judge.conclude import Judged
from sync.judge.cover import judge_bounces, judge_cover, pending_absence
from sync.judge.cycles import Cycle, find_cycles, pending_return
from sync.judge.findings import Finding, Judgement
from sync.judge.missed import Outside, judge_early_pull, judge_missed, pending_pull
from sync.judge.oddities import judge_oddities
from sync.judge.owners import owned_within
from sync.judge.premature import judge_premature
from sync.judge.reasons import judge_reasons
from sync.judge.recycle import judge_recycling
from sync.judge.stale import judge_staleness
from sync.judge.two_crms import judge_delivery, judge_drift
from sync.judge.unknown import agree
from sync.judge.waived import each_waived, waived
from sync.roster import member_ids
from sync.rows import LeadRows
from sync.terms import Terms
from sync.timeline import Deriving, Timeline, build_timeline, pending_reply

ROOM_BEFORE = timedelta(days=2)  # zones differ from the agreement's by at most that
ROOM_AFTER = timedelta(days=730)  # room for the longest clock that starts last

Rule = Callable[[Case], Iterator[Judged]]
IN_CYCLE: tuple[Rule, ...] = (
    judge_clocks,
    judge_cadences,
    judge_staleness,
    judge_premature,
    judge_reasons,
    judge_cover,
    judge_bounces,
    judge_delivery,
)
OUT_OF_CYCLE: tuple[Callable[[Outside], Iterator[Judged]], ...] = (judge_missed, judge_early_pull)


def judge_lead(rows: LeadRows, terms: Terms, now: datetime, *, derive: Deriving = build_timeline) -> Judgement:
    """Judge one lead from its mirror rows, in every way its observed changes may have happened."""
    judgements = [judge_reading(reading, terms, now, derive=derive) for reading in readings(rows, terms.judged_fields)]
    findings = tuple(waived(finding, terms) for finding in agree([judgement.findings for judgement in judgements]))
    moments = [judgement.next_at for judgement in judgements if judgement.next_at is not None]
    return Judgement(lead=rows.lead, findings=findings, next_at=min(moments, default=None))


def judge_reading(rows: LeadRows, terms: Terms, now: datetime, *, derive: Deriving = build_timeline) -> Judgement:
    """Judge one lead whose changes all have a moment; each promise by the version in force when it started."""
    findings: list[Finding] = []
    moments: list[datetime] = []
    for span, outset in zip(terms.spans, terms.outsets, strict=True):
        if not outset.allows(rows):
            continue
        judged, pending = judge(derive(rows, span.agreement, terms, now=now), span.agreement, terms, now)
        findings += [one.finding for one in judged if span.covers(one.began_at)]
        moments += [*pending, *(one.next_at for one in judged if one.next_at is not None)]
    return Judgement(lead=rows.lead, findings=tuple(sorted(findings, key=_order)), next_at=min(moments, default=None))


def _order(finding: Finding) -> tuple[str, bool, datetime | None, str]:
    return finding.rule, finding.started_at is not None, finding.started_at, finding.key


def judge(timeline: Timeline, agreement: Agreement, terms: Terms, now: datetime) -> tuple[list[Judged], list[datetime]]:
    """Judge a timeline by one version of the agreement: its findings, and further moments at which they may change."""
    if timeline.excluded is not None:
        return [], []
    judged: list[Judged] = []
    pending: list[datetime | None] = []
    all_cycles: list[Cycle] = []
    all_cases: list[Case] = []
    first, latest = _reach(agreement.calendar_span, agreement.zone)
    for handoff in agreement.handoffs:
        cycles = find_cycles(timeline, handoff, agreement, now)
        within = _owned_as_agreed(timeline, handoff, terms) if cycles else timeline
        all_cycles += [cycle for cycle in cycles if first <= cycle.opened_at <= latest]
        pending.append(pending_return(timeline, handoff, now))
        for case in _cases(within, cycles, agreement=agreement, terms=terms, now=now):
            all_cases.append(case)
            judged += _judge_case(case)
            pending.append(pending_absence(case))
        outside = Outside(timeline=timeline, handoff=handoff, cycles=cycles, agreement=agreement, terms=terms, now=now, latest=latest)
        judged += (one for rule in OUT_OF_CYCLE for one in rule(outside) if first <= one.began_at <= latest)
        pending.append(pending_pull(outside))
    drifts, drifting = judge_drift(all_cases, now)
    judged += drifts
    pending += drifting
    if all_cycles:
        pending.append(pending_reply(timeline, now))
    judged += judge_oddities(timeline, all_cycles, agreement, terms)
    return _each_once(each_waived(judged, terms)), [at for at in pending if at is not None]


def _each_once(judged: Iterable[Judged]) -> list[Judged]:
    """Leave out what two passages say of one fact: the passage that opened last tells it."""
    by_key: dict[str, Judged] = {}
    for one in sorted(judged, key=lambda one: one.finding.cycle.opened_at or one.began_at):
        by_key[one.finding.key] = one
    return list(by_key.values())


def _cases(timeline: Timeline, cycles: Sequence[Cycle], *, agreement: Agreement, terms: Terms, now: datetime) -> Iterator[Case]:
    first, latest = _reach(agreement.calendar_span, agreement.zone)
    for number, cycle in enumerate(cycles, start=1):
        if first <= cycle.opened_at <= latest:
            yield Case(
                timeline=timeline,
                cycle=cycle,
                next_opened_at=cycles[number].opened_at if number < len(cycles) else None,
                follows_at_once=number > 1 and cycles[number - 2].closed_at == cycle.opened_at,
                agreement=agreement,
                terms=terms,
                now=now,
                latest=latest,
            )


def _judge_case(case: Case) -> list[Judged]:
    judged = list(each_waived((one for rule in IN_CYCLE for one in rule(case)), case.terms))
    return judged + list(judge_recycling(case, [one.finding for one in judged]))


def _owned_as_agreed(timeline: Timeline, handoff: Handoff, terms: Terms) -> Timeline:
    """Return the timeline with the owners that count in `handoff`: anybody, or the members of its pool."""
    if handoff.ownership != "pool" or handoff.pool is None:
        return timeline
    return owned_within(timeline, member_ids(terms.roster, timeline.crm, handoff.pool))


@lru_cache(maxsize=100)
def _reach(calendar_span: tuple[date, date], zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return between which moments a clock may start: the agreement's calendars know ten years before it and some after it.

    What a CRM dates outside of that (an import of 1970, a slip of the year) is no handoff under this agreement.
    """
    start, end = (datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC) for day in calendar_span)
    return start + ROOM_BEFORE, end - ROOM_AFTER
