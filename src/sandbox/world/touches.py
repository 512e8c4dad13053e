"""Every kind of touch, and of what looks like one: tables of calls, mails, messages and the rest. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sandbox.world.people import Rep
from sandbox.world.promises import SHORTEST_CALL
from sandbox.world.sheet import Sheet, Source, iso

CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
NO_ANSWER = "73a0d17f-1163-4015-bdd5-ec830791da20"
BUSY = "9d9162e7-6cf3-4944-bf63-4dff82258764"
VOICEMAIL = "b2cf5968-551e-4856-9783-52b3da59a7d0"
LIVE_MESSAGE = "a4c4c377-d246-4b32-a13b-75a56a4cd0ff"
WRONG_NUMBER = "17b47fee-58de-441e-a44c-c6300d46f273"
GATEKEEPER = "5c1e7b52-0d0e-4e6f-9b1c-2f4f1a7a9d30"  # an outcome of this portal's own
SHORTEST_MS = int(SHORTEST_CALL.total_seconds() * 1000)
SEQUENCES = ("418812", "418840")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A sort of call: outcome, status and how long it lasts."""

    outcome: str | None = None
    status: str | None = "COMPLETED"
    lasts_ms: tuple[int, int] | None = None
    inbound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A sort of e-mail: who sent it, how, and what became of it."""

    source: str = "EMAIL"
    status: str = "SENT"
    later: str | None = None  # the status it takes on some time after
    sequence: bool = False
    incoming: bool = False
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message over another channel."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A meeting that was logged after it ended."""

    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """A task or a note."""

    kind: str


Sort = Call | Mail | Message | Visit | Chore

COUNTED: Mapping[str, Sort] = {
    "connected call": Call(outcome=CONNECTED, lasts_ms=(25_000, 900_000)),
    "connected call of exactly 20 s": Call(outcome=CONNECTED, lasts_ms=(SHORTEST_MS, SHORTEST_MS)),
    "call, no answer": Call(outcome=NO_ANSWER, status="NO_ANSWER", lasts_ms=(0, 31_000)),
    "voicemail of 4 s": Call(outcome=VOICEMAIL, lasts_ms=(3_600, 4_400)),
    "busy call": Call(outcome=BUSY, status="BUSY", lasts_ms=(900, 6_000)),
    "wrong number": Call(outcome=WRONG_NUMBER, lasts_ms=(2_000, 40_000)),
    "live message": Call(outcome=LIVE_MESSAGE, lasts_ms=(8_000, 70_000)),
    "call with an outcome of our own": Call(outcome=GATEKEEPER, lasts_ms=(2_000, 90_000)),
    "unverified call": Call(status=None),
    "answered inbound call": Call(outcome=CONNECTED, lasts_ms=(40_000, 700_000), inbound=True),
    "mail": Mail(),
    "mail from the browser extension": Mail(source="EXTENSION"),
    "mail from the CRM": Mail(source="CRM_UI"),
    "sequence mail": Mail(source="SEQUENCES", sequence=True),
    "SMS": Message(channel="SMS"),
    "WhatsApp message": Message(channel="WHATS_APP"),
    "LinkedIn message": Message(channel="LINKEDIN_MESSAGE"),
    "held meeting": Visit(outcome="COMPLETED"),
    "meeting, no-show": Visit(outcome="NO_SHOW"),
}
NOT_COUNTED: Mapping[str, Sort] = {
    "connected call of 3 s": Call(outcome=CONNECTED, lasts_ms=(2_500, 3_500)),
    "connected call a millisecond too short": Call(outcome=CONNECTED, lasts_ms=(SHORTEST_MS - 1, SHORTEST_MS - 1)),
    "failed call": Call(status="FAILED"),
    "cancelled call": Call(status="CANCELED"),
    "queued call": Call(status="QUEUED"),
    "missed inbound call": Call(status="MISSED", inbound=True),
    "marketing mail": Mail(source="MARKETING_EMAIL"),
    "workflow mail": Mail(source="AUTOMATION_PLATFORM"),
    "mail that bounced": Mail(later="BOUNCED"),
    "failed mail": Mail(status="FAILED"),
    "scheduled mail": Mail(status="SCHEDULED"),
    "incoming mail": Mail(incoming=True),
    "out-of-office reply": Mail(incoming=True, automatic=True),
    "task": Chore(kind="tasks"),
    "note": Chore(kind="notes"),
}
EVERYDAY = ("connected call", "call, no answer", "voicemail of 4 s", "mail", "mail from the browser extension", "LinkedIn message", "SMS")
BACKGROUND = (
    "connected call of 3 s",
    "marketing mail",
    "workflow mail",
    "incoming mail",
    "out-of-office reply",
    "task",
    "note",
    "failed call",
)


def activity(sort: Sort, *, rep: Rep, at: datetime, logged: datetime | None, rng: Random) -> Sheet:
    """Write down one activity of `sort` by `rep` that happened at `at`.

    It was logged at `logged`, or as soon as it was over. For a meeting `at` is its start.
    """
    match sort:
        case Call():
            return _call(sort, rep, at, logged, rng)
        case Mail():
            return _mail(sort, rep, at, logged, rng)
        case Message():
            return _message(sort, rep, at, logged, rng)
        case Visit():
            ends = at + timedelta(minutes=rng.choice((15, 30)))
            outcome = [(logged or ends + timedelta(minutes=rng.randint(1, 9)), sort.outcome)]
            return meeting(rep=rep, start=at, end=ends, outcomes=outcome, rng=rng)
        case Chore():
            return _chore(sort, rep, at, logged, rng)


def meeting(*, rep: Rep, start: datetime, end: datetime, outcomes: list[tuple[datetime, str]], rng: Random) -> Sheet:
    """Write down a meeting; it was logged with its first outcome."""
    sheet = _sheet("meetings", rep, start, outcomes[0][0], Source(type="MEETINGS", id="meetings-tool"))
    sheet.put(hs_meeting_start_time=iso(start), hs_meeting_end_time=iso(end))
    sheet.put(hs_meeting_title=f"Intro call {rng.randint(1000, 9999)}", hs_lastmodifieddate=iso(outcomes[-1][0]))
    for at, outcome in outcomes:
        sheet.set("hs_meeting_outcome", outcome, at, by(rep))
    return sheet


def deal(*, rep: Rep, opened: datetime, closed: datetime | None, stage: str, rng: Random) -> Sheet:
    """Write down a deal of `rep`'s that reached `stage` when it was closed."""
    sheet = Sheet(kind="deals", written_at=opened)
    sheet.put(dealname=f"Deal {rng.randint(1000, 9999)}", pipeline="default", createdate=iso(opened))
    sheet.put(amount=str(rng.randint(3, 90) * 1000), hubspot_owner_id=rep.owner_id, closedate=iso(closed) if closed else None)
    sheet.set("dealstage", "appointmentscheduled", opened, by(rep))
    sheet.set("hs_is_closed", "false", opened, by(rep))
    if closed is not None:
        sheet.set("dealstage", stage, closed, by(rep))
        sheet.set("hs_is_closed", "true", closed, Source(type="CALCULATED", id="deal-stage"))
    return sheet


def alike_mail(*, rep: Rep, at: datetime, subject: str) -> Sheet:
    """Write down one of many mails that share a subject."""
    sheet = _sheet("emails", rep, at, at + timedelta(milliseconds=700), Source(type="EMAIL", id=f"userId:{rep.user_id}"))
    sheet.put(hs_email_direction="EMAIL", hs_email_subject=subject, hs_sequence_id=None)
    sheet.set("hs_email_status", "SENT", at, by(rep))
    return sheet


def alike_call(*, rep: Rep, at: datetime, lasts_ms: int, dialled: bool) -> Sheet:
    """Write down one of many calls that share outcome and length, logged by hand or by a dialer's integration."""
    source = Source(type="INTEGRATION", id="424242") if dialled else Source(type="CRM_UI", id=f"userId:{rep.user_id}")
    sheet = _sheet("calls", rep, at, at + timedelta(seconds=1), source)
    sheet.put(hs_call_direction="OUTBOUND", hs_call_status="COMPLETED", hs_call_disposition=VOICEMAIL, hs_call_duration=str(lasts_ms))
    sheet.put(hs_call_title="Dial round")
    return sheet


def by(rep: Rep) -> Source:
    """A change made by hand by `rep`."""
    return Source(type="CRM_UI", id=f"userId:{rep.user_id}", user=rep.user_id)


def _sheet(kind: str, rep: Rep, at: datetime, logged: datetime, source: Source) -> Sheet:
    sheet = Sheet(kind=kind, written_at=logged)
    sheet.put(hs_timestamp=iso(at), hs_createdate=iso(logged), hs_lastmodifieddate=iso(logged), hubspot_owner_id=rep.owner_id)
    sheet.put(hs_object_source=source.type, hs_object_source_id=source.id)
    return sheet


def _call(sort: Call, rep: Rep, at: datetime, logged: datetime | None, rng: Random) -> Sheet:
    length = rng.randint(*sort.lasts_ms) if sort.lasts_ms else None
    over = at + timedelta(milliseconds=(length or 0) + rng.randint(400, 20_000))
    sheet = _sheet("calls", rep, at, logged or over, Source(type="CRM_UI", id=f"userId:{rep.user_id}"))
    sheet.put(hs_call_direction="INBOUND" if sort.inbound else "OUTBOUND", hs_call_status=sort.status, hs_call_disposition=sort.outcome)
    sheet.put(hs_call_duration=None if length is None else str(length))
    return sheet


def _mail(sort: Mail, rep: Rep, at: datetime, logged: datetime | None, rng: Random) -> Sheet:
    written = logged or at + timedelta(milliseconds=rng.randint(200, 4_000))
    sheet = _sheet("emails", rep, at, written, Source(type=sort.source, id=f"userId:{rep.user_id}"))
    subject = f"Your question about planning, no. {rng.randint(10_000, 99_999)}"
    sheet.put(hs_email_direction="INCOMING_EMAIL" if sort.incoming else "EMAIL", hs_email_subject=subject)
    sheet.put(hs_sequence_id=rng.choice(SEQUENCES) if sort.sequence else None)
    sheet.put(hs_incoming_email_is_out_of_office="true" if sort.automatic else None)
    sheet.set("hs_email_status", sort.status, written, by(rep))
    if sort.later is not None:
        told = written + timedelta(seconds=rng.randint(20, 40_000))
        sheet.set("hs_email_status", sort.later, told, Source(type="EMAIL_INTEGRATION", id="bounce"))
        sheet.put(hs_lastmodifieddate=iso(told))
    return sheet


def _message(sort: Message, rep: Rep, at: datetime, logged: datetime | None, rng: Random) -> Sheet:
    written = logged or at + timedelta(seconds=rng.randint(3, 90))
    sheet = _sheet("communications", rep, at, written, Source(type="CRM_UI", id=f"userId:{rep.user_id}"))
    sheet.put(hs_communication_channel_type=sort.channel, hs_communication_logged_from="CRM")
    return sheet


def _chore(sort: Chore, rep: Rep, at: datetime, logged: datetime | None, rng: Random) -> Sheet:
    sheet = _sheet(sort.kind, rep, at, logged or at, Source(type="CRM_UI", id=f"userId:{rep.user_id}"))
    if sort.kind == "notes":
        sheet.put(hs_note_body=f"Looked them up, file {rng.randint(100, 999)}.")
        return sheet
    sheet.put(hs_timestamp=iso(at + timedelta(days=rng.randint(0, 3))), hs_task_status=rng.choice(("NOT_STARTED", "COMPLETED")))
    sheet.put(hs_task_subject="Call the new lead", hs_task_type=rng.choice(("CALL", "TODO")))
    return sheet
