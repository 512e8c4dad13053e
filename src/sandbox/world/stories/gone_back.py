"""Leads that go back: with which reason, how soon after they should, spoken to or not, and how they come again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from sandbox.world.draft import ENDINGS, Draft
from sandbox.world.passage import Passage
from sandbox.world.picklists import LABELS, RECYCLE_FIELD, REJECT_FIELD
from sandbox.world.promises import HANDOFF_STAGE, PROMISES, RECYCLED_STATUS, REJECTED_STATUS
from sandbox.world.sheet import FORM, SCORING, WORKFLOW
from sandbox.world.stories.sorts import routed
from sandbox.world.stories.taken_up import taken_up
from sandbox.world.story import MILLISECOND, NEAR_MISSES, SECOND, Story
from sandbox.world.touches import by
from sandbox.world.verdicts.handing_over import cool_off_end

MINUTE = timedelta(minutes=1)
FIELDS = {REJECTED_STATUS: REJECT_FIELD, RECYCLED_STATUS: RECYCLE_FIELD}


def _send_back(draft: Draft, passage: Passage, at: datetime, status: str) -> None:
    """Without a word about why."""
    draft.status(status, at, passage)
    draft.end(at, ENDINGS[status])


def with_reason(draft: Draft, status: str, reason: str, after: timedelta) -> None:
    """Rejected or recycled with `reason`, stated `after` that."""
    passage = routed(draft, rep=draft.rng.choice(draft.scene.staff.there()))
    at = passage.tenures[0].at + draft.some(30, 700)
    _send_back(draft, passage, at, status)
    draft.contact.set(FIELDS[status], reason, at + after, by(passage.tenures[0].rep))


def without_reason(draft: Draft, status: str, owned: bool) -> None:
    """Nobody says why."""
    passage = draft.hand_over(draft.past(days=(6, 43)))
    if owned:
        draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), passage.opened_at + draft.some(0.5, 12))
    _send_back(draft, passage, passage.opened_at + draft.some(20, 500), status)


def reason_awaited(draft: Draft, status: str) -> None:
    """Rejected or recycled minutes ago; why may still be said."""
    passage = draft.hand_over(draft.now - draft.some(200, 1200))
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), passage.opened_at + draft.some(0.5, 12))
    _send_back(draft, passage, draft.now - draft.some(1, 11), status)


def rejected_twice(draft: Draft) -> None:
    """Rejected with a reason, raised a hand, and rejected again, where the old reason still stands."""
    first = routed(draft, rep=draft.rng.choice(draft.scene.staff.there()), at=draft.past(days=(16, 43)))
    at = first.tenures[0].at + draft.some(30, 700)
    _send_back(draft, first, at, REJECTED_STATUS)
    draft.contact.set(REJECT_FIELD, draft.rng.choice(("DUPLICATE", "NO_BUDGET")), at, FORM)
    raised = at + timedelta(days=draft.rng.uniform(0.5, 4))
    draft.submit(raised, "Contact sales")
    second = draft.open_passage(raised, by="hand-raise")
    draft.contact.set("hs_lead_status", "OPEN", raised + draft.some(0.1, 2))
    second.tenures.append(first.tenures[0])
    _send_back(draft, second, raised + draft.some(30, 3_000), REJECTED_STATUS)


def rejected_then(draft: Draft, how: str, offset: timedelta) -> None:
    """Rejected; it goes back for good (`how`) `offset` after that was due."""
    passage = routed(draft, rep=draft.rng.choice(draft.scene.staff.there()))
    at = passage.tenures[0].at + draft.some(30, 700)
    draft.reject(passage, at)
    back = draft.hours().days_after(at, PROMISES["given back"].days) + offset
    if how == "returned":
        draft.contact.set("lifecyclestage", "lead", back)
    else:
        draft.contact.set("hs_lead_status", how, back, by(passage.tenures[0].rep))


def rejected_today(draft: Draft) -> None:
    """Rejected hours ago: it should go back, and still may in time."""
    passage = draft.hand_over(draft.now - draft.some(400, 1500))
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), passage.opened_at + draft.some(0.5, 12))
    draft.reject(passage, draft.now - draft.some(61, 380))


def spoken_to(draft: Draft, sort: str, offset: timedelta | None) -> None:
    """Recycled; Marketing (or anybody) speaks to the person `offset` after the five days; None: never in time."""
    passage = _recycled(draft, days=(16, 43))
    ended = passage.ended_at or draft.now
    due = draft.hours().days_after(ended, PROMISES["nurtured"].days)
    if offset is not None:
        draft.log(sort, draft.rng.choice(draft.scene.staff.there()), due + offset)
    else:
        draft.log(sort, passage.tenures[0].rep, ended + draft.some(10, 3_000))


def recycled_lately(draft: Draft) -> None:
    """Recycled in the last days, and nobody has spoken to the person yet."""
    start = taken_up(draft, days=(4, 8))
    draft.recycle(start.passage, start.at + draft.some(100, 2_500))


def _recycled(draft: Draft, *, days: tuple[float, float]) -> Passage:
    start = taken_up(draft, days=days)
    draft.recycle(start.passage, start.at + draft.some(600, 6_000))
    draft.contact.set("lifecyclestage", "", (start.passage.ended_at or draft.now) + timedelta(milliseconds=400), WORKFLOW)
    draft.contact.set("lifecyclestage", "lead", (start.passage.ended_at or draft.now) + timedelta(milliseconds=900), WORKFLOW)
    return start.passage


def _again(draft: Draft, first: Passage, at: datetime) -> None:
    """A second passage opens at `at`; its owner is still there, and touches it."""
    second = draft.open_passage(at)
    second.tenures.append(first.tenures[0])
    draft.touch(second, draft.open_span(at, draft.rng.uniform(0.1, 1.5)), sort="mail")


def back_by_stage(draft: Draft, offset: timedelta) -> None:
    """Set back into the handoff stage by a workflow `offset` after the end of the cool-off: before it, that hands nothing over."""
    first = _recycled(draft, days=(44, 58))
    at = cool_off_end(first.ended_at or draft.now) + offset
    draft.contact.set("lifecyclestage", HANDOFF_STAGE, at)
    if offset >= timedelta(0):
        _again(draft, first, at)


def back_by_score(draft: Draft, offset: timedelta) -> None:
    """The score crosses `offset` after the end of the cool-off: before it, that hands nothing over."""
    first = _recycled(draft, days=(44, 58))
    company = draft.own_company()
    company.history.pop("numberofemployees")
    company.history.pop("industry")
    company.set("numberofemployees", str(draft.rng.choice((51, 400, 2_000))), company.written_at)
    company.set("industry", "COMPUTER_SOFTWARE", company.written_at)
    at = cool_off_end(first.ended_at or draft.now) + offset
    draft.contact.set("jobtitle", "Student", (first.ended_at or draft.now) + draft.some(1, 50))
    draft.contact.set("hubspotscore", "98", at, SCORING)
    if offset >= timedelta(0):
        second = draft.open_passage(at, by="score")
        second.tenures.append(first.tenures[0])


def back_by_hand_raise(draft: Draft) -> None:
    """A hand-raise within the cool-off opens a passage."""
    first = _recycled(draft, days=(16, 43))
    at = (first.ended_at or draft.now) + timedelta(days=draft.rng.uniform(0.5, 8))
    draft.submit(at, "Demo request")
    second = draft.open_passage(at, by="hand-raise")
    second.tenures.append(first.tenures[0])
    draft.touch(second, draft.open_span(at, draft.rng.uniform(0.1, 1.5)), sort="mail")


def back_by_a_persons_hand(draft: Draft) -> None:
    """Set back into the handoff stage by a person's hand, within the cool-off: that opens a passage."""
    first = _recycled(draft, days=(16, 43))
    at = (first.ended_at or draft.now) + timedelta(days=draft.rng.uniform(0.5, 8))
    draft.contact.set("lifecyclestage", HANDOFF_STAGE, at, by(draft.rng.choice(draft.scene.staff.managers)))
    _again(draft, first, at)


def _stories() -> Iterator[Story]:
    for status in FIELDS:
        permitted, other = ("DUPLICATE", "NO_BUDGET") if status == REJECTED_STATUS else ("NO_RESPONSE", "OTHER")
        for after in (timedelta(0), 15 * MINUTE - SECOND, 15 * MINUTE, 15 * MINUTE + MILLISECOND, 90 * MINUTE):
            yield Story(title="a reason, stated later", tell=partial(with_reason, status=status, reason=permitted, after=after))
        yield Story(title="a reason that is not permitted", tell=partial(with_reason, status=status, reason=other, after=MINUTE))
        for owned in (True, False):
            yield Story(title="no reason", tell=partial(without_reason, status=status, owned=owned))
        yield Story(title="a reason awaited", tell=partial(reason_awaited, status=status), least=3)
    for value in LABELS[REJECT_FIELD]:
        yield Story(title=f"rejected for {value}", tell=partial(with_reason, status=REJECTED_STATUS, reason=value, after=MINUTE))
    yield Story(title="rejected twice", tell=rejected_twice, least=2)
    for offset in NEAR_MISSES:
        yield Story(title="rejected, then recycled", tell=partial(rejected_then, how=RECYCLED_STATUS, offset=offset))
        yield Story(title="recycled, spoken to at the deadline", tell=partial(spoken_to, sort="marketing mail", offset=offset))
        yield Story(title="back by its stage", tell=partial(back_by_stage, offset=offset))
        yield Story(title="back by its score", tell=partial(back_by_score, offset=offset))
    for how in ("DISQUALIFIED", "returned"):
        yield Story(title=f"rejected, then {how.lower()}", tell=partial(rejected_then, how=how, offset=-timedelta(hours=1)))
    yield Story(title="rejected today", tell=rejected_today, least=3)
    for sort in ("call, no answer", "sequence mail", "workflow mail", "mail that bounced", "note"):
        yield Story(title=f"recycled, then {sort}", tell=partial(spoken_to, sort=sort, offset=None))
    yield Story(title="recycled lately", tell=recycled_lately, least=3)
    yield Story(title="back by a hand-raise", tell=back_by_hand_raise, least=3)
    yield Story(title="back by a person's hand", tell=back_by_a_persons_hand)


STORIES = tuple(_stories())
