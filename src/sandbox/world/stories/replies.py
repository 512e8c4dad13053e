"""Leads that answer: who speaks back in time, late or never, and what is no answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from sandbox.world.draft import Draft
from sandbox.world.passage import DoesNotFit
from sandbox.world.promises import PROMISES
from sandbox.world.stories.aftermath import life_goes_on
from sandbox.world.stories.taken_up import Start, later, taken_up
from sandbox.world.story import NEAR_MISSES, Story

WITHIN = PROMISES["answered"].within
REPLIES = ("incoming mail", "missed inbound call")


def _replied(draft: Draft, *, days: tuple[float, float] = (8, 40)) -> tuple[Start, float]:
    """An accepted lead that answers some open hours later; how many."""
    start = taken_up(draft, days=days)
    after = draft.rng.uniform(0.5, 20)
    draft.log(draft.rng.choice(REPLIES), start.rep, later(start, start.at, after))
    return start, after


def answered(draft: Draft, offset: timedelta) -> None:
    """Answered `offset` after the four open hours."""
    start, after = _replied(draft)
    due = start.hours.after(later(start, start.at, after), WITHIN)
    draft.touch(start.passage, due + offset, sort=draft.rng.choice(("mail", "busy call", "SMS")))
    life_goes_on(draft, start.passage)


def answered_twice(draft: Draft) -> None:
    """Answered, and the next reply as well: a promise each; a reply while one waits has none of its own."""
    start, after = _replied(draft)
    for _ in range(2):
        draft.log("incoming mail", start.rep, later(start, start.at, after + 0.5))
        draft.touch(start.passage, later(start, start.at, after + draft.rng.uniform(1, 6)))
        after += draft.rng.uniform(8, 12)
        draft.log("incoming mail", start.rep, later(start, start.at, after))


def no_answer(draft: Draft, sort: str, by_owner: bool) -> None:
    """What follows the reply is no answer: a sequence's mail, an automatic one, or a colleague's."""
    start, after = _replied(draft)
    others = [rep for rep in draft.scene.staff.there() if rep is not start.rep]
    draft.log(sort, start.rep if by_owner else draft.rng.choice(others), later(start, start.at, after + 1))


def only_an_automatic_reply(draft: Draft) -> None:
    """Out of office: nobody owes an answer."""
    start = taken_up(draft, days=(8, 40))
    draft.log("out-of-office reply", start.rep, later(start, start.at, 2))


def replied_before_the_handoff(draft: Draft) -> None:
    """The reply came a second before the handoff; the next one in it is answered on the telephone."""
    passage = draft.hand_over(draft.past(days=(8, 40)), born=draft.past(days=(50, 80)))
    rep = draft.rng.choice(draft.scene.staff.there())
    draft.log("incoming mail", rep, passage.opened_at - timedelta(seconds=1))
    draft.assign(passage, rep, passage.opened_at + draft.some(1, 10))
    draft.log("answered inbound call", rep, draft.open_span(passage.tenures[0].at, 0.4))


def closed_before_the_answer(draft: Draft) -> None:
    """Disqualified while the reply waits."""
    start, after = _replied(draft)
    draft.disqualify(start.passage, later(start, start.at, after + draft.rng.uniform(0.2, 3.8)))


def replied_to_nobody(draft: Draft) -> None:
    """The reply comes before anybody has the lead, who answers it at once, or late."""
    passage = draft.hand_over(draft.past(days=(8, 40)))
    rep = draft.rng.choice(draft.scene.staff.there())
    draft.log("incoming mail", rep, passage.opened_at + draft.some(0.5, 5))
    hours = draft.rng.choice((0.5, 5, 12))
    draft.assign(passage, rep, draft.hours().after(passage.opened_at, timedelta(hours=hours)))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, 0.3), sort="mail")


def waiting_now(draft: Draft, share: tuple[float, float]) -> None:
    """The reply waits now, `share` of the open time gone."""
    rep = draft.rng.choice(draft.scene.staff.there())
    replied = draft.hours(rep).before(draft.now, WITHIN * draft.rng.uniform(*share)).replace(microsecond=0)
    start = taken_up(draft, days=(2, 12), rep=rep)
    if start.at >= replied:
        raise DoesNotFit
    draft.log("incoming mail", rep, replied)


def _stories() -> Iterator[Story]:
    for offset in (timedelta(hours=-2), *NEAR_MISSES):
        yield Story(title="a reply, answered at the deadline", tell=partial(answered, offset=offset))
    yield Story(title="replies, each of them answered", tell=answered_twice, least=2)
    for sort, by_owner in (("sequence mail", True), ("workflow mail", True), ("mail that bounced", True), ("mail", False)):
        yield Story(title=f"a reply, and only {sort}", tell=partial(no_answer, sort=sort, by_owner=by_owner))
    yield Story(title="only an automatic reply", tell=only_an_automatic_reply)
    yield Story(title="replied before the handoff", tell=replied_before_the_handoff)
    yield Story(title="closed before the answer", tell=closed_before_the_answer, least=3)
    yield Story(title="replied before anybody had it", tell=replied_to_nobody, least=2)
    yield Story(title="a reply waits", tell=partial(waiting_now, share=(0.1, 0.7)), least=3)
    yield Story(title="a reply waits, at risk", tell=partial(waiting_now, share=(0.83, 0.97)), least=3)


STORIES = tuple(_stories())
