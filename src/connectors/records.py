"""The words both CRMs are read in: frozen, CRM-neutral records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class RecordKey(NamedTuple):
    """Names one row of one CRM for ever; printed as `hubspot/contact/101`. A tuple, because keys are made and hashed all the time."""

    crm: str
    kind: str  # singular, the CRM's own word: contact, company, deal, Lead, ...
    id: str

    def __str__(self) -> str:
        return f"{self.crm}/{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> RecordKey:
        """Read `hubspot/contact/101`; ValueError if it has not three parts."""
        crm, kind, id_ = text.split("/")
        return cls(crm, kind, id_)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One value that a field took, as the CRM's own history tells it.

    Where the CRM kept no history the change was only *observed*: it happened after `since` and not
    after `at`. From history, `since` is None and `at` is exact. A CRM whose history does not begin with
    the record tells the value `before` each change: that of the oldest one held since the record's creation.
    """

    record: RecordKey
    field: str
    value: str | None  # as the CRM sent it; None where it was cleared
    at: datetime
    since: datetime | None = None
    before: str | None = None  # the value until then, where the CRM tells it beside the new one
    source: str | None = None  # the CRM's word: CRM_UI, INTEGRATION, AUTOMATION_PLATFORM, ...
    source_id: str | None = None  # app id, workflow id, `userId:77`, ...
    actor: str | None = None  # the CRM user id behind it, where known


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A person, company or deal as its CRM last showed it to us."""

    key: RecordKey
    values: Mapping[str, str | None]  # only the fields that were asked for, as the CRM sent them
    history: Mapping[str, tuple[FieldChange, ...]] = field(default_factory=dict)  # oldest first; a key where history was asked for
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None = None


class ActivityKind(StrEnum):
    """What sort of activity a CRM logged."""

    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"
    MESSAGE = "message"  # SMS, WhatsApp, LinkedIn
    TASK = "task"
    NOTE = "note"


class Direction(StrEnum):
    """Who began: our side (`out`) or the person (`in`)."""

    OUT = "out"
    IN = "in"


class ActivityStatus(StrEnum):
    """How an activity went, in words that hold for every CRM."""

    CONNECTED = "connected"  # a call that was answered
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    LIVE_MESSAGE = "live_message"  # a message left with somebody else
    WRONG_NUMBER = "wrong_number"
    MISSED = "missed"  # an inbound call nobody took
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"  # never left: failed, cancelled before it was made
    PLANNED = "planned"  # scheduled, queued, in progress
    BOOKED = "booked"  # a meeting in the diary
    HELD = "held"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"
    DONE = "done"  # a completed task
    OTHER = "other"  # an outcome of the portal's own; it was logged, so it happened


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """One status an activity had, and since when (the CRM's history, else its modified time)."""

    status: ActivityStatus | None  # None: neither outcome nor status was logged
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One call, e-mail, meeting, message, task or note, with the statuses it went through."""

    key: RecordKey
    kind: ActivityKind
    happened_at: datetime  # typed in by people; a meeting's start, a task's due time
    logged_at: datetime  # set by the CRM's server
    changed_at: datetime
    ends_at: datetime | None = None  # meetings only
    owner: str | None = None  # the CRM's owner id
    direction: Direction | None = None
    statuses: tuple[StatusChange, ...] = ()  # oldest first; the last one holds now
    duration_s: float | None = None
    source: str | None = None  # how it came to be logged, the CRM's word
    source_id: str | None = None
    sequence: str | None = None  # id of the sequence that sent it; "?" where only that it was one is known
    marketing: bool = False  # sent by a marketing tool or a workflow, not from a person's mailbox
    auto_reply: bool = False
    alike: str | None = None  # hash of what look-alikes share (kind, owner, subject, outcome, length)
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An association between two records; `primary` where the CRM marks it so."""

    left: RecordKey
    right: RecordKey
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Somebody (or a queue) that can own a record."""

    crm: str
    id: str  # what stands in the owner field
    user_id: str | None
    email: str | None
    name: str
    is_queue: bool
    active: bool
    teams: tuple[str, ...] = ()  # team ids, the primary one first
    manager: str | None = None  # the owner id of whom they report to, where the CRM tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team of the CRM."""

    crm: str
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value of a picklist, in the CRM's display order."""

    value: str
    label: str
    order: int
    closed: bool | None = None  # for pipeline stages: whether a deal in it is closed


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    """A field as the CRM defines it; a pipeline's stages come as options of its stage field."""

    crm: str
    kind: str  # contact, company, deal
    name: str
    label: str
    type: str  # the CRM's word: string, number, enumeration, bool, datetime, ...
    options: tuple[Option, ...] = ()
    read_only: bool = False
    tracked: bool = False  # a stream of histories tells each change of it: what it does not tell did not happen
    # A list or campaign that is wanted is a field of persons too: see `connectors.memberships`.


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The CRM account behind a connection."""

    crm: str
    id: str  # portal id, org id
    time_zone: str | None
    kind: str  # STANDARD, SANDBOX, DEVELOPER_TEST, ...
    server_now: datetime
    uses_leads_object: bool | None = None  # HubSpot's Leads object holds records; None where it was not asked or cannot be known
    record_pages: Mapping[str, str] = field(default_factory=dict)  # kind -> where people open such a record: its id follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which fields of which kind to read, and of which to read the history as well."""

    fields: Mapping[str, frozenset[str]]  # kind -> field names
    history: Mapping[str, frozenset[str]]  # kind -> field names, a subset of `fields`
    lists: frozenset[str] = frozenset()  # names or ids of lists or campaigns that persons are put on


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """One record that was merged into another of its kind, and when, if the CRM tells."""

    gone: RecordKey
    into: RecordKey
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of one stream: saved together with its cursor or not at all."""

    stream: str
    began_at: datetime  # server time at which reading the *stream* began; all up to here is in
    records: tuple[Record, ...] = ()
    activities: tuple[Activity, ...] = ()
    changes: tuple[FieldChange, ...] = ()  # of records that other streams bring: a stream of histories
    links: tuple[Link, ...] = ()  # all links of the page's rows to `linked_kinds`
    linked_kinds: frozenset[str] = frozenset()  # kinds whose links this page lists in full
    owners: tuple[Owner, ...] = ()
    teams: tuple[Team, ...] = ()
    definitions: tuple[FieldDefinition, ...] = ()
    gone: tuple[tuple[RecordKey, datetime | None], ...] = ()  # with the time of archiving, if told
    erased: tuple[RecordKey, ...] = ()  # neither live, archived nor merged: the CRM keeps nothing of them
    merged: tuple[Merge, ...] = ()  # each merged record once; told again as long as its survivor names it
    cursor: str | None  # opaque to everybody but the connector; None for a page that is no part of a stream's walk
    last: bool  # the stream is complete up to `began_at` once this page is saved
    kind: str | None = None  # of the rows of this stream: contact, call; None where they are no records or activities
    total: int | None = None  # rows that this walk of the stream is expected to bring, for progress only
    live: int | None = None  # live rows that the CRM says it holds now; None where this page does not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """API calls made so far through one connector, failed ones included."""

    calls: int
    by_purpose: Mapping[str, int] = field(default_factory=dict)  # what they were for: delta, evidence, sweep, ...
    day: date | None = None  # the day of the account's zone that is counted below; None before the account was read
    today: int = 0  # ours on that day, those of earlier runs included
    limit_today: int | None = None  # of the whole account, if the CRM tells
    remaining_today: int | None = None  # of the whole account, if the CRM tells


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of a person that holds the id of the same person's record of another kind, or in the other CRM."""

    kind: str  # of the record that has the field
    field: str
    to_crm: str
    to_kind: str
    short: int | None = None  # ids are also written cut to so many characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What one CRM calls the things that every CRM has; each connector's mapping exports one."""

    crm: str
    persons: tuple[str, ...]  # kinds of a person's record: the one in which leads begin first
    company: str
    deal: str
    owner: str  # field of a person, company or deal that holds the owner's id
    email: str  # field of a person
    hand_raise_at: str | None  # field of a person: when a form was last submitted; None: the CRM does not tell
    hand_raise_form: str | None  # field of a person: which form that was
    deal_closed: str  # field of a deal: "true" once won or lost
    deal_stage: str
    task_body: str  # field of a task that holds its text
    ladder: str | None  # field of a person whose picklist is a ladder: a later value means further on
    person_streams: tuple[str, ...]  # streams that tell of persons; without the first nothing can be judged
    touch_streams: tuple[str, ...]  # streams that could hold a touch
    context_streams: tuple[str, ...]  # streams whose rows can end a cycle or excuse a clock
    history_streams: tuple[str, ...] = ()  # streams that tell of the changes of records which other streams bring
    customers: frozenset[str] = frozenset()  # values of the ladder that customers have, lower case
    by_hand: frozenset[str] = frozenset()  # sources of changes that a person made in the CRM's own pages and apps
    company_domain: str | None = None  # field of a company: its domain, or the address of its site; None: the CRM has none
    hold: str = "leadpact_hold"  # field of a person that keeps leadpact from moving it
    opted_out: str | None = None  # field of a person: "true" for who wants no marketing mail
    status: str | None = None  # field of a person: how Sales stands with it, where the CRM has one
    own_fields: Mapping[str, str] = field(default_factory=dict)  # purpose -> field of a person that leadpact writes and never judges by
    references: tuple[Reference, ...] = ()  # where the CRM itself says that two records are one person

    @property
    def person(self) -> str:
        """The kind of record in which leads begin."""
        return self.persons[0]

    @property
    def person_stream(self) -> str:
        """The stream of that kind."""
        return self.person_streams[0]
