"""Soon assigned, soon touched, soon decided, and settled in the end; and who takes over what qualified. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox.world.clock import OpenHours
from sandbox.world.clocks import PlannedClock, Told, first_end, passage_end, status_of, suspended, tell
from sandbox.world.criteria import is_enterprise, is_paid_search
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.promises import (
    DISQUALIFIED_STATUS,
    ENTERPRISE_TOUCHED_WITHIN,
    PAID_SEARCH_DECIDED_WITHIN,
    PROMISES,
    RECYCLED_STATUS,
    REJECTED_STATUS,
    PromiseName,
    Side,
)
from sandbox.world.stages import accepted_spans, beyond_spans, first_within, moments
from sandbox.world.touching import touches


def first_days(course: Course, passage: Passage, now: datetime) -> Iterator[Told]:
    """The clocks of a passage to the SDRs."""
    owners = course.owners(passage)
    yield tell(_assigned(course, passage, "assigned"), owners, now)
    yield _touched(course, passage, now)
    for clock in _decided(course, passage):
        yield tell(clock, owners, now)
    start = accepted_at(course, passage)
    if start is not None:
        yield tell(_settled(course, passage, start), owners, now)


def takes_over(course: Course, passage: Passage, now: datetime) -> Told:
    """The clock of a passage to the account executives."""
    return tell(_assigned(course, passage, "taken over"), course.owners(passage), now)


def touched_within(course: Course, passage: Passage) -> timedelta:
    """The span of the first touch in `passage`."""
    enterprise = is_enterprise(course, passage.opened_at)
    return ENTERPRISE_TOUCHED_WITHIN if enterprise else PROMISES["touched"].within


def decided_within(course: Course, at: datetime) -> timedelta:
    """The span in which who is assigned at `at` decides."""
    return PAID_SEARCH_DECIDED_WITHIN if is_paid_search(course, at) else PROMISES["decided"].within


def accepted_at(course: Course, passage: Passage) -> datetime | None:
    """When Sales accepted the lead in `passage`; a lead that had gone further by then passed it over."""
    entered = first_within([since for since, _ in accepted_spans(course.contact)], passage.opened_at, passage.ended_at)
    beyond = beyond_at(course, passage)
    if entered is not None and beyond is not None and beyond <= entered:
        raise DoesNotFit  # accepted after it was qualified
    return entered


def beyond_at(course: Course, passage: Passage) -> datetime | None:
    """When the lead was qualified by Sales, or went further, in `passage`."""
    return first_within([since for since, _ in beyond_spans(course.contact)], passage.opened_at, passage.ended_at)


def _assigned(course: Course, passage: Passage, promise: PromiseName) -> PlannedClock:
    terms, start = PROMISES[promise], passage.opened_at
    tenures = course.tenures(passage)
    ended, ending = passage_end(course, passage)
    return PlannedClock(
        promise=promise,
        started_at=start,
        due_at=course.calendar(passage, start).after(start, terms.within) if terms.business else start + terms.within,
        kept_at=tenures[0].at if tenures else None,
        ended_at=ended,
        ending=ending,
        warned_at=tuple(start + terms.within * share for share in terms.warn_at[:1]),
    )


def _touched(course: Course, passage: Passage, now: datetime) -> Told:
    calendar = course.calendar(passage, passage.opened_at)
    within, share = touched_within(course, passage), PROMISES["touched"].warn_at[0]
    due = _moved(course, passage, within, calendar)
    half_way = calendar.after(passage.opened_at, calendar.between(passage.opened_at, due) * share)
    counted = touches(course, passage, sequences=not passage.hand_raise)
    ended, ending = passage_end(course, passage)
    clock = PlannedClock(
        promise="touched",
        started_at=passage.opened_at,
        due_at=due,
        kept_at=counted[0].at if counted else None,
        ended_at=ended,
        ending=ending,
        warned_at=(_moved(course, passage, within * share, calendar), half_way),
    )
    blame = _blame(course, passage, clock, calendar, now) if status_of(clock, now) == "breached" else None
    return tell(clock, course.owners(passage), now, blame)


def _moved(course: Course, passage: Passage, amount: timedelta, calendar: OpenHours) -> datetime:
    return suspended(course, passage, passage.opened_at, calendar.after(passage.opened_at, amount), calendar)


def _blame(course: Course, passage: Passage, clock: PlannedClock, calendar: OpenHours, now: datetime) -> Side:
    """Whose breach a missed first touch is: the system's, where it left the owners less than the whole span."""
    tenures = course.tenures(passage)
    if not tenures:
        return "system"
    first = tenures[0].at
    if first - passage.opened_at <= PROMISES["assigned"].within:
        return "owner"
    upto = clock.settled_at or passage.ended_at or now
    sides = {_had_less(course, passage, calendar, (first, upto), owned) for owned in (True, False)}
    if len(sides) > 1:
        raise DoesNotFit  # it depends on whether time counts in which nobody had it
    return "system" if sides.pop() else "owner"


def _had_less(course: Course, passage: Passage, calendar: OpenHours, span: tuple[datetime, datetime], owned: bool) -> bool:
    first, upto = span
    spans = [(tenure.at, min(tenure.until or upto, upto)) for tenure in course.tenures(passage)] if owned else [(first, upto)]
    own = sum((calendar.between(since, until) for since, until in spans if since < until), timedelta(0))
    for deed in course.deeds:
        if deed.frees_until is not None and max(deed.logged_at, first) < min(deed.frees_until, upto):
            own -= calendar.between(max(deed.logged_at, first), min(deed.frees_until, upto))
    return own <= touched_within(course, passage)


def _decided(course: Course, passage: Passage) -> Iterator[PlannedClock]:
    kept = _decided_at(course, passage)
    ended, ending = passage_end(course, passage)
    for tenure in course.tenures(passage):
        if kept is not None and kept < tenure.at:
            continue
        lost, how = first_end((ended, ending), (tenure.until, "another owner"))
        within = decided_within(course, tenure.at)
        yield PlannedClock(
            promise="decided",
            started_at=tenure.at,
            due_at=tenure.at + within,
            kept_at=kept,
            ended_at=lost,
            ending=how,
            warned_at=(tenure.at + within * PROMISES["decided"].warn_at[0],),
        )


def _decided_at(course: Course, passage: Passage) -> datetime | None:
    accepted = [since for since, _ in accepted_spans(course.contact)]
    beyond = [since for since, _ in beyond_spans(course.contact)]
    return first_within([*accepted, *beyond, *moments(course.contact, REJECTED_STATUS)], passage.opened_at, passage.ended_at)


def _settled(course: Course, passage: Passage, start: datetime) -> PlannedClock:
    out = [at for status in (RECYCLED_STATUS, DISQUALIFIED_STATUS) for at in moments(course.contact, status)]
    beyond = [since for since, _ in beyond_spans(course.contact)]
    ended, ending = passage_end(course, passage)
    return PlannedClock(
        promise="settled",
        started_at=start,
        due_at=course.calendar(passage, start).days_after(start, PROMISES["settled"].days),
        kept_at=first_within([*out, *beyond], start, passage.ended_at),
        ended_at=ended,
        ending=ending,
    )
