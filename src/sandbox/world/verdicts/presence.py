"""Whoever has a lead is there, and it does not pass through too many hands. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from sandbox.world.clocks import PlannedClock, Told, first_end, status_of, tell
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.people import GONE, Rep
from sandbox.world.promises import BOUNCE_LIMIT, PROMISES, Side, Status


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which nobody who is there had the lead."""

    since: datetime
    until: datetime | None  # somebody who is there had it; None: not yet
    rep: Rep | None  # who was away first; None: nobody had it all the while


def covered(course: Course, passage: Passage, now: datetime) -> Iterator[Told]:
    """One promise for each stretch in which nobody who is there has the lead."""
    tenures = course.tenures(passage)
    if not tenures:
        return
    for stretch in _stretches(course, passage, tenures[0].at, now):
        clock = _clock(course, passage, stretch)
        if _habit(stretch.rep) is GONE and stretch.until is not None:
            continue  # passed on before anybody saw that the owner had left
        if _habit(stretch.rep) is GONE:
            yield _told_of_the_departed(course, passage, stretch, now)
        else:
            told = tell(clock, course.owners(passage), now)
            yield replace(told, side=_side(stretch, told))


def _clock(course: Course, passage: Passage, stretch: Stretch) -> PlannedClock:
    ended, ending = first_end((passage.ended_at, passage.ending), (course.excused_at, "opted out"))
    due = course.hours["default"].days_after(stretch.since, PROMISES["covered"].days)
    return PlannedClock(promise="covered", started_at=stretch.since, due_at=due, kept_at=stretch.until, ended_at=ended, ending=ending)


def _side(stretch: Stretch, told: Told) -> Side:
    """The managers'; the system's where nobody had it all the while."""
    return "system" if stretch.rep is None and told.status != "excused" else told.side


def _told_of_the_departed(course: Course, passage: Passage, stretch: Stretch, now: datetime) -> Told:
    """Somebody left, some time between getting the lead and now: known only where it makes no difference."""
    if passage.ended_at is not None or course.excused_at is not None:
        raise DoesNotFit
    first, last = (_clock(course, passage, Stretch(since, None, None)) for since in (stretch.since, now))
    due = first.due_at if first.due_at == last.due_at else None
    status, why = status_of(first, now), "its owner has left, and nobody knows when"
    if status != status_of(last, now):
        return Told("covered", None, "unknown", due, "none", why)
    return Told("covered", None, status, due, "manager", why)


def _stretches(course: Course, passage: Passage, begin: datetime, now: datetime) -> Iterator[Stretch]:
    """Every stretch between `begin` and the passage's end; those without a gap between them are one."""
    owners, end = course.owners(passage), min(passage.ended_at or now, now)
    away: tuple[datetime, Rep | None] | None = None
    for at in _moments(course, passage, begin, end):
        rep = owners.at(at)
        if _is_there(course, rep, at):
            if away is not None:
                yield Stretch(away[0], at, away[1])
            away = None
        elif away is None:
            away = (at, rep)
        elif rep is not away[1] and GONE in {_habit(rep), _habit(away[1])}:
            raise DoesNotFit  # whether there was a gap between them depends on when somebody left
        else:
            away = (away[0], away[1] or rep)
    if away is not None:
        yield Stretch(away[0], None, away[1])


def _moments(course: Course, passage: Passage, begin: datetime, end: datetime) -> list[datetime]:
    """When the owner, or whether the owner is there, can have changed; the end itself changes nothing."""
    turns = course.owners(passage).changes()
    found = {begin} | {turn.at for turn in turns}
    for rep in {turn.rep for turn in turns if turn.rep is not None}:
        found |= {at for span in _absences(course, rep) for at in span}
    return sorted(at for at in found if begin <= at and (at < end or at == begin))


def _is_there(course: Course, rep: Rep | None, at: datetime) -> bool:
    if rep is None or rep.habit is GONE:
        return False
    return not any(since <= at < until for since, until in _absences(course, rep))


def _absences(course: Course, rep: Rep) -> list[tuple[datetime, datetime]]:
    """When `rep` was away, from the first midnight to the last, in the hours they keep."""
    hours = course.hours[rep.calendar]
    return [(hours.midnight(away.first), hours.midnight(away.back)) for away in rep.absences]


def _habit(rep: Rep | None) -> object:
    return rep.habit if rep is not None else None


def few_hands(course: Course, passage: Passage) -> Iterator[Told]:
    """How often the lead went from one owner to another, once that is often enough to tell."""
    tenures = course.tenures(passage)
    changes = [after.at for before, after in pairwise(tenures) if after.rep is not before.rep]
    if len(changes) < BOUNCE_LIMIT:
        return
    started = changes[BOUNCE_LIMIT - 1]
    if len(changes) > BOUNCE_LIMIT:
        yield Told("few hands", started, "breached", changes[BOUNCE_LIMIT], "manager", f"changed hands {len(changes)} times")
    else:
        status: Status = "at_risk" if passage.ended_at is None else "kept"
        yield Told("few hands", started, status, None, "manager", "changed hands as often as is agreed")
