"""Stages that nobody answers for, that a lead cannot leave, in which it may rest for ever, or that look like another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from sync.agreement.criteria import Criterion
from sync.agreement.flaws import Flaw, error, note, warning
from sync.agreement.lines import Path
from sync.agreement.model import Agreement, Clock, CrmKind, StageEntered, StageReached, StartWord


def stage_flaws(agreement: Agreement) -> Iterator[Flaw]:
    """What is missing around each stage, then which two places a record shows at once."""
    yield from _without_party(agreement)
    yield from _without_exit(agreement)
    yield from _without_clock(agreement)
    yield from _alike(agreement)


def _without_party(agreement: Agreement) -> Iterator[Flaw]:
    """An agreement that lists no parties at all leaves open who signs; one that lists some must list both."""
    sides = {party.side for party in agreement.parties}
    for stage in agreement.stages:
        if sides and stage.side not in sides:
            what = f"is {stage.side}'s, and no [[party]] speaks for {stage.side}"
            yield warning(("stage", stage.name, "side"), what, fix=f'add [[party]] with side = "{stage.side}" and its signatory')


def _without_exit(agreement: Agreement) -> Iterator[Flaw]:
    """Only the last stage has none after it; it needs a way out if leads are handed over or worked in it."""
    ways_out = (agreement.reject, agreement.recycle, agreement.disqualify)
    if any(way_out.recognised for way_out in ways_out):
        return
    last = agreement.stages[-1].name
    opens = any(StageEntered(last) in handoff.opens_on for handoff in agreement.handoffs)
    worked = any(cadence.stage == last for cadence in agreement.cadences) or any(
        clock.starts == StageEntered(last) for clock in agreement.clocks
    )
    if opens or worked:
        what = "leads are handed over or worked in it, no stage follows, and no record shows a lead as rejected, recycled or disqualified"
        fix = "add the next stage, or a CRM criterion to [reject], [recycle] or [disqualify]"
        yield warning(("stage", last), what, fix=fix)


def _without_clock(agreement: Agreement) -> Iterator[Flaw]:
    """The last stage asks for none: there the agreement's work is done."""
    places = {stage.name: place for place, stage in enumerate(agreement.stages)}
    covered = {place for clock in agreement.clocks for place in _covered(clock, agreement, places)}
    covered |= {places[cadence.stage] for cadence in agreement.cadences}
    covered |= {place for place, stage in enumerate(agreement.stages) if stage.stale_after is not None}
    handed_over = min((places[stage] for stage in _opening(agreement)), default=0)
    for place, stage in enumerate(agreement.stages[:-1]):
        if place not in covered:
            say = warning if place >= handed_over else note
            after = agreement.stages[place + 1].name
            what = f"no clock or cadence runs in it, so a lead may rest there for ever before {after}"
            fix = f'add a [[clock]] with starts = "stage {stage.name}", kept by what must come next, or `stale_after`'
            yield say(("stage", stage.name), what, fix=fix)


def _covered(clock: Clock, agreement: Agreement, places: Mapping[str, int]) -> set[int]:
    """The stages in which a clock runs on: from the one in which it starts to the one before that which keeps it."""
    match clock.starts:
        case StageEntered(stage=stage):
            starts = {places[stage]}
        case StartWord.HANDOFF | StartWord.ASSIGNED:
            starts = {places[stage] for stage in _opening(agreement, only=clock.handoff)}
        case _:
            starts = set()
    kept = [places[fact.stage] for fact in clock.kept_by if isinstance(fact, StageReached)]
    return starts | {place for start in starts for end in kept for place in range(start, end)}


def _opening(agreement: Agreement, *, only: str | None = None) -> set[str]:
    """The stages on which a handoff opens; on the stages before the first, hand-raises and scores open it."""
    handoffs = [handoff for handoff in agreement.handoffs if only in (None, handoff.name)]
    triggers = [trigger for handoff in handoffs for trigger in handoff.opens_on]
    return {trigger.stage for trigger in triggers if isinstance(trigger, StageEntered)} or {agreement.stages[0].name}


def _alike(agreement: Agreement) -> Iterator[Flaw]:
    places: list[tuple[Path, Mapping[CrmKind, Criterion]]] = [(("stage", stage.name), stage.recognised) for stage in agreement.stages]
    ways_out = {"reject": agreement.reject, "recycle": agreement.recycle, "disqualify": agreement.disqualify}
    places += [((name,), way_out.recognised) for name, way_out in ways_out.items()]
    for (first, of_first), (second, of_second) in combinations(places, 2):
        for kind, criterion in of_second.items():
            if kind in of_first and same_criterion(criterion, of_first[kind]):
                what = f"is shown by the same criterion as {' '.join(map(str, first))}, so a record is in both at once"
                yield error((*second, *kind), what, fix="name the value that tells them apart")


def same_criterion(one: Criterion, other: Criterion) -> bool:
    """Whether two criteria are written alike: the same text, or the same values of one field."""
    if one.picklist is not None and other.picklist is not None:
        (field, values), (other_field, other_values) = one.picklist, other.picklist
        return field == other_field and {value.casefold() for value in values} == {value.casefold() for value in other_values}
    return " ".join(one.text.split()) == " ".join(other.text.split())
