"""The agreement between Marketing and Sales as leadpact reads it: frozen values in the file's own words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sync.agreement.calendar import Calendar
from sync.agreement.criteria import Criterion, FieldType
from sync.agreement.goals import Consequence, Goal
from sync.agreement.parties import (
    AtMost,
    Cancellation,
    Meeting,
    Party,
    Persona,
    Raci,
    Signature,
    Summary,
    Team,
    Tell,
    Waivers,
)
from sync.agreement.promises import (
    Answered,
    Assigned,
    Cadence,
    Clock,
    Disqualified,
    Handoff,
    HandRaise,
    KeptBy,
    Nurtured,
    NurturedBy,
    Recycled,
    Rejected,
    Returned,
    Rung,
    ScoreCrossed,
    StageEntered,
    StageReached,
    Start,
    StartWord,
    Touch,
    Touches,
    Trigger,
)
from sync.agreement.spans import Period, Span

__all__ = [
    "Agreement",
    "Answered",
    "Assigned",
    "Cadence",
    "CalendarWords",
    "Clock",
    "Cover",
    "CrmKind",
    "Define",
    "Disqualified",
    "Exclude",
    "Excuse",
    "Exit",
    "Field",
    "HandRaise",
    "Handoff",
    "KeptBy",
    "Level",
    "Nurtured",
    "NurturedBy",
    "Pool",
    "Protect",
    "Protection",
    "Recycle",
    "Recycled",
    "Rejected",
    "Returned",
    "Rung",
    "ScoreCrossed",
    "Stage",
    "StageEntered",
    "StageReached",
    "Start",
    "StartWord",
    "Touch",
    "Touches",
    "Trigger",
]

LEADPACT = "leadpact"  # in `assigned_by` of a handoff
OFFBOARD = "offboard"  # the rule of a step that no broken promise asks for: its owner leaves
STALE = "stale "  # before the name of a stage: the rule of its `stale_after`
UNNAMED_RULES = (
    "premature_handoff",
    "missed_handoff",
    "early_pull",
    "reject_reason",
    "recycle_reason",
    "disqualify_reason",
    "recycle_due",
    "covered",
    "bounce_limit",
    "not_delivered",
    "drift",
    "crm_data",
)  # promises that an agreement makes without naming a rule
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
    stale_after: Span | None  # how long nothing may happen to a lead that stands in it
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
    fallback: str | None = None  # who gets the lead when nobody of the pool can take it: a person or another pool of the roster
    first: tuple[str, ...] = ("open deal owner", "account owner", "previous owner")  # whose a lead is before the pool's turn, in this order
    only_on_shift: bool = False  # nobody gets a lead while they are closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """A way out of the handoff, its reasons, and how records show it."""

    reasons: tuple[str, ...]
    reason: str | None  # name of the field that holds the reason
    recognised: Mapping[CrmKind, Criterion]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycle(Exit):
    """How a lead goes back to Marketing, and when it comes back."""

    when: Mapping[str, str]  # rejected, stale, owner gone -> the reason with which such a lead goes back
    within: Span  # how soon it does
    returns: Mapping[str, Period]  # reason -> when it may come back
    to: Mapping[str, str]  # owner, status, stage, nurture_list, campaign
    by: str  # the field that says so: `status` or `stage`
    at_most: AtMost | None
    cool_off: Period | None  # a score alone does not open a handoff within it
    bounce_limit: int  # how often a lead may change hands by our doing


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """How soon a lead whose owner is not there gets another one."""

    within: Span
    ladder: tuple[Rung, ...]


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
    applies: Criterion | None  # of a segment or a source
    by_source: bool
    clocks: tuple[Clock, ...]
    cadences: tuple[Cadence, ...]
    goals: tuple[Goal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One version of the agreement, complete and checked."""

    title: str
    effective: datetime  # UTC; the start of that day in the agreement's zone
    expires_at: datetime | None  # UTC; the end of the last day
    review_every: Period | None
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
    calendar_span: tuple[date, date]  # the first and the last day that the calendars cover
    pools: Mapping[str, Pool]
    handoffs: tuple[Handoff, ...]
    clocks: tuple[Clock, ...]
    cadences: tuple[Cadence, ...]
    levels: tuple[Level, ...]
    touches: Touches
    reject: Exit
    disqualify: Exit
    recycle: Recycle
    cover: Cover | None  # None: it promises nothing about owners who are away
    protect: Protect
    waivers: Waivers | None
    tell: Tell
    goals: tuple[Goal, ...]
    consequences: tuple[Consequence, ...]
    meetings: tuple[Meeting, ...]
    cancellation: Cancellation | None
    signatures: tuple[Signature, ...]
    hash: str
    text: str  # the file as it was read

    @property
    def rule_names(self) -> tuple[str, ...]:
        """The names under which findings of this agreement may stand: clocks, cadences, and the promises without a name."""
        stale = (STALE + stage.name for stage in self.stages if stage.stale_after is not None)
        return (*(clock.name for clock in self.clocks), *(cadence.name for cadence in self.cadences), *stale, *UNNAMED_RULES)

    def crm_fields(self, crm: str) -> Mapping[str, frozenset[str]]:
        """Return per kind of record of `crm` which of its fields the agreement names; all are read with history."""
        found: dict[str, set[str]] = {}
        for kind, names in self._named(crm):
            found.setdefault(kind, set()).update(names)
        return {kind: frozenset(names) for kind, names in sorted(found.items())}

    def recognising_fields(self, crm: str) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield per kind of record of `crm` the fields that a judgement rests on, of stages, ways out and criteria."""
        exits = (self.reject, self.disqualify, self.recycle)
        for recognised in (*(stage.recognised for stage in self.stages), *(way.recognised for way in exits)):
            yield from ((kind, criterion.fields) for (of, kind), criterion in recognised.items() if of == crm)
        for name in self._asked:
            yield from ((kind, frozenset({field})) for (of, kind), field in self.fields[name].sources.items() if of == crm)

    @property
    def _asked(self) -> set[str]:
        """The agreement's own fields whose moments a judgement rests on; an exclusion asks for the values now."""
        criteria = [excuse.criterion for excuse in self.excuses]
        criteria += [stage.criteria for stage in self.stages if stage.criteria is not None]
        criteria += [level.applies for level in self.levels if level.applies is not None]
        criteria += [one.criterion for handoff in self.handoffs for one in handoff.opens_on if isinstance(one, ScoreCrossed)]
        required = [*(name for stage in self.stages for name in stage.required), *(name for one in self.handoffs for name in one.required)]
        reasons = (way.reason for way in (self.reject, self.recycle, self.disqualify) if way.reason is not None)
        return {*(name for criterion in criteria for name in criterion.fields), *required, *reasons}

    def _named(self, crm: str) -> Iterator[tuple[str, set[str]]]:
        for field in self.fields.values():
            yield from ((kind, {name}) for (of, kind), name in field.sources.items() if of == crm)
        recognised = [stage.recognised for stage in self.stages]
        recognised += [way_out.recognised for way_out in (self.reject, self.disqualify, self.recycle)]
        for criteria in recognised:
            yield from ((kind, set(criterion.fields)) for (of, kind), criterion in criteria.items() if of == crm)
