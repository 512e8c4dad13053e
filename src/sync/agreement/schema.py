"""The shape of an agreement file: the pydantic models through which its text enters. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from sync.agreement.criteria import FieldType
from sync.agreement.schema_people import (
    CancellationTable,
    ConsequenceTable,
    GoalTable,
    MeetingTable,
    PartyTable,
    PersonaTable,
    RaciTable,
    SummaryTable,
    TeamTable,
    TellTable,
    WaiversTable,
)
from sync.agreement.schema_words import (
    AS_LIST,
    FIRST,
    BudgetText,
    EventText,
    KeptByText,
    OwedBy,
    PercentText,
    PeriodText,
    ProtectionText,
    RecyclingText,
    RungText,
    Side,
    SpanText,
    StartText,
    StickyWord,
    Texts,
    TriggerText,
    WallSpanText,
    by_kind,
)
from sync.shape import Count, Day, Table, Text, matching

Kinds = dict[str, Text]  # kind of record -> criterion, or field, of the CRM
Flag = Annotated[bool, Field(strict=True)]
Month = Annotated[int, Field(strict=True, ge=1, le=12)]


class PerCrm(Table):
    """A table that says, CRM by CRM, how a record shows something."""

    hubspot: Kinds = Field(default_factory=dict)
    salesforce: Kinds = Field(default_factory=dict)

    def by_crm(self) -> dict[str, Kinds]:
        """Return what is written, by CRM and kind."""
        return {"hubspot": self.hubspot, "salesforce": self.salesforce}


class FieldTable(PerCrm):
    """`[fields]`: a value that criteria may name, and where it lives."""

    type: FieldType
    hubspot: Annotated[Kinds, by_kind("hubspot")] = Field(default_factory=dict)
    salesforce: Annotated[Kinds, by_kind("salesforce")] = Field(default_factory=dict)


class DefineTable(Table):
    """`[define]`: a name for a criterion."""

    criterion: Text = Field(alias="is")
    meaning: Text


class WhenTable(Table):
    """`[[exclude]]` and `[[excuse]]`."""

    when: Text
    why: Text


class StageTable(PerCrm):
    """`[[stage]]`."""

    name: Text
    side: Side
    meaning: Text
    criteria: Text | None = None
    required: Texts = ()
    stale_after: SpanText | None = None
    raci: RaciTable | None = None


class CalendarTable(Table):
    """`[calendar.NAME]`."""

    hours: Text
    timezone: Text
    holidays: Text | None = None
    closed: tuple[Day, ...] = ()


class PoolTable(Table):
    """`[pool.NAME]`."""

    calendar: Text | None = None
    team: Text | None = None
    fallback: Text | None = None
    first: Annotated[tuple[StickyWord, ...], AS_LIST] = FIRST
    only_on_shift: Flag = False


class NurturedTable(Table):
    """`nurtured` of a handoff."""

    at_least: Count
    kinds: Texts = ("marketing",)
    unless: EventText | None = None


class HandoffTable(Table):
    """`[[handoff]]`."""

    name: Text
    opens_on: Annotated[tuple[TriggerText, ...], AS_LIST, Field(min_length=1)]
    pool: Text | None = None
    assigned_by: Literal["leadpact", "others"] = "others"
    ownership: Literal["anyone", "pool"] = "anyone"
    required: Texts = ()
    tell: Texts = ()
    nurtured: NurturedTable | None = None
    reopen_after: WallSpanText | None = None
    hand_over_within: SpanText | None = None
    kept_until_handoff: Flag = False
    if_premature: Annotated[tuple[RungText, ...], AS_LIST] = ()
    if_missed: Annotated[tuple[RungText, ...], AS_LIST] = ()


class ClockTable(Table):
    """`[[clock]]`."""

    name: Text
    meaning: Text | None = None
    starts: StartText
    kept_by: Annotated[tuple[KeptByText, ...], AS_LIST, Field(min_length=1)]
    by: Literal["owner", "team", "anyone"] = "owner"
    within: SpanText
    calendar: Text | None = None
    warn_at: Annotated[tuple[PercentText, ...], AS_LIST] = ()
    ladder: Annotated[tuple[RungText, ...], AS_LIST] = ()
    owed_by: OwedBy = "owner"
    handoff: Text | None = None
    counts_sequence: bool | None = None


class GapTable(Table):
    """`gap` of a cadence."""

    at_least: SpanText | None = None
    at_most: SpanText | None = None


class CadenceTable(Table):
    """`[[cadence]]`."""

    name: Text
    stage: Text
    attempts: Count
    within: SpanText
    gap: GapTable = GapTable()
    channels: dict[Literal["call", "email", "message", "meeting"], Count] = Field(default_factory=dict)
    calendar: Text | None = None
    then: RecyclingText | None = None
    content: Texts = ()


class BulkTable(Table):
    """`bulk` of `[touches]`."""

    alike: Annotated[int, Field(strict=True, ge=2)] = 10
    within: WallSpanText | None = None


class TouchesTable(Table):
    """`[touches]`."""

    late_logging: SpanText | None = None
    shortest_call: WallSpanText | None = None
    bulk: BulkTable = BulkTable()
    trusted: Texts = ()


class ExitTable(PerCrm):
    """`[reject]` and `[disqualify]`."""

    reasons: Texts = ()
    reason: Text | None = None


class TargetTable(Table):
    """`to` of `[recycle]`."""

    owner: Text | None = None
    status: Text | None = None
    stage: Text | None = None
    nurture_list: Text | None = None
    campaign: Text | None = None


class RecycleTable(PerCrm):
    """`[recycle]`."""

    reasons: dict[str, PeriodText] = Field(default_factory=dict)
    reason: Text | None = None
    when: dict[Literal["rejected", "stale", "owner gone"], Text] = Field(default_factory=dict)
    within: SpanText | None = None
    to: TargetTable = TargetTable()
    by: Literal["status", "stage"] = "status"
    at_most: BudgetText | None = None
    cool_off: PeriodText | None = None
    bounce_limit: Annotated[int, Field(strict=True, ge=0)] = 2


class CoverTable(Table):
    """`[cover]`."""

    within: SpanText | None = None
    ladder: Annotated[tuple[RungText, ...], AS_LIST] = ()


class ProtectTable(Table):
    """`[protect]`."""

    when: Annotated[tuple[ProtectionText, ...], AS_LIST] = ()
    named_accounts: Texts = ()


class LevelTable(Table):
    """`[[level]]`: what holds otherwise for one team, segment or source; the overrides are read over the rule they name."""

    name: Text
    team: Text | None = None
    segment: Text | None = None
    source: Texts = ()
    clock: dict[str, dict[str, Any]] = Field(default_factory=dict)
    cadence: dict[str, dict[str, Any]] = Field(default_factory=dict)
    goal: dict[str, dict[str, Any]] = Field(default_factory=dict)


class SignatureTable(Table):
    """`[[signature]]`."""

    side: Side
    name: Text
    at: Annotated[AwareDatetime, Field(strict=True)]
    hash: Annotated[Text, matching(r"[0-9a-f]{64}", "the hash of a text: 64 digits 0-9 a-f", fix="copy it from `leadpact check`")]


class AgreementTable(Table):
    """The whole file."""

    title: Text
    effective: Day
    expires_on: Day | None = None
    review_every: PeriodText | None = None
    timezone: Text
    fiscal_year_starts: Month = 1
    steward: Text | None = None
    count: Literal["person", "record", "account"] = "person"
    summary: SummaryTable | None = None
    party: tuple[PartyTable, ...] = ()
    persona: tuple[PersonaTable, ...] = ()
    team: tuple[TeamTable, ...] = ()
    fields: dict[str, FieldTable] = Field(default_factory=dict)
    define: dict[str, DefineTable] = Field(default_factory=dict)
    exclude: tuple[WhenTable, ...] = ()
    excuse: tuple[WhenTable, ...] = ()
    stage: tuple[StageTable, ...] = ()
    calendar: dict[str, CalendarTable] = Field(default_factory=dict)
    pool: dict[str, PoolTable] = Field(default_factory=dict)
    handoff: tuple[HandoffTable, ...] = ()
    clock: tuple[ClockTable, ...] = ()
    cadence: tuple[CadenceTable, ...] = ()
    level: tuple[LevelTable, ...] = ()
    touches: TouchesTable = TouchesTable()
    reject: ExitTable = ExitTable()
    disqualify: ExitTable = ExitTable()
    recycle: RecycleTable = RecycleTable()
    cover: CoverTable | None = None
    protect: ProtectTable = ProtectTable()
    waivers: WaiversTable | None = None
    tell: TellTable = TellTable()
    goal: tuple[GoalTable, ...] = ()
    consequence: tuple[ConsequenceTable, ...] = ()
    meeting: tuple[MeetingTable, ...] = ()
    cancellation: CancellationTable | None = None
    signature: tuple[SignatureTable, ...] = ()
