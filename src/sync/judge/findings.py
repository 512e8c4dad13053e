"""What judging says: findings, their evidence and the moment at which they change next. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from connectors.records import RecordKey


class Status(StrEnum):
    """What became of one promise in one cycle."""

    RUNNING = "running"
    AT_RISK = "at_risk"
    KEPT = "kept"
    BREACHED = "breached"
    EXCUSED = "excused"
    UNKNOWN = "unknown"


class Side(StrEnum):
    """Whom a finding holds responsible."""

    SYSTEM = "system"
    MARKETING = "marketing"
    OWNER = "owner"
    MANAGER = "manager"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact that a finding rests on, told so that a person can look it up in the CRM."""

    at: datetime | None
    what: str  # a short phrase in the field's words, without personal data
    source: str  # record key and field or activity key, e.g. `hubspot/call/9` or `hubspot/contact/1#lifecyclestage`
    counted: bool = True  # False: looked at and not counted, `what` says why


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRef:
    """The cycle a finding belongs to."""

    handoff: str
    number: int  # 1 for the lead's first in that handoff
    opened_at: datetime | None  # None where it is not known
    opened_by: str  # `stage MQL`, `hand-raise Demo request`
    closed_at: datetime | None
    closed_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """How the time of a finding went, from its start to its settling, its end or now; the parts are all of it, in seconds."""

    excused_s: int
    suspended_s: int  # a booked meeting
    system_s: int  # nobody owned the lead
    owner_s: int  # open time of the owner's calendar
    off_hours_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The judgement of one rule on one cycle (owner clocks: on one assignment).

    Its key outlives merges, re-links and restarts: it is a hash of the rule and of the natural key of
    the fact that started the clock.
    """

    key: str
    lead: str
    records: tuple[RecordKey, ...]
    cycle: CycleRef
    rule: str
    kind: str  # the kind of promise: clock, cadence, stale, handoff, reason, recycle, cover, bounces, data
    status: Status
    side: Side
    owner: str | None  # the CRM's owner id whom an owner clock is about, else the owner at the deadline or now
    started_at: datetime | None
    due_at: datetime | None
    settled_at: datetime | None
    late_by_s: int | None  # wall seconds past the deadline, to `settled_at` or to now; None unless breached
    evidence: tuple[Evidence, ...]
    message: str
    level: str | None = None  # the level of the agreement whose rule this is; None: everybody's
    reason: str | None = None  # of `recycle_due`: the agreement's reason with which the lead goes back
    owed: bool = False  # still to be kept, in time or late: neither settled nor without its reason
    elapsed: Elapsed | None = None  # of clocks and cadences; None where a moment it rests on is not known
    warned: tuple[int, ...] = field(default=(), compare=False)  # percent of a clock's time at which to warn, as far as passed; not stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All findings of one lead, by (rule, started_at, key), and when they change next without news."""

    lead: str
    findings: tuple[Finding, ...]
    next_at: datetime | None


def finding_key(*, rule: str, fact: str) -> str:
    """Return 16 hex digits for `rule` on the fact with the natural key `fact`; never takes a lead id."""
    return blake2b(f"{rule}\x1f{fact}".encode(), digest_size=8).hexdigest()
