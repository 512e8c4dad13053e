"""Leads that should go back to Marketing: rejected, exhausted, stale, or left behind by their owner. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sync.facts import Exit, Left, StageReached
from sync.judge.case import BY_OWNER, Case
from sync.judge.conclude import Judged, Promise, Told, conclude, due_owner, fixed_side, lead_side
from sync.judge.cover import is_gone
from sync.judge.cycles import AGAIN, find_returns
from sync.judge.findings import Evidence, Finding, Side, Status
from sync.judge.verdict import Kept, Start, Stop, Verdict, first_excuse, weigh

BACK = (Exit.RECYCLED, Exit.DISQUALIFIED, Exit.RETURNED)
RULE = "recycle_due"
REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a lead should go back, since when, and the reason it is given."""

    what: str
    at: datetime
    name: str  # natural key of what caused it
    reason: str
    source: str  # where to look up what caused it
    stops: tuple[Stop, ...]  # what makes it pointless
    began_at: datetime  # when the promise that caused it started: the version that judges that one judges this one too


def judge_recycling(case: Case, found: Sequence[Finding]) -> Iterator[Judged]:
    """Yield a finding for every cause, from the cycle and from what was `found` of its other promises."""
    for cause in (*_rejected(case), *_exhausted(case, found), *_stale(case, found), *_owner_gone(case, found)):
        yield _judge(case, cause)


def _rejected(case: Case) -> Iterator[Cause]:
    reason, closed_at = case.agreement.recycle.when.get(REJECTED), case.cycle.closed_at
    if reason is not None and closed_at is not None and case.cycle.closed_by == Exit.REJECTED.value:
        ended = (Exit.DEAL_CLOSED, Exit.DELETED)
        stops = [(fact.at, fact.how.value) for fact in case.exits_after(closed_at, None) if fact.how in ended]
        if case.next_opened_at is not None:
            stops.append((case.next_opened_at, AGAIN))
        rejection = next(f for f in case.facts if isinstance(f, Left) and f.how is Exit.REJECTED and f.at == closed_at)
        yield Cause(
            what=REJECTED, at=closed_at, name=rejection.name, reason=reason, source=rejection.source, stops=tuple(stops), began_at=closed_at
        )


def _exhausted(case: Case, found: Sequence[Finding]) -> Iterator[Cause]:
    rules = {cadence.name: cadence for cadence in case.agreement.cadences}
    levels = {(level.name, one.name): one for level in case.agreement.levels for one in level.cadences}
    for finding in found:
        if finding.kind == "cadence" and finding.settled_at is not None:
            cadence = levels.get((finding.level or "", finding.rule), rules[finding.rule])
            since = finding.settled_at
            replies = [(reply.at, "the lead replied") for reply in case.replies if reply.at > since]
            if cadence.recycle is not None:
                stops = (*replies, *_later_stages(case, cadence.stage, since))
                yield Cause(
                    what="all attempts made",
                    at=since,
                    name=finding.key,
                    source=_last_source(finding),
                    reason=cadence.recycle,
                    stops=stops,
                    began_at=finding.started_at or since,
                )


def _stale(case: Case, found: Sequence[Finding]) -> Iterator[Cause]:
    reason = case.agreement.recycle.when.get("stale")
    stages = {f"stale {stage.name}": stage.name for stage in case.agreement.stages}
    for finding in found:
        broken = finding.kind == "stale" and finding.status is Status.BREACHED and finding.due_at is not None
        if reason is not None and broken and finding.due_at is not None:
            signs = [a.at for a in case.attempts(BY_OWNER) if a.refused is None] + [reply.at for reply in case.replies]
            alive = [(at, "something happened again") for at in signs if at > finding.due_at]
            stops = (*alive, *_later_stages(case, stages[finding.rule], finding.due_at))
            yield Cause(
                what="stale",
                at=finding.due_at,
                name=finding.key,
                source=_last_source(finding),
                reason=reason,
                stops=stops,
                began_at=finding.started_at or finding.due_at,
            )


def _owner_gone(case: Case, found: Sequence[Finding]) -> Iterator[Cause]:
    reason = case.agreement.recycle.when.get("owner gone")
    for finding in found:
        broken = finding.kind == "cover" and finding.status is Status.BREACHED
        if reason is not None and broken and finding.due_at is not None and is_gone(case, finding.owner):
            covered = [(finding.settled_at, "somebody else has it")] if finding.settled_at is not None else []
            stops = (*covered, *_later_stages(case, None, finding.due_at))
            yield Cause(
                what="its owner left",
                at=finding.due_at,
                name=finding.key,
                source=_last_source(finding),
                reason=reason,
                stops=stops,
                began_at=finding.started_at or finding.due_at,
            )


def _last_source(finding: Finding) -> str:
    """Return where to look up the last thing that a finding rests on."""
    return next((one.source for one in reversed(finding.evidence) if one.counted), str(finding.records[0]))


def _later_stages(case: Case, stage: str | None, since: datetime) -> list[Stop]:
    """Return when the lead reached a stage after `stage` (None: any stage) since then."""
    later = case.stages_from(stage)[1:] if stage is not None else [one.name for one in case.agreement.stages]
    facts = (fact for fact in case.facts if isinstance(fact, StageReached) and fact.stage in later and fact.at > since)
    return [(fact.at, f"reached {fact.stage}") for fact in facts]


def _judge(case: Case, cause: Cause) -> Judged:
    recycle = case.agreement.recycle
    start = _start(case, cause)
    due = recycle.within.after(cause.at, start.calendar)
    verdict = weigh(start, due=due, kept=_back(case, cause), excused=first_excuse(case.timeline, cause.at), now=case.now)
    as_what = f"{cause.what}; as `{cause.reason}`, for {recycle.returns[cause.reason].text}"
    evidence = Evidence(at=cause.at, what=f"due to go back: {as_what}", source=cause.source)
    promise = Promise(
        rule=RULE,
        kind="recycle",
        words=f"{recycle.within.text} after: {as_what}",
        reason=cause.reason,
        by_touch=True,
        of_passage=cause.what != REJECTED,
    )
    told = replace(_responsible(case, cause, start, verdict), evidence=(evidence,))
    return conclude(case, promise, start, verdict, told)._replace(began_at=cause.began_at)


def _start(case: Case, cause: Cause) -> Start:
    """Return where the promise starts; but for a rejected lead it ends with the cycle."""
    cycle, stops = case.cycle, [*cause.stops]
    if cause.what != REJECTED and cycle.closed_at is not None:
        stops.append((cycle.closed_at, cycle.closed_by or ""))
    ends_at, ends_by = min(stops, default=(None, None))
    calendar = case.agreement.calendars["default"]
    return Start(at=cause.at, name=f"{cause.what}|{cause.name}", calendar=calendar, ends_at=ends_at, ends_by=ends_by)


def _responsible(case: Case, cause: Cause, start: Start, verdict: Verdict) -> Told:
    """Return whose it is: the owner's at a rejection, else as for any promise to the lead."""
    if cause.what != REJECTED:
        return Told(owner=due_owner(case, start, verdict), side=lead_side(case, start, verdict))
    owner = case.holder_at(cause.at)
    return Told(owner=owner, side=fixed_side(Side.OWNER if owner is not None else Side.SYSTEM))


def _back(case: Case, cause: Cause) -> list[Kept]:
    """Return every way back that came at or after the cause, in order."""
    lefts = (fact for fact in case.timeline.facts if isinstance(fact, Left) and fact.how in BACK and fact.at >= cause.at)
    kept = [Kept(at=fact.at, what=fact.how.value, source=fact.source) for fact in lefts]
    returns = find_returns(case.timeline.facts, case.cycle.handoff, case.now)
    kept += [Kept(at=at, what=Exit.RETURNED.value, source=case.cycle.source) for at in returns if at >= cause.at]
    return sorted(kept, key=lambda one: one.at)
