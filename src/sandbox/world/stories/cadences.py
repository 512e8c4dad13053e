"""Accepted leads that are worked: as agreed, too densely, with gaps, by the wrong channel, or until they answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from sandbox.world.draft import HALF_HOUR, Draft
from sandbox.world.passage import DoesNotFit
from sandbox.world.promises import EFFORT
from sandbox.world.stories.aftermath import life_goes_on
from sandbox.world.stories.taken_up import Start, attempt, later, taken_up
from sandbox.world.story import NEAR_MISSES, Story
from sandbox.world.verdicts.cadence import work_of

ORDER = ("call", "email", "call", "email", "call", "message", "message", "call")  # three calls, two mails, the rest free


def _needed(draft: Draft, start: Start) -> int:
    work = work_of(draft.course(), start.passage)
    return work.needed if work is not None else 0


def _work(draft: Draft, start: Start, count: int, *, since: datetime | None = None, first: int = 0) -> datetime:
    """Make attempts number `first` to `count`, five to eleven open hours apart; return when the last was made."""
    at = since or start.at
    for channel in ORDER[first:count]:
        at = later(start, at, draft.rng.uniform(5, 11))
        attempt(draft, start, at, channel)
    return at


def worked_through(draft: Draft) -> None:
    """All attempts in time, none of them answered; what follows from that is left open."""
    start = taken_up(draft)
    _work(draft, start, _needed(draft, start))
    life_goes_on(draft, start.passage)


def exhausted_then(draft: Draft, offset: timedelta | None) -> None:
    """All attempts made, then recycled `offset` after that was due; None: the person answers after all."""
    start = taken_up(draft, days=(30, 43))
    done = _work(draft, start, _needed(draft, start))
    due = draft.hours().days_after(done, 1)
    if offset is None:
        draft.log("incoming mail", start.rep, done + (due - done) * draft.rng.uniform(0.2, 0.9))
    else:
        draft.recycle(start.passage, due + offset)


def exhausted_then_qualified(draft: Draft) -> None:
    """All attempts made; then it is qualified all the same."""
    start = taken_up(draft, days=(30, 43))
    done = _work(draft, start, _needed(draft, start))
    draft.qualify(done + draft.some(30, 3_000))


def too_dense(draft: Draft, offset: timedelta) -> None:
    """The second attempt comes `offset` after four open hours have passed since the first."""
    start = taken_up(draft)
    first = _work(draft, start, 1)
    second = start.hours.after(first, EFFORT.at_least) + offset
    attempt(draft, start, second, "email")
    if draft.rng.random() < 0.5:
        _work(draft, start, _needed(draft, start), since=second, first=2)


def gap(draft: Draft, offset: timedelta) -> None:
    """An attempt `offset` after the three days that may pass since the last; the rest follows in time."""
    start = taken_up(draft)
    last = _work(draft, start, draft.rng.randint(0, 2))
    at = start.hours.days_after(last, EFFORT.at_most_days) + offset
    done = sum(deed.at >= start.at for deed in draft.deeds)
    attempt(draft, start, at, ORDER[done])
    if draft.rng.random() < 0.6:
        _work(draft, start, _needed(draft, start), since=at, first=done + 1)


def last_at_the_end(draft: Draft, offset: timedelta) -> None:
    """Everything but the last attempt in time; that one `offset` after the ten days."""
    start = taken_up(draft, days=(28, 43))
    needed = _needed(draft, start)
    end = start.hours.days_after(start.at, EFFORT.days)
    steps = [start.hours.days_after(start.at, 10 * number // needed) for number in range(1, needed)]
    for channel, at in zip(ORDER, steps, strict=False):
        attempt(draft, start, at - timedelta(minutes=1), channel)
    attempt(draft, start, end + offset, ORDER[needed - 1])


def wrong_channel(draft: Draft) -> None:
    """Messages only, once no place is free for them: they are touches, and no attempts."""
    start = taken_up(draft)
    free = _needed(draft, start) - sum(EFFORT.channels.values())
    at = start.at
    for _ in range(free + draft.rng.randint(1, 3)):
        at = later(start, at, draft.rng.uniform(5, 11))
        attempt(draft, start, at, "message")
    if draft.rng.random() < 0.5:
        _work(draft, start, 5, since=at)


def cut_short(draft: Draft) -> None:
    """The person answers after a few attempts: that ends the cadence."""
    start = taken_up(draft)
    last = _work(draft, start, draft.rng.randint(1, 4))
    reply = later(start, last, draft.rng.uniform(0.5, 6))
    draft.log("incoming mail", start.rep, reply)
    if draft.rng.random() < 0.7:
        attempt(draft, start, later(start, reply, draft.rng.uniform(0.3, 3.5)), "call")


def not_cut_short(draft: Draft) -> None:
    """An automatic reply, and a mail before the acceptance, end nothing."""
    start = taken_up(draft)
    last = _work(draft, start, 2)
    draft.log("out-of-office reply", start.rep, last + draft.some(1, 90))
    _work(draft, start, _needed(draft, start), since=last, first=2)


def idle_attempts(draft: Draft) -> None:
    """Between the attempts: what is none, by sort and by person."""
    start = taken_up(draft)
    others = [rep for rep in draft.scene.staff.there() if rep is not start.rep]
    at = start.at
    for channel in ORDER[: draft.rng.randint(3, _needed(draft, start))]:
        at = later(start, at, draft.rng.uniform(5, 9))
        attempt(draft, start, at, channel)
        idle = draft.rng.choice(("connected call of 3 s", "mail that bounced", "queued call", "workflow mail", "task", "failed call"))
        draft.log(idle, start.rep, later(start, at, 1))
        draft.log("call, no answer", draft.rng.choice(others), later(start, at, 2))


def told_late(draft: Draft) -> None:
    """Attempts that were logged a day late count from then."""
    start = taken_up(draft)
    at = start.at
    for channel in ORDER[: _needed(draft, start)]:
        at = later(start, at, draft.rng.uniform(8, 12))
        made = max(at - timedelta(days=3), start.at)
        draft.log("mail" if channel == "email" else "call, no answer", start.rep, made, logged=at)


def with_a_meeting(draft: Draft, outcome: str | None) -> None:
    """A meeting is booked between attempts; it is held, missed, cancelled, or nobody says."""
    start = taken_up(draft)
    booked = later(start, _work(draft, start, draft.rng.randint(0, 3)), draft.rng.uniform(1, 3))
    begins = later(start, booked, draft.rng.uniform(9, 30))
    told = begins - (begins - booked) * 0.4 if outcome in ("CANCELED", "RESCHEDULED") else begins + HALF_HOUR + draft.some(1, 30)
    outcomes = [] if outcome is None else [(told.replace(microsecond=0), outcome)]
    end = draft.book(start.rep, booked=booked, start=begins, later=outcomes)
    done = sum(deed.at >= start.at for deed in draft.deeds)
    _work(draft, start, draft.rng.randint(done, 8), since=end, first=min(done, 7))


def at_work_now(draft: Draft) -> None:
    """Accepted in the last days, worked up to now."""
    start = taken_up(draft, days=(3, 7))
    at = start.at
    for channel in ORDER[:5]:
        at = later(start, at, draft.rng.uniform(6, 10))
        if not draft.has_come(at + timedelta(minutes=20)):
            break
        attempt(draft, start, at, channel)
    if at == start.at:
        raise DoesNotFit


def _stories() -> Iterator[Story]:
    yield Story(title="worked through", tell=worked_through, least=3)
    for offset in NEAR_MISSES:
        yield Story(title="exhausted, then recycled", tell=partial(exhausted_then, offset=offset))
        yield Story(title="the last attempt at the end", tell=partial(last_at_the_end, offset=offset))
        yield Story(title="a second attempt too soon, or not", tell=partial(too_dense, offset=offset))
        yield Story(title="a gap too long, or not", tell=partial(gap, offset=offset))
    yield Story(title="exhausted, then answered", tell=partial(exhausted_then, offset=None))
    yield Story(title="exhausted, then qualified", tell=exhausted_then_qualified)
    yield Story(title="messages only", tell=wrong_channel)
    yield Story(title="cut short by a reply", tell=cut_short, least=2)
    yield Story(title="not cut short by an automatic reply", tell=not_cut_short)
    yield Story(title="attempts and what is none", tell=idle_attempts)
    yield Story(title="attempts logged late", tell=told_late)
    for outcome in ("COMPLETED", "NO_SHOW", "CANCELED", "RESCHEDULED", None):
        yield Story(title="a meeting among the attempts", tell=partial(with_a_meeting, outcome=outcome))
    yield Story(title="at work now", tell=at_work_now, least=3)


STORIES = tuple(_stories())
