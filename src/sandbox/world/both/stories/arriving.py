"""Leads that Marketing hands over: when they arrive in Sales' CRM, if they do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from sandbox.world.both.stories.beginnings import handed_over, worked
from sandbox.world.draft import Draft
from sandbox.world.promises import PROMISES
from sandbox.world.story import NEAR_MISSES, Story

WITHIN = PROMISES["delivered"].within


def arrived_after(draft: Draft, lag: timedelta) -> None:
    """Created in Sales' CRM `lag` after the handoff, and routed and worked from then on."""
    passage = handed_over(draft)
    draft.sync.place, draft.sync.delivered = "both", lag
    worked(draft, passage, passage.opened_at + lag)


def never_arrived(draft: Draft, is_worked: bool) -> None:
    """Never created there; somebody works it in Marketing's CRM, or nobody does."""
    draft.sync.place = "hubspot"
    passage = handed_over(draft)
    if is_worked:
        worked(draft, passage)


def closed_before_it_arrived(draft: Draft, how: str) -> None:
    """Back to Marketing, out, or opted out, before it should have been there."""
    draft.sync.place = "hubspot"
    passage = handed_over(draft)
    at = passage.opened_at + draft.some(2, 55)
    if how == "returned":
        draft.contact.set("lifecyclestage", "lead", at)
        draft.end(at, how)
    elif how == "opted out":
        draft.opt_out(at)
    else:
        draft.disqualify(passage, at)


def closed_too_late(draft: Draft) -> None:
    """Disqualified when it should have been there for long."""
    draft.sync.place = "hubspot"
    passage = handed_over(draft)
    draft.disqualify(passage, passage.opened_at + draft.some(65, 900))


def closed_then_arrived(draft: Draft) -> None:
    """Back to Marketing after the hour, and created there only then: nothing settles that breach."""
    passage = handed_over(draft)
    draft.sync.place, draft.sync.delivered = "both", timedelta(hours=draft.rng.randint(5, 40))
    at = passage.opened_at + draft.some(70, 280)
    draft.contact.set("lifecyclestage", "lead", at)
    draft.end(at, "returned")


def on_the_way(draft: Draft) -> None:
    """Handed over within the hour, and not there yet."""
    draft.sync.place = "hubspot"
    at = draft.now - draft.some(20, 55)
    draft.hand_over(at, born=at - draft.some(3_000, 40_000))


def arrived_between(draft: Draft) -> None:
    """Not there for its first passage, there when the person raises a hand days later."""
    passage = handed_over(draft, days=(14, 43))
    draft.sync.place, draft.sync.delivered = "both", timedelta(hours=draft.rng.randint(30, 90))
    at = passage.opened_at + draft.some(200, 1_400)
    draft.contact.set("lifecyclestage", "lead", at)
    draft.end(at, "returned")
    raised = passage.opened_at + timedelta(days=draft.rng.uniform(4.5, 8))
    draft.submit(raised, "Demo request")
    worked(draft, draft.open_passage(raised, by="hand-raise"))


def _stories() -> Iterator[Story]:
    for offset in NEAR_MISSES:
        yield Story(title="arrived when it should have", tell=partial(arrived_after, lag=WITHIN + offset))
    for lag in (timedelta(0), timedelta(seconds=1), timedelta(minutes=20), timedelta(hours=5), timedelta(days=2)):
        yield Story(title="arrived later", tell=partial(arrived_after, lag=lag))
    for is_worked in (True, False):
        yield Story(title="never arrived", tell=partial(never_arrived, is_worked=is_worked), least=3)
    for how in ("returned", "disqualified", "opted out"):
        yield Story(title=f"{how} before it arrived", tell=partial(closed_before_it_arrived, how=how), least=2)
    yield Story(title="disqualified, and never arrived", tell=closed_too_late, least=2)
    yield Story(title="returned, then arrived", tell=closed_then_arrived, least=2)
    yield Story(title="on the way", tell=on_the_way, least=3)
    yield Story(title="arrived between two passages", tell=arrived_between, least=2)


STORIES = tuple(_stories())
