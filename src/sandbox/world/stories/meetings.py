"""Leads with a booked meeting, which suspends the first touch until its end. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.world.draft import HALF_HOUR, Draft
from sandbox.world.passage import Passage
from sandbox.world.people import Rep
from sandbox.world.sheet import to_ms
from sandbox.world.stories.sorts import accepted, routed


def booked_ahead(draft: Draft) -> None:
    """A meeting in the coming days was booked soon after the handoff: the clock stands still."""
    rep = draft.rng.choice(draft.scene.staff.active())
    at = to_ms(draft.hours(rep).before(draft.now, draft.some(8, 55)))
    passage = draft.hand_over(at, born=at - draft.some(30, 9000))
    draft.assign(passage, rep, at - draft.some(1, 20))
    booked = to_ms(at + (draft.now - at) * draft.rng.uniform(0.05, 0.95))
    start = draft.open_span(draft.now + timedelta(days=draft.rng.randint(1, 6)), 0.3, rep)
    draft.book(rep, booked=booked, start=start, later=[])


def held(draft: Draft, outcome: str) -> None:
    """Booked in time and held, or a no-show: a touch at its start."""
    passage, booked = _booked_in_time(draft)
    rep = passage.tenures[0].rep
    start = _slot(draft, booked, rep)
    draft.book(rep, booked=booked, start=start, later=[(start + HALF_HOUR + draft.some(1, 40), outcome)])
    accepted(draft, passage)


def booked_before_the_handoff(draft: Draft) -> None:
    """Booked by a colleague before the handoff, held after it by the owner: suspended from the beginning."""
    opened = draft.past(days=(12, 43))
    passage = draft.hand_over(opened, born=opened - draft.some(9000, 30_000))
    rep = draft.rng.choice(draft.scene.staff.active())
    draft.assign(passage, rep, opened - draft.some(10, 4000))
    start = _slot(draft, opened, rep)
    later = [(start + HALF_HOUR + draft.some(1, 40), "COMPLETED")]
    draft.book(rep, booked=opened - draft.some(5, 4000), start=start, later=later)
    accepted(draft, passage)


def called_off(draft: Draft, outcome: str, touched_after: float | None) -> None:
    """Booked in time, cancelled or rescheduled before its start; the remaining time runs on from then.

    Touched `touched_after` spans of open time later, or never.
    """
    passage, booked = _booked_in_time(draft)
    rep = passage.tenures[0].rep
    start = _slot(draft, booked, rep)
    off = to_ms(booked + (start - booked) * draft.rng.uniform(0.2, 0.9))
    draft.book(rep, booked=booked, start=start, later=[(off, outcome)])
    if touched_after is not None:
        draft.touch(passage, draft.open_span(off, touched_after))
    accepted(draft, passage)


def without_an_outcome(draft: Draft, touched_after: float | None) -> None:
    """Booked in time, over by now, and nobody noted how it went: suspended until its end, and no touch."""
    passage, booked = _booked_in_time(draft)
    rep = passage.tenures[0].rep
    start = _slot(draft, booked, rep)
    draft.book(rep, booked=booked, start=start, later=[])
    if touched_after is not None:
        draft.touch(passage, draft.open_span(start + HALF_HOUR, touched_after))
    accepted(draft, passage)


def booked_again(draft: Draft) -> None:
    """Called off and booked again, within the deadline that the first meeting had moved; the second one is held."""
    passage, booked = _booked_in_time(draft)
    rep = passage.tenures[0].rep
    first = _slot(draft, booked, rep)
    off = to_ms(booked + (first - booked) * draft.rng.uniform(0.2, 0.9))
    draft.book(rep, booked=booked, start=first, later=[(off, draft.rng.choice(("CANCELED", "RESCHEDULED")))])
    again = draft.open_span(off, draft.rng.uniform(0.02, 0.12))
    second = _slot(draft, again, rep)
    draft.book(rep, booked=again, start=second, later=[(second + HALF_HOUR + draft.some(1, 40), "COMPLETED")])
    accepted(draft, passage)


def booked_too_late(draft: Draft) -> None:
    """Booked only after the deadline: it suspends nothing, and held it keeps the promise late."""
    passage = routed(draft)
    rep = passage.tenures[0].rep
    booked = draft.open_span(passage.tenures[0].at, draft.rng.uniform(1.6, 5))
    start = _slot(draft, booked, rep)
    draft.book(rep, booked=booked, start=start, later=[(start + HALF_HOUR + draft.some(1, 40), "COMPLETED")])
    accepted(draft, passage)


def _booked_in_time(draft: Draft) -> tuple[Passage, datetime]:
    """An assigned lead, and a moment within the first three quarters of its clock."""
    passage = routed(draft)
    return passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.05, 0.7))


def _slot(draft: Draft, after: datetime, rep: Rep) -> datetime:
    """A start in the rep's open hours, one to three days after `after`."""
    return draft.open_span(after + timedelta(days=draft.rng.uniform(1, 3)), draft.rng.uniform(0.2, 1.5), rep)
