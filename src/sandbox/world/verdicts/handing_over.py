"""What is handed over qualifies, what qualifies is handed over, and nobody has it before that. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.world.clocks import PlannedClock, Told, first_end, tell
from sandbox.world.criteria import filled, meets, qualifies, value_changes
from sandbox.world.passage import Course, DoesNotFit, Passage
from sandbox.world.promises import (
    AGREEMENT_ZONE,
    COOL_OFF_DAYS,
    CREATED_WITHIN,
    DISQUALIFIED_STATUS,
    PROMISES,
    PULLED_WITHIN,
    RECYCLED_STATUS,
)
from sandbox.world.stages import accepted_spans, beyond_spans, first_within, moments, stands


def fit(course: Course, passage: Passage) -> Told:
    """Whether the lead qualified when the stage, or its score, handed it over."""
    at = passage.opened_at
    asked = at + CREATED_WITHIN if at == course.contact.written_at else at
    complete = filled(course, asked)
    criteria = meets(course, asked) if passage.by == "stage" else True
    if criteria is False or not complete:
        return Told("fit", at, "breached", at, "marketing", "a required field was blank" if criteria else "did not qualify")
    if criteria is None:
        return Told("fit", at, "unknown", at, "none", "a value was blank that the criteria ask for")
    return Told("fit", at, "kept", at, "marketing", "qualified when it was handed over")


def offered(course: Course, now: datetime) -> Iterator[Told]:
    """One promise for each time at which the lead began to qualify and was in no passage."""
    before = False
    for at in value_changes(course):
        qualified = qualifies(course, at)
        if qualified and not before and _is_free(course, at, now):
            yield tell(_offered(course, at, _until(course, at)), course.ownership, now)
        before = qualified


def _until(course: Course, start: datetime) -> datetime | None:
    return next((at for at in value_changes(course) if at > start and not qualifies(course, at)), None)


def _offered(course: Course, start: datetime, unqualified: datetime | None) -> PlannedClock:
    later = [since for since, _ in (*accepted_spans(course.contact), *beyond_spans(course.contact))]
    lost, how = first_end(
        (unqualified, "no longer qualified"),
        (first_within(later, start, None), "a later stage"),
        (first_within(moments(course.contact, DISQUALIFIED_STATUS), start, None), "disqualified"),
        (course.excused_at, "opted out"),
    )
    opened = [passage.opened_at for passage in course.of("sdr")]
    within = PROMISES["offered"].within
    return PlannedClock(
        promise="offered",
        started_at=start,
        due_at=start + within,
        kept_at=first_within(opened, start, None),
        ended_at=lost if lost is None or lost <= start + within else None,
        ending=how,
    )


def _is_free(course: Course, at: datetime, now: datetime) -> bool:
    """Whether a lead that begins to qualify at `at` can be missed."""
    if any(passage.holds(at) for passage in course.of("sdr")):
        return False
    if any(stands(span, at) for span in (*accepted_spans(course.contact), *beyond_spans(course.contact))):
        return False
    ended = max((passage.opened_at for passage in course.of("sdr") if passage.opened_at < at), default=course.contact.written_at)
    if first_within(moments(course.contact, DISQUALIFIED_STATUS), ended, at) is not None:
        return False
    for recycled in moments(course.contact, RECYCLED_STATUS):
        if recycled <= at < cool_off_end(recycled):
            if cool_off_end(recycled) <= now:
                raise DoesNotFit  # it may qualify anew when the cool-off is over, or not
            return False
    return True


def cool_off_end(recycled: datetime) -> datetime:
    """The same local time on the last day of the cool-off."""
    zone = ZoneInfo(AGREEMENT_ZONE)
    local = recycled.astimezone(zone)
    return (local + timedelta(days=COOL_OFF_DAYS)).astimezone(recycled.tzinfo)


def kept_back(course: Course, now: datetime) -> Iterator[Told]:
    """One breach for each SDR who was made owner before the first passage, and not just before it."""
    first = min((passage.opened_at for passage in course.of("sdr")), default=None)
    for turn in course.ownership.changes():
        if turn.rep is None or turn.rep.pool != "sdr" or (first is not None and turn.at >= first):
            continue
        upto = turn.at + PULLED_WITHIN
        if now > upto and (first is None or first > upto):
            yield Told("kept back", turn.at, "breached", turn.at, "owner", f"{turn.rep.name} had it before it was handed over")
