"""The world goes on after a handoff: what changes on a lead without moving any promise. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sandbox.world.campaigns import COUNTRIES, GOOD_TITLES, INDUSTRIES, OTHER_FORMS
from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.promises import OPT_OUTS, REQUIRED_FIELDS
from sandbox.world.sheet import SCORING, to_ms


def life_goes_on(draft: Draft, passage: Passage) -> None:
    """Change up to three things on the lead between its handoff and now."""
    if draft.rng.random() < 0.4:
        return
    for change in draft.rng.sample(_CHANGES, draft.rng.randint(1, 3)):
        span = draft.now - passage.opened_at
        at = to_ms(passage.opened_at + span * draft.rng.uniform(0.1, 0.9))
        if draft.has_come(at):
            change(draft, at)


def _score(draft: Draft, at: datetime) -> None:
    draft.contact.set("hubspotscore", str(draft.rng.randint(0, 96)), at, SCORING)


def _required_field(draft: Draft, at: datetime) -> None:
    name = draft.rng.choice(REQUIRED_FIELDS[1:])
    draft.contact.set(name, draft.rng.choice(("", f"changed {draft.rng.randint(10, 99)}")), at)


def _company(draft: Draft, at: datetime) -> None:
    if draft.company is not None:
        draft.company.set("numberofemployees", str(draft.rng.randint(5, 20_000)), at)
        draft.company.set("industry", draft.rng.choice(INDUSTRIES), at)


def _one_opt_out(draft: Draft, at: datetime) -> None:
    if not any(draft.contact.has(name) for name in OPT_OUTS):
        draft.contact.set(draft.rng.choice(OPT_OUTS), "true", at)


def _person(draft: Draft, at: datetime) -> None:
    draft.contact.set("jobtitle", draft.rng.choice(GOOD_TITLES), at)
    draft.contact.set("country", draft.rng.choice(COUNTRIES), at)


def _idle_form(draft: Draft, at: datetime) -> None:
    if "recent_conversion_date" not in draft.contact.history:
        draft.submit(at, draft.rng.choice(OTHER_FORMS))


def _new_owner(draft: Draft, at: datetime) -> None:
    """Somebody else has it from then on, if everything that was done to it was done by then."""
    passage = draft.passages[-1]
    if len(passage.tenures) == 1 and all(sheet.written_at < at for sheet in draft.others) and at > passage.tenures[0].at:
        draft.own(draft.rng.choice(draft.scene.staff.active()), at)


_CHANGES: tuple[Callable[[Draft, datetime], None], ...] = (
    _score,
    _required_field,
    _company,
    _one_opt_out,
    _person,
    _idle_form,
    _new_owner,
)
