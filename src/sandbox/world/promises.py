"""What this company's two teams promised each other, and the shape of one promise that was made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Literal

PromiseName = Literal[
    "assigned",  # somebody has the lead soon
    "touched",  # its owner reaches out soon
    "decided",  # its owner accepts or rejects it
    "settled",  # what was accepted is qualified, recycled or disqualified
    "worked",  # the agreed attempts are made
    "alive",  # something happens to it as long as it is worked
    "answered",  # a reply is answered
    "nurtured",  # Marketing speaks to who came back
    "taken over",  # an account executive has what Sales qualified
    "fit",  # what is handed over qualifies
    "offered",  # what qualifies is handed over
    "kept back",  # nobody of the pool has it before that
    "reject reason",
    "recycle reason",
    "given back",  # what should go back to Marketing does
    "covered",  # its owner is there
    "few hands",  # it does not change hands too often
    "sound data",  # nothing in the CRM contradicts itself
    "delivered",  # Sales' CRM has what is handed over in Marketing's
    "in step",  # the CRMs agree about it
]
Status = Literal["running", "at_risk", "kept", "breached", "excused", "unknown"]
Side = Literal["system", "owner", "marketing", "manager", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The truth about one promise to one lead, as it was decided when the lead was planted."""

    record: str  # hubspot/contact/101, salesforce/Lead/00Q…
    promise: PromiseName
    started_at: datetime | None  # None where that is what cannot be known
    status: Status
    due_at: datetime | None  # None where the start is not known, and where there is no deadline
    side: Side
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCounted:
    """An activity on a lead that was handed over which is no touch, for one promise, and why."""

    record: str
    promise: PromiseName  # touched or worked
    activity: str  # hubspot/call/1000001, salesforce/Task/00T…
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How one promise is measured: wall time, open time, or working days."""

    within: timedelta
    business: bool = False  # open time of a calendar; else wall time
    days: int = 0  # working days, instead of a span
    calendar: Literal["owner"] | None = None
    owed_by: Side = "owner"
    warn_at: tuple[float, ...] = ()  # shares of the span, smallest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Local opening hours, Monday to Friday, closed on public holidays."""

    zone: str  # IANA name
    opens: time
    closes: time
    country: str  # ISO 3166-1
    region: str | None = None  # ISO 3166-2, without the country


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What working a lead means."""

    attempts: int
    days: int  # working days in which all of them are made
    at_least: timedelta  # open time between two attempts
    at_most_days: int  # working days between two attempts
    channels: Mapping[str, int]


NO_SPAN = timedelta(0)
PROMISES: Mapping[PromiseName, Terms] = MappingProxyType(
    {
        "assigned": Terms(within=timedelta(minutes=15), owed_by="system", warn_at=(0.8,)),
        "touched": Terms(within=timedelta(hours=2), business=True, calendar="owner", warn_at=(0.5, 0.8)),
        "decided": Terms(within=timedelta(hours=24), warn_at=(0.5, 0.8)),
        "settled": Terms(within=NO_SPAN, days=15),
        "answered": Terms(within=timedelta(hours=4), business=True, warn_at=(0.8,)),
        "nurtured": Terms(within=NO_SPAN, days=5, owed_by="marketing"),
        "taken over": Terms(within=timedelta(hours=8), business=True, owed_by="manager"),
        "offered": Terms(within=timedelta(hours=24), owed_by="marketing"),
        "alive": Terms(within=NO_SPAN, days=5),
        "given back": Terms(within=NO_SPAN, days=1),
        "covered": Terms(within=NO_SPAN, days=1, owed_by="manager"),
        "delivered": Terms(within=timedelta(hours=1), owed_by="system"),
    }
)
EFFORT = Effort(attempts=6, days=10, at_least=timedelta(hours=4), at_most_days=3, channels=MappingProxyType({"call": 3, "email": 2}))
PAID_SEARCH = "PAID_SEARCH"  # leads of this source are accepted sooner
PAID_SEARCH_DECIDED_WITHIN = timedelta(hours=12)
ENTERPRISE_OVER = 1000  # employees: leads of larger companies are called sooner, and worked longer
ENTERPRISE_TOUCHED_WITHIN = timedelta(hours=1)
ENTERPRISE_ATTEMPTS = 8
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
UNVERIFIED_WITHIN = timedelta(minutes=30)
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
QUALIFIED_STAGE = "salesqualifiedlead"
LADDER = ("subscriber", "lead", HANDOFF_STAGE, QUALIFIED_STAGE, "opportunity", "customer", "evangelist", "other")
LEAST_SCORE = 60  # from which on a lead that fits qualifies
CROSSING_SCORE = 97  # from which on a company that fits is handed over by its score alone
LEAST_EMPLOYEES, MOST_EMPLOYEES = 50, 5000
FITTING_INDUSTRIES = ("COMPUTER_SOFTWARE", "FINANCIAL_SERVICES")
BUYERS = ("operations", "revenue")  # what a buyer's title speaks of
REJECT_REASONS = ("duplicate", "bad data", "not our market", "already in an open deal")
RECYCLE_REASONS = ("no response", "stale", "timing", "needs nurture")
REASON_WITHIN = timedelta(minutes=15)
PULLED_WITHIN = timedelta(minutes=15)
COOL_OFF_DAYS = 30
AGREEMENT_ZONE = "America/New_York"
BOUNCE_LIMIT = 2
LAG = timedelta(minutes=30)  # so long two CRMs may disagree
CREATED_WITHIN = timedelta(seconds=5)  # creating a record is several writes
