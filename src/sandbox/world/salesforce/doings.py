"""Calls, mails, messages and meetings told as Salesforce does: Tasks and Events, without what these do not show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType

from sandbox.world.deeds import Deed
from sandbox.world.salesforce.seconds import to_second
from sandbox.world.sheet import Sheet, iso
from sandbox.world.touches import BUSY, CONNECTED, GATEKEEPER, LIVE_MESSAGE, NO_ANSWER, VOICEMAIL, WRONG_NUMBER

DISPOSITIONS: Mapping[str | None, str | None] = MappingProxyType(
    {
        CONNECTED: "Connected",
        NO_ANSWER: "No answer",
        BUSY: "Busy",
        VOICEMAIL: "Left voicemail",
        LIVE_MESSAGE: "Left live message",
        WRONG_NUMBER: "Wrong number",
        GATEKEEPER: "Zentrale erreicht",
        None: None,
    }
)
BY_STATUS: Mapping[str | None, str] = MappingProxyType({"FAILED": "Call failed", "CANCELED": "Cancelled", "MISSED": "No answer"})
NEVER_LEFT = ("FAILED", "BOUNCED")
NOT_YET = ("QUEUED", "SCHEDULED")
LOGGED_AFTERWARDS = timedelta(hours=1)  # later than any call lasts


def activity_of(sheet: Sheet, rng: Random) -> Sheet | None:
    """The Task or Event that shows an activity; None where none does."""
    match sheet.kind:
        case "meetings":
            return _meeting(sheet)
        case "notes":
            return None  # no activity there
        case kind:
            return _TASKS[kind](sheet, rng)


def deed_shown(deed: Deed, shown: Sheet, now: datetime) -> Deed:
    """The deed as its Task or Event shows it."""
    if shown.kind == "Event":
        start, end = (datetime.fromisoformat(shown.plain[name] or "") for name in ("StartDateTime", "EndDateTime"))
        lasts = "booked, no outcome logged" if end > now else None
        flaw = "has not happened yet" if start > now else lasts
        held = replace(deed, sheet=shown, flaw=flaw, nurtures=flaw is None)
        return replace(held, at=start, logged_at=shown.written_at, over_at=end, frees_until=end)
    done = shown.plain["CompletedDateTime"]
    at = datetime.fromisoformat(done) if done else shown.written_at
    channel = "call" if shown.has("CallType") else deed.channel
    return replace(deed, sheet=shown, channel=channel, at=at, logged_at=at, over_at=at)


def _call(sheet: Sheet, rng: Random) -> Sheet:
    """Now and then a dialer logs it, as a Task with the fields of a call."""
    said = sheet.plain
    status, lasts = said["hs_call_status"], said["hs_call_duration"]
    subtype = "Call" if rng.random() < 0.9 else "Task"
    task = _task(sheet, subtype, is_open=status in NOT_YET, rng=rng)
    task.put(Subject=said.get("hs_call_title") or "Call", CallType="Inbound" if said["hs_call_direction"] == "INBOUND" else "Outbound")
    task.put(CallDisposition=BY_STATUS.get(status) or DISPOSITIONS[said["hs_call_disposition"]])
    task.put(CallDurationInSeconds=None if lasts is None else str(int(lasts) // 1000))
    return task


def _mail(sheet: Sheet, rng: Random) -> Sheet | None:
    said, status = sheet.plain, sheet.value("hs_email_status")
    source, automatic = said["hs_object_source"], said.get("hs_incoming_email_is_out_of_office")
    if said["hs_email_direction"] == "INCOMING_EMAIL":
        return None if automatic else _called_instead(sheet, rng)
    if status in NEVER_LEFT or source == "AUTOMATION_PLATFORM":
        return None
    by_sequence = "Cadence" if said.get("hs_sequence_id") else "Email"
    task = _task(sheet, "ListEmail" if source == "MARKETING_EMAIL" else by_sequence, is_open=status in NOT_YET, rng=rng)
    task.put(Subject=said["hs_email_subject"])
    return task


def _called_instead(sheet: Sheet, rng: Random) -> Sheet:
    """Who would have written rings, and nobody takes the call."""
    task = _task(sheet, "Call", is_open=False, rng=rng)
    task.put(Subject="Call", CallType="Inbound", CallDisposition="No answer")
    return task


def _message(sheet: Sheet, rng: Random) -> Sheet:
    task = _task(sheet, "LinkedIn", is_open=False, rng=rng)
    task.put(Subject=f"LinkedIn message {rng.randint(1000, 9999)}")
    return task


def _meeting(sheet: Sheet) -> Sheet | None:
    """A meeting that was called off is gone from the diary, and from the bin."""
    said = sheet.plain
    if sheet.value("hs_meeting_outcome") in ("CANCELED", "RESCHEDULED"):
        return None
    event = Sheet(kind="Event", written_at=to_second(sheet.written_at), links=list(sheet.links))
    start, end = (to_second(datetime.fromisoformat(said[name] or "")) for name in ("hs_meeting_start_time", "hs_meeting_end_time"))
    event.put(Subject=said["hs_meeting_title"], OwnerId=said["hubspot_owner_id"], StartDateTime=iso(start), EndDateTime=iso(end))
    event.put(DurationInMinutes=str(int((end - start) / timedelta(minutes=1))))
    return event


def _chore(sheet: Sheet, rng: Random) -> Sheet:
    task = _task(sheet, "Task", is_open=sheet.plain["hs_task_status"] != "COMPLETED", rng=rng)
    task.put(Subject=sheet.plain["hs_task_subject"])
    return task


def _task(sheet: Sheet, subtype: str, *, is_open: bool, rng: Random) -> Sheet:
    """A Task closed when it was done; now and then it had stood in somebody's list before."""
    at = _done_at(sheet)
    ahead = timedelta(minutes=rng.randint(1, 90)) if not is_open and rng.random() < 0.2 else timedelta(0)
    task = Sheet(kind="Task", written_at=at - ahead, links=list(sheet.links))
    task.put(TaskSubtype=subtype, Status="Not Started" if is_open else "Completed", Priority="Normal")
    task.put(CompletedDateTime=None if is_open else iso(at), OwnerId=sheet.plain["hubspot_owner_id"])
    return task


def _done_at(sheet: Sheet) -> datetime:
    """When it was closed: as it happened, or when it was logged afterwards."""
    happened = datetime.fromisoformat(sheet.plain["hs_timestamp"] or "")
    afterwards = sheet.kind == "tasks" or sheet.written_at - happened > LOGGED_AFTERWARDS
    return to_second(sheet.written_at if afterwards else happened)


_TASKS: Mapping[str, Callable[[Sheet, Random], Sheet | None]] = MappingProxyType(
    {"calls": _call, "emails": _mail, "communications": _message, "tasks": _chore}
)
