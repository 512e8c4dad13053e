"""Leads about which two CRMs disagree: copies that come late or never, and what a program sets back. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from sandbox.world.both.stories.beginnings import another, handed_over, whole, worked
from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.promises import HANDOFF_STAGE, LAG
from sandbox.world.sheet import WORKFLOW
from sandbox.world.story import SECOND, Story
from sandbox.world.sync import Hitch, SetBack

SPANS = (LAG - SECOND, LAG, LAG + SECOND, timedelta(hours=4), timedelta(days=2), None)  # how long they differ; None: still


def _known(draft: Draft) -> Passage:
    """In both CRMs for days when it is handed over."""
    draft.sync.place, draft.sync.delivered = "both", "early"
    return handed_over(draft)


def owner_copied(draft: Draft, lasts: timedelta | None) -> None:
    """Passed on to somebody else in Sales' CRM, and copied so late."""
    passage = _known(draft)
    rep = worked(draft, passage)
    draft.own(another(draft, rep), whole(passage.tenures[0].at + draft.some(1_500, 4_000)))
    draft.sync.hitch = Hitch(of="owner", lasts=lasts)


def status_copied(draft: Draft, lasts: timedelta | None) -> None:
    """Accepted in Sales' CRM, and copied so late."""
    worked(draft, _known(draft))
    draft.sync.hitch = Hitch(of="status", lasts=lasts)


def handoff_copied(draft: Draft, lasts: timedelta | None) -> None:
    """Handed over in Marketing's CRM, and told Sales' so late: that one is behind."""
    passage = _known(draft)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), whole(passage.opened_at + draft.some(1, 12)))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, 0.4), sort="mail")
    draft.sync.hitch = Hitch(of="handoff", lasts=lasts)


def conversion_copied(draft: Draft, lasts: timedelta | None) -> None:
    """Converted, and copied so late."""
    passage = _known(draft)
    worked(draft, passage)
    second = draft.qualify(whole(passage.tenures[0].at + draft.some(1_500, 6_000)))
    draft.assign(second, draft.rng.choice(draft.scene.staff.executives), whole(second.opened_at + draft.some(5, 900)))
    draft.sync.hitch = Hitch(of="conversion", lasts=lasts)


def rejected_unseen(draft: Draft) -> None:
    """Rejected in Sales' CRM, which Marketing's never hears of."""
    passage = _known(draft)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), whole(passage.opened_at + draft.some(1, 12)))
    draft.reject(passage, whole(passage.tenures[0].at + draft.some(30, 900)))
    draft.sync.hitch = Hitch(of="status", lasts=None)


def set_back_in_hubspot(draft: Draft, of: str, lasts: timedelta | None) -> None:
    """Copied in time; then a workflow of Marketing's CRM sets it back, which nothing copies to Sales'."""
    passage = _known(draft)
    rep = worked(draft, passage)
    after = draft.some(100, 900)
    if of == "owner":
        draft.own(another(draft, rep), whole(passage.tenures[0].at + draft.some(1_500, 4_000)))
        draft.sync.set_back = SetBack(of="owner", after=after, lasts=lasts)
    else:
        draft.sync.set_back = SetBack(of="status", after=after, lasts=lasts)


def set_back_in_salesforce(draft: Draft) -> None:
    """A rule of Sales' CRM gives it back to who had it first, and that is never copied."""
    passage = _known(draft)
    first = worked(draft, passage)
    at = whole(passage.tenures[0].at + draft.some(1_500, 4_000))
    draft.own(another(draft, first), at, WORKFLOW)
    draft.own(first, whole(at + draft.some(60, 600)), WORKFLOW)
    draft.sync.hitch = Hitch(of="owner", lasts=None)


def acceptance_set_back(draft: Draft, is_copied: bool) -> None:
    """Accepted, and hours later a rule of Sales' CRM sets the status back: it is no longer accepted."""
    passage = _known(draft)
    worked(draft, passage)
    draft.contact.set("hs_lead_status", HANDOFF_STAGE, whole(passage.tenures[0].at + draft.some(1_500, 4_000)), WORKFLOW)
    draft.sync.hitch = None if is_copied else Hitch(of="status", lasts=None)


def differs_now(draft: Draft, minutes: tuple[float, float]) -> None:
    """Routed so many minutes ago, and not copied yet."""
    draft.sync.place, draft.sync.delivered = "both", "early"
    at = whole(draft.now - draft.some(200, 1_200))
    passage = draft.hand_over(at, born=at - draft.some(3_000, 40_000))
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), whole(draft.now - draft.some(*minutes)))
    draft.sync.hitch = Hitch(of="owner", lasts=None)


def _stories() -> Iterator[Story]:
    for lasts in SPANS:
        yield Story(title="owner copied late", tell=partial(owner_copied, lasts=lasts))
        yield Story(title="status copied late", tell=partial(status_copied, lasts=lasts))
        yield Story(title="handoff copied late", tell=partial(handoff_copied, lasts=lasts))
        yield Story(title="conversion copied late", tell=partial(conversion_copied, lasts=lasts))
    yield Story(title="rejected, never copied", tell=rejected_unseen, least=2)
    for lasts in (timedelta(minutes=10), timedelta(hours=9), None):
        for of in ("owner", "status"):
            yield Story(title=f"{of} set back in HubSpot", tell=partial(set_back_in_hubspot, of=of, lasts=lasts))
    yield Story(title="owner set back in Salesforce", tell=set_back_in_salesforce, least=2)
    for is_copied in (True, False):
        yield Story(title="acceptance set back in Salesforce", tell=partial(acceptance_set_back, is_copied=is_copied), least=2)
    yield Story(title="owner not copied yet", tell=partial(differs_now, minutes=(4, 26)), least=3)
    yield Story(title="owner not copied for long", tell=partial(differs_now, minutes=(34, 160)), least=3)


STORIES = tuple(_stories())
