"""Where the clocks of a cycle start, each with its calendar and its end. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sync.agreement import model
from sync.agreement.model import Clock
from sync.facts import Exit, Fact, HandRaised, Left
from sync.judge.case import Case
from sync.judge.cycles import AGAIN, Cycle, listed_hand_raises
from sync.judge.levels import clock_at
from sync.judge.verdict import Kept, Start

KeptFrom = Callable[[Start], Sequence[Kept]]  # what keeps the clock that starts so, in order
ENDS_RETURNED = (Exit.DISQUALIFIED, Exit.DEAL_CLOSED, Exit.DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The span in which a returned lead's clock runs: it begins where the cycle ended."""

    cycle: Cycle
    recycling: Left


def is_owner_clock(clock: Clock) -> bool:
    """Whether `clock` starts anew for each owner."""
    return clock.starts is model.StartWord.ASSIGNED


def find_starts(case: Case, clock: Clock, kept_from: KeptFrom) -> Iterator[Start]:
    """Yield where `clock` starts in the cycle, oldest first."""
    match clock.starts:
        case model.StartWord.HANDOFF:
            yield _lead_start(case, clock, case.cycle.opened_at, case.cycle.name)
        case model.StartWord.ASSIGNED:
            yield from _owner_starts(case, clock)
        case model.StageEntered(stage=stage):
            entry = case.stage_entry(stage)
            yield from [_fact_start(case, clock, entry, f"entered {stage}")] if entry is not None else []
        case model.StartWord.REPLY:
            yield from _anew_once_kept(case, clock, [(reply, "the lead replied") for reply in case.replies], kept_from)
        case model.StartWord.HAND_RAISE:
            raises = [(fact, f"submitted the form `{fact.form}`") for fact in _hand_raises(case)]
            yield from _anew_once_kept(case, clock, raises, kept_from)
        case model.StartWord.RECYCLED:
            window = returned(case)
            yield from [_returned_start(case, clock, window)] if window is not None else []


def _lead_start(case: Case, clock: Clock, at: datetime, name: str) -> Start:
    cycle, named = case.cycle, clock_at(case, clock, at)[0].calendar
    return Start(at=at, name=name, calendar=case.calendar_at(named, at), ends_at=cycle.closed_at, ends_by=cycle.closed_by)


def _fact_start(case: Case, clock: Clock, fact: Fact, what: str) -> Start:
    return replace(_lead_start(case, clock, fact.at, fact.name), what=what, source=fact.source)


def _owner_starts(case: Case, clock: Clock) -> Iterator[Start]:
    for assignment in case.assignments:
        named = _named_calendar(case, clock, assignment.at)
        superseded = assignment.until is not None
        theirs = case.terms.calendar_of(case.timeline.crm, assignment.owner, case.agreement)
        yield Start(
            at=assignment.at,
            name=assignment.name,
            calendar=case.agreement.calendars[named] if named else theirs,
            ends_at=assignment.until if superseded else case.cycle.closed_at,
            ends_by="the owner changed" if superseded else case.cycle.closed_by,
            assignment=assignment,
        )


def _hand_raises(case: Case) -> Iterable[HandRaised]:
    any_form = not any(isinstance(trigger, model.HandRaise) for trigger in case.cycle.handoff.opens_on)
    handoff = replace(case.cycle.handoff, opens_on=(model.HandRaise(()),)) if any_form else case.cycle.handoff
    return listed_hand_raises(case.facts, handoff)


def _anew_once_kept(case: Case, clock: Clock, facts: Iterable[tuple[Fact, str]], kept_from: KeptFrom) -> Iterator[Start]:
    """Yield a start for each fact (told in words) that comes while none of the earlier ones waits to be kept."""
    free_from: datetime | None = None
    for fact, what in facts:
        if free_from is not None and fact.at <= free_from:
            continue
        start = _fact_start(case, clock, fact, what)
        yield start
        kept_at = next((kept.at for kept in kept_from(start) if kept.at >= start.at), None)
        if kept_at is None:
            return
        free_from = kept_at


def returned(case: Case) -> Window | None:
    """Return the time after a recycling, up to what takes the lead from Marketing again; None if the cycle ended otherwise."""
    cycle = case.cycle
    if cycle.closed_at is None or cycle.closed_by != Exit.RECYCLED.value:
        return None
    recycling = next(f for f in case.facts if isinstance(f, Left) and f.how is Exit.RECYCLED and f.at == cycle.closed_at)
    ends = [(fact.at, fact.how.value) for fact in case.exits_after(cycle.closed_at, case.next_opened_at) if fact.how in ENDS_RETURNED]
    if case.next_opened_at is not None:
        ends.append((case.next_opened_at, AGAIN))
    closed_at, closed_by = min(ends, default=(None, None))
    return Window(cycle=replace(cycle, opened_at=cycle.closed_at, closed_at=closed_at, closed_by=closed_by), recycling=recycling)


def _returned_start(case: Case, clock: Clock, window: Window) -> Start:
    at, ends_at, ends_by = window.cycle.opened_at, window.cycle.closed_at, window.cycle.closed_by
    calendar = case.agreement.calendars[_named_calendar(case, clock, at) or "default"]
    name, source = window.recycling.name, window.recycling.source
    return Start(at=at, name=name, calendar=calendar, ends_at=ends_at, ends_by=ends_by, what=Exit.RECYCLED.value, source=source)


def _named_calendar(case: Case, clock: Clock, at: datetime) -> str | None:
    """Return the calendar that `clock` names for a start at `at`, by the level that speaks then; None if it is the owner's."""
    named = clock_at(case, clock, at)[0].calendar
    return named if named != "owner" else None
