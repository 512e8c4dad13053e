"""Leads of which the portal kept no history where it matters: what happened cannot be known. Pure."""

from __future__ import annotations

from datetime import datetime

from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.promises import HANDOFF_STAGE, PROMISES, Promise, PromiseName
from sandbox.world.sheet import FORM


def owner_unseen(draft: Draft, *, touched: bool) -> None:
    """Has an owner, and nothing tells since when: perhaps always, perhaps only now.

    With a call of that owner in time, the first touch was kept if the owner had the lead by then; without
    any, it was missed either way, but by whom depends on when the owner came.
    """
    passage = draft.hand_over(draft.past(days=(6, 43)), born=draft.past(days=(50, 80)))
    rep = draft.rng.choice([boss for boss in draft.scene.staff.managers if boss.calendar == "default"])
    draft.contact.put(hubspot_owner_id=rep.owner_id)
    draft.unseen = True
    opened, due = passage.opened_at, draft.open_span(passage.opened_at, 1)
    why = "the portal kept no history of the owner"
    draft.unknowable.append(_unknown("assigned", opened, opened + PROMISES["assigned"].within, why))
    draft.unknowable.append(_unknown("decided", None, None, why))
    if touched:
        draft.log("mail", rep, draft.open_span(opened, draft.rng.uniform(0.1, 0.9)))
        draft.unknowable.append(_unknown("touched", opened, due, why))
    else:
        draft.unknowable.append(_missed(passage, due))


def stage_unseen(draft: Draft, *, routed: bool) -> None:
    """In the handoff stage, and nothing tells since when: perhaps since the contact was created, perhaps only now."""
    born = draft.past(days=(6, 43))
    draft.born(born)
    draft.contact.history.pop("lifecyclestage")
    draft.contact.put(lifecyclestage=HANDOFF_STAGE)
    draft.contact.history.pop("jobtitle")
    draft.contact.set("jobtitle", "Student", born, FORM)
    draft.unseen = True
    draft.unknowable.append(_misfit())
    why = "the portal kept no history of the lifecycle stage"
    draft.unknowable += [_unknown("assigned", None, None, why), _unknown("touched", None, None, why)]
    if routed:
        draft.own(draft.rng.choice(draft.scene.staff.managers), born + draft.some(40, 2000))
        draft.unknowable.append(_unknown("decided", None, None, why))


def _unknown(promise: PromiseName, started_at: datetime | None, due_at: datetime | None, why: str) -> Promise:
    return Promise(record="", promise=promise, started_at=started_at, status="unknown", due_at=due_at, side="none", why=why)


def _misfit() -> Promise:
    why = "it never qualified, whenever it was handed over"
    return Promise(record="", promise="fit", started_at=None, status="breached", due_at=None, side="marketing", why=why)


def _missed(passage: Passage, due: datetime) -> Promise:
    why = "never touched, whenever the owner came; whose fault that is depends on it, so no person is blamed"
    return Promise(record="", promise="touched", started_at=passage.opened_at, status="breached", due_at=due, side="system", why=why)
