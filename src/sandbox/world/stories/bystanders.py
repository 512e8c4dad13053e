"""Contacts who never reach a handoff: subscribers, leads, customers of old. Pure."""

from __future__ import annotations

from datetime import datetime

from sandbox.world.campaigns import OTHER_FORMS
from sandbox.world.draft import Draft
from sandbox.world.sheet import IMPORT, SCORING, to_ms
from sandbox.world.touches import BACKGROUND


def reader(draft: Draft) -> None:
    """Somebody who has been on the list for long, and stays a subscriber or a lead."""
    _bystander(draft, draft.past(days=(50, 400)))


def newcomer(draft: Draft) -> None:
    """Somebody who came lately, by a form that raises no hand."""
    _bystander(draft, draft.past(days=(0.1, 44)))


def _bystander(draft: Draft, born: datetime) -> None:
    rng = draft.rng
    stage = rng.choice(("subscriber", "subscriber", "lead", "lead", "lead", "customer"))
    draft.born(born, stage=stage, source=IMPORT)
    at = born + (draft.now - born) * rng.uniform(0.1, 0.9)
    if rng.random() < 0.6:
        draft.submit(to_ms(at), rng.choice((*OTHER_FORMS, draft.campaign.form)))
    if rng.random() < 0.5:
        draft.contact.set("hubspotscore", str(rng.randint(0, 75)), to_ms(at), SCORING)
    if stage == "subscriber" and rng.random() < 0.4:
        draft.contact.set("lifecyclestage", "lead", to_ms(at))
    if rng.random() < 0.3:
        rep = rng.choice(draft.scene.staff.active())
        draft.own(rep, to_ms(at))
        draft.log(rng.choice(BACKGROUND), rep, to_ms(at))
