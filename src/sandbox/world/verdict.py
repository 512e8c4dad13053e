"""The verdict on everything that was promised about one lead. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from sandbox.world.clocks import Told
from sandbox.world.passage import MARGIN, SHORT_MARGIN, Course, DoesNotFit, Passage
from sandbox.world.promises import NotCounted, Promise
from sandbox.world.touching import Weighed, weigh
from sandbox.world.verdicts.answers import answers, nurtured
from sandbox.world.verdicts.between import confusions, delivered, in_step
from sandbox.world.verdicts.cadence import work_of, worked
from sandbox.world.verdicts.first_days import first_days, takes_over
from sandbox.world.verdicts.going_back import given_back, reasons
from sandbox.world.verdicts.handing_over import fit, kept_back, offered
from sandbox.world.verdicts.oddities import sound_data
from sandbox.world.verdicts.presence import covered, few_hands
from sandbox.world.verdicts.stale import alive


def promises_of(course: Course, *, title: str, now: datetime) -> list[Promise]:
    """Every promise about the lead, with its status at `now`.

    Raises DoesNotFit where `now` is too close to a moment that decides a status, or no rule decides it.
    """
    return _judged(course, _told, title, now)


def handing_over_of(course: Course, *, title: str, now: datetime) -> list[Promise]:
    """Only what Marketing promised: for a lead whose owner, or stage, has no history."""
    return _judged(course, _handing_over, title, now)


def _judged(course: Course, tell: Callable[[Course, datetime], Iterator[Told]], title: str, now: datetime) -> list[Promise]:
    told = list(tell(course, now))
    at_risk = any(_is_brief(verdict) for verdict in told)
    for margin in (MARGIN, SHORT_MARGIN) if at_risk else (MARGIN,):
        for moment in (now - margin, now + margin):
            _refuse_if_other(told, list(tell(course, moment)), brief=margin is SHORT_MARGIN)
    return [_promise(verdict, course.contact.key, title) for verdict in told]


def _handing_over(course: Course, now: datetime) -> Iterator[Told]:
    yield from offered(course, now)
    yield from (fit(course, passage) for passage in course.of("sdr"))


def _promise(told: Told, record: str, title: str) -> Promise:
    return Promise(
        record=record,
        promise=told.promise,
        started_at=told.started_at,
        status=told.status,
        due_at=told.due_at,
        side=told.side,
        why=f"{title}: {told.why}",
    )


def not_counted(course: Course) -> Iterator[NotCounted]:
    """Every activity that was looked at in a passage to the SDRs and is no touch, or no attempt."""
    record = course.contact.key
    for passage in course.of("sdr"):
        for weighed in weigh(course, passage, sequences=not passage.hand_raise):
            if weighed.flaw is not None:
                yield NotCounted(record=record, promise="touched", activity=weighed.deed.activity, reason=weighed.flaw)
        for weighed, flaw in _wasted(course, passage):
            yield NotCounted(record=record, promise="worked", activity=weighed.deed.activity, reason=flaw)


def _wasted(course: Course, passage: Passage) -> Iterator[tuple[Weighed, str]]:
    """What was done while the lead was to be worked, and is no attempt."""
    work = work_of(course, passage)
    if work is None:
        return
    yield from work.wasted
    for weighed in weigh(course, passage, sequences=True):
        if weighed.flaw is not None and weighed.deed.at >= work.started_at and (work.ended_at is None or weighed.at <= work.ended_at):
            yield weighed, weighed.flaw


def _told(course: Course, now: datetime) -> Iterator[Told]:
    yield from offered(course, now)
    yield from kept_back(course, now)
    for passage in course.passages:
        yield from _of_passage(course, passage, now)
    yield from reasons(course, now)
    if course.passages:
        yield from sound_data(course)
        yield from confusions(course)
        yield from in_step(course, now)


def _of_passage(course: Course, passage: Passage, now: datetime) -> Iterator[Told]:
    yield from covered(course, passage, now)
    yield from few_hands(course, passage)
    yield from delivered(course, passage, now)
    if passage.handoff == "ae":
        yield takes_over(course, passage, now)
        return
    if not passage.hand_raise:
        yield fit(course, passage)
    yield from first_days(course, passage, now)
    yield from worked(course, passage, now)
    yield from alive(course, passage, now)
    yield from answers(course, passage, now)
    yield from nurtured(course, passage, now)
    yield from given_back(course, passage, now)


def _refuse_if_other(now: list[Told], then: list[Told], *, brief: bool) -> None:
    """Raise DoesNotFit where a few minutes give another verdict; the three at-risk minutes of an assignment are brief."""
    seen, other = (Counter(_decided(verdict) for verdict in side if brief or not _is_brief(verdict)) for side in (now, then))
    if not brief:
        risky = {verdict.started_at for verdict in now if _is_brief(verdict)}
        other = Counter({key: count for key, count in other.items() if key[0] != "assigned" or key[1] not in risky})
    if seen != other:
        raise DoesNotFit


def _is_brief(told: Told) -> bool:
    return (told.promise, told.status) == ("assigned", "at_risk")


def _decided(told: Told) -> tuple[object, ...]:
    return told.promise, told.started_at, told.status, told.due_at, told.side
