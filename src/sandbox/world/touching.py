"""Which of the things done to a lead in a passage are touches, when they count, and why the others do not. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sandbox.world.deeds import Deed
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.promises import LATE_LOGGING, UNVERIFIED_WITHIN


@dataclass(frozen=True, slots=True)
class Weighed:
    """One deed, when it counts, and why it is no touch; None: it is one."""

    deed: Deed
    at: datetime
    flaw: str | None


def weigh(course: Course, passage: Passage, *, sequences: bool) -> list[Weighed]:
    """Weigh every deed that belongs to `passage`, by when it counts; `sequences`: whether a sequence mail does."""
    return sorted(_weigh(course, passage, sequences=sequences), key=lambda weighed: weighed.at)


def touches(course: Course, passage: Passage, *, sequences: bool = True) -> list[Weighed]:
    """Only those that are touches by the owner."""
    return [weighed for weighed in weigh(course, passage, sequences=sequences) if weighed.flaw is None]


def replies(course: Course, passage: Passage) -> list[datetime]:
    """When the person answered within `passage`."""
    return sorted(deed.at for deed in course.deeds if deed.reply and passage.holds(deed.at))


def counts_at(course: Course, deed: Deed) -> datetime:
    """When it happened; when it was logged, if that was too late."""
    allowed = course.hours[deed.rep.calendar].after(deed.over_at, LATE_LOGGING)
    return deed.logged_at if deed.logged_at > allowed else deed.at


def _weigh(course: Course, passage: Passage, *, sequences: bool) -> Iterator[Weighed]:
    unverified: datetime | None = None
    for deed in course.deeds:
        at = counts_at(course, deed)
        if deed.at < passage.opened_at:
            if passage.holds(deed.logged_at):
                yield Weighed(deed, deed.logged_at, deed.flaw or "before the handoff")
            continue
        if not passage.holds(at):
            continue
        if deed.unverified and unverified is not None and at - unverified < UNVERIFIED_WITHIN:
            yield Weighed(deed, at, "unverified, soon after another")
            continue
        unverified = at if deed.unverified else unverified
        yield Weighed(deed, at, _flaw(course, passage, deed, at, sequences=sequences))


def _flaw(course: Course, passage: Passage, deed: Deed, at: datetime, *, sequences: bool) -> str | None:
    if deed.flaw:
        return deed.flaw
    if deed.sequence and not sequences:
        return "a sequence does not answer a hand-raise"
    owners = course.owners(passage)
    theirs = owners.at(at) is deed.rep
    if theirs != (owners.at(deed.at) is deed.rep):
        raise DoesNotFit  # it changed hands between a call and its late note
    return None if theirs else "by somebody else than the owner"
