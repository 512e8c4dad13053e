"""Leads whose conversion makes the story: with a deal that is won or lost, at once or after somebody took over. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sandbox.world.draft import Draft
from sandbox.world.stories.sorts import routed
from sandbox.world.stories.taken_up import attempt, later, taken_up
from sandbox.world.story import Story


def closed_before_it_was_touched(draft: Draft, stage: str) -> None:
    """Converted within minutes, and the deal closed before anybody touched the lead or took it over."""
    passage = routed(draft)
    rep = passage.tenures[0].rep
    converted = passage.tenures[0].at + draft.some(1, 15)
    draft.qualify(converted)
    draft.close_a_deal(rep, opened=converted, closed=converted + draft.some(3, 100), stage=stage)


def closed_after_it_was_worked(draft: Draft, stage: str) -> None:
    """Accepted, worked, converted and taken over; then the deal is closed, and both passages end."""
    start = taken_up(draft, days=(20, 43))
    at = later(start, start.at, draft.rng.uniform(3, 9))
    attempt(draft, start, at, "call")
    converted = at + draft.some(16, 60)
    passage = draft.qualify(converted)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.executives), converted + draft.some(5, 300))
    draft.close_a_deal(start.rep, opened=converted, closed=converted + draft.some(3_000, 9_000), stage=stage)


def goes_on(draft: Draft) -> None:
    """Converted with a deal that is still open: nothing ends."""
    start = taken_up(draft, days=(14, 43))
    converted = later(start, start.at, draft.rng.uniform(3, 9))
    passage = draft.qualify(converted)
    draft.add_deal(start.rep, opened=converted, closed=None, stage="")
    draft.assign(passage, draft.rng.choice(draft.scene.staff.executives), converted + draft.some(5, 900))


def _stories() -> Iterator[Story]:
    for stage in ("closedwon", "closedlost"):
        yield Story(title="converted, deal closed at once", tell=partial(closed_before_it_was_touched, stage=stage), least=2)
        yield Story(title="converted, deal closed in the end", tell=partial(closed_after_it_was_worked, stage=stage), least=2)
    yield Story(title="converted, deal still open", tell=goes_on, least=2)


STORIES = tuple(_stories())
