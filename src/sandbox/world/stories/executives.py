"""Leads that Sales qualified: which account executive takes over, and when. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.promises import PROMISES
from sandbox.world.stories.taken_up import attempt, later, taken_up
from sandbox.world.story import NEAR_MISSES, Story

WITHIN = PROMISES["taken over"].within


def _qualified(draft: Draft, *, days: tuple[float, float] = (14, 43)) -> Passage:
    """Accepted, worked a little, and qualified some hours later."""
    start = taken_up(draft, days=days)
    at = later(start, start.at, draft.rng.uniform(3, 9))
    attempt(draft, start, at, "call")
    return draft.qualify(at + draft.some(16, 60))


def _due(draft: Draft, passage: Passage) -> datetime:
    return draft.hours().after(passage.opened_at, WITHIN)


def taken_over(draft: Draft, offset: timedelta) -> None:
    """Taken over `offset` after the eight open hours; a second executive gets it then."""
    passage = _qualified(draft)
    first, second = draft.rng.sample(draft.scene.staff.executives, 2)
    draft.assign(passage, first, _due(draft, passage) + offset)
    if draft.rng.random() < 0.5:
        draft.assign(passage, second, _due(draft, passage) + draft.some(10, 3_000))


def kept_by_the_sdr(draft: Draft) -> None:
    """Nobody but SDRs has it: that is no take-over."""
    passage = _qualified(draft)
    draft.own(draft.rng.choice(draft.scene.staff.there()), passage.opened_at + draft.some(5, 300))


def theirs_already(draft: Draft) -> None:
    """An executive's before it was qualified: taken over at once."""
    start = taken_up(draft, days=(14, 43))
    at = later(start, start.at, draft.rng.uniform(3, 9))
    draft.own(draft.rng.choice(draft.scene.staff.executives), at)
    draft.qualify(at + draft.some(5, 600))


def given_up(draft: Draft) -> None:
    """Taken over, then put back into the queue, or to an SDR: nobody of the executives has it."""
    passage = _qualified(draft, days=(20, 43))
    staff = draft.scene.staff
    draft.assign(passage, draft.rng.choice(staff.executives), passage.opened_at + draft.some(5, 300))
    lost = passage.opened_at + draft.some(400, 3_000)
    draft.own(staff.queue_id if draft.rng.random() < 0.5 else draft.rng.choice(staff.there()), lost)
    if draft.rng.random() < 0.5:
        draft.own(draft.rng.choice(staff.executives), lost + draft.some(100, 4_000))


def closed_before(draft: Draft, how: str) -> None:
    """Back to Marketing, or out, before anybody took it over."""
    passage = _qualified(draft)
    at = passage.opened_at + draft.some(30, 200)
    if how == "returned":
        draft.contact.set("lifecyclestage", "lead", at)
        draft.end(at, "returned")
    else:
        draft.disqualify(passage, at)


def waiting_now(draft: Draft) -> None:
    """Qualified some open hours ago, with nobody to take over yet."""
    qualified = draft.hours().before(draft.now, WITHIN * draft.rng.uniform(0.1, 0.9)).replace(microsecond=0)
    opened = qualified - draft.some(2_000, 9_000)
    rep = draft.rng.choice(draft.scene.staff.there())
    passage = draft.hand_over(opened)
    draft.assign(passage, rep, opened + draft.some(0.5, 12))
    draft.qualify(qualified)


def _stories() -> Iterator[Story]:
    for offset in NEAR_MISSES:
        yield Story(title="taken over at the deadline", tell=partial(taken_over, offset=offset))
    yield Story(title="kept by the SDR", tell=kept_by_the_sdr, least=2)
    yield Story(title="an executive's already", tell=theirs_already, least=2)
    yield Story(title="taken over and given up", tell=given_up, least=2)
    for how in ("returned", "disqualified"):
        yield Story(title=f"qualified, then {how}", tell=partial(closed_before, how=how), least=2)
    yield Story(title="waiting for an executive", tell=waiting_now, least=3)


STORIES = tuple(_stories())
