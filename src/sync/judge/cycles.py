"""Passages of a lead through a handoff: where each opens, why it closes, who was assigned in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from sync.agreement.model import Handoff, HandRaise
from sync.agreement.model import StageEntered as OnStage
from sync.timeline import Fact, FellBack, HandRaised, Left, OwnerSet, StageEntered, StageLeft, StageReached, Timeline

AGAIN = "handed over again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An owner taking the lead within a cycle, until somebody else (or nobody) owns it."""

    owner: str
    at: datetime
    until: datetime | None  # None: still, or until the cycle closed
    name: str  # natural key of the fact
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One passage of the lead through one handoff; both ends belong to it."""

    number: int
    handoff: Handoff
    opened_at: datetime
    opened_by: str  # `stage MQL`, `hand-raise Demo request`
    by_hand_raise: bool
    name: str  # natural key of the fact that opened it
    source: str
    closed_at: datetime | None = None
    closed_by: str | None = None

    def holds(self, at: datetime) -> bool:
        """Whether `at` lies in the cycle; both ends do."""
        return self.opened_at <= at and (self.closed_at is None or at <= self.closed_at)


@dataclass(frozen=True, slots=True)
class _Opening:
    fact: Fact
    by: str
    by_hand_raise: bool

    @property
    def at(self) -> datetime:
        return self.fact.at


@dataclass(frozen=True, slots=True)
class _Closing:
    at: datetime
    why: str


_Event = _Opening | _Closing


def find_cycles(timeline: Timeline, handoff: Handoff, now: datetime) -> tuple[Cycle, ...]:
    """Return the lead's cycles in `handoff`, oldest first; only the last one can be open."""
    facts = timeline.facts
    events: list[_Event] = [*_stage_openings(facts, handoff), *_hand_raises(facts, handoff), *_exits(facts), *_returns(facts, handoff, now)]
    cycles: list[Cycle] = []
    stages_seen = False
    for _, group in groupby(sorted(events, key=lambda event: event.at), key=lambda event: event.at):
        for event in _in_order(list(group), is_open=_is_open(cycles)):
            if isinstance(event, _Closing):
                _close(cycles, event)
            elif not _is_open(cycles):
                cycles.append(_open(event, handoff, number=len(cycles) + 1))
                stages_seen = not event.by_hand_raise
            elif not event.by_hand_raise and stages_seen:
                _close(cycles, _Closing(event.at, AGAIN))
                cycles.append(_open(event, handoff, number=len(cycles) + 1))
            elif not event.by_hand_raise:
                stages_seen = True
    return tuple(cycles)


def _in_order(events: Sequence[_Event], *, is_open: bool) -> list[_Event]:
    """Order what happened at one moment: an open cycle closes before the next opens, else it opens first."""
    return sorted(events, key=lambda event: (isinstance(event, _Opening) == is_open, isinstance(event, _Opening) and event.by_hand_raise))


def _is_open(cycles: Sequence[Cycle]) -> bool:
    return bool(cycles) and cycles[-1].closed_at is None


def _open(opening: _Opening, handoff: Handoff, *, number: int) -> Cycle:
    fact = opening.fact
    return Cycle(
        number=number,
        handoff=handoff,
        opened_at=fact.at,
        opened_by=opening.by,
        by_hand_raise=opening.by_hand_raise,
        name=fact.name,
        source=fact.source,
    )


def _close(cycles: list[Cycle], closing: _Closing) -> None:
    if _is_open(cycles):
        cycles[-1] = replace(cycles[-1], closed_at=closing.at, closed_by=closing.why)


def _spans(
    facts: Sequence[Fact], *, starts: type[Fact], ends: type[Fact], stage: str, gap: timedelta
) -> Iterator[tuple[Fact, datetime | None]]:
    """Yield (first fact, end) of each stay in a stage; stays at most `gap` apart are one. End None: still there."""
    begun: Fact | None = None
    left: datetime | None = None
    for fact in facts:
        if isinstance(fact, starts) and getattr(fact, "stage", None) == stage:
            if begun is not None and left is not None and fact.at - left > gap:
                yield begun, left
                begun = None
            begun, left = begun or fact, None
        elif isinstance(fact, ends) and getattr(fact, "stage", None) == stage and begun is not None and left is None:
            left = fact.at
    if begun is not None:
        yield begun, left


def _handoff_stages(handoff: Handoff) -> list[str]:
    return [trigger.stage for trigger in handoff.opens_on if isinstance(trigger, OnStage)]


def _stage_openings(facts: Sequence[Fact], handoff: Handoff) -> Iterator[_Opening]:
    for stage in _handoff_stages(handoff):
        for begun, _ in _spans(facts, starts=StageEntered, ends=StageLeft, stage=stage, gap=handoff.reopen_after):
            yield _Opening(begun, f"stage {stage}", by_hand_raise=False)


def _returns(facts: Sequence[Fact], handoff: Handoff, now: datetime) -> Iterator[_Closing]:
    for stage in _handoff_stages(handoff):
        for _, end in _spans(facts, starts=StageReached, ends=FellBack, stage=stage, gap=handoff.reopen_after):
            if end is not None and now - end > handoff.reopen_after:
                yield _Closing(end, "returned")


def _hand_raises(facts: Sequence[Fact], handoff: Handoff) -> Iterator[_Opening]:
    triggers = [trigger for trigger in handoff.opens_on if isinstance(trigger, HandRaise)]
    listed = {form.casefold(): form for trigger in triggers for form in trigger.forms}
    any_form = any(not trigger.forms for trigger in triggers)
    for fact in facts:
        if isinstance(fact, HandRaised) and (form := _listed_form(fact.form, listed) or (fact.form if any_form else None)):
            yield _Opening(fact, f"hand-raise {form}", by_hand_raise=True)


def _listed_form(name: str, listed: dict[str, str]) -> str | None:
    """Return the agreement's form that a CRM's form name means: the whole name, or what follows `Page title: `."""
    return listed.get(name.strip().casefold()) or listed.get(name.rpartition(": ")[2].strip().casefold())


def _exits(facts: Sequence[Fact]) -> Iterator[_Closing]:
    return (_Closing(fact.at, fact.how.value) for fact in facts if isinstance(fact, Left))


def pending_return(timeline: Timeline, handoff: Handoff, now: datetime) -> datetime | None:
    """Return when a stage that was just left counts as returned, if it is not entered again before."""
    for stage in _handoff_stages(handoff):
        for _, end in _spans(timeline.facts, starts=StageReached, ends=FellBack, stage=stage, gap=handoff.reopen_after):
            if end is not None and now - end <= handoff.reopen_after:
                return end + handoff.reopen_after + timedelta(milliseconds=1)
    return None


def owned_within(timeline: Timeline, members: frozenset[str]) -> Timeline:
    """Return the timeline as if nobody but `members` had ever owned the lead."""
    facts = (replace(f, owner=None) if isinstance(f, OwnerSet) and f.owner not in members else f for f in timeline.facts)
    return replace(timeline, facts=tuple(facts))


def find_assignments(timeline: Timeline, cycle: Cycle) -> tuple[Assignment, ...]:
    """Return who was assigned in `cycle`, in order."""
    assignments: list[Assignment] = []
    holder: OwnerSet | None = None
    for fact in timeline.facts:
        if not isinstance(fact, OwnerSet) or _comes_too_late(fact, cycle) or fact.owner == (holder.owner if holder else None):
            continue
        if holder is not None and holder.owner is not None and fact.at >= cycle.opened_at:
            assignments.append(_assignment(holder, cycle, until=fact.at))
        holder = fact
    if holder is not None and holder.owner is not None:
        assignments.append(_assignment(holder, cycle, until=None))
    return tuple(a for a in assignments if a.until is None or a.until > cycle.opened_at)


def _comes_too_late(fact: OwnerSet, cycle: Cycle) -> bool:
    """Whether an owner was set when the cycle was closing (the closing write often sets one) or later."""
    return cycle.closed_at is not None and fact.at >= cycle.closed_at and fact.at > cycle.opened_at


def _assignment(fact: OwnerSet, cycle: Cycle, *, until: datetime | None) -> Assignment:
    return Assignment(
        owner=fact.owner or "", at=max(fact.at, cycle.opened_at), until=until, name=f"{cycle.name}|{fact.name}", source=fact.source
    )


def owner_at(timeline: Timeline, at: datetime) -> str | None:
    """Return who owned the lead at `at` (inclusive); None if nobody did."""
    owner = None
    for fact in timeline.facts:
        if fact.at > at:
            break
        if isinstance(fact, OwnerSet):
            owner = fact.owner
    return owner
