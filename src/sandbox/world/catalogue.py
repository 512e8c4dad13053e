"""Every story that a lead of this world can have, how often, and at least how many of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from random import Random

from sandbox.world.campaigns import RAISING_FORMS
from sandbox.world.promises import BACK_WITHIN, DISQUALIFIED_STATUS, RECYCLED_STATUS
from sandbox.world.stories import (
    cadences,
    cycles,
    edges,
    endings,
    executives,
    gone_back,
    hands,
    meetings,
    owners,
    pending,
    qualified,
    replies,
    silence,
    sorts,
    strange,
    unseen,
)
from sandbox.world.stories.ordinary import ordinary
from sandbox.world.story import MILLISECOND, Story
from sandbox.world.touches import COUNTED, NOT_COUNTED

ENOUGH_FOR_ALL = 720  # leads from which on every story of one CRM is told


def pick_stories(stories: Sequence[Story], *, count: int, complete: bool, readers: int, rng: Random) -> list[Story]:
    """Choose `count` of `stories`: with `complete` at least so many of each as it asks for, then half of them ordinary."""
    known = [story for story in stories if readers >= FEWEST_READERS or not story.needs_readers]
    picked = [story for story in known for _ in range(story.least)] if complete else []
    while len(picked) < count:
        picked.append(ORDINARY if rng.random() < 0.55 else rng.choice(known))
    rng.shuffle(picked)
    return picked[:count]


def _pending() -> Iterator[Story]:
    yield Story(title="just arrived", tell=pending.just_arrived, least=6)
    yield Story(title="nearly unrouted", tell=pending.nearly_unrouted, least=6)
    yield Story(title="waiting for a touch", tell=pending.waiting_for_a_touch, least=5)
    yield Story(title="touch at risk", tell=pending.touch_at_risk, least=6)
    yield Story(title="undecided", tell=pending.undecided, least=5)
    yield Story(title="decision at risk", tell=pending.decision_at_risk, least=6)
    yield Story(title="stage left a moment ago", tell=cycles.left_a_moment_ago)


def _unseen() -> Iterator[Story]:
    yield Story(title="owner without history, touched", tell=partial(unseen.owner_unseen, touched=True), least=4)
    yield Story(title="owner without history, untouched", tell=partial(unseen.owner_unseen, touched=False), least=2)
    yield Story(title="stage without history, routed", tell=partial(unseen.stage_unseen, routed=True), least=3)
    yield Story(title="stage without history, unrouted", tell=partial(unseen.stage_unseen, routed=False))


def _sorts() -> Iterator[Story]:
    for sort in COUNTED:
        yield Story(title=f"touched by: {sort}", tell=partial(sorts.touched_by, sort=sort))
    for sort in NOT_COUNTED:
        yield Story(title=f"not touched by: {sort}", tell=partial(sorts.not_touched_by, sort=sort))
    yield Story(title="sequence after a hand-raise", tell=sorts.sequence_after_hand_raise)
    yield Story(title="touched by somebody else", tell=sorts.touched_by_somebody_else)
    yield Story(title="touched before the handoff", tell=sorts.touched_before_the_handoff)
    yield Story(title="bulk mail", tell=sorts.bulk_mail, needs_readers=True)
    yield Story(title="calls logged in bulk", tell=partial(sorts.bulk_calls, dialled=False), needs_readers=True)
    yield Story(title="calls that a dialer made", tell=partial(sorts.bulk_calls, dialled=True), needs_readers=True)
    yield Story(title="small batch of mail", tell=sorts.small_batch, needs_readers=True)
    yield Story(title="backdated", tell=sorts.backdated_by_a_diligent_rep)
    for late_by in (MILLISECOND, timedelta(seconds=1)):
        yield Story(title="logged just too late", tell=partial(sorts.logged_late, late_by=late_by))
    for early_by in (timedelta(0), timedelta(seconds=1), timedelta(hours=2)):
        yield Story(title="logged late but allowed", tell=partial(sorts.logged_within_the_allowance, early_by=early_by))


def _edges() -> Iterator[Story]:
    for where in edges.STARTS:
        yield Story(title=f"started {where}", tell=partial(edges.started_at_an_edge, where=where))
    for offset in edges.OFFSETS:
        yield Story(title="assigned at the deadline", tell=partial(edges.assigned_at_the_deadline, offset=offset))
        yield Story(title="accepted at the deadline", tell=partial(edges.accepted_at_the_deadline, offset=offset))
    yield Story(title="over a clock change", tell=edges.over_a_clock_change, least=2)


def _owners() -> Iterator[Story]:
    yield Story(title="owned before the handoff", tell=owners.owned_before)
    yield Story(title="routed in the same moment", tell=owners.routed_in_the_same_moment)
    yield Story(title="in the queue first", tell=partial(owners.parked_first, placeholder=False))
    yield Story(title="a placeholder's first", tell=partial(owners.parked_first, placeholder=True))
    yield Story(title="never routed", tell=owners.never_routed, least=2)
    yield Story(title="routed late, called at once", tell=owners.routed_late_called_at_once, least=2)
    yield Story(title="routed late, called late", tell=owners.routed_late_called_late)
    yield Story(title="passed on in time", tell=owners.passed_on_in_time, least=2)
    yield Story(title="passed on after the deadline", tell=owners.passed_on_after_the_deadline)
    yield Story(title="called by the former owner", tell=owners.called_by_the_former_owner)
    yield Story(title="taken back to the queue", tell=owners.taken_back_to_the_queue)
    yield Story(title="owner set again", tell=owners.set_again)
    yield Story(title="passed on after acceptance", tell=owners.passed_on_after_acceptance)
    yield Story(title="owner has left", tell=owners.owner_has_left, least=6)


def _cycles() -> Iterator[Story]:
    for form in RAISING_FORMS:
        yield Story(title="hand raised", tell=partial(cycles.hand_raised, form=form))
    yield Story(title="hand raised, then qualified", tell=cycles.hand_raised_then_qualified, least=2)
    yield Story(title="hand raised while open", tell=cycles.hand_raised_while_open)
    for gap in cycles.FLICKERS.values():
        yield Story(title="flickered", tell=partial(cycles.flickered, gap=gap))
    yield Story(title="came back a millisecond later", tell=partial(cycles.came_back_later, gap=BACK_WITHIN + MILLISECOND))
    for later in (BACK_WITHIN + timedelta(seconds=1), None):
        yield Story(title="came back later", tell=partial(cycles.came_back_later, gap=later))
    yield Story(title="recycled and again", tell=cycles.recycled_and_again)
    yield Story(title="rejected, then raised a hand", tell=cycles.rejected_then_raised_a_hand)
    yield Story(title="raised a hand twice", tell=cycles.raised_a_hand_twice)
    for stage in cycles.LATER_STAGES:
        yield Story(title=f"straight to {stage}", tell=partial(cycles.straight_past_acceptance, stage=stage))
    yield Story(title="past acceptance before assignment", tell=cycles.passed_before_assignment)


def _endings() -> Iterator[Story]:
    for minutes in ((5.0, 100.0), (300.0, 1400.0), (1500.0, 4000.0)):
        yield Story(title="rejected", tell=partial(endings.rejected, minutes=minutes))
    for minutes in (endings.UNROUTED_MINUTES, (20.0, 100.0)):
        yield Story(title="disqualified unrouted", tell=partial(endings.disqualified_unrouted, minutes=minutes), least=2)
    yield Story(title="returned unrouted", tell=endings.returned_unrouted, least=2)
    yield Story(title="returned", tell=endings.returned, least=2)
    for status in (RECYCLED_STATUS, DISQUALIFIED_STATUS):
        yield Story(title="accepted, then closed", tell=partial(endings.settled_then_closed, status=status))
        yield Story(title="closed undecided", tell=partial(endings.closed_undecided, status=status))
    yield Story(title="returned from a later stage", tell=endings.returned_from_a_later_stage)
    yield Story(title="worked, never accepted", tell=endings.worked_but_never_accepted)
    for stage in ("closedwon", "closedlost"):
        yield Story(title="deal closed", tell=partial(endings.deal_closed, stage=stage))
    yield Story(title="deal closed before", tell=endings.deal_closed_before)
    yield Story(title="opted out unrouted", tell=endings.opted_out_unrouted, least=2)
    for minutes in ((16.0, 110.0), (200.0, 1380.0), (1500.0, 4000.0)):
        yield Story(title="opted out", tell=partial(endings.opted_out, minutes=minutes))
    yield Story(title="opted out after all was kept", tell=endings.opted_out_after_all_was_kept)
    yield Story(title="opted out by half", tell=endings.opted_out_by_half)
    yield Story(title="competitor", tell=endings.competitor)
    yield Story(title="found out to be a competitor", tell=endings.found_out_to_be_a_competitor)
    yield Story(title="no longer a competitor", tell=endings.no_longer_a_competitor)


def _meetings() -> Iterator[Story]:
    yield Story(title="meeting booked ahead", tell=meetings.booked_ahead)
    for outcome in ("COMPLETED", "NO_SHOW"):
        yield Story(title="meeting held or missed", tell=partial(meetings.held, outcome=outcome))
    yield Story(title="meeting booked before the handoff", tell=meetings.booked_before_the_handoff)
    for outcome, touched_after in (("CANCELED", 0.1), ("RESCHEDULED", 0.1), ("CANCELED", 1.3), ("CANCELED", None)):
        tell = partial(meetings.called_off, outcome=outcome, touched_after=touched_after)
        yield Story(title="meeting called off", tell=tell)
    for later in (0.1, 1.3, None):
        yield Story(title="meeting without an outcome", tell=partial(meetings.without_an_outcome, touched_after=later))
    yield Story(title="meeting booked again", tell=meetings.booked_again)
    yield Story(title="meeting booked too late", tell=meetings.booked_too_late)


ORDINARY = Story(title="ordinary", tell=ordinary)
FEWEST_READERS = 20
FAMILIES = (cadences, replies, silence, gone_back, qualified, hands, executives, strange)
STORIES: tuple[Story, ...] = (
    *(*_pending(), *_unseen(), *_sorts(), *_edges(), *_owners(), *_cycles(), *_endings(), *_meetings()),
    *(story for family in FAMILIES for story in family.STORIES),
)
