"""A lead that was handed over, routed, touched and accepted: what the stories between two CRMs begin with. Pure."""

from __future__ import annotations

from datetime import datetime

from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.people import Rep


def whole(at: datetime) -> datetime:
    """`at` without what is smaller than a second."""
    return at.replace(microsecond=0)


def handed_over(draft: Draft, *, days: tuple[float, float] = (6, 43), known_for: tuple[float, float] = (3_000, 40_000)) -> Passage:
    """Handed over at a whole second some `days` ago, `known_for` minutes after it was created."""
    at = whole(draft.past(days=days))
    return draft.hand_over(at, born=at - draft.some(*known_for))


def worked(draft: Draft, passage: Passage, since: datetime | None = None) -> Rep:
    """Routed minutes after the handoff (or after `since`) to somebody who is there, touched and accepted that day."""
    rep = draft.rng.choice(draft.scene.staff.there())
    draft.assign(passage, rep, whole((since or passage.opened_at) + draft.some(1, 12)))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 1.2)), sort="mail")
    draft.accept(passage, whole(passage.tenures[0].at + draft.some(30, 1_200)))
    return rep


def another(draft: Draft, rep: Rep) -> Rep:
    """Somebody else who is there."""
    return draft.rng.choice([one for one in draft.scene.staff.there() if one is not rep])
