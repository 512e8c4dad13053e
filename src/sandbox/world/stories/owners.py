"""Leads whose owner makes the story: routed late or never, parked in a queue, passed on. Pure."""

from __future__ import annotations

from datetime import timedelta

from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.people import ABSENT, GONE, SLOW, Rep
from sandbox.world.sheet import Source
from sandbox.world.stories.aftermath import life_goes_on
from sandbox.world.stories.sorts import accepted, routed
from sandbox.world.touches import by


def owned_before(draft: Draft) -> None:
    """Somebody's lead for days when it is handed over."""
    passage = draft.hand_over(draft.past(days=(6, 43)), born=draft.past(days=(50, 80)))
    rep = draft.rng.choice(draft.scene.staff.active())
    draft.assign(passage, rep, passage.opened_at - draft.some(60, 6000))
    draft.touch(passage, draft.open_span(passage.opened_at, draft.rng.uniform(0.1, 1.6), rep))
    accepted(draft, passage)


def routed_in_the_same_moment(draft: Draft) -> None:
    """Stage and owner are set by one write, at one millisecond."""
    passage = draft.hand_over(draft.past(days=(6, 43)))
    rep = draft.rng.choice(draft.scene.staff.active())
    draft.assign(passage, rep, passage.opened_at)
    draft.touch(passage, draft.open_span(passage.opened_at, draft.rng.uniform(0.1, 1.6), rep))
    accepted(draft, passage)


def parked_first(draft: Draft, *, placeholder: bool) -> None:
    """Owned by the queue (or by a user who stands for nobody) first: unassigned until a person has it."""
    passage = draft.hand_over(draft.past(days=(6, 43)), born=draft.past(days=(50, 80)))
    staff = draft.scene.staff
    parked_at = passage.opened_at + draft.rng.choice((-1, 1)) * draft.some(0.1, 2.5)
    draft.own(staff.placeholder_id if placeholder else staff.queue_id, parked_at)
    delay = draft.some(3, 14) if draft.rng.random() < 0.5 else draft.some(16, 200)
    draft.assign(passage, draft.rng.choice(staff.active()), passage.opened_at + delay)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 1.4)))
    accepted(draft, passage)


def never_routed(draft: Draft) -> None:
    """Nobody's lead for days; a rep who does not own it calls all the same."""
    passage = draft.hand_over(draft.past(days=(6, 43)))
    if draft.rng.random() < 0.4:
        draft.own(draft.scene.staff.queue_id, passage.opened_at + draft.some(0, 5))
    draft.noise(draft.rng.choice(draft.scene.staff.active()), passage.opened_at, passage.opened_at + timedelta(days=2))
    if draft.rng.random() < 0.3:
        draft.log("connected call", draft.rng.choice(draft.scene.staff.active()), draft.open_span(passage.opened_at, 0.5))
    life_goes_on(draft, passage)


def routed_late_called_at_once(draft: Draft) -> None:
    """Routed too late, even for the first touch; the owner then calls within the span: the system's breach."""
    _routed_late(draft, touched_after=draft.rng.uniform(0.1, 0.9))


def routed_late_called_late(draft: Draft) -> None:
    """Routed late, and the owner let the whole span pass as well: the owner's breach unless nobody had it by the deadline."""
    _routed_late(draft, touched_after=draft.rng.uniform(1.1, 4))


def _routed_late(draft: Draft, *, touched_after: float) -> None:
    passage = draft.hand_over(draft.past(days=(8, 43)))
    late = draft.open_span(passage.opened_at, draft.rng.choice((0.3, 0.6, 0.9, 1.3, 3)))
    assigned = late + draft.some(16, 20)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.active()), assigned)
    draft.touch(passage, draft.open_span(assigned, touched_after))
    accepted(draft, passage)


def passed_on_in_time(draft: Draft) -> None:
    """Taken from its owner before the day is over: that owner is excused, the next one has a day again."""
    passage = _idle(draft, passed_on_after=draft.some(60, 1380))
    _taken_over(draft, passage)


def passed_on_after_the_deadline(draft: Draft) -> None:
    """Taken from its owner after the day is over: that owner's breach stands, the next one has a day."""
    passage = _idle(draft, passed_on_after=draft.some(1460, 3000))
    _taken_over(draft, passage)


def _idle(draft: Draft, *, passed_on_after: timedelta) -> Passage:
    first, second = draft.rng.sample(draft.scene.staff.with_habit(SLOW, ABSENT), 2)
    passage = routed(draft, rep=first)
    if draft.rng.random() < 0.5:
        draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.05, 0.3)))
    at = passage.tenures[0].at + passed_on_after
    if draft.others and draft.others[-1].written_at >= at:
        at = draft.others[-1].written_at + draft.some(5, 60)
    draft.assign(passage, second, at, _manager_of(draft, second))
    return passage


def _manager_of(draft: Draft, rep: Rep) -> Source:
    return by(next(manager for manager in draft.scene.staff.managers if manager.team is rep.team))


def _taken_over(draft: Draft, passage: Passage) -> None:
    assigned = passage.tenures[-1].at
    if draft.rng.random() < 0.5:
        draft.touch(passage, draft.open_span(assigned, draft.rng.uniform(0.1, 1.5)))
    if draft.rng.random() < 0.7:
        draft.accept(passage, assigned + draft.some(30, 2000))


def called_by_the_former_owner(draft: Draft) -> None:
    """Passed on within the first hour; then only the former owner calls, which does not count."""
    passage = routed(draft)
    former = passage.tenures[0].rep
    others = [rep for rep in draft.scene.staff.active() if rep is not former]
    draft.assign(passage, draft.rng.choice(others), passage.tenures[0].at + draft.some(5, 40))
    draft.log("connected call", former, draft.open_span(passage.tenures[1].at, 0.3))
    accepted(draft, passage)


def taken_back_to_the_queue(draft: Draft) -> None:
    """Assigned, then put back into the queue within the day: the owner is excused, nobody has a clock after that."""
    passage = routed(draft)
    at = passage.tenures[0].at + draft.some(20, 1380)
    draft.own(draft.rng.choice((draft.scene.staff.queue_id, draft.scene.staff.placeholder_id, "")), at)


def set_again(draft: Draft) -> None:
    """The same owner is written once more: no new assignment."""
    passage = routed(draft)
    owner = passage.tenures[0].rep
    for _ in range(draft.rng.randint(1, 2)):
        draft.own(owner, passage.tenures[0].at + draft.some(10, 2500), by(owner))
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 1.4)))
    accepted(draft, passage)


def passed_on_after_acceptance(draft: Draft) -> None:
    """Accepted in time, then passed on: the promise is kept already, so the new owner has no clock."""
    passage = routed(draft)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 0.8)))
    at = passage.tenures[0].at + draft.some(30, 1400)
    draft.accept(passage, at)
    settled = max(at, draft.others[-1].written_at)
    draft.own(_somebody_else(draft, passage), settled + draft.some(20, 3000))


def _somebody_else(draft: Draft, passage: Passage) -> Rep:
    return draft.rng.choice([rep for rep in draft.scene.staff.active() if rep is not passage.tenures[-1].rep])


def owner_has_left(draft: Draft) -> None:
    """Routed to somebody who left the company: assigned, and never touched."""
    passage = routed(draft, rep=draft.rng.choice(draft.scene.staff.with_habit(GONE)))
    life_goes_on(draft, passage)
