"""Salesforce's Tasks and Events as activities. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, Link, StatusChange
from connectors.salesforce.mapping import CREATED, changed_at_of, key_in, key_of
from connectors.salesforce.values import Item, id_in, is_true, moment_of, moment_or_refuse, text_of

TASK, EVENT = "Task", "Event"
KINDS = (TASK, EVENT)
BY_USER = "USER"  # Salesforce tells who logged an activity, never by which way

_FIELDS: Mapping[str, tuple[str, ...]] = {
    TASK: (
        "WhoId",
        "OwnerId",
        "CreatedById",
        "Subject",
        "TaskSubtype",
        "IsClosed",
        "CompletedDateTime",
        "CallType",
        "CallDisposition",
        "CallDurationInSeconds",
    ),
    EVENT: ("WhoId", "OwnerId", "CreatedById", "Subject", "StartDateTime", "EndDateTime"),
}
_SUBTYPES = {
    "Call": ActivityKind.CALL,
    "Email": ActivityKind.EMAIL,
    "ListEmail": ActivityKind.EMAIL,
    "Cadence": ActivityKind.EMAIL,
    "LinkedIn": ActivityKind.MESSAGE,
}
_MARKETING, _SEQUENCE = "ListEmail", "Cadence"
_OF_CALLS = ("CallType", "CallDisposition", "CallDurationInSeconds")  # a dialer fills them without naming a subtype
_ALIKE = ("OwnerId", "CallType", "Subject", "CallDisposition", "CallDurationInSeconds")
_DIRECTIONS = {"Outbound": Direction.OUT, "Inbound": Direction.IN}
# A call's result is free text of the org's own; the first pattern that is in it tells.
_DISPOSITIONS = tuple(
    (re.compile(pattern), status)
    for pattern, status in (
        (r"(wrong|bad|invalid|disconnected) (number|no\b)|not in service", ActivityStatus.WRONG_NUMBER),
        (r"voice ?mail|\bl?vm\b|answering machine|\bmachine\b", ActivityStatus.VOICEMAIL),
        (
            r"no answer|not answer|unanswered|no response|no pick|not connected|not reached|unreachable|did ?n.t answer",
            ActivityStatus.NO_ANSWER,
        ),
        (r"\bbusy\b|engaged tone", ActivityStatus.BUSY),
        (r"left (a )?(live )?message|gatekeeper|message with", ActivityStatus.LIVE_MESSAGE),
        (r"cancell?ed|failed|error|not made", ActivityStatus.FAILED),
        (r"connect|answered|spoke|spoken|conversation|talked|reached|contacted", ActivityStatus.CONNECTED),
    )
)


def fields_of(kind: str) -> tuple[str, ...]:
    """Name the fields from which an activity of `kind` is read, beside those that every row has."""
    return _FIELDS[kind]


def activity_from_row(kind: str, row: Item) -> Activity:
    """Read one Task or Event. Source: crm-facts, Salesforce, section 5.

    A Task happened when it was completed; until then it is only planned. What was completed later than it was created was logged
    then. An Event is a meeting in the diary; Salesforce tells no outcome, so one that is over and was not deleted took place.
    """
    return _from_event(row) if kind == EVENT else _from_task(row)


def person_link(kind: str, row: Item) -> Link | None:
    """Link an activity to the Lead or Contact it names; None where it names none."""
    who = id_in(row, "WhoId")
    person = _PERSONS.get((who or "")[:3])
    return Link(left=key_in(kind, row), right=key_of(person, who)) if who and person else None


_PERSONS = {"00Q": "Lead", "003": "Contact"}  # by the first characters of an id (crm-facts, Salesforce, section 6)


def _from_task(row: Item) -> Activity:
    kind, subtype = _kind(row), text_of(row.get("TaskSubtype"))
    created_at, completed_at = moment_or_refuse(row, CREATED), moment_of(row.get("CompletedDateTime"))
    direction = _DIRECTIONS.get(text_of(row.get("CallType")) or "") if kind is ActivityKind.CALL else _direction(kind)
    return Activity(
        key=key_in(TASK, row),
        kind=kind,
        happened_at=completed_at or created_at,
        logged_at=max(created_at, completed_at or created_at),
        changed_at=changed_at_of(row),
        owner=id_in(row, "OwnerId"),
        direction=direction,
        statuses=_statuses(row, _outcome(kind, row, direction), created_at, completed_at),
        duration_s=_seconds(row.get("CallDurationInSeconds")),
        source=BY_USER,
        source_id=id_in(row, "CreatedById"),
        sequence="?" if subtype == _SEQUENCE else None,
        marketing=subtype == _MARKETING,
        alike=_alike(kind, row),
    )


def _from_event(row: Item) -> Activity:
    created_at = moment_or_refuse(row, CREATED)
    starts_at, ends_at = moment_of(row.get("StartDateTime")) or created_at, moment_of(row.get("EndDateTime"))
    over_at = max(ends_at or starts_at, created_at)
    booked = (StatusChange(status=ActivityStatus.BOOKED, at=created_at),) if created_at < over_at else ()
    return Activity(
        key=key_in(EVENT, row),
        kind=ActivityKind.MEETING,
        happened_at=starts_at,
        logged_at=created_at,
        changed_at=changed_at_of(row),
        ends_at=ends_at,
        owner=id_in(row, "OwnerId"),
        statuses=(*booked, StatusChange(status=ActivityStatus.HELD, at=over_at)),
        source=BY_USER,
        source_id=id_in(row, "CreatedById"),
        alike=_alike(ActivityKind.MEETING, row),
    )


def _kind(row: Item) -> ActivityKind:
    told = _SUBTYPES.get(text_of(row.get("TaskSubtype")) or "")
    if told is not None:
        return told
    return ActivityKind.CALL if any(text_of(row.get(field)) for field in _OF_CALLS) else ActivityKind.TASK


def _direction(kind: ActivityKind) -> Direction | None:
    return Direction.OUT if kind in (ActivityKind.EMAIL, ActivityKind.MESSAGE) else None


def _statuses(row: Item, outcome: ActivityStatus | None, created_at: datetime, completed_at: datetime | None) -> tuple[StatusChange, ...]:
    """Give the statuses of a Task: planned at first, done when it was completed. One that was logged when done was never planned."""
    planned = StatusChange(status=ActivityStatus.PLANNED, at=created_at)
    if not is_true(row.get("IsClosed")):
        return (planned,)
    done = StatusChange(status=outcome, at=completed_at or created_at)
    return (planned, done) if done.at > created_at else (done,)


def _outcome(kind: ActivityKind, row: Item, direction: Direction | None) -> ActivityStatus | None:
    match kind:
        case ActivityKind.CALL:
            told = _call_status(text_of(row.get("CallDisposition")))
            return ActivityStatus.MISSED if told is ActivityStatus.NO_ANSWER and direction is Direction.IN else told
        case ActivityKind.TASK:
            return ActivityStatus.DONE
        case _:
            return ActivityStatus.SENT


@lru_cache(maxsize=1_000)
def _call_status(disposition: str | None) -> ActivityStatus | None:
    """Give how a call went by the words that the rep or the dialer wrote; OTHER for words of another meaning or language."""
    if disposition is None:
        return None
    words = re.sub(r"[\W_]+", " ", disposition.casefold()).strip()
    return next((status for pattern, status in _DISPOSITIONS if pattern.search(words)), ActivityStatus.OTHER)


def _seconds(value: object) -> float | None:
    try:
        return float(text_of(value) or "")
    except ValueError:
        return None


def _alike(kind: ActivityKind, row: Item) -> str | None:
    """Hash what look-alikes share: kind, owner, direction, subject, outcome, length; None for what is never a touch."""
    if kind is ActivityKind.TASK:
        return None
    shared = "\x1f".join([str(row.get(field) or "") for field in _ALIKE])
    return blake2b(f"{kind}\x1f{shared}".encode(), digest_size=12).hexdigest()
