"""Clocks that are kept as they start, that nobody can keep, and ladders with rungs that cannot be done. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sync.agreement.calendar import Calendar, CalendarRangeError
from sync.agreement.flaws import Flaw, error, note, warning
from sync.agreement.lines import Path
from sync.agreement.lint_calendars import calendars_of, horizon, open_in_a_week, starts
from sync.agreement.lint_starts import clock_start_flaws, handoffs_of, place_of
from sync.agreement.model import (
    Agreement,
    Assigned,
    Clock,
    Handoff,
    HandRaise,
    KeptBy,
    Recycled,
    Rung,
    ScoreCrossed,
    StageEntered,
    StageReached,
    StartWord,
)
from sync.agreement.spans import Span, Unit
from sync.problems import listed
from sync.roster import Roster

_WEEKS_TRIED = 13
_MOSTLY = 0.5  # of the moments at which a clock may start
_SELDOM = 0.05  # a long weekend or two: nobody chose the span with them in mind
_LONGEST_IN_HOURS = timedelta(hours=24)  # longer ones are meant as days, and are known to take a week or more


def clock_flaws(clock: Clock, path: Path, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """What is wrong with one clock, which stands at `path`."""
    at_once = list(_kept_at_once(clock, path, agreement))
    yield from at_once or clock_start_flaws(clock, path, agreement, roster)
    if clock.within.unit is Unit.WALL:
        yield from _wall_time(clock, path, agreement, roster)
    yield from span_flaws(clock.within, clock.calendar, (*path, "within"), agreement, roster)
    yield from _warnings(clock, path)
    about_handoff = clock.starts in (StartWord.HANDOFF, StartWord.ASSIGNED)
    yield from ladder_flaws(clock.ladder, (*path, "ladder"), handoffs_of(clock, agreement), agreement, each=about_handoff)


def span_flaws(within: Span, calendar: str | None, path: Path, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """Whether the deadline of the span at `path` can be worked out at all, and whether its hours are a matter of days, as they read."""
    start = horizon(agreement)[0]
    for name, hours in calendars_of(calendar, agreement, roster).items() if within.unit is not Unit.WALL else ():
        weekly = open_in_a_week(hours, agreement)
        if weekly == timedelta():
            continue  # told at the calendar
        if not _is_known(within, start, hours):
            what = f"`{within.text}` by {name} ends later than {hours.upto}, which is as far as calendars are worked out"
            yield error(path, what, fix="write a shorter span, or open the calendar for longer")
        elif within.unit is Unit.BUSINESS_TIME and weekly is not None and weekly < within.length <= _LONGEST_IN_HOURS:
            what = f"`{within.text}` takes more than a week by {name}, which is open {_hours(weekly)} a week"
            yield warning(path, what, fix="write fewer hours, or business days if that is meant")


def _is_known(within: Span, start: datetime, hours: Calendar) -> bool:
    try:
        within.after(start, hours)
    except CalendarRangeError:
        return False
    return True


def _hours(length: timedelta) -> str:
    return f"{length / timedelta(hours=1):.3g} hours"


def _kept_at_once(clock: Clock, path: Path, agreement: Agreement) -> Iterator[Flaw]:
    for fact in clock.kept_by:
        if _holds_at_start(fact, clock, agreement):
            what = "what keeps it is true the moment it starts, so it is always kept"
            yield error((*path, "kept_by"), what, fix="name the fact that must come after its start")
            return


def _holds_at_start(fact: KeptBy, clock: Clock, agreement: Agreement) -> bool:
    """A later stage stands for the earlier ones, so a clock that starts in one has kept all before it."""
    match fact, clock.starts:
        case Assigned(), StartWord.ASSIGNED:
            return True
        case Recycled(), StartWord.RECYCLED:
            return True
        case StageReached(stage=wanted), StageEntered(stage=reached):
            return place_of(wanted, agreement) <= place_of(reached, agreement)
        case StageReached(stage=wanted), StartWord.HANDOFF:
            opened = [trigger for handoff in handoffs_of(clock, agreement) for trigger in handoff.opens_on]
            return all(_is_past(wanted, trigger, agreement) for trigger in opened)
        case _:
            return False


def _is_past(wanted: str, trigger: StageEntered | HandRaise | ScoreCrossed, agreement: Agreement) -> bool:
    return isinstance(trigger, StageEntered) and place_of(wanted, agreement) <= place_of(trigger.stage, agreement)


def _wall_time(clock: Clock, path: Path, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """A clock in wall time that people owe runs on while they are closed."""
    if clock.calendar is not None:
        what = f"`{clock.within.text}` is wall time, so the calendar changes nothing"
        yield note(
            (*path, "calendar"), what, fix=f"write {_in_business(clock.within)} if open hours are meant; else leave the calendar out"
        )
    if clock.owed_by == "system" or all(isinstance(fact, Assigned) for fact in clock.kept_by):
        return
    yield from wall_flaws(clock.within, (*path, "within"), clock.calendar, agreement, roster)


def wall_flaws(within: Span, path: Path, calendar: str | None, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """Whether a span of wall time, which stands at `path` and people must keep, often passes while they are closed."""
    calendars = calendars_of(calendar, agreement, roster)
    share, name = min((_share_while_closed(within, hours, agreement), name) for name, hours in calendars.items())
    if share <= _SELDOM:
        return
    idle = f"{share:.0%} of the moments at which it may start have no open hour before the deadline"
    what = f"`{within.text}` is wall time: by {name}, {idle}"
    fix = f"write {_in_business(within)}, or leave it if nights and weekends count"
    yield (warning if share >= _MOSTLY else note)(path, what, fix=fix)


def _in_business(within: Span) -> str:
    if within.length % timedelta(days=1):
        amount, unit = within.text.split()
        return f"`{amount} business {unit}`" if not unit.startswith("second") else "`business minutes`"
    days = within.length // timedelta(days=1)
    return f"`{days} business day{'s' * (days != 1)}`"


def _share_while_closed(within: Span, hours: Calendar, agreement: Agreement) -> float:
    """The share of all moments from which not one open minute lies before the deadline."""
    moments = starts(agreement, weeks=_WEEKS_TRIED)
    try:
        return sum(not hours.between(at, at + within.length) for at in moments) / len(moments)
    except CalendarRangeError:
        return 0.0


def _warnings(clock: Clock, path: Path) -> Iterator[Flaw]:
    for share, what in ((0.0, "it is at risk the moment it starts"), (1.0, "it comes with the deadline, when it is too late")):
        if share in clock.warn_at:
            yield warning((*path, "warn_at"), f"a warning at {share:.0%}: {what}", fix="write shares between, such as 50% and 80%")


def ladder_flaws(
    ladder: Sequence[Rung], path: Path, handoffs: Sequence[Handoff], agreement: Agreement, *, each: bool = False
) -> Iterator[Flaw]:
    """Rungs of the ladder at `path` that find nobody in the pools of `handoffs` (of any, or in `each`), or that move a lead too often."""
    reassigns = sum(rung.action == "reassign" for rung in ladder)
    if not reassigns:
        return
    without = [handoff.name for handoff in handoffs if handoff.pool is None]
    if without and (each or len(without) == len(handoffs)):
        what = f"`reassign` has nobody to choose from: the handoff {listed(without)} has no pool"
        yield warning(path, what, fix="give the handoff a pool, or take the rung out")
    if reassigns > (limit := agreement.recycle.bounce_limit):
        what = f"{reassigns} times `reassign`, and recycle.bounce_limit lets a lead change hands {limit} time{'s' * (limit != 1)}"
        yield warning(path, what, fix="raise the limit, or take rungs out")
