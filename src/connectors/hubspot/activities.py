"""HubSpot's calls, e-mails, meetings, messages, tasks and notes as activities. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from connectors.hubspot.mapping import archived_at_of, changed_at_of, created_at_of, in_order, key_of
from connectors.hubspot.values import first_moment, id_of, moment_of, moment_or_refuse, text_of
from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, StatusChange

_CALL_DISPOSITIONS = {  # HubSpot's own outcomes, the same GUIDs in every portal
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": ActivityStatus.CONNECTED,
    "73a0d17f-1163-4015-bdd5-ec830791da20": ActivityStatus.NO_ANSWER,
    "9d9162e7-6cf3-4944-bf63-4dff82258764": ActivityStatus.BUSY,
    "b2cf5968-551e-4856-9783-52b3da59a7d0": ActivityStatus.VOICEMAIL,
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": ActivityStatus.LIVE_MESSAGE,
    "17b47fee-58de-441e-a44c-c6300d46f273": ActivityStatus.WRONG_NUMBER,
}
_CALL_STATUSES = {
    "COMPLETED": ActivityStatus.OTHER,  # it took place; how it went was not logged
    "NO_ANSWER": ActivityStatus.NO_ANSWER,
    "MISSED": ActivityStatus.MISSED,
    "BUSY": ActivityStatus.BUSY,
    "FAILED": ActivityStatus.FAILED,
    "CANCELED": ActivityStatus.FAILED,  # never made
    "QUEUED": ActivityStatus.PLANNED,
    "RINGING": ActivityStatus.PLANNED,
    "IN_PROGRESS": ActivityStatus.PLANNED,
    "CONNECTING": ActivityStatus.PLANNED,
    "CALLING_CRM_USER": ActivityStatus.PLANNED,
}
_EMAIL_STATUSES = {
    "SENT": ActivityStatus.SENT,
    "BOUNCED": ActivityStatus.BOUNCED,
    "FAILED": ActivityStatus.FAILED,
    "SCHEDULED": ActivityStatus.PLANNED,
    "SENDING": ActivityStatus.PLANNED,
}
_MEETING_OUTCOMES = {
    "SCHEDULED": ActivityStatus.BOOKED,
    "COMPLETED": ActivityStatus.HELD,
    "RESCHEDULED": ActivityStatus.RESCHEDULED,
    "NO_SHOW": ActivityStatus.NO_SHOW,
    "CANCELED": ActivityStatus.CANCELLED,
}
_MARKETING_SOURCES = frozenset({"MARKETING_EMAIL", "AUTOMATION_PLATFORM"})  # the e-mail tool; a workflow
_SENT_KINDS = frozenset({ActivityKind.EMAIL, ActivityKind.MESSAGE})
_DIRECTIONS = {
    "OUTBOUND": Direction.OUT,
    "INBOUND": Direction.IN,
    "EMAIL": Direction.OUT,
    "INCOMING_EMAIL": Direction.IN,
    "FORWARDED_EMAIL": Direction.IN,  # somebody's mail, forwarded to the CRM to be logged
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityShape:
    """Where one kind of engagement keeps what every activity has; None where it has no such property."""

    kind: ActivityKind
    direction: str | None = None
    status: str | None = None  # the property whose history tells how it went
    subject: str | None = None  # read for the look-alike hash, never kept
    starts: str | None = None
    ends: str | None = None
    also: tuple[str, ...] = ()  # further properties it is read from
    status_history: bool = False


SHAPES: Mapping[str, ActivityShape] = {
    "call": ActivityShape(
        kind=ActivityKind.CALL,
        direction="hs_call_direction",
        status="hs_call_status",
        also=("hs_call_disposition", "hs_call_duration"),
    ),
    "email": ActivityShape(
        kind=ActivityKind.EMAIL,
        direction="hs_email_direction",
        status="hs_email_status",
        subject="hs_email_subject",
        also=("hs_sequence_id", "hs_incoming_email_is_out_of_office"),
        status_history=True,  # a bounce takes the touch back from the moment it is told
    ),
    "meeting": ActivityShape(
        kind=ActivityKind.MEETING,
        status="hs_meeting_outcome",
        subject="hs_meeting_title",
        starts="hs_meeting_start_time",
        ends="hs_meeting_end_time",
        status_history=True,  # booked, cancelled and held are different moments
    ),
    "communication": ActivityShape(kind=ActivityKind.MESSAGE, subject="hs_communication_channel_type"),
    "task": ActivityShape(kind=ActivityKind.TASK, status="hs_task_status"),
    "note": ActivityShape(kind=ActivityKind.NOTE),
}

_COMMON = ("hs_timestamp", "hs_createdate", "hs_lastmodifieddate", "hubspot_owner_id", "hs_object_source", "hs_object_source_id")


def properties_of(kind: str) -> tuple[str, ...]:
    """Name the properties from which an activity of `kind` is read."""
    shape = SHAPES[kind]
    own = (shape.direction, shape.status, shape.subject, shape.starts, shape.ends, *shape.also)
    return (*_COMMON, *(name for name in own if name))


def history_of(kind: str) -> tuple[str, ...]:
    """Name the properties that are read with history; none for kinds whose outcome does not change later."""
    shape = SHAPES[kind]
    return (shape.status,) if shape.status_history and shape.status else ()


def activity_from_object(kind: str, item: Mapping[str, Any]) -> Activity:
    """Read one engagement of a list or batch read.

    `happened_at` is what people typed in (a meeting's start), `logged_at` what the server set.
    Source: crm-facts, HubSpot, section 1.9.
    """
    shape = SHAPES[kind]
    properties: Mapping[str, Any] = item.get("properties") or {}
    logged_at = moment_or_refuse(item, "logged", properties.get("hs_createdate"), item.get("createdAt"))
    direction = _direction(shape, properties)
    source = text_of(properties.get("hs_object_source"))
    return Activity(
        key=key_of(kind, id_of(item)),
        kind=shape.kind,
        happened_at=first_moment(_value(properties, shape.starts), properties.get("hs_timestamp")) or logged_at,
        logged_at=logged_at,
        changed_at=changed_at_of(item),
        ends_at=moment_of(_value(properties, shape.ends)),
        owner=text_of(properties.get("hubspot_owner_id")),
        direction=direction,
        statuses=_statuses(shape, item, direction),
        duration_s=_seconds(properties.get("hs_call_duration")),
        source=source,
        source_id=text_of(properties.get("hs_object_source_id")),
        sequence=text_of(properties.get("hs_sequence_id")),
        marketing=shape.kind in _SENT_KINDS and source in _MARKETING_SOURCES,
        auto_reply=text_of(properties.get("hs_incoming_email_is_out_of_office")) == "true",
        alike=_alike(shape, properties),
        archived_at=archived_at_of(item),
    )


def _value(properties: Mapping[str, Any], name: str | None) -> str | None:
    return text_of(properties.get(name)) if name else None


def _direction(shape: ActivityShape, properties: Mapping[str, Any]) -> Direction | None:
    if shape.kind is ActivityKind.MESSAGE:
        return Direction.OUT  # a message is logged by who sent it; HubSpot has no direction for it
    return _DIRECTIONS.get(_value(properties, shape.direction) or "")


def _statuses(shape: ActivityShape, item: Mapping[str, Any], direction: Direction | None) -> tuple[StatusChange, ...]:
    """Give the statuses from the history where it came, else the one that holds, as if it had held since it was logged."""
    if shape.kind is ActivityKind.NOTE:
        return ()
    properties: Mapping[str, Any] = item.get("properties") or {}
    versions = (item.get("propertiesWithHistory") or {}).get(shape.status) or ()
    told = tuple(
        StatusChange(status=_status(shape, properties, text_of(version.get("value")), direction), at=at)
        for version, at in in_order(versions)
    )
    now = _status(shape, properties, _value(properties, shape.status), direction)
    return told or (StatusChange(status=now, at=created_at_of(item)),)


def _status(shape: ActivityShape, properties: Mapping[str, Any], value: str | None, direction: Direction | None) -> ActivityStatus | None:
    """Give the status that `value` of the shape's status property means; blank, a mail was sent and a meeting is only booked."""
    match shape.kind:
        case ActivityKind.CALL:
            return _call_status(text_of(properties.get("hs_call_disposition")), value, direction)
        case ActivityKind.EMAIL:
            return _EMAIL_STATUSES.get(value or "SENT", ActivityStatus.OTHER)
        case ActivityKind.MEETING:
            return _MEETING_OUTCOMES.get(value or "SCHEDULED", ActivityStatus.OTHER)
        case ActivityKind.TASK:
            return ActivityStatus.DONE if value == "COMPLETED" else ActivityStatus.PLANNED
        case _:
            return ActivityStatus.SENT


def _call_status(disposition: str | None, status: str | None, direction: Direction | None) -> ActivityStatus | None:
    """Give how a call went: by the outcome the rep chose, else by the status the dialer set.

    An outcome that is not HubSpot's own is the portal's. An inbound call without answer is one that nobody took.
    """
    told: ActivityStatus | None = None
    if disposition:
        told = _CALL_DISPOSITIONS.get(disposition.lower(), ActivityStatus.OTHER)
    elif status:
        told = _CALL_STATUSES.get(status, ActivityStatus.OTHER)
    return ActivityStatus.MISSED if told is ActivityStatus.NO_ANSWER and direction is Direction.IN else told


def _seconds(milliseconds: object) -> float | None:
    try:
        return float(text_of(milliseconds) or "") / 1000
    except ValueError:
        return None


def _alike(shape: ActivityShape, properties: Mapping[str, Any]) -> str | None:
    """Hash what look-alikes share: kind, owner, direction, subject, outcome, length.

    None for what is never a touch, and for calls that an integration logged: a dialer makes them one by one, however alike.
    """
    dialed = shape.kind is ActivityKind.CALL and text_of(properties.get("hs_object_source")) == "INTEGRATION"
    if dialed or shape.kind in (ActivityKind.TASK, ActivityKind.NOTE):
        return None
    outcome = text_of(properties.get("hs_call_disposition")) or _value(properties, shape.status)
    shared = (
        shape.kind.value,
        text_of(properties.get("hubspot_owner_id")),
        _value(properties, shape.direction),
        _value(properties, shape.subject),
        outcome,
        text_of(properties.get("hs_call_duration")),
    )
    return blake2b("\x1f".join(part or "" for part in shared).encode(), digest_size=12).hexdigest()
