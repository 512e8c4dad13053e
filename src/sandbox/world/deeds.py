"""What was done to a lead and what came back from it, and which of it is a touch. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from sandbox.world.people import Rep
from sandbox.world.sheet import Sheet

Channel = Literal["call", "email", "message", "meeting"]

CHANNELS: Mapping[str, Channel] = MappingProxyType({"calls": "call", "emails": "email", "communications": "message", "meetings": "meeting"})
FLAWS: Mapping[str, str] = MappingProxyType(
    {
        "connected call of 3 s": "connected, but too short",
        "connected call a millisecond too short": "connected, but too short",
        "failed call": "failed",
        "cancelled call": "failed",
        "queued call": "planned, not done",
        "missed inbound call": "inbound",
        "marketing mail": "automated",
        "workflow mail": "automated",
        "mail that bounced": "bounced",
        "failed mail": "failed",
        "scheduled mail": "planned, not done",
        "incoming mail": "inbound",
        "out-of-office reply": "inbound",
    }
)
REPLIES = ("incoming mail", "missed inbound call", "answered inbound call")
NURTURES_ONLY = ("marketing mail", "workflow mail")
OUTCOMES: Mapping[str, str | None] = MappingProxyType(
    {"COMPLETED": None, "NO_SHOW": None, "CANCELED": "cancelled", "RESCHEDULED": "rescheduled", "SCHEDULED": "booked, no outcome logged"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One call, mail, message or meeting that was planted on a lead."""

    sheet: Sheet
    channel: Channel
    rep: Rep
    at: datetime  # when it happened; a meeting's start
    logged_at: datetime
    over_at: datetime  # what late logging is measured from: a meeting's end, else `at`
    flaw: str | None = None  # why it is no touch, whoever did it
    reply: bool = False
    sequence: bool = False
    unverified: bool = False
    nurtures: bool = False  # speaks to the person, touch or not
    frees_until: datetime | None = None  # a booked meeting: until when clocks stand still

    @property
    def activity(self) -> str:
        """Its key, once it has an id."""
        return self.sheet.key


def deed_of(name: str, sheet: Sheet, rep: Rep, at: datetime) -> Deed | None:
    """The deed that an activity of the sort `name` is; None for tasks and notes."""
    if sheet.kind not in CHANNELS:
        return None
    flaw, ends = FLAWS.get(name), sheet.plain.get("hs_meeting_end_time")
    return Deed(
        sheet=sheet,
        channel=CHANNELS[sheet.kind],
        rep=rep,
        at=at,
        logged_at=sheet.written_at,
        over_at=datetime.fromisoformat(ends) if ends else at,
        flaw=flaw,
        reply=name in REPLIES,
        sequence=name == "sequence mail",
        unverified=name == "unverified call",
        nurtures=flaw is None or name in NURTURES_ONLY,
    )


def diary_deed(sheet: Sheet, rep: Rep, *, start: datetime, end: datetime, outcomes: list[tuple[datetime, str]], now: datetime) -> Deed:
    """The deed that a meeting in the diary is, booked with its first outcome."""
    told, outcome = outcomes[-1]
    off = outcome in ("CANCELED", "RESCHEDULED")
    return Deed(
        sheet=sheet,
        channel="meeting",
        rep=rep,
        at=start,
        logged_at=outcomes[0][0],
        over_at=end,
        flaw="has not happened yet" if start > now and not off else OUTCOMES[outcome],
        nurtures=OUTCOMES[outcome] is None and start <= now,
        frees_until=min(told, end) if off else end,
    )
