"""One lead for every sort of touch, for everything that is none, and for touches that are logged late. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sandbox.world.deeds import CHANNELS, Deed
from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.people import PROMPT, STEADY, Rep
from sandbox.world.promises import BULK_ALIKE, BULK_WITHIN, LATE_LOGGING
from sandbox.world.sheet import Sheet, to_ms
from sandbox.world.stories.aftermath import life_goes_on
from sandbox.world.touches import alike_call, alike_mail


def routed(draft: Draft, *, hand_raise: bool = False, rep: Rep | None = None, at: datetime | None = None) -> Passage:
    """A lead of last weeks (or of `at`) that was routed within minutes, by whichever handoff."""
    at = at or draft.past(days=(6, 43))
    passage = draft.raise_hand(at) if hand_raise else draft.hand_over(at)
    owner = rep or draft.rng.choice(draft.scene.staff.active())
    draft.assign(passage, owner, at + draft.some(0.05, 12))
    return passage


def accepted(draft: Draft, passage: Passage) -> None:
    """The lead is accepted within the day, and the world goes on."""
    if draft.rng.random() < 0.8:
        draft.accept(passage, passage.tenures[-1].at + draft.some(20, 1400))
    life_goes_on(draft, passage)


def touched_by(draft: Draft, sort: str) -> None:
    """One touch of `sort`, in time, after things that are none."""
    passage = routed(draft, hand_raise=sort != "sequence mail" and draft.rng.random() < 0.4)
    rep = passage.tenures[0].rep
    at = draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.2, 0.85))
    draft.noise(rep, passage.tenures[0].at, at)
    draft.touch(passage, at, sort=sort)
    accepted(draft, passage)


def not_touched_by(draft: Draft, sort: str) -> None:
    """`sort` in time, which is no touch; half of these leads are touched later, too late."""
    passage = routed(draft, hand_raise=draft.rng.random() < 0.3)
    at = draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.2, 0.85))
    draft.log(sort, passage.tenures[0].rep, at)
    _perhaps_late(draft, passage)
    accepted(draft, passage)


def _perhaps_late(draft: Draft, passage: Passage) -> None:
    if draft.rng.random() < 0.5:
        draft.touch(passage, draft.open_span(_due(draft, passage), draft.rng.uniform(0.1, 2)))


def _due(draft: Draft, passage: Passage) -> datetime:
    """A moment at which the first touch is overdue in every calendar."""
    return max(hours.after(passage.opened_at, draft.touch_span()) for hours in draft.scene.hours.values())


def sequence_after_hand_raise(draft: Draft) -> None:
    """Only a sequence mail for somebody who raised a hand: no first touch."""
    passage = routed(draft, hand_raise=True)
    draft.log("sequence mail", passage.tenures[0].rep, draft.open_span(passage.tenures[0].at, 0.5))
    _perhaps_late(draft, passage)
    accepted(draft, passage)


def touched_by_somebody_else(draft: Draft) -> None:
    """Another rep calls in time; only the owner's touch counts."""
    passage = routed(draft)
    other = draft.rng.choice([rep for rep in draft.scene.staff.reps if rep is not passage.tenures[0].rep])
    draft.log("connected call", other, draft.open_span(passage.tenures[0].at, 0.4))
    _perhaps_late(draft, passage)
    accepted(draft, passage)


def touched_before_the_handoff(draft: Draft) -> None:
    """The owner called before the handoff, and logged one of the calls after it: neither counts."""
    passage = draft.hand_over(draft.past(days=(6, 43)), born=draft.past(days=(50, 80)))
    rep = draft.rng.choice(draft.scene.staff.active())
    draft.assign(passage, rep, passage.opened_at - timedelta(days=3))
    draft.log("connected call", rep, passage.opened_at - draft.some(40, 3000))
    draft.log("mail", rep, passage.opened_at - timedelta(seconds=1), logged=passage.opened_at + draft.some(1, 90))
    _perhaps_late(draft, passage)
    accepted(draft, passage)


def bulk_mail(draft: Draft) -> None:
    """A dozen and more mails alike within four minutes: no touch."""
    subject = f"Planning notes no. {draft.rng.randint(10**8, 10**9)}"
    _many_alike(draft, partial(alike_mail, subject=subject), count=draft.rng.randint(BULK_ALIKE + 2, BULK_ALIKE + 5), counts=False)


def small_batch(draft: Draft) -> None:
    """One mail fewer alike than bulk needs: each of them is a touch."""
    subject = f"Planning notes no. {draft.rng.randint(10**8, 10**9)}"
    _many_alike(draft, partial(alike_mail, subject=subject), count=BULK_ALIKE - 1, counts=True)


def bulk_calls(draft: Draft, *, dialled: bool) -> None:
    """Ten calls alike within four minutes: logged by hand no touch, by a dialer's integration each of them is one."""
    length = draft.rng.randint(100_000, 900_000)
    _many_alike(draft, partial(alike_call, lasts_ms=length, dialled=dialled), count=BULK_ALIKE, counts=dialled)


def _many_alike(draft: Draft, write: Callable[..., Sheet], *, count: int, counts: bool) -> None:
    passage = routed(draft)
    rep = passage.tenures[0].rep
    at = draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.2, 0.8))
    mine = write(rep=rep, at=at)
    flaw, channel = None if counts else "logged in bulk", CHANNELS[mine.kind]
    draft.add(mine, Deed(sheet=mine, channel=channel, rep=rep, at=at, logged_at=mine.written_at, over_at=at, flaw=flaw, nurtures=True))
    step = (BULK_WITHIN - timedelta(minutes=1)) / count
    for number, reader in enumerate(draft.rng.sample(draft.scene.readers, count - 1), start=1):
        other = write(rep=rep, at=to_ms(at + step * number))
        other.links.append(reader)
        draft.others.append(other)
    accepted(draft, passage)


def logged_late(draft: Draft, late_by: timedelta) -> None:
    """A call in time that was logged `late_by` open time after the allowance: it counts from when it was logged."""
    passage = routed(draft)
    happened, allowed = _late_call(draft, passage)
    logged = draft.hours(passage.tenures[0].rep).after(allowed, late_by)
    draft.log("connected call", passage.tenures[0].rep, happened, logged=logged)
    accepted(draft, passage)


def logged_within_the_allowance(draft: Draft, early_by: timedelta) -> None:
    """A call in time that was logged late, but `early_by` within the allowance: it counts from when it happened."""
    passage = routed(draft)
    happened, allowed = _late_call(draft, passage)
    draft.log("connected call", passage.tenures[0].rep, happened, logged=allowed - early_by)
    accepted(draft, passage)


def _late_call(draft: Draft, passage: Passage) -> tuple[datetime, datetime]:
    """When the call happened, and the last moment at which logging it is still in time."""
    rep = passage.tenures[0].rep
    happened = draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 0.8))
    return happened, draft.hours(rep).after(happened, LATE_LOGGING)


def backdated_by_a_diligent_rep(draft: Draft) -> None:
    """A rep who is known to be prompt logs yesterday's call today: it cannot undo the breach."""
    passage = routed(draft, rep=draft.rng.choice(draft.scene.staff.with_habit(PROMPT, STEADY)))
    rep = passage.tenures[0].rep
    happened = draft.open_span(passage.tenures[0].at, 0.3)
    logged = draft.hours(rep).after(happened, timedelta(hours=draft.rng.uniform(5, 20)))
    draft.log("call, no answer", rep, happened, logged=logged)
    accepted(draft, passage)
