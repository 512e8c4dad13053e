"""Near misses: leads that start at the edges of the working day, and facts a second before and after a deadline. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from sandbox.world.clock import ONE_DAY, OpenHours
from sandbox.world.draft import Draft
from sandbox.world.passage import DoesNotFit
from sandbox.world.promises import PROMISES
from sandbox.world.stories.sorts import accepted, routed
from sandbox.world.verdicts.first_days import decided_within

SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
OFFSETS = (-SECOND, timedelta(0), SECOND, MILLISECOND)
Start = Callable[[Draft, OpenHours], datetime]


def started_at_an_edge(draft: Draft, where: str) -> None:
    """A lead that starts `where` in its calendar, called within a second of the deadline."""
    rep = draft.rng.choice(draft.scene.staff.active())
    owned_before = draft.rng.random() < 0.7
    at = STARTS[where](draft, draft.hours(rep if owned_before else None))
    passage = draft.hand_over(at, born=at - draft.some(60, 20_000))
    draft.assign(passage, rep, at - draft.some(1, 50) if owned_before else at + draft.some(0.1, 14))
    due = draft.open_span(at, 1, rep if owned_before else None)
    draft.touch(passage, due + draft.rng.choice(OFFSETS), sort=draft.rng.choice(("mail", "busy call", "voicemail of 4 s")))
    accepted(draft, passage)


def assigned_at_the_deadline(draft: Draft, offset: timedelta) -> None:
    """Routed `offset` after the fifteen minutes."""
    at = draft.past(days=(6, 43))
    passage = draft.hand_over(at)
    draft.assign(passage, draft.rng.choice(draft.scene.staff.active()), at + PROMISES["assigned"].within + offset)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 0.8)))
    accepted(draft, passage)


def accepted_at_the_deadline(draft: Draft, offset: timedelta) -> None:
    """Accepted `offset` after the twenty-four hours, for the clock may be turned in between."""
    passage = routed(draft)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.1, 0.8)))
    assigned = passage.tenures[0].at
    draft.accept(passage, assigned + decided_within(draft.course(), assigned) + offset)


def over_a_clock_change(draft: Draft) -> None:
    """Handed over on the eve of a clock change, accepted within a second of twenty-four hours on the wall."""
    rep = draft.rng.choice(draft.scene.staff.active())
    eve = _eve_of_clock_change(draft, draft.hours(rep))
    passage = draft.hand_over(eve, born=eve - draft.some(60, 9000))
    draft.assign(passage, rep, eve - draft.some(5, 60))
    draft.touch(passage, draft.open_span(eve, 1, rep) + draft.rng.choice(OFFSETS), sort="mail")
    draft.accept(passage, eve + decided_within(draft.course(), eve) + draft.rng.choice(OFFSETS))


def _eve_of_clock_change(draft: Draft, hours: OpenHours) -> datetime:
    """The evening before the last clock change of the window; without one, any Friday's or Saturday's evening."""
    for day in _days(draft, hours):
        if hours.changes_clock(day):
            return hours.noon(day) - draft.some(13 * 60, 22 * 60)
    return _weekend(draft, hours)


def _days(draft: Draft, hours: OpenHours) -> list[date]:
    """The local days of the window, five to forty-three days ago, newest first."""
    today = hours.local_day(draft.now)
    return [today - ONE_DAY * back for back in range(5, 44)]


def _working_span(draft: Draft, hours: OpenHours) -> tuple[datetime, datetime]:
    span = hours.span(draft.rng.choice(_days(draft, hours)))
    if span is None:
        raise DoesNotFit
    return span


def _opening(draft: Draft, hours: OpenHours) -> datetime:
    return _working_span(draft, hours)[0]


def _closing(draft: Draft, hours: OpenHours) -> datetime:
    return _working_span(draft, hours)[1]


def _night(draft: Draft, hours: OpenHours) -> datetime:
    return _closing(draft, hours) + draft.some(5, 800)


def _weekend(draft: Draft, hours: OpenHours) -> datetime:
    days = [day for day in _days(draft, hours) if day.weekday() > 4]
    return hours.noon(draft.rng.choice(days)) + draft.some(-600, 600)


def _holiday(draft: Draft, hours: OpenHours) -> datetime:
    days = [day for day in _days(draft, hours) if hours.is_holiday(day) and day.weekday() <= 4]
    return hours.noon(draft.rng.choice(days)) + draft.some(-600, 600) if days else _weekend(draft, hours)


STARTS: Mapping[str, Start] = {
    "at opening": _opening,
    "a second before opening": lambda draft, hours: _opening(draft, hours) - SECOND,
    "at closing": _closing,
    "a second before closing": lambda draft, hours: _closing(draft, hours) - SECOND,
    "a second after closing": lambda draft, hours: _closing(draft, hours) + SECOND,
    "two hours before closing": lambda draft, hours: _closing(draft, hours) - PROMISES["touched"].within,
    "at night": _night,
    "on a weekend": _weekend,
    "on a holiday": _holiday,
}
