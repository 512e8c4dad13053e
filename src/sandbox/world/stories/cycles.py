"""How passages open and follow each other: hand-raises, flickering stages, leads that come twice. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.world.draft import Draft
from sandbox.world.ownership import Tenure
from sandbox.world.passage import MARGIN, Passage
from sandbox.world.promises import BACK_WITHIN, HANDOFF_STAGE, QUALIFIED_STAGE
from sandbox.world.sheet import WORKFLOW, Source
from sandbox.world.stories.aftermath import life_goes_on
from sandbox.world.stories.sorts import accepted, routed
from sandbox.world.touches import by

LATER_STAGES = (QUALIFIED_STAGE, "opportunity", "customer")


def hand_raised(draft: Draft, form: str) -> None:
    """A hand-raise by `form` alone, without the stage."""
    passage = draft.raise_hand(draft.past(days=(6, 43)), form=form)
    _worked(draft, passage)


def hand_raised_then_qualified(draft: Draft) -> None:
    """A hand-raise and, up to hours later, the handoff stage: one passage, begun by the hand."""
    passage = draft.raise_hand(draft.past(days=(6, 43)))
    draft.contact.set("lifecyclestage", HANDOFF_STAGE, passage.opened_at + draft.rng.choice((draft.some(0.04, 9), draft.some(10, 300))))
    _worked(draft, passage)


def hand_raised_while_open(draft: Draft) -> None:
    """Qualified, then a hand-raise while Sales is at it: no second passage."""
    passage = draft.hand_over(draft.past(days=(6, 43)))
    draft.submit(passage.opened_at + draft.some(1, 2000), "Contact sales")
    _worked(draft, passage)


def _worked(draft: Draft, passage: Passage) -> None:
    rep = draft.rng.choice(draft.scene.staff.active())
    draft.assign(passage, rep, passage.opened_at + draft.some(0.05, 20))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.05, 1.3)))
    accepted(draft, passage)


def flickered(draft: Draft, gap: timedelta) -> None:
    """The stage is left and entered again within `gap` of at most fifteen minutes: it was never left."""
    passage = routed(draft)
    left = passage.opened_at + draft.some(16, 900)
    _leave_stage(draft, left)
    draft.contact.set("lifecyclestage", HANDOFF_STAGE, left + gap)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.05, 1.3)))
    accepted(draft, passage)


def left_a_moment_ago(draft: Draft) -> None:
    """The stage was left within the last fifteen minutes: the passage is still open."""
    passage = draft.hand_over(draft.now - draft.some(25, 1300))
    draft.assign(passage, draft.rng.choice(draft.scene.staff.reps), passage.opened_at + draft.some(0.1, 14))
    _leave_stage(draft, draft.now - draft.some(MARGIN.seconds / 60, 11))


def _leave_stage(draft: Draft, at: datetime) -> None:
    draft.contact.set("lifecyclestage", draft.rng.choice(("lead", "")), at)


def came_back_later(draft: Draft, gap: timedelta | None) -> None:
    """Returned to Marketing, qualified again more than fifteen minutes later: a second passage.

    The status that accepted it the first time still stands, and does not keep the second promise.
    """
    first = routed(draft)
    draft.touch(first, draft.open_span(first.tenures[0].at, draft.rng.uniform(0.05, 0.8)))
    accepted_before = draft.rng.random() < 0.7
    if accepted_before:
        draft.accept(first, first.tenures[0].at + draft.some(20, 300))
    left = max(first.tenures[0].at + draft.some(310, 2600), draft.others[-1].written_at + draft.some(1, 30))
    _leave_stage(draft, left)
    draft.end(left, "returned")
    second = _qualified_again(draft, left + (gap or draft.some(20, 4000)))
    _keep_owner(second, first)
    if draft.rng.random() < 0.6:
        draft.touch(second, draft.open_span(second.opened_at, draft.rng.uniform(0.05, 1.3)))
    if not accepted_before and draft.rng.random() < 0.6:
        draft.accept(second, second.opened_at + draft.some(20, 1600))


def _qualified_again(draft: Draft, at: datetime, source: Source = WORKFLOW) -> Passage:
    draft.contact.set("lifecyclestage", HANDOFF_STAGE, at, source)
    return draft.open_passage(at)


def _keep_owner(second: Passage, first: Passage) -> None:
    """The owner of the first passage is assigned when the second opens."""
    second.tenures.append(Tenure(rep=first.tenures[-1].rep, at=second.opened_at))


def recycled_and_again(draft: Draft) -> None:
    """Accepted, recycled to Marketing's queue, within days handed over again by somebody's hand, and routed anew."""
    first = draft.hand_over(draft.past(days=(18, 43)))
    rep = draft.rng.choice(draft.scene.staff.active())
    draft.assign(first, rep, first.opened_at + draft.some(0.05, 12))
    draft.touch(first, draft.open_span(first.tenures[0].at, draft.rng.uniform(0.05, 1.3)))
    draft.accept(first, first.tenures[0].at + draft.some(20, 1300))
    recycled = first.opened_at + timedelta(days=draft.rng.uniform(6, 10))
    _recycle(draft, first, recycled)
    by_hand = by(draft.rng.choice(draft.scene.staff.managers))
    second = _qualified_again(draft, recycled + timedelta(days=draft.rng.uniform(0.5, 5)), by_hand)
    draft.contact.set("hs_lead_status", "NEW", second.opened_at)
    draft.assign(second, draft.rng.choice(draft.scene.staff.active()), second.opened_at + draft.some(1, 25))
    if draft.rng.random() < 0.7:
        draft.touch(second, draft.open_span(second.tenures[0].at, draft.rng.uniform(0.05, 1.3)))
    accepted(draft, second)


def _recycle(draft: Draft, passage: Passage, at: datetime) -> None:
    draft.recycle(passage, at)
    draft.contact.set("lifecyclestage", "", at + timedelta(milliseconds=400), WORKFLOW)
    draft.contact.set("lifecyclestage", "lead", at + timedelta(milliseconds=900), WORKFLOW)
    draft.own(draft.scene.staff.placeholder_id, at + timedelta(milliseconds=1_300))


def rejected_then_raised_a_hand(draft: Draft) -> None:
    """Rejected while still in the handoff stage; a hand-raise later opens a second passage."""
    _rejected_then_raised(draft, draft.hand_over(draft.past(days=(12, 43))), "Pricing | Northgate: Demo request")


def raised_a_hand_twice(draft: Draft) -> None:
    """Rejected after a hand-raise; the very same form, filled in again, opens a second passage."""
    _rejected_then_raised(draft, draft.raise_hand(draft.past(days=(12, 43)), form="Contact sales"), "Contact sales")


def _rejected_then_raised(draft: Draft, first: Passage, form: str) -> None:
    rep = draft.rng.choice(draft.scene.staff.active())
    draft.assign(first, rep, first.opened_at + draft.some(0.05, 12))
    rejected = first.tenures[0].at + draft.some(30, 1300)
    draft.reject(first, rejected)
    raised = rejected + timedelta(days=draft.rng.uniform(0.5, 4))
    draft.submit(raised, form)
    second = draft.open_passage(raised, by="hand-raise")
    draft.contact.set("hs_lead_status", "OPEN", raised + draft.some(0.1, 2))
    _keep_owner(second, first)
    draft.touch(second, draft.open_span(raised, draft.rng.uniform(0.05, 1.3), rep))
    accepted(draft, second)


def straight_past_acceptance(draft: Draft, stage: str) -> None:
    """From the handoff straight to a later stage, which stands for acceptance."""
    passage = routed(draft, hand_raise=draft.rng.random() < 0.3)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.05, 1.3)))
    at = passage.tenures[0].at + draft.some(20, 1700)
    if stage == QUALIFIED_STAGE:
        draft.qualify(at)
    else:
        draft.contact.set("lifecyclestage", stage, at)
    life_goes_on(draft, passage)


def passed_before_assignment(draft: Draft) -> None:
    """In a later stage before anybody had it: the owner who comes then has nothing left to decide."""
    passage = draft.hand_over(draft.past(days=(6, 43)))
    at = passage.opened_at + draft.some(1, 5)
    draft.qualify(at)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.active()), at + draft.some(1, 60))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.05, 1.3)))


FLICKERS = {
    "seconds": timedelta(seconds=4),
    "minutes": timedelta(minutes=9, seconds=30),
    "exactly fifteen minutes": BACK_WITHIN,
}
