"""Accepted leads that nothing happens to: left alone too long, saved a second before, or decided meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from sandbox.world.draft import Draft
from sandbox.world.passage import DoesNotFit
from sandbox.world.promises import PROMISES
from sandbox.world.stories.taken_up import Start, later, taken_up
from sandbox.world.story import NEAR_MISSES, Story

SIGNS = ("mail", "sequence mail", "incoming mail", "busy call")


def _stale_at(start: Start, since: datetime) -> datetime:
    return start.hours.days_after(since, PROMISES["alive"].days)


def saved(draft: Draft, offset: timedelta) -> None:
    """A sign of life `offset` after the five days of silence."""
    start = taken_up(draft, days=(16, 43))
    draft.log(draft.rng.choice(SIGNS), start.rep, _stale_at(start, start.at) + offset)


def stale_twice(draft: Draft) -> None:
    """Silent for too long, called, silent again; a mail of somebody else's is no sign of life."""
    start = taken_up(draft, days=(30, 43))
    first = later(start, _stale_at(start, start.at), draft.rng.uniform(1, 12))
    attempt_by = draft.rng.choice(("call, no answer", "sequence mail"))
    draft.log(attempt_by, start.rep, first)
    others = [rep for rep in draft.scene.staff.there() if rep is not start.rep]
    draft.log("mail", draft.rng.choice(others), later(start, first, 10))


def stale_then(draft: Draft, how: str, offset: timedelta) -> None:
    """Stale; it goes back (`how`) `offset` after that was due."""
    start = taken_up(draft, days=(20, 43))
    at = draft.hours().days_after(_stale_at(start, start.at), 1) + offset
    match how:
        case "recycled":
            draft.recycle(start.passage, at)
        case "disqualified":
            draft.disqualify(start.passage, at)
        case "returned":
            draft.contact.set("lifecyclestage", "lead", at)
            draft.end(at, "returned")
        case "qualified":
            draft.qualify(at)
        case _:
            draft.opt_out(at)


def decided_in_time(draft: Draft, offset: timedelta) -> None:
    """Qualified `offset` after the five days of silence: the last stretch is kept, or broken."""
    start = taken_up(draft, days=(16, 43))
    draft.qualify(_stale_at(start, start.at) + offset)


def settled(draft: Draft, offset: timedelta, recycled: bool) -> None:
    """Worked on a little, then qualified or recycled `offset` after the fifteen days in which it is to be settled."""
    start = taken_up(draft, days=(24, 50))
    at = start.hours.days_after(start.at, PROMISES["settled"].days) + offset
    draft.touch(start.passage, later(start, start.at, 12))
    if recycled:
        draft.recycle(start.passage, at)
    else:
        draft.qualify(at)


def opted_out_meanwhile(draft: Draft) -> None:
    """Opted out of mail and calls while it was worked: everything that ran then is excused."""
    start = taken_up(draft, days=(12, 43))
    draft.touch(start.passage, later(start, start.at, 5))
    draft.opt_out(later(start, start.at, draft.rng.uniform(7, 20)))


def silent_now(draft: Draft, days: tuple[float, float]) -> None:
    """Accepted in the last days, and nothing since."""
    taken_up(draft, days=days)


def going_back_now(draft: Draft) -> None:
    """Stale since less than a day: it should go back, and still may in time."""
    start = taken_up(draft, days=(6, 13))
    stale = _stale_at(start, start.at)
    if not stale < draft.now < draft.hours().days_after(stale, 1):
        raise DoesNotFit


def _stories() -> Iterator[Story]:
    day = timedelta(days=1)
    for offset in NEAR_MISSES:
        yield Story(title="saved from silence, or not", tell=partial(saved, offset=offset))
        yield Story(title="stale, then recycled", tell=partial(stale_then, how="recycled", offset=offset))
        yield Story(title="qualified after some silence", tell=partial(decided_in_time, offset=offset))
        yield Story(title="settled in the end", tell=partial(settled, offset=offset, recycled=offset > timedelta(0)))
    for how in ("disqualified", "returned", "qualified", "opted out"):
        yield Story(title=f"stale, then {how}", tell=partial(stale_then, how=how, offset=-timedelta(hours=2)))
    yield Story(title="stale, then disqualified late", tell=partial(stale_then, how="disqualified", offset=day))
    yield Story(title="opted out while it was worked", tell=opted_out_meanwhile, least=3)
    yield Story(title="stale twice", tell=stale_twice, least=2)
    yield Story(title="silent since it was accepted", tell=partial(silent_now, days=(1, 6)), least=3)
    yield Story(title="stale since yesterday", tell=going_back_now, least=3)


STORIES = tuple(_stories())
