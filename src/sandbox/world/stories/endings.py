"""Leads whose clocks lose their reason: rejected, disqualified, returned, deal closed, opted out, out of scope. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.promises import COMPETITOR_INDUSTRY, OPT_OUTS, RECYCLED_STATUS
from sandbox.world.sheet import IMPORT
from sandbox.world.stories.aftermath import life_goes_on
from sandbox.world.stories.sorts import accepted, routed

UNROUTED_MINUTES = (2, 13)  # before the promise to assign is broken


def rejected(draft: Draft, minutes: tuple[float, float]) -> None:
    """Rejected `minutes` after its assignment, never touched."""
    passage = routed(draft)
    at = passage.tenures[0].at + draft.some(*minutes)
    draft.reject(passage, at)


def disqualified_unrouted(draft: Draft, minutes: tuple[float, float]) -> None:
    """Disqualified `minutes` after the handoff, before anybody had it."""
    passage = draft.hand_over(draft.past(days=(6, 43)))
    at = passage.opened_at + draft.some(*minutes)
    draft.disqualify(passage, at)


def returned_unrouted(draft: Draft) -> None:
    """Back to an earlier stage, for good, before the promise to assign was broken."""
    passage = draft.hand_over(draft.past(days=(6, 43)))
    _return(draft, passage.opened_at + draft.some(*UNROUTED_MINUTES))


def returned(draft: Draft) -> None:
    """Back to an earlier stage, for good, while its owner still had time to decide."""
    passage = routed(draft)
    _return(draft, passage.tenures[0].at + draft.some(16, 1380))


def _return(draft: Draft, at: datetime) -> None:
    draft.contact.set("lifecyclestage", draft.rng.choice(("lead", "")), at)
    draft.end(at, "returned")


def returned_from_a_later_stage(draft: Draft) -> None:
    """On to a later stage within minutes, then back to Marketing: the passage ends when it goes back."""
    passage = routed(draft)
    passed = passage.tenures[0].at + draft.some(2, 18)
    draft.qualify(passed)
    _return(draft, passed + draft.some(20, 300))


def closed_undecided(draft: Draft, status: str) -> None:
    """Recycled or disqualified while its owner still had time to decide: neither is an acceptance."""
    passage = routed(draft)
    draft.contact.set("hs_lead_status", "ATTEMPTED_TO_CONTACT", passage.tenures[0].at + draft.some(1, 15))
    at = passage.tenures[0].at + draft.some(16, 1380)
    _send_away(draft, passage, at, status)


def _send_away(draft: Draft, passage: Passage, at: datetime, status: str) -> None:
    send = draft.recycle if status == RECYCLED_STATUS else draft.disqualify
    send(passage, at)


def worked_but_never_accepted(draft: Draft) -> None:
    """Its status moves on past every value but the one that accepts it."""
    passage = routed(draft)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 1.3)))
    at = passage.tenures[0].at
    for status in ("OPEN", "ATTEMPTED_TO_CONTACT", "CONNECTED", "BAD_TIMING"):
        at += draft.some(5, 700)
        draft.status(status, at, passage)
    life_goes_on(draft, passage)


def settled_then_closed(draft: Draft, status: str) -> None:
    """Accepted at once, then recycled or disqualified before the first touch was due."""
    rep = draft.rng.choice(draft.scene.staff.active())
    passage = routed(draft, rep=rep)
    draft.accept(passage, passage.tenures[0].at + draft.some(1, 20))
    at = passage.tenures[0].at + draft.some(25, 100)
    _send_away(draft, passage, at, status)
    life_goes_on(draft, passage)


def deal_closed(draft: Draft, stage: str) -> None:
    """A deal of theirs is closed before anybody touched or accepted the lead."""
    passage = routed(draft)
    at = passage.tenures[0].at + draft.some(20, 1380)
    opened = max(draft.contact.written_at, passage.opened_at - draft.some(1, 1000))
    draft.close_a_deal(passage.tenures[0].rep, opened=opened, closed=at, stage=stage)


def deal_closed_before(draft: Draft) -> None:
    """An old deal was lost before the handoff, another one is open: neither closes the passage."""
    passage = draft.hand_over(draft.past(days=(6, 43)), born=draft.past(days=(80, 90)))
    rep = draft.rng.choice(draft.scene.staff.active())
    draft.assign(passage, rep, passage.opened_at + draft.some(0.05, 12))
    lost = passage.opened_at - draft.some(2, 3000)
    draft.add_deal(rep, opened=lost - draft.some(100, 30_000), closed=lost, stage="closedlost")
    draft.add_deal(rep, opened=passage.opened_at + draft.some(30, 3000), closed=None, stage="appointmentscheduled")
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 1.3)))
    accepted(draft, passage)


def opted_out_unrouted(draft: Draft) -> None:
    """Opted out of mail and calls within minutes, before anybody had it."""
    passage = draft.hand_over(draft.past(days=(6, 43)))
    draft.opt_out(passage.opened_at + draft.some(3.5, 13))


def opted_out(draft: Draft, minutes: tuple[float, float]) -> None:
    """Opted out of mail and calls `minutes` after the assignment, untouched and undecided."""
    passage = routed(draft)
    draft.opt_out(passage.tenures[0].at + draft.some(*minutes))


def opted_out_after_all_was_kept(draft: Draft) -> None:
    """Opted out when the promises were kept already: they stay kept."""
    passage = routed(draft)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 0.8)))
    draft.accept(passage, passage.tenures[0].at + draft.some(30, 1300))
    draft.opt_out(max(passage.tenures[0].at + draft.some(1400, 4000), draft.others[-1].written_at + draft.some(4, 9)))


def opted_out_by_half(draft: Draft) -> None:
    """Opted out of one of the two only: no excuse."""
    passage = routed(draft)
    one, other = draft.rng.sample(OPT_OUTS, 2)
    draft.contact.set(other, "false", draft.contact.written_at, IMPORT)
    draft.contact.set(one, "true", passage.opened_at + draft.some(4, 300))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 1.6)))
    accepted(draft, passage)


def competitor(draft: Draft) -> None:
    """Works for a competitor: out of scope, no promise at all."""
    _worked_for(draft)
    draft.own_company().history.pop("industry")
    draft.own_company().set("industry", COMPETITOR_INDUSTRY, draft.own_company().written_at, IMPORT)
    draft.silent = True


def found_out_to_be_a_competitor(draft: Draft) -> None:
    """The company's industry was corrected after the handoff: judged on its values now, out of scope."""
    passage = _worked_for(draft)
    draft.own_company().set("industry", COMPETITOR_INDUSTRY, passage.opened_at + timedelta(days=draft.rng.uniform(1, 4)), IMPORT)
    draft.silent = True


def no_longer_a_competitor(draft: Draft) -> None:
    """Was filed as a competitor at the handoff, is none now: in scope."""
    passage = _worked_for(draft)
    company = draft.own_company()
    company.history.pop("industry")
    company.set("industry", COMPETITOR_INDUSTRY, company.written_at, IMPORT)
    company.set("industry", "COMPUTER_SOFTWARE", passage.opened_at + timedelta(days=draft.rng.uniform(1, 4)), IMPORT)


def _worked_for(draft: Draft) -> Passage:
    passage = routed(draft)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 1.3)))
    if draft.rng.random() < 0.7:
        draft.accept(passage, passage.tenures[0].at + draft.some(30, 1600))
    return passage
