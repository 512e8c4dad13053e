"""The ordinary lead: routed, worked and decided as its owner's habits have it, up to now. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.people import Rep
from sandbox.world.promises import HANDOFF_STAGE
from sandbox.world.stories.aftermath import life_goes_on


def ordinary(draft: Draft) -> None:
    """A lead that arrived at any hour of the last six weeks."""
    at = draft.past(days=(0.02, 44))
    passage = draft.raise_hand(at) if draft.rng.random() < 0.3 else draft.hand_over(at)
    rep = draft.rng.choice(draft.scene.staff.reps)
    if passage.hand_raise and draft.rng.random() < 0.6:
        _qualify(draft, at + draft.some(0.05, 9))
    if _route(draft, passage, rep):
        _decide(draft, passage, rep)
        _work(draft, passage, rep)
    life_goes_on(draft, passage)


def _qualify(draft: Draft, at: datetime) -> None:
    if draft.has_come(at):
        draft.contact.set("lifecyclestage", HANDOFF_STAGE, at)


def _route(draft: Draft, passage: Passage, rep: Rep) -> bool:
    """Assign the lead: mostly at once, sometimes hours late, now and then never; whether it has an owner now."""
    delays = ((0, 0), (0.02, 0.2), (0.5, 6), (0.5, 6), (2, 13), (17, 50), (40, 400))
    at = passage.opened_at + draft.some(*draft.rng.choice(delays))
    if draft.rng.random() < 0.05 or not draft.has_come(at):
        return False
    draft.assign(passage, rep, at)
    return True


def _decide(draft: Draft, passage: Passage, rep: Rep) -> None:
    habit, assigned = rep.habit, passage.tenures[0].at
    at = assigned + timedelta(hours=draft.rng.uniform(*habit.accept_after_h))
    if draft.rng.random() < habit.never_decides or not draft.has_come(at):
        return
    if draft.rng.random() < (1 - draft.campaign.quality) * 0.4:
        draft.reject(passage, at)
        return
    draft.accept(passage, at)
    later = at + timedelta(days=draft.rng.uniform(3, 16))
    if draft.rng.random() < 0.5 or not draft.has_come(later):
        return
    if draft.rng.random() < draft.campaign.quality:
        _take_over(draft, draft.qualify(later))
    else:
        draft.recycle(passage, later)


def _take_over(draft: Draft, passage: Passage) -> None:
    """An account executive gets the lead, mostly within the day."""
    at = passage.opened_at + draft.some(5, 2_500)
    if draft.rng.random() < 0.85 and draft.has_come(at):
        draft.assign(passage, draft.rng.choice(draft.scene.staff.executives), at)


def _work(draft: Draft, passage: Passage, rep: Rep) -> None:
    assigned = passage.tenures[0].at
    first = draft.open_span(assigned, draft.rng.uniform(*rep.habit.touch_after), rep)
    latest = min(first, passage.ended_at or draft.now, draft.now - timedelta(minutes=1))
    if latest > assigned:
        draft.noise(rep, assigned, latest, most=2)
    if draft.rng.random() < rep.habit.never_touches:
        return
    for attempt in range(draft.rng.randint(1, 3)):
        at = draft.open_span(first, 1.7 * attempt, rep) if attempt else first
        if draft.has_come(at + timedelta(minutes=16)) and (passage.ended_at is None or at < passage.ended_at):
            draft.touch(passage, at)
