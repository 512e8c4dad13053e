"""What is handed over arrives in the other CRM, and the two agree about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sandbox.world.beside import Shown, at
from sandbox.world.clocks import PlannedClock, Told, passage_end, tell
from sandbox.world.passage import Course, Passage
from sandbox.world.promises import LAG, PROMISES


def delivered(course: Course, passage: Passage, now: datetime) -> Iterator[Told]:
    """The promise about a lead that Sales' CRM did not have when it was handed over."""
    if course.beside is None or course.beside.marketing is None:
        return
    arrived = course.beside.sales.since if course.beside.sales else None
    if arrived is not None and arrived <= passage.opened_at:
        return
    ended, ending = passage_end(course, passage)
    clock = PlannedClock(
        promise="delivered",
        started_at=passage.opened_at,
        due_at=passage.opened_at + PROMISES["delivered"].within,
        kept_at=arrived,
        ended_at=ended,
        ending=ending,
    )
    yield tell(clock, course.owners(passage), now)


def in_step(course: Course, now: datetime) -> Iterator[Told]:
    """A breach for each stretch longer than the lag in which the CRMs show another stage, or another owner."""
    if course.beside is None or course.beside.marketing is None or course.beside.sales is None:
        return
    ours, theirs = course.beside.marketing, course.beside.sales
    since = max(course.passages[0].opened_at, ours.since, theirs.since)
    for what, one, other in (("stage", ours.stages, theirs.stages), ("owner", ours.owners, theirs.owners)):
        for begun, ended in _apart(one, other, since, now):
            if (ended or now) - begun > LAG:
                until = f"until {ended:%a %F %T}" if ended else "still"
                yield Told("in step", begun, "breached", begun + LAG, "system", f"{what} differs {until}")


def _apart(one: Shown, other: Shown, since: datetime, now: datetime) -> Iterator[tuple[datetime, datetime | None]]:
    """The stretches in which two things shown differ; None: still."""
    begun: datetime | None = None
    for moment in sorted({since, *(when for when, _ in (*one, *other) if since < when <= now)}):
        differ = at(one, moment) != at(other, moment)
        if differ and begun is None:
            begun = moment
        elif not differ and begun is not None:
            yield begun, moment
            begun = None
    if begun is not None:
        yield begun, None


def confusions(course: Course) -> Iterator[Told]:
    """One finding of each reason to doubt which records are one person."""
    for why in course.beside.confusions if course.beside else ():
        yield Told("sound data", course.passages[0].opened_at, "unknown", None, "none", why)
