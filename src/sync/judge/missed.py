"""Leads that qualified and were not handed over, and leads that Sales took before they were. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.agreement.criteria_types import Row
from sync.agreement.model import Agreement, Handoff, Stage, StageEntered
from sync.facts import Exit, Fact, FellBack, Left, OwnerSet, StageLeft, StageReached
from sync.history import local_text
from sync.judge.case import Case
from sync.judge.conclude import AFTER, Judged, Promise, Told, conclude, fixed_side
from sync.judge.cycles import Cycle, cool_offs, is_cooling
from sync.judge.findings import Side, Status
from sync.judge.verdict import Kept, Start, Verdict, first_excuse, weigh
from sync.roster import member_ids
from sync.terms import Terms
from sync.timeline import Timeline
from sync.values import is_blank


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A lead and one handoff, with the cycles it had in it: what is judged is the time outside of them."""

    timeline: Timeline
    handoff: Handoff
    cycles: Sequence[Cycle]
    agreement: Agreement
    terms: Terms
    now: datetime
    latest: datetime

    def case(self, opened_by: str, at: datetime) -> Case:
        """Return the case of a promise that belongs to no cycle: passage number 0."""
        nowhere = Cycle(
            number=0,
            handoff=self.handoff,
            opened_at=at,
            opened_by=opened_by,
            by_hand_raise=False,
            stage=None,
            name=opened_by,
            source=str(self.timeline.records[0]),
        )
        return Case(
            timeline=self.timeline,
            cycle=nowhere,
            next_opened_at=None,
            agreement=self.agreement,
            terms=self.terms,
            now=self.now,
            latest=self.latest,
        )


def judge_missed(outside: Outside) -> Iterator[Judged]:
    """Yield a finding for every moment at which the lead qualified and was in no cycle of the handoff."""
    names = [trigger.stage for trigger in outside.handoff.opens_on if isinstance(trigger, StageEntered)]
    for stage in outside.agreement.stages:
        if stage.name in names and stage.criteria is not None and outside.timeline.values.can_hold(stage.criteria):
            yield from _missed(outside, stage)


def _missed(outside: Outside, stage: Stage) -> Iterator[Judged]:
    values, now = outside.timeline.values, outside.now
    test, fields = _qualifies(outside.handoff, stage)
    turns = list(values.turns(test, fields, now))
    if not any(true for _, true in turns) or not all(values.is_known(field, at) for at, true in turns if true for field in fields):
        return
    cooling = cool_offs(outside.timeline.facts, outside.agreement)
    for at, true in turns:
        if true and not is_cooling(cooling, at) and _is_due(outside, stage, at):
            ended = next((when for when, holds in turns if when > at and not holds), None)
            yield _judge_missed(outside, stage, at, ended, values.origin(fields, at))


def _qualifies(handoff: Handoff, stage: Stage) -> tuple[Callable[[Row], bool], frozenset[str]]:
    """Return the test whether a lead may be handed over in `stage`, and the fields it asks."""
    criteria, required = stage.criteria, frozenset((*stage.required, *handoff.required))
    if criteria is None:
        return lambda _: False, frozenset()

    def test(row: Row) -> bool:
        return criteria.truth(row) is True and not any(is_blank(row.get(name)) for name in required)

    return test, criteria.fields | required


def _is_due(outside: Outside, stage: Stage, at: datetime) -> bool:
    """Whether a lead that qualifies at `at` waits to be handed over: in no cycle, in no later stage, not out for good."""
    if any(cycle.holds(at) for cycle in outside.cycles):
        return False
    later = [one.name for one in outside.agreement.stages[outside.agreement.stages.index(stage) + 1 :]]
    if any(stands(outside.timeline.facts, name, at) for name in later):
        return False
    opened = max((cycle.opened_at for cycle in outside.cycles if cycle.opened_at <= at), default=None)
    out = (f for f in outside.timeline.facts if isinstance(f, Left) and f.how is Exit.DISQUALIFIED and f.at <= at)
    return not any(opened is None or fact.at >= opened for fact in out)


def stands(facts: Sequence[Fact], stage: str, at: datetime) -> bool:
    """Whether the lead stands in `stage`, or beyond it on the CRM's ladder, at `at`."""
    standing = on_ladder = False
    for fact in facts:
        if fact.at > at:
            break
        if isinstance(fact, StageReached) and fact.stage == stage:
            standing, on_ladder = True, fact.on_ladder
        elif (isinstance(fact, FellBack) and fact.stage == stage) or (
            isinstance(fact, StageLeft) and fact.stage == stage and not on_ladder
        ):
            standing = False
    return standing


def _judge_missed(outside: Outside, stage: Stage, at: datetime, ended: datetime | None, origin: tuple[str, str]) -> Judged:
    case = outside.case("qualified", at)
    ends_at, ends_by = min(_ends(outside, stage, at, ended), default=(None, None))
    start = Start(at=at, name=f"{stage.name}|{origin[0]}", calendar=case.pool_calendar, ends_at=ends_at, ends_by=ends_by)
    within = outside.handoff.hand_over_within
    kept = [Kept(at=c.opened_at, what=f"handed over: {c.opened_by}", source=c.source) for c in outside.cycles if c.opened_at > at]
    excused = first_excuse(outside.timeline, at)
    verdict = weigh(start, due=within.after(at, start.calendar), kept=kept, excused=excused, now=outside.now)
    promise = Promise(rule="missed_handoff", kind="handoff", words=within.text)
    told = Told(owner=None, side=fixed_side(Side.MARKETING))
    return conclude(case, promise, start, verdict, told)


def _ends(outside: Outside, stage: Stage, at: datetime, ended: datetime | None) -> Iterator[tuple[datetime, str]]:
    if ended is not None:
        yield ended, "it no longer qualifies"
    later = [one.name for one in outside.agreement.stages[outside.agreement.stages.index(stage) + 1 :]]
    for fact in outside.timeline.facts:
        if fact.at > at and isinstance(fact, StageReached) and fact.stage in later:
            yield fact.at, f"reached {fact.stage}"
        elif fact.at > at and isinstance(fact, Left) and fact.how in (Exit.DISQUALIFIED, Exit.DELETED):
            yield fact.at, fact.how.value


def judge_early_pull(outside: Outside) -> Iterator[Judged]:
    """Yield a finding for every member of the pool who owned the lead before its first cycle."""
    handoff, now = outside.handoff, outside.now
    if not handoff.kept_until_handoff or handoff.pool is None:
        return
    members = member_ids(outside.terms.roster, outside.timeline.crm, handoff.pool)
    first = outside.cycles[0].opened_at if outside.cycles else None
    owners = [fact for fact in outside.timeline.facts if isinstance(fact, OwnerSet)]
    for number, fact in enumerate(owners):
        again = number > 0 and owners[number - 1].owner == fact.owner
        if fact.owner not in members or again or (first is not None and first - fact.at <= handoff.reopen_after):
            continue
        given_up = next((later.at for later in owners[number:] if later.owner != fact.owner), None)
        settled = min((moment for moment in (given_up, first) if moment is not None), default=None)
        if now - fact.at > handoff.reopen_after:
            yield _early(outside, fact, settled)


def pending_pull(outside: Outside) -> datetime | None:
    """Return when an owner who was just set counts as an early pull, if the lead is not handed over before."""
    handoff = outside.handoff
    if not handoff.kept_until_handoff or outside.cycles:
        return None
    sets = (fact.at for fact in outside.timeline.facts if isinstance(fact, OwnerSet) and fact.owner)
    pending = [at + handoff.reopen_after + AFTER for at in sets if outside.now - at <= handoff.reopen_after]
    return min(pending, default=None)


def _early(outside: Outside, fact: OwnerSet, settled: datetime | None) -> Judged:
    case = outside.case("owned before the handoff", fact.at)
    start = Start(at=fact.at, name=fact.name, calendar=case.pool_calendar)
    verdict = Verdict(status=Status.BREACHED, due_at=fact.at, settled_at=settled)
    told = f"early_pull: owned by the pool from {local_text(fact.at, outside.agreement.zone)} on, before it was handed over"
    promise = Promise(rule="early_pull", kind="handoff", words="", told=told)
    return conclude(case, promise, start, verdict, Told(owner=fact.owner, side=fixed_side(Side.OWNER)))
