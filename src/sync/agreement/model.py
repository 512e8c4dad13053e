"""The agreement between Marketing and Sales as leadpact reads it: frozen values in the file's own words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sync.agreement.calendar import Calendar
from sync.agreement.criteria import Criterion, FieldType
from sync.agreement.goals import Consequence, Goal
from sync.agreement.parties import (
    AtMost,
    Cancellation,
    DateSpan,
    Meeting,
    Party,
    Persona,
    Raci,
    Signature,
    Summary,
    Team,
    Waivers,
)
from sync.agreement.spans import Span

CrmKind = tuple[str, str]  # a CRM and one of its kinds of record: ("hubspot", "contact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A value that criteria and required lists may name, and where each CRM keeps it."""

    name: str
    type: FieldType
    sources: Mapping[CrmKind, str]  # the CRM's own field name


@dataclass(frozen=True, slots=True, kw_only=True)
class Define:
    """A name for a criterion; also an entry of the glossary."""

    name: str
    text: str
    meaning: str
    criterion: Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclude:
    """Leads that are never in scope."""

    criterion: Criterion
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse:
    """When a lead's clocks stop, with the reason that is shown."""

    criterion: Criterion
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step of the agreement, and how each kind of record shows that it was reached."""

    name: str
    side: str
    meaning: str
    criteria: Criterion | None  # what must be true to be handed over in this stage
    required: tuple[str, ...]  # names of fields that must not be blank
    recognised: Mapping[CrmKind, Criterion]
    raci: Raci | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarWords:
    """A calendar as the agreement writes it; people's own hours are laid over it."""

    hours: str  # OpenStreetMap opening_hours
    zone: str  # IANA
    holidays: str | None  # country, or country and region: US, DE-BE
    closed: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool of people that leads are given to; who is in it stands in the roster."""

    name: str
    calendar: str | None
    team: str | None = None
    fallback: str | None = None  # who gets the lead when nobody of the pool can take it


@dataclass(frozen=True, slots=True)
class StageEntered:
    """A handoff opens, or a clock starts, when this stage is entered."""

    stage: str


@dataclass(frozen=True, slots=True)
class HandRaise:
    """A handoff opens when one of these forms is submitted; any form where none is named."""

    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoreCrossed:
    """A handoff opens when this criterion turns true."""

    criterion: Criterion


Trigger = StageEntered | HandRaise | ScoreCrossed


@dataclass(frozen=True, slots=True, kw_only=True)
class Nurtured:
    """How a lead must have been nurtured before it is handed over."""

    at_least: int
    kinds: tuple[str, ...]
    unless: Trigger | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """How a lead passes from one team to the next."""

    name: str
    opens_on: tuple[Trigger, ...]
    pool: str | None
    ownership: str  # `anyone`, or `pool`: only an owner of the pool counts as assigned
    required: tuple[str, ...]  # beside what the stage requires
    tell: tuple[str, ...]  # `owner`, a role, or a channel
    nurtured: Nurtured | None
    reopen_after: timedelta  # a stage left and entered again within this was never left


class StartWord(StrEnum):
    """The facts, besides stages, at which a clock can start."""

    HANDOFF = "handoff"
    ASSIGNED = "assigned"
    HAND_RAISE = "hand-raise"
    REPLY = "reply"
    RECYCLED = "recycled"


Start = StartWord | StageEntered


@dataclass(frozen=True, slots=True)
class Assigned:
    """Kept when somebody owns the lead."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Kept by the first touch that counts."""


@dataclass(frozen=True, slots=True)
class StageReached:
    """Kept when the lead reaches this stage or a later one."""

    stage: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Kept when Sales rejects the lead."""


@dataclass(frozen=True, slots=True)
class Recycled:
    """Kept when the lead goes back to Marketing."""


@dataclass(frozen=True, slots=True)
class Disqualified:
    """Kept when the lead is out for good."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Kept when the lead is returned as handed over wrongly."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Kept when a reply is answered."""


KeptBy = Assigned | Touch | StageReached | Rejected | Recycled | Disqualified | Returned | Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One remedy of a ladder: `reassign`, `recycle: stale`."""

    action: str
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A promise with a deadline: starts at a fact, is kept by a fact."""

    name: str
    starts: Start
    kept_by: tuple[KeptBy, ...]  # any of them keeps it
    by: str  # whose touch counts: `owner`, `team` or `anyone`
    within: Span
    calendar: str | None  # name of a calendar, or `owner`
    warn_at: tuple[float, ...]  # shares of the span, ascending
    ladder: tuple[Rung, ...]
    owed_by: str
    handoff: str | None  # the only handoff it is for; None: all
    counts_sequence: bool | None  # None: not for the first touch of a hand-raise, elsewhere yes
    meaning: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often, how long, in which rhythm and by which channels a lead is worked."""

    name: str
    stage: str
    attempts: int
    within: Span
    gap_at_least: Span | None
    gap_at_most: Span | None
    channels: Mapping[str, int]  # kind of touch -> how many at least
    calendar: str | None
    recycle: str | None  # the reason with which the lead goes back when the attempts are used up
    content: tuple[str, ...]  # what each attempt is about, for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Touches:
    """What counts as a touch."""

    late_logging: Span  # logged later than this, it counts from when it was logged
    shortest_call: timedelta  # for calls logged as connected
    bulk_alike: int  # so many alike of one owner ...
    bulk_within: timedelta  # ... logged within this are bulk
    trusted: frozenset[str]  # sources that never log late


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """A way out of the handoff, its reasons, and how records show it."""

    reasons: tuple[str, ...]
    recognised: Mapping[CrmKind, Criterion]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycle(Exit):
    """How a lead goes back to Marketing, and when it comes back."""

    returns: Mapping[str, DateSpan]  # reason -> when it may come back
    to: Mapping[str, str]  # owner, status, stage, nurture_list, campaign
    by: str  # the field that says so: `status` or `stage`
    at_most: AtMost | None
    cool_off: DateSpan | None  # a score alone does not open a handoff within it
    bounce_limit: int  # how often a lead may change hands by our doing


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """A reason never to move a lead; `within` for a conversation."""

    what: str
    within: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protect:
    """Which leads are reported, reminded and escalated, never moved."""

    when: tuple[Protection, ...]
    named_accounts: tuple[str, ...]  # domains, lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What holds otherwise for one team, segment or source; each rule is complete as it holds there."""

    name: str
    team: str | None
    applies: Criterion | None
    clocks: tuple[Clock, ...]
    cadences: tuple[Cadence, ...]
    goals: tuple[Goal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One version of the agreement, complete and checked."""

    title: str
    effective: datetime  # UTC; the start of that day in the agreement's zone
    expires_at: datetime | None  # UTC; the end of the last day
    review_every: DateSpan | None
    zone: ZoneInfo
    fiscal_year_starts: int  # month
    steward: str | None
    count: str  # person, record or account
    summary: Summary | None
    parties: tuple[Party, ...]
    personas: tuple[Persona, ...]
    teams: Mapping[str, Team]
    fields: Mapping[str, Field]
    defines: Mapping[str, Define]
    excludes: tuple[Exclude, ...]
    excuses: tuple[Excuse, ...]
    stages: tuple[Stage, ...]  # in the order in which a lead passes them
    calendars: Mapping[str, Calendar]  # `default` is always there
    calendar_words: Mapping[str, CalendarWords]  # the same names
    calendar_span: tuple[date, date]  # the calendars hold from the first day up to the second
    pools: Mapping[str, Pool]
    handoffs: tuple[Handoff, ...]
    clocks: tuple[Clock, ...]
    cadences: tuple[Cadence, ...]
    levels: tuple[Level, ...]
    touches: Touches
    reject: Exit
    disqualify: Exit
    recycle: Recycle
    protect: Protect
    waivers: Waivers | None
    goals: tuple[Goal, ...]
    consequences: tuple[Consequence, ...]
    meetings: tuple[Meeting, ...]
    cancellation: Cancellation | None
    signatures: tuple[Signature, ...]
    hash: str
    text: str  # the file as it was read

    @property
    def judged_clocks(self) -> tuple[Clock, ...]:
        """The clocks that are judged: those that start at the handoff or at an assignment."""
        return tuple(clock for clock in self.clocks if clock.starts in {StartWord.HANDOFF, StartWord.ASSIGNED})

    def crm_fields(self, crm: str) -> Mapping[str, frozenset[str]]:
        """Return per kind of record of `crm` which of its fields the agreement names; all are read with history."""
        found: dict[str, set[str]] = {}
        for kind, names in self._named(crm):
            found.setdefault(kind, set()).update(names)
        return {kind: frozenset(names) for kind, names in sorted(found.items())}

    def _named(self, crm: str) -> Iterator[tuple[str, set[str]]]:
        for field in self.fields.values():
            yield from ((kind, {name}) for (of, kind), name in field.sources.items() if of == crm)
        for place in (*self.stages, self.reject, self.disqualify, self.recycle):
            yield from ((kind, set(criterion.fields)) for (of, kind), criterion in place.recognised.items() if of == crm)
