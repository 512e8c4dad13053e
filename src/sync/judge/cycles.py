"""Passages of a lead through a handoff: where each opens and why it closes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from sync.agreement.model import Agreement, Handoff, HandRaise
from sync.agreement.model import StageEntered as OnStage
from sync.facts import Exit, Fact, FellBack, HandRaised, Left, ScoreCrossed, StageEntered, StageLeft, StageReached
from sync.timeline import Timeline

AGAIN = "handed over again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One passage of the lead through one handoff; both ends belong to it."""

    number: int
    handoff: Handoff
    opened_at: datetime
    opened_by: str  # `stage MQL`, `hand-raise Demo request`, `score`
    by_hand_raise: bool
    stage: str | None  # the handoff stage that opened it; None: a hand-raise or a score did
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
    stage: str | None = None

    @property
    def by_hand_raise(self) -> bool:
        return isinstance(self.fact, HandRaised)

    @property
    def at(self) -> datetime:
        return self.fact.at


@dataclass(frozen=True, slots=True)
class _Closing:
    at: datetime
    why: str


_Event = _Opening | _Closing


def find_cycles(timeline: Timeline, handoff: Handoff, agreement: Agreement, now: datetime) -> tuple[Cycle, ...]:
    """Return the lead's cycles in `handoff`, oldest first; only the last one can be open."""
    facts = timeline.facts
    cooling = cool_offs(facts, agreement)
    openings = [o for o in _openings(facts, handoff) if o.by_hand_raise or o.fact.by_hand or not is_cooling(cooling, o.at)]
    if not openings:
        return ()
    events: list[_Event] = [*openings, *_exits(facts), *_returns(facts, handoff, now)]
    cycles: list[Cycle] = []
    stages_seen = False
    for _, group in groupby(sorted(events, key=lambda event: event.at), key=lambda event: event.at):
        for event in _in_order(list(group), is_open=_is_open(cycles)):
            if isinstance(event, _Closing):
                _close(cycles, event)
            elif not _is_open(cycles):
                cycles.append(_open(event, handoff, number=len(cycles) + 1))
                stages_seen = event.stage is not None
            elif event.stage is not None and stages_seen and cycles[-1].opened_at < event.at:
                _close(cycles, _Closing(event.at, AGAIN))
                cycles.append(_open(event, handoff, number=len(cycles) + 1))
            elif event.stage is not None:
                stages_seen = True
    return tuple(cycles)


def cool_offs(facts: Sequence[Fact], agreement: Agreement) -> list[tuple[datetime, datetime]]:
    """Return the spans after each recycling in which neither a stage nor a score opens a cycle; the end is not part of it."""
    period = agreement.recycle.cool_off
    if period is None:
        return []
    recycled = (fact.at.astimezone(agreement.zone) for fact in facts if isinstance(fact, Left) and fact.how is Exit.RECYCLED)
    return [(at, at.replace(year=day.year, month=day.month, day=day.day)) for at in recycled for day in (period.after(at.date()),)]


def is_cooling(spans: Sequence[tuple[datetime, datetime]], at: datetime) -> bool:
    """Whether `at` lies in one of the cool-offs; at the very moment of recycling it does not yet."""
    return any(since < at < until for since, until in spans)


def _openings(facts: Sequence[Fact], handoff: Handoff) -> list[_Opening]:
    return [*_stage_openings(facts, handoff), *_hand_raises(facts, handoff), *_score_crossings(facts, handoff)]


def _in_order(events: Sequence[_Event], *, is_open: bool) -> list[_Event]:
    """Order what happened at one moment: an open cycle closes before the next opens, else it opens first."""
    return sorted(events, key=lambda event: (isinstance(event, _Opening) == is_open, isinstance(event, _Opening) and event.stage is None))


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
        stage=opening.stage,
        name=fact.name,
        source=fact.source,
    )


def _close(cycles: list[Cycle], closing: _Closing) -> None:
    if _is_open(cycles):
        cycles[-1] = replace(cycles[-1], closed_at=closing.at, closed_by=closing.why)


def stays(
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
        for begun, _ in stays(facts, starts=StageEntered, ends=StageLeft, stage=stage, gap=handoff.reopen_after):
            yield _Opening(begun, f"stage {stage}", stage)


def _returns(facts: Sequence[Fact], handoff: Handoff, now: datetime) -> Iterator[_Closing]:
    return (_Closing(at, Exit.RETURNED.value) for at in find_returns(facts, handoff, now))


def find_returns(facts: Sequence[Fact], handoff: Handoff, now: datetime) -> Iterator[datetime]:
    """Return when the lead fell back below a handoff stage, and did not come back within the time that is allowed for that."""
    return (end for end in _falls(facts, handoff) if now - end > handoff.reopen_after)


def _falls(facts: Sequence[Fact], handoff: Handoff) -> Iterator[datetime]:
    """Yield when the lead fell below a handoff stage and has not come back in time, as far as is known."""
    for stage in _handoff_stages(handoff):
        for _, end in stays(facts, starts=StageReached, ends=FellBack, stage=stage, gap=handoff.reopen_after):
            if end is not None:
                yield end


def _hand_raises(facts: Sequence[Fact], handoff: Handoff) -> Iterator[_Opening]:
    for fact in listed_hand_raises(facts, handoff):
        yield _Opening(fact, f"hand-raise {_form_of(fact, handoff)}")


def listed_hand_raises(facts: Sequence[Fact], handoff: Handoff) -> Iterator[HandRaised]:
    """Yield the form submissions that open `handoff`, in order."""
    return (fact for fact in facts if isinstance(fact, HandRaised) and _form_of(fact, handoff) is not None)


def _form_of(fact: HandRaised, handoff: Handoff) -> str | None:
    """Return the form as the agreement calls it; None if it opens nothing."""
    triggers = [trigger for trigger in handoff.opens_on if isinstance(trigger, HandRaise)]
    listed = {form.casefold(): form for trigger in triggers for form in trigger.forms}
    any_form = any(not trigger.forms for trigger in triggers)
    return _listed_form(fact.form, listed) or (fact.form if any_form else None)


def _score_crossings(facts: Sequence[Fact], handoff: Handoff) -> Iterator[_Opening]:
    return (_Opening(fact, "score") for fact in facts if isinstance(fact, ScoreCrossed) and fact.handoff == handoff.name)


def _listed_form(name: str, listed: dict[str, str]) -> str | None:
    """Return the agreement's form that a CRM's form name means: the whole name, or what follows `Page title: `."""
    return listed.get(name.strip().casefold()) or listed.get(name.rpartition(": ")[2].strip().casefold())


def _exits(facts: Sequence[Fact]) -> Iterator[_Closing]:
    return (_Closing(fact.at, fact.how.value) for fact in facts if isinstance(fact, Left))


def pending_return(timeline: Timeline, handoff: Handoff, now: datetime) -> datetime | None:
    """Return when a stage that was just left counts as returned, if it is not entered again before."""
    ends = _falls(timeline.facts, handoff)
    return min((end + handoff.reopen_after + timedelta(milliseconds=1) for end in ends if now - end <= handoff.reopen_after), default=None)
