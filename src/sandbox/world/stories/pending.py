"""Leads whose promises are still open now: some with time left, some at risk. Pure."""

from __future__ import annotations

from datetime import timedelta

from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.people import ABSENT, SLOW


def just_arrived(draft: Draft) -> None:
    """Handed over a few minutes ago, not yet routed."""
    at = draft.now - draft.some(0.5, 8.8)
    if draft.rng.random() < 0.5:
        draft.raise_hand(at)
    else:
        draft.hand_over(at)


def nearly_unrouted(draft: Draft) -> None:
    """Not routed after thirteen and a half of the fifteen minutes."""
    draft.hand_over(draft.now - draft.some(13.4, 13.6))


def waiting_for_a_touch(draft: Draft) -> None:
    """Routed, less than half of the open time gone; nobody has called yet."""
    _waiting(draft, draft.some(4, 56))


def touch_at_risk(draft: Draft) -> None:
    """Routed, more than half of the open time gone, still untouched."""
    _waiting(draft, draft.some(64, 92) if draft.rng.random() < 0.5 else draft.some(100, 116))


def _waiting(draft: Draft, gone: timedelta) -> None:
    rep = draft.rng.choice(draft.scene.staff.with_habit(SLOW, ABSENT))
    at = draft.hours(rep).before(draft.now, gone)
    passage = draft.hand_over(at, born=at - draft.some(30, 9000))
    draft.assign(passage, rep, at - draft.some(0, 20))
    if draft.rng.random() < 0.6:
        draft.noise(rep, at, draft.now - timedelta(minutes=1), most=2)


def undecided(draft: Draft) -> None:
    """Assigned this half day, neither accepted nor rejected yet."""
    _undecided(draft, draft.some(5, 11.8 * 60))


def decision_at_risk(draft: Draft) -> None:
    """Assigned more than half a day ago, still undecided."""
    _undecided(draft, draft.some(12.2 * 60, 23.7 * 60))


def _undecided(draft: Draft, gone: timedelta) -> None:
    rep = draft.rng.choice(draft.scene.staff.reps)
    assigned = draft.now - gone
    opened = assigned - draft.some(0.1, 14)
    passage = draft.raise_hand(opened) if draft.rng.random() < 0.3 else draft.hand_over(opened)
    draft.assign(passage, rep, assigned)
    _touch_in_time(draft, passage)


def _touch_in_time(draft: Draft, passage: Passage) -> None:
    at = draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.02, 0.8))
    if draft.has_come(at + timedelta(minutes=16)):
        draft.touch(passage, at)
