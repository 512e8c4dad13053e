"""Clocks: what keeps them, and what became of each that started in a cycle. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.agreement import model
from sync.agreement.model import Clock
from sync.facts import Exit, Fact, Left, StageReached
from sync.judge.case import Case
from sync.judge.conclude import AFTER, Judged, Promise, Told, conclude, due_owner, fixed_side, lasted_upto, lead_side, refused
from sync.judge.cycles import Cycle
from sync.judge.findings import Side, Status
from sync.judge.levels import clock_at
from sync.judge.responsible import Course, blame_moves_at, responsible_side
from sync.judge.starts import find_starts, is_owner_clock, returned
from sync.judge.touches import Attempt, Suspension, TouchRule
from sync.judge.verdict import Kept, Start, Verdict, deadline, first_excuse, suspended_by, warnings, weigh

EXITS = {
    model.Rejected: Exit.REJECTED,
    model.Recycled: Exit.RECYCLED,
    model.Disqualified: Exit.DISQUALIFIED,
    model.Returned: Exit.RETURNED,
}
TOUCHED = (model.Touch, model.Answered, model.NurturedBy)
ANSWERING = (model.StartWord.REPLY, model.StartWord.HAND_RAISE)


def judge_clocks(case: Case) -> Iterator[Judged]:
    """Yield a finding for every clock that started in the cycle."""
    for clock in case.agreement.clocks:
        if clock.handoff in (None, case.cycle.handoff.name):
            yield from _judge(case, clock)


def _judge(case: Case, clock: Clock) -> Iterator[Judged]:
    for start in find_starts(case, clock, lambda start: _kept(case, clock_at(case, clock, start.at)[0])):
        rule, level = clock_at(case, clock, start.at)
        kept = _kept(case, rule)
        if is_owner_clock(rule) and any(k.at < start.at for k in kept):
            continue  # the promise was kept before this owner came
        yield _judge_start(case, rule, level, start, kept)


def _judge_start(case: Case, clock: Clock, level: str | None, start: Start, kept: Sequence[Kept]) -> Judged:
    by_touch = is_kept_by_touch(clock)
    suspensions = suspended_by(clock.within, start, case.meetings if by_touch else ())
    verdict = weigh(
        start,
        due=deadline(clock.within, start, suspensions),
        warn_at=warnings(clock.within, clock.warn_at, start, suspensions),
        kept=kept,
        excused=first_excuse(case.timeline, start.at),
        now=case.now,
    )
    promise = Promise(rule=clock.name, kind="clock", words=clock.within.text, level=level, by_touch=by_touch)
    attempts = _attempts(case, clock)
    told = Told(
        owner=due_owner(case, start, verdict),
        side=_Blame(case=case, clock=clock, start=start, verdict=verdict, suspensions=suspensions),
        evidence=refused(attempts),
        suspensions=suspensions,
        moments=[*(attempt.at for attempt in attempts), *_blame_moves(case, clock, start, verdict, suspensions)],
        warned=tuple(round(100 * share) for share, at in zip(clock.warn_at, verdict.warn_at, strict=True) if at <= case.now),
    )
    return conclude(case, promise, start, verdict, told)


def is_kept_by_touch(clock: Clock) -> bool:
    """Whether a touch keeps `clock`, so that bookings suspend it and activities are its proof."""
    return any(isinstance(way, TOUCHED) for way in clock.kept_by)


def _window(case: Case, clock: Clock) -> Cycle:
    """Return the time whose facts keep `clock`: the cycle, or for a returned lead what follows it."""
    after = returned(case) if clock.starts is model.StartWord.RECYCLED else None
    return after.cycle if after is not None else case.cycle


def _attempts(case: Case, clock: Clock) -> tuple[Attempt, ...]:
    """Return the touches as `clock` counts them; none for a clock that no touch keeps."""
    if not is_kept_by_touch(clock):
        return ()
    return case.attempts(_touch_rule(case, clock), _window(case, clock))


def _touch_rule(case: Case, clock: Clock) -> TouchRule:
    nurturing = any(isinstance(way, model.NurturedBy) for way in clock.kept_by)
    answering = "reply" if clock.starts is model.StartWord.REPLY else "hand-raise"
    asked = clock.starts in ANSWERING or case.cycle.by_hand_raise
    counts = clock.counts_sequence if clock.counts_sequence is not None else not asked
    return TouchRule(by=clock.by, answering=None if counts else answering, nurturing=nurturing)


def _kept(case: Case, clock: Clock) -> list[Kept]:
    """Return every fact that keeps `clock`, oldest first."""
    window, kept = _window(case, clock), []
    for way in clock.kept_by:
        match way:
            case model.Assigned():
                kept += [Kept(at=a.at, what="assigned", source=a.source) for a in case.assignments]
            case model.Touch() | model.Answered() | model.NurturedBy():
                kept += [Kept(at=a.at, what=a.what, source=str(a.activity.key)) for a in _attempts(case, clock) if a.refused is None]
            case model.StageReached(stage=stage):
                kept += _stages_reached(case, window, case.stages_from(stage))
            case model.Rejected() | model.Recycled() | model.Disqualified() | model.Returned():
                kept += _exits(case, window, EXITS[type(way)])
    return sorted(kept, key=lambda k: (k.at, k.source))


def _facts(case: Case, window: Cycle) -> Sequence[Fact]:
    return case.facts if window is case.cycle else case.timeline.facts


def _exits(case: Case, window: Cycle, how: Exit) -> list[Kept]:
    if how is Exit.RETURNED:
        returned_at = window.closed_at if window.closed_by == how.value else None
        return [Kept(at=returned_at, what=how.value, source=window.source)] if returned_at else []
    return [
        Kept(at=fact.at, what=fact.how.value, source=fact.source)
        for fact in _facts(case, window)
        if isinstance(fact, Left) and fact.how is how and window.holds(fact.at) and not fact.ours
    ]


def _stages_reached(case: Case, window: Cycle, stages: Sequence[str]) -> list[Kept]:
    return [
        Kept(at=fact.at, what=f"reached {fact.stage} or passed it", source=fact.source)
        for fact in _facts(case, window)
        if isinstance(fact, StageReached) and fact.stage in stages and window.holds(fact.at) and not fact.ours
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blame:
    """Whom a clock's finding holds responsible, by its status."""

    case: Case
    clock: Clock
    start: Start
    verdict: Verdict
    suspensions: Sequence[Suspension]

    def __call__(self, status: Status) -> Side:
        owed_by = Side(self.clock.owed_by)
        if owed_by is not Side.OWNER or is_owner_clock(self.clock):
            return fixed_side(owed_by)(status)
        if self.clock.starts is model.StartWord.HANDOFF:
            return responsible_side(self.clock, status, _course(self.case, self.start, self.verdict, self.suspensions))
        return lead_side(self.case, self.start, self.verdict)(status)


def _course(case: Case, start: Start, verdict: Verdict, suspensions: Sequence[Suspension]) -> Course:
    upto = lasted_upto(case, start, verdict)
    return Course(
        start=start,
        assignments=case.assignments,
        suspensions=suspensions,
        assign_by=_assign_by(case),
        owner_now=case.owner_at(upto),
        upto=min(upto, case.latest),
    )


def _assign_by(case: Case) -> datetime:
    """Return by when the agreement's own clock from the handoff wants the lead assigned; without one, at once."""
    for clock in case.agreement.clocks:
        mine = clock.handoff in (None, case.cycle.handoff.name) and clock.starts is model.StartWord.HANDOFF
        if mine and model.Assigned() in clock.kept_by:
            rule, _ = clock_at(case, clock, case.cycle.opened_at)
            return min(deadline(rule.within, start, ()) for start in find_starts(case, rule, lambda _: ()))
    return case.cycle.opened_at


def _blame_moves(case: Case, clock: Clock, start: Start, verdict: Verdict, suspensions: Sequence[Suspension]) -> Iterator[datetime]:
    """Yield when a late router's breach becomes the owners', if it goes on like this."""
    open_breach = verdict.status is Status.BREACHED and verdict.settled_at is None
    if open_breach and clock.starts is model.StartWord.HANDOFF and clock.owed_by == Side.OWNER.value:
        moves_at = blame_moves_at(clock, _course(case, start, verdict, suspensions))
        if moves_at is not None:
            yield moves_at + AFTER
