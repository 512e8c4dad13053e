"""What should not be: records that contradict themselves, owners nobody knows, hostile texts, contacts that were deleted. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from sandbox.world.draft import Draft
from sandbox.world.people import PROMPT, TEAMS, Rep
from sandbox.world.promises import ACCEPTED_STATUS
from sandbox.world.sheet import FORM
from sandbox.world.stories.sorts import accepted, routed
from sandbox.world.stories.taken_up import taken_up
from sandbox.world.story import MILLISECOND, SECOND, Story

STRANGER = Rep(
    owner_id="7777777", user_id=7777, name="Nobody Known", email="nobody@known.example", team=TEAMS[0], habit=PROMPT, stranger=True
)
HOSTILE = {
    "formula": "=cmd|' /C calc'!A0",
    "script": "<script>alert(1)</script>",
    "terminal": "\x1b[2J\x1b]0;owned\x07Ada",
    "right to left": "\u202egpj.exe\u202c عدي \u200f",
    "very long": "Ä" * 10_000,
    "many lines": "one\r\ntwo\tthree",
    "quotes": "Robert'); DROP TABLE lead;--",
    "emoji": "👩‍💻 Zoë 🇩🇪 ﷽",
    "plus": "+1-1|@SUM(1+1)*cmd",
}


def touched_before_creation(draft: Draft, early_by: timedelta) -> None:
    """A call that happened `early_by` before the record was created."""
    passage = routed(draft)
    rep = passage.tenures[0].rep
    draft.log("connected call", rep, draft.contact.written_at - early_by, logged=passage.opened_at + draft.some(1, 50))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.2, 0.9)))


def owned_by_a_stranger(draft: Draft, before: bool) -> None:
    """Owned by an id that the CRM does not list, before the handoff or in it; then by a rep."""
    passage = draft.hand_over(draft.past(days=(6, 43)), born=draft.past(days=(50, 80)))
    at = passage.opened_at + draft.some(1, 10) * (-1 if before else 1)
    draft.assign(passage, STRANGER, at)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), passage.opened_at + draft.some(20, 900))


def qualified_and_raised_a_hand(draft: Draft) -> None:
    """Accepted before, and still so, when the person raises a hand after a deal was lost: a hand-raise has no order to keep."""
    start = taken_up(draft, days=(20, 43))
    lost = start.at + draft.some(500, 3_000)
    draft.close_a_deal(start.rep, opened=start.at, closed=lost, stage="closedlost")
    raised = lost + draft.some(500, 3_000)
    draft.submit(raised, "Contact sales")
    second = draft.open_passage(raised, by="hand-raise")
    second.tenures.append(start.passage.tenures[0])
    draft.touch(second, draft.open_span(raised, draft.rng.uniform(0.2, 0.9)))


def worked_before_it_qualified(draft: Draft, early_by: timedelta) -> None:
    """Accepted `early_by` before it reached the handoff stage, and still so then: the stages are out of order."""
    passage = draft.hand_over(draft.past(days=(6, 43)), born=draft.past(days=(50, 80)))
    draft.contact.history.pop("hs_lead_status")
    rep = draft.rng.choice(draft.scene.staff.there())
    draft.assign(passage, rep, passage.opened_at + draft.some(1, 10))
    draft.contact.set("hs_lead_status", ACCEPTED_STATUS, passage.opened_at - early_by)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.2, 0.9)))


def hostile(draft: Draft, text: str) -> None:
    """Every text that a person or a form can write is `text`."""
    passage = routed(draft)
    at = passage.opened_at + draft.some(1, 30)
    draft.contact.put(firstname=text, lastname=text)
    for name in ("company", "jobtitle", "phone"):
        draft.contact.set(name, text, at, FORM)
    draft.own_company().put(name=text)
    draft.submit(at, f"{text}: {text}")
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.2, 0.9)))
    accepted(draft, passage)


def deleted(draft: Draft) -> None:
    """Deleted after the handoff, before anybody looked: the CRM no longer tells what it was linked to."""
    passage = routed(draft)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.2, 0.9)))
    draft.contact.archived_at = draft.others[-1].written_at + draft.some(1, 5_000)
    draft.silent = True


def _stories() -> Iterator[Story]:
    for early_by in (MILLISECOND, SECOND, timedelta(days=3)):
        yield Story(title="touched before it was created", tell=partial(touched_before_creation, early_by=early_by))
    yield Story(title="touched as it was created", tell=partial(touched_before_creation, early_by=timedelta(0)))
    for before in (True, False):
        yield Story(title="owned by a stranger", tell=partial(owned_by_a_stranger, before=before))
    for early_by in (MILLISECOND, timedelta(days=2)):
        yield Story(title="accepted before it was handed over", tell=partial(worked_before_it_qualified, early_by=early_by))
    yield Story(title="accepted as it was handed over", tell=partial(worked_before_it_qualified, early_by=timedelta(0)))
    yield Story(title="accepted before it raised a hand", tell=qualified_and_raised_a_hand)
    for name, text in HOSTILE.items():
        yield Story(title=f"hostile text: {name}", tell=partial(hostile, text=text))
    yield Story(title="deleted", tell=deleted, least=2)


STORIES = tuple(_stories())
