"""Leads that pass through many hands, and leads whose owner is away. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from sandbox.world.draft import Draft
from sandbox.world.passage import DoesNotFit, Passage
from sandbox.world.people import GONE, Absence, Rep
from sandbox.world.promises import PROMISES
from sandbox.world.stories.sorts import routed
from sandbox.world.story import NEAR_MISSES, SECOND, Story


def passed_round(draft: Draft, times: int, closed: bool, parked: bool) -> None:
    """Changed hands so many times; nobody in between makes no difference."""
    reps = draft.rng.sample(draft.scene.staff.there(), times + 1)
    passage = routed(draft, rep=reps[0], at=draft.past(days=(12, 43)))
    at = passage.tenures[0].at
    for rep in reps[1:]:
        at += draft.some(100, 1_500)
        if parked:
            draft.own(draft.scene.staff.queue_id, at - draft.some(5, 50))
        draft.assign(passage, rep, at)
    if closed:
        draft.reject(passage, at + draft.some(100, 900))


def parked_and_back(draft: Draft) -> None:
    """Into the queue and back to the same owner, twice: no change of hands."""
    rep = draft.rng.choice(draft.scene.staff.there())
    passage = routed(draft, rep=rep, at=draft.past(days=(12, 43)))
    at = passage.tenures[0].at
    for _ in range(2):
        draft.own(draft.rng.choice(("", draft.scene.staff.queue_id)), at + draft.some(30, 200))
        at += draft.some(300, 900)
        draft.assign(passage, rep, at)


def unowned(draft: Draft, offset: timedelta) -> None:
    """Nobody's after somebody had it, until `offset` after the working day in which it should have an owner."""
    first, second = draft.rng.sample(draft.scene.staff.there(), 2)
    passage = routed(draft, rep=first, at=draft.past(days=(8, 43)))
    lost = passage.tenures[0].at + draft.some(30, 900)
    draft.own("", lost)
    draft.assign(passage, second, _covered_by(draft, lost) + offset)


def _covered_by(draft: Draft, since: datetime) -> datetime:
    return draft.hours().days_after(since, PROMISES["covered"].days)


def given_to_the_absent(draft: Draft, offset: timedelta | None, closed: bool = False) -> None:
    """Given to somebody who is away, and to somebody who is there `offset` after it should be; None: not before they are back."""
    rep, away = _on_leave(draft)
    hours = draft.hours(rep)
    at = hours.midnight(away.first) + (hours.midnight(away.back) - hours.midnight(away.first)) * draft.rng.uniform(0.05, 0.6)
    at = at.replace(microsecond=0)
    passage = draft.hand_over(at - draft.some(0.5, 12))
    draft.assign(passage, rep, at)
    due = _covered_by(draft, at)
    if closed:
        draft.disqualify(passage, due - timedelta(hours=1))
    elif offset is not None:
        draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), due + offset)


def _on_leave(draft: Draft) -> tuple[Rep, Absence]:
    rep = draft.rng.choice([rep for rep in draft.scene.staff.active() if rep.absences])
    return rep, rep.absences[0]


def owner_goes_on_leave(draft: Draft) -> None:
    """Worked by somebody who then goes away, from their midnight to their midnight."""
    rep, away = _on_leave(draft)
    at = draft.hours(rep).midnight(away.first) - draft.some(60, 4_000)
    passage = draft.hand_over(at)
    draft.assign(passage, rep, at + draft.some(0.5, 12))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, 0.5))


def back_just_then(draft: Draft, offset: timedelta) -> None:
    """Given to somebody `offset` after they are back at midnight: before that, they are away for so long."""
    rep, away = _on_leave(draft)
    at = draft.hours(rep).midnight(away.back) + offset
    passage = draft.hand_over(at - draft.some(0.5, 12))
    draft.assign(passage, rep, at)


def away_in_turn(draft: Draft) -> None:
    """From one who is away into the queue, and on to one who is there: one stretch."""
    rep, away = _on_leave(draft)
    at = draft.hours(rep).midnight(away.first) + draft.some(30, 400)
    passage = draft.hand_over(at - draft.some(0.5, 12))
    draft.assign(passage, rep, at)
    parked = at + draft.some(200, 1_000)
    draft.own(draft.scene.staff.queue_id, parked)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), parked + draft.some(200, 4_000))


def passed_on_by_the_departed(draft: Draft) -> None:
    """Had by somebody who has left since, and passed on before anybody saw that: nobody knows, so nothing is told."""
    rep = draft.rng.choice(draft.scene.staff.with_habit(GONE))
    passage = routed(draft, rep=rep, at=draft.past(days=(12, 43)))
    draft.assign(passage, draft.rng.choice(draft.scene.staff.there()), passage.tenures[0].at + draft.some(300, 5_000))


def given_to_the_absent_today(draft: Draft) -> None:
    """Given to somebody who is away now, less than a working day ago."""
    rep = draft.rng.choice([rep for rep in draft.scene.staff.active() if rep.absences])
    passage: Passage = draft.hand_over(draft.now - draft.some(60, 1_300))
    draft.assign(passage, rep, passage.opened_at + draft.some(0.5, 12))
    if passage.tenures[0].at < draft.hours(rep).midnight(rep.absences[1].first):
        raise DoesNotFit


def _stories() -> Iterator[Story]:
    for times in (2, 3, 4):
        for closed in (True, False):
            yield Story(title="passed round", tell=partial(passed_round, times=times, closed=closed, parked=times == 3), least=3)
    yield Story(title="parked and back", tell=parked_and_back)
    for offset in NEAR_MISSES:
        yield Story(title="unowned for a day", tell=partial(unowned, offset=offset))
        yield Story(title="given to the absent, then passed on", tell=partial(given_to_the_absent, offset=offset))
        yield Story(title="given to somebody who comes back", tell=partial(back_just_then, offset=offset - SECOND))
    yield Story(title="given to the absent", tell=partial(given_to_the_absent, offset=None), least=2)
    yield Story(title="given to the absent, then closed", tell=partial(given_to_the_absent, offset=None, closed=True), least=5)
    yield Story(title="owner goes on leave", tell=owner_goes_on_leave, least=2)
    yield Story(title="away in turn", tell=away_in_turn, least=2)
    yield Story(title="passed on by who has left", tell=passed_on_by_the_departed)
    yield Story(title="given to the absent today", tell=given_to_the_absent_today, least=3)


STORIES = tuple(_stories())
