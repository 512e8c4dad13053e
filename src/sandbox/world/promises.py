"""What this company's two teams promised each other, and the shape of one promise that was made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Literal

PromiseName = Literal["assigned", "touched", "decided"]
Status = Literal["running", "at_risk", "kept", "breached", "excused", "unknown"]
Side = Literal["system", "owner", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The truth about one promise to one lead, as it was decided when the lead was planted."""

    record: str  # hubspot/contact/101
    promise: PromiseName
    started_at: datetime | None  # None where that is what cannot be known
    status: Status
    due_at: datetime | None  # None where the start is not known
    side: Side
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How one promise is measured."""

    within: timedelta
    business: bool  # open time of a calendar; else wall time
    calendar: Literal["owner"] | None
    owed_by: Side
    warn_at: tuple[float, ...]  # shares of the span, smallest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Local opening hours, Monday to Friday, closed on public holidays."""

    zone: str  # IANA name
    opens: time
    closes: time
    country: str  # ISO 3166-1
    region: str | None = None  # ISO 3166-2, without the country


PROMISES: Mapping[PromiseName, Terms] = MappingProxyType(
    {
        "assigned": Terms(within=timedelta(minutes=15), business=False, calendar=None, owed_by="system", warn_at=(0.8,)),
        "touched": Terms(within=timedelta(hours=2), business=True, calendar="owner", owed_by="owner", warn_at=(0.5, 0.8)),
        "decided": Terms(within=timedelta(hours=24), business=False, calendar=None, owed_by="owner", warn_at=(0.5, 0.8)),
    }
)
CALENDARS: Mapping[str, Hours] = MappingProxyType(
    {
        "default": Hours(zone="America/New_York", opens=time(9), closes=time(17, 30), country="US"),
        "berlin": Hours(zone="Europe/Berlin", opens=time(9), closes=time(18), country="DE", region="BE"),
        "pacific": Hours(zone="America/Los_Angeles", opens=time(8), closes=time(17), country="US"),
    }
)
LATE_LOGGING = timedelta(hours=4)  # open time of the toucher's calendar
SHORTEST_CALL = timedelta(seconds=20)  # only for calls logged as connected
BULK_ALIKE = 10
BULK_WITHIN = timedelta(minutes=5)
BACK_WITHIN = timedelta(minutes=15)  # a stage left and entered again within this was never left
HAND_RAISES = ("Demo request", "Contact sales")
COMPETITOR_INDUSTRY = "CRM_VENDOR"
OPT_OUTS = ("hs_email_optout", "do_not_call")  # excused once both are true
REQUIRED_FIELDS = ("email", "company", "phone")
HANDOFF_STAGE = "marketingqualifiedlead"
ACCEPTED_STATUS = "IN_PROGRESS"
REJECTED_STATUS = "UNQUALIFIED"
DISQUALIFIED_STATUS = "DISQUALIFIED"
RECYCLED_STATUS = "RECYCLED"
