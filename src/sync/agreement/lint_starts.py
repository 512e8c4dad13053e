"""Clocks and cadences that never start, that nothing can keep, or that are due before they can be kept. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sync.agreement.flaws import Flaw, error, note, warning
from sync.agreement.lines import Path
from sync.agreement.lint_calendars import calendars_of, share_in_time, starts
from sync.agreement.model import (
    Agreement,
    Answered,
    Assigned,
    Cadence,
    Clock,
    Disqualified,
    Handoff,
    HandRaise,
    KeptBy,
    NurturedBy,
    Recycled,
    Rejected,
    Returned,
    StageEntered,
    StageReached,
    StartWord,
    Touch,
)
from sync.problems import listed
from sync.remarks import Level
from sync.roster import Roster

_WEEKS_TRIED = 4


def place_of(stage: str, agreement: Agreement) -> int:
    """The place of a stage in the order in which a lead passes them, from 0."""
    return [known.name for known in agreement.stages].index(stage)


def handoffs_of(clock: Clock, agreement: Agreement) -> list[Handoff]:
    """The handoffs in whose cycles a clock runs."""
    return [handoff for handoff in agreement.handoffs if clock.handoff in (None, handoff.name)]


def clock_start_flaws(clock: Clock, path: Path, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """Why a clock, which stands at `path`, never or seldom starts; of one that does, what cannot keep it."""
    found = list(_hardly_starts(clock, path, agreement))
    yield from found
    if any(flaw.level is Level.ERROR for flaw in found):
        return
    yield from _never_kept(clock, path, agreement)
    yield from _words(clock, path)
    yield from _due_before_an_owner(clock, path, agreement, roster)


def stage_start_flaws(stage: str, path: Path, handoffs: list[Handoff], agreement: Agreement) -> Iterator[Flaw]:
    """Why a rule that starts at a stage never or seldom does; `path` is that of the key that names the stage."""
    if not agreement.stages[place_of(stage, agreement)].recognised:
        what = f"it never starts: nothing says how a record shows that a lead is in {stage}"
        yield error(path, what, fix=f"add a CRM criterion to the stage {stage}")
        return
    triggers = [trigger for handoff in handoffs for trigger in handoff.opens_on]
    opening = [trigger.stage for trigger in triggers if isinstance(trigger, StageEntered)]
    if len(opening) == len(triggers) and all(place_of(stage, agreement) < place_of(opened, agreement) for opened in opening):
        what = f"leads are handed over in {listed(set(opening))}, so it starts only for one that enters {stage} after that"
        yield note(path, what, fix="name a stage that comes at the handoff or later, or leave it if that is meant")


def _hardly_starts(clock: Clock, path: Path, agreement: Agreement) -> Iterator[Flaw]:
    handoffs, where = handoffs_of(clock, agreement), (*path, "starts")
    match clock.starts:
        case StageEntered(stage=stage):
            yield from stage_start_flaws(stage, where, handoffs, agreement)
        case StartWord.HAND_RAISE if not any(isinstance(trigger, HandRaise) for one in handoffs for trigger in one.opens_on):
            what = f"no hand-raise is listed in opens_on of {listed(one.name for one in handoffs)}, so any form starts it"
            yield note(where, what, fix='add "hand-raise: FORM" to `opens_on`, or leave it if that is meant')
        case StartWord.RECYCLED if not agreement.recycle.recognised:
            what = "it never starts: nothing says how a record shows that a lead was recycled"
            yield error(where, what, fix="add a CRM criterion to [recycle]")


def _never_kept(clock: Clock, path: Path, agreement: Agreement) -> Iterator[Flaw]:
    """An error if nothing of what is named can keep it; a warning for each part that cannot."""
    told = [why for fact in clock.kept_by if (why := _cannot_come(fact, clock, agreement)) is not None]
    if len(told) == len(clock.kept_by):
        yield error((*path, "kept_by"), f"nothing can keep it: {told[0]}", fix="name a fact that can come after its start")
        return
    for why in told:
        yield warning((*path, "kept_by"), f"a part of it never keeps it: {why}", fix="take that part out, or make it possible")


def _cannot_come(fact: KeptBy, clock: Clock, agreement: Agreement) -> str | None:
    """Why a fact never comes after the clock's start; None if it may."""
    if clock.starts is StartWord.RECYCLED and isinstance(fact, Assigned | Rejected | Returned):
        word = type(fact).__name__.lower()
        return f"a lead is {word} only while it is handed over, and the clock starts when that is over"
    ways_out = {Rejected: agreement.reject, Recycled: agreement.recycle, Disqualified: agreement.disqualify}
    match fact:
        case Rejected() | Recycled() | Disqualified() if not ways_out[type(fact)].recognised:
            return f"nothing says how a record shows that a lead was {type(fact).__name__.lower()}"
        case StageReached(stage=stage):
            reaching = agreement.stages[place_of(stage, agreement) :]
            if not any(one.recognised for one in reaching):
                return f"nothing says how a record shows {listed(one.name for one in reaching)}"
    return None


def _words(clock: Clock, path: Path) -> Iterator[Flaw]:
    """Words that say less than they seem to."""
    if Answered() in clock.kept_by and clock.starts not in (StartWord.REPLY, StartWord.HAND_RAISE):
        what = "`answered` is said of a reply or a hand-raise; here it is the same as `touch`"
        yield warning((*path, "kept_by"), what, fix='write "touch", or start the clock at the reply')
    if NurturedBy() not in clock.kept_by:
        return
    if clock.owed_by == "owner":
        what = "`nurtured` is kept by anybody's touch, marketing mails too; of one that is broken the owner is to blame"
        yield note((*path, "owed_by"), what, fix='write owed_by = "marketing", or leave it if owners do the nurturing')
    if clock.by == "team" and not any(isinstance(fact, Touch | Answered) for fact in clock.kept_by):
        yield note((*path, "by"), "`by` changes nothing: `nurtured` is kept by anybody's touch", fix="leave it out")


def _due_before_an_owner(clock: Clock, path: Path, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """A touch by the owner asks for an owner: a clock that leaves more time for the latter cannot be counted on by the former."""
    if clock.starts is not StartWord.HANDOFF or clock.by == "anyone" or not all(isinstance(fact, Touch) for fact in clock.kept_by):
        return
    assigning = [one for one in _beside(path, agreement) if one.starts is StartWord.HANDOFF and one.kept_by == (Assigned(),)]
    for other in assigning:
        shared = clock.handoff is None or other.handoff in (None, clock.handoff)
        if shared and _always_later(other, clock, agreement, roster):
            what = f"it is due before the lead need have an owner: {other.name} leaves `{other.within.text}` for that"
            yield warning((*path, "within"), what, fix=f"give it more time than {other.name}, or start it at `assigned`")


def _beside(path: Path, agreement: Agreement) -> list[Clock]:
    """The clocks that hold where the rule at `path` holds: those of the agreement, as its level changes them."""
    levels = {level.name: level for level in agreement.levels if path[:2] == ("level", level.name)}
    changed = {clock.name: clock for level in levels.values() for clock in level.clocks}
    return [changed.get(clock.name, clock) for clock in agreement.clocks]


def _always_later(one: Clock, other: Clock, agreement: Agreement, roster: Roster) -> bool:
    """Whether the deadline of `one` comes after that of `other` wherever both start together; only of one calendar for both."""
    names = {clock.calendar if clock.calendar != "owner" else None for clock in (one, other)}
    if len(names) > 1:
        return False
    moments = starts(agreement, weeks=_WEEKS_TRIED)
    calendars = calendars_of(names.pop(), agreement, roster)
    return not any(share_in_time(one.within, other.within, hours, moments) for hours in calendars.values())


def cadence_start_flaws(cadence: Cadence, path: Path, agreement: Agreement) -> Iterator[Flaw]:
    """Why a cadence, which stands at `path`, never starts."""
    return stage_start_flaws(cadence.stage, (*path, "stage"), list(agreement.handoffs), agreement)
