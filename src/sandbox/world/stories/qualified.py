"""Who qualifies when: handed over in time, late, never, without qualifying, by the score alone; and who had it too early. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from sandbox.world.draft import Draft
from sandbox.world.promises import DISQUALIFIED_STATUS, HANDOFF_STAGE, PROMISES, PULLED_WITHIN
from sandbox.world.sheet import FORM, SCORING, Sheet
from sandbox.world.stories.sorts import accepted
from sandbox.world.story import MILLISECOND, NEAR_MISSES, SECOND, Story

WITHIN = PROMISES["offered"].within
CRITERIA = (  # what the lead or its company has, and whether it then qualifies
    *(("hubspotscore", value) for value in ("59", "59.5", "60")),
    *(("numberofemployees", value) for value in ("49", "50", "1000", "1001", "5000", "5001", "")),
    *(("industry", value) for value in ("RETAIL", "FINANCIAL_SERVICES", "")),
    *(("jobtitle", value) for value in ("Student", "HEAD OF OPERATIONS", "Revenue", "")),
    *(("email", value) for value in ("",)),
    *(("company", value) for value in ("",)),
    *(("phone", value) for value in ("", " ", "0")),
)


def _fitting(draft: Draft, *, days: tuple[float, float] = (6, 43), since: datetime | None = None) -> datetime:
    """Somebody who lacks a score alone, and gets it at the moment that is returned."""
    at = since or draft.past(days=days)
    draft.born(at - draft.some(60, 20_000), fits=True)
    draft.contact.set("hubspotscore", str(draft.rng.randint(60, 95)), at, SCORING)
    return at


def _handed_over(draft: Draft, at: datetime, *, by_hand_raise: bool = False) -> None:
    if by_hand_raise:
        draft.submit(at, "Demo request")
    else:
        draft.contact.set("lifecyclestage", HANDOFF_STAGE, at)
    passage = draft.open_passage(at, by="hand-raise" if by_hand_raise else "stage")
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), at + draft.some(0.5, 12))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 0.9)))
    accepted(draft, passage)


def handed_over_after(draft: Draft, offset: timedelta, by_hand_raise: bool = False) -> None:
    """Handed over `offset` after the day in which a lead that qualifies should be."""
    _handed_over(draft, _fitting(draft) + WITHIN + offset, by_hand_raise=by_hand_raise)


def handed_over_at_once(draft: Draft) -> None:
    """Qualifies at the very moment it is handed over: nothing was missed."""
    _handed_over(draft, _fitting(draft))


def never_handed_over(draft: Draft) -> None:
    """Qualifies for days, and nobody hands it over."""
    _fitting(draft)


def qualifies_since_today(draft: Draft) -> None:
    """Qualifies since some hours; it may still be handed over in time."""
    _fitting(draft, since=draft.now - draft.some(5, 1_400))


def no_longer(draft: Draft, how: str, offset: timedelta) -> None:
    """Qualified, and no longer `offset` after the day in which it should have been handed over."""
    at = _fitting(draft) + WITHIN + offset
    match how:
        case "score":
            draft.contact.set("hubspotscore", "31", at, SCORING)
        case "email":
            draft.contact.set("email", "", at, FORM)
        case "industry":
            draft.own_company().set("industry", "RETAIL", at)
        case "disqualified":
            draft.contact.set("hs_lead_status", DISQUALIFIED_STATUS, at)
        case _:
            draft.opt_out(at)


def qualified_twice(draft: Draft) -> None:
    """Qualified, then not, then again: a promise each time."""
    at = _fitting(draft, days=(12, 43))
    draft.contact.set("hubspotscore", "40", at + draft.some(60, 3_000), SCORING)
    draft.contact.set("hubspotscore", "71", at + draft.some(4_000, 7_000), SCORING)


def straight_to_sales(draft: Draft) -> None:
    """Qualified, and set by hand to what Sales qualified, past the handoff: no longer missed, and the executives' lead."""
    at = _fitting(draft) + draft.some(30, 1_000)
    passage = draft.qualify(at)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.executives), at + draft.some(5, 300))


def not_missed(draft: Draft, why: str) -> None:
    """Qualifies where nobody can miss it: disqualified before, or a customer."""
    at = _fitting(draft)
    if why == "customer":
        draft.contact.set("lifecyclestage", "customer", at - draft.some(5, 50))
    else:
        draft.contact.set("hs_lead_status", DISQUALIFIED_STATUS, at - draft.some(5, 50))


def handed_over_with(draft: Draft, name: str, value: str) -> None:
    """Handed over in its stage with one value that decides whether it qualifies."""
    at = draft.past(days=(6, 43))
    passage = draft.hand_over(at, born=at - draft.some(60, 20_000), fits=True)
    sheet: Sheet = draft.own_company() if name in ("numberofemployees", "industry") else draft.contact
    if name != "hubspotscore":
        sheet.history.pop(name)
    sheet.set(name, value, sheet.written_at if name != "hubspotscore" else at - MILLISECOND, SCORING if name == "hubspotscore" else FORM)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), at + draft.some(0.5, 12))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 0.9)))
    accepted(draft, passage)


def score_crosses(draft: Draft, score: str, fits: bool) -> None:
    """A score hands over the lead of a company that fits, whatever its title; the required fields may be blank."""
    at = draft.past(days=(6, 43))
    draft.born(at - draft.some(60, 20_000), fits=True)
    draft.contact.set("jobtitle", "Student", draft.contact.written_at + SECOND, FORM)
    if draft.rng.random() < 0.4:
        draft.contact.set("phone", "", at - draft.some(1, 50), FORM)
    if not fits:
        draft.own_company().set("industry", "RETAIL", at - MILLISECOND)
    draft.contact.set("hubspotscore", score, at, SCORING)
    if fits and float(score) >= 97:
        passage = draft.open_passage(at, by="score")
        draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), at + draft.some(0.5, 30))
        draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 1.5)))
        accepted(draft, passage)


def score_crosses_while_open(draft: Draft) -> None:
    """The score crosses while Sales is at it: no second passage."""
    passage = draft.hand_over(draft.past(days=(6, 43)), fits=True)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), passage.opened_at + draft.some(0.5, 12))
    draft.contact.set("hubspotscore", "99", passage.opened_at + draft.some(20, 5_000), SCORING)


def pulled(draft: Draft, offset: timedelta | None, by_manager: bool = False) -> None:
    """Somebody's lead, handed over `offset` after the fifteen minutes; None: never."""
    staff = draft.scene.staff
    at = draft.past(days=(6, 43))
    draft.born(at - draft.some(60, 20_000))
    rep = draft.rng.choice(staff.managers if by_manager else staff.there())
    draft.own(rep, at)
    if offset is not None:
        passage_at = at + PULLED_WITHIN + offset
        draft.contact.set("lifecyclestage", HANDOFF_STAGE, passage_at)
        draft.touch(draft.open_passage(passage_at), draft.open_span(passage_at, 0.5), rep=rep)


def pulled_twice(draft: Draft) -> None:
    """Two reps had it in turn before anybody handed it over."""
    at = draft.past(days=(6, 43))
    draft.born(at - draft.some(60, 20_000))
    for rep in draft.rng.sample(draft.scene.staff.there(), 2):
        draft.own(rep, at)
        draft.own(rep, at + SECOND)
        at += draft.some(5, 900)


def _stories() -> Iterator[Story]:
    for offset in NEAR_MISSES:
        yield Story(title="handed over a day after it qualified", tell=partial(handed_over_after, offset=offset))
        yield Story(title="qualified until the day was over", tell=partial(no_longer, how="score", offset=offset))
        yield Story(title="pulled just before", tell=partial(pulled, offset=offset))
    yield Story(title="raised a hand after it qualified", tell=partial(handed_over_after, offset=-SECOND, by_hand_raise=True))
    yield Story(title="handed over as it qualified", tell=handed_over_at_once)
    yield Story(title="never handed over", tell=never_handed_over, least=2)
    yield Story(title="qualifies since today", tell=qualifies_since_today, least=3)
    for how in ("email", "industry", "disqualified", "opted out"):
        yield Story(title=f"qualified, then not: {how}", tell=partial(no_longer, how=how, offset=-timedelta(hours=9)))
    yield Story(title="qualified twice", tell=qualified_twice)
    yield Story(title="straight to Sales", tell=straight_to_sales)
    for why in ("customer", "disqualified"):
        yield Story(title=f"qualifies, but {why}", tell=partial(not_missed, why=why))
    for name, value in CRITERIA:
        yield Story(title=f"handed over with {name} {value!r}", tell=partial(handed_over_with, name=name, value=value))
    for score, fits in (("96.9", True), ("97", True), ("99", True), ("99", False)):
        yield Story(title=f"score {score}", tell=partial(score_crosses, score=score, fits=fits))
    yield Story(title="score crosses while open", tell=score_crosses_while_open)
    yield Story(title="pulled and never handed over", tell=partial(pulled, offset=None))
    yield Story(title="a manager's before the handoff", tell=partial(pulled, offset=timedelta(hours=1), by_manager=True))
    yield Story(title="pulled twice", tell=pulled_twice)


STORIES = tuple(_stories())
