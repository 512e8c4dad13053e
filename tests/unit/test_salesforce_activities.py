"""Tasks and Events as activities."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.records import ActivityKind, ActivityStatus, Direction, StatusChange
from connectors.salesforce.activities import activity_from_row, person_link

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOON = NINE + timedelta(hours=3)
BOB = "0054S000000JFmiQAG"


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def a_task(**fields: Any) -> dict[str, Any]:
    row = {"Id": "00T4S000001AbcdUAC", "IsDeleted": False, "CreatedDate": at(NINE), "SystemModstamp": at(NOON), "OwnerId": BOB}
    return row | {"CreatedById": BOB, "Subject": "Call", "TaskSubtype": "Call", "IsClosed": True, "CompletedDateTime": at(NOON)} | fields


def an_event(**fields: Any) -> dict[str, Any]:
    row = {"Id": "00U4S000001AbcdUAC", "CreatedDate": at(NINE), "SystemModstamp": at(NINE), "OwnerId": BOB, "CreatedById": BOB}
    return row | {"Subject": "Demo", "StartDateTime": at(NOON), "EndDateTime": at(NOON + timedelta(hours=1))} | fields


def status_of(**fields: Any) -> ActivityStatus | None:
    return activity_from_row("Task", a_task(**fields)).statuses[-1].status


def test_a_task_happened_when_it_was_completed_and_was_planned_until_then():
    call = activity_from_row("Task", a_task(CallDisposition="Connected", CallDurationInSeconds=61, CallType="Outbound"))
    assert (call.kind, call.happened_at, call.logged_at, call.duration_s) == (ActivityKind.CALL, NOON, NOON, 61)
    assert call.statuses == (
        StatusChange(status=ActivityStatus.PLANNED, at=NINE),
        StatusChange(status=ActivityStatus.CONNECTED, at=NOON),
    )
    assert (call.direction, call.owner, call.source_id) == (Direction.OUT, BOB, BOB)


def test_a_task_that_was_logged_when_done_was_never_planned():
    call = activity_from_row("Task", a_task(CompletedDateTime=at(NINE)))
    assert call.statuses == (StatusChange(status=None, at=NINE),)


def test_an_open_task_is_planned_only():
    call = activity_from_row("Task", a_task(IsClosed=False, CompletedDateTime=None))
    assert (call.happened_at, call.statuses) == (NINE, (StatusChange(status=ActivityStatus.PLANNED, at=NINE),))


def test_a_closed_task_without_a_time_of_completion_counts_from_its_creation():
    call = activity_from_row("Task", a_task(CompletedDateTime=None))
    assert (call.happened_at, call.logged_at, call.statuses[0].at) == (NINE, NINE, NINE)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Connected", ActivityStatus.CONNECTED),
        ("Answered - interested", ActivityStatus.CONNECTED),
        ("Spoke with prospect", ActivityStatus.CONNECTED),
        ("No Answer", ActivityStatus.NO_ANSWER),
        ("NO_ANSWER", ActivityStatus.NO_ANSWER),
        ("not connected", ActivityStatus.NO_ANSWER),
        ("Didn't answer", ActivityStatus.NO_ANSWER),
        ("Busy", ActivityStatus.BUSY),
        ("Left Voicemail", ActivityStatus.VOICEMAIL),
        ("Left VM", ActivityStatus.VOICEMAIL),
        ("Voice mail", ActivityStatus.VOICEMAIL),
        ("Wrong number", ActivityStatus.WRONG_NUMBER),
        ("Left live message", ActivityStatus.LIVE_MESSAGE),
        ("Call failed", ActivityStatus.FAILED),
        ("rappelé demain", ActivityStatus.OTHER),
        (None, None),
        ("", None),
    ],
)
def test_a_calls_result_is_read_from_the_orgs_own_words(words: str | None, status: ActivityStatus | None):
    assert status_of(CallDisposition=words) is status


def test_an_inbound_call_nobody_took_was_missed():
    assert status_of(CallDisposition="No answer", CallType="Inbound") is ActivityStatus.MISSED


def test_an_internal_call_has_no_direction():
    assert activity_from_row("Task", a_task(CallType="Internal")).direction is None


@pytest.mark.parametrize(
    ("subtype", "kind", "status", "sequence", "marketing"),
    [
        ("Email", ActivityKind.EMAIL, ActivityStatus.SENT, None, False),
        ("ListEmail", ActivityKind.EMAIL, ActivityStatus.SENT, None, True),
        ("Cadence", ActivityKind.EMAIL, ActivityStatus.SENT, "?", False),
        ("LinkedIn", ActivityKind.MESSAGE, ActivityStatus.SENT, None, False),
        ("Task", ActivityKind.TASK, ActivityStatus.DONE, None, False),
        (None, ActivityKind.TASK, ActivityStatus.DONE, None, False),
    ],
)
def test_the_subtype_tells_what_a_task_is(
    subtype: str | None, kind: ActivityKind, status: ActivityStatus, sequence: str | None, marketing: bool
):
    activity = activity_from_row("Task", a_task(TaskSubtype=subtype))
    assert (activity.kind, activity.statuses[-1].status, activity.sequence, activity.marketing) == (kind, status, sequence, marketing)
    assert (activity.alike is None) == (kind is ActivityKind.TASK)


def test_a_dialers_call_without_a_subtype_is_a_call():
    assert activity_from_row("Task", a_task(TaskSubtype="Task", CallDurationInSeconds=30)).kind is ActivityKind.CALL


def test_values_of_csv_tell_the_same_as_those_of_json():
    row = a_task(CallDurationInSeconds=61, CallDisposition=None, WhoId="00Q4S000002sSacUAE")
    as_csv = {name: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value) for name, value in row.items()}
    assert activity_from_row("Task", as_csv) == activity_from_row("Task", row)


def test_an_event_is_a_meeting_in_the_diary_since_it_was_made():
    meeting = activity_from_row("Event", an_event())
    assert (meeting.kind, meeting.happened_at, meeting.ends_at) == (ActivityKind.MEETING, NOON, NOON + timedelta(hours=1))
    assert meeting.logged_at == NINE
    assert [(change.status, change.at) for change in meeting.statuses] == [
        (ActivityStatus.BOOKED, NINE),
        (ActivityStatus.HELD, meeting.ends_at),
    ]


def test_look_alikes_share_owner_subject_outcome_and_length():
    alike = activity_from_row("Task", a_task()).alike
    assert activity_from_row("Task", a_task(Id="00T4S000001AbceUAC", CompletedDateTime=at(NINE))).alike == alike
    for other in ({"Subject": "x"}, {"OwnerId": "005"}, {"CallDurationInSeconds": 5}, {"CallDisposition": "Busy"}, {"CallType": "Inbound"}):
        assert activity_from_row("Task", a_task(**other)).alike != alike


@pytest.mark.parametrize(
    ("who", "kind"), [("00Q4S000002sSacUAE", "Lead"), ("0034S000001AbcdQAC", "Contact"), ("0014S000001AbcdQAC", None), (None, None)]
)
def test_an_activity_is_linked_to_the_lead_or_contact_it_names(who: str | None, kind: str | None):
    link = person_link("Task", a_task(WhoId=who))
    assert (link.right.kind if link is not None else None) == kind
