"""The shape of an agreement's parties, goals, consequences and meetings. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sync.agreement.schema_words import AS_LINES, BudgetText, ConditionText, PercentText, PeriodText, Side, TargetText, Texts
from sync.shape import Day, Table, Text, matching


class SummaryTable(Table):
    """`[summary]`."""

    what: Text
    why: Text
    how: Text


class ResponsibilityTable(Table):
    """One responsibility of a party: a line of text, or a table."""

    what: Text
    owner: Text | None = None
    metric: Text | None = None
    due: Text | None = None


class PartyTable(Table):
    """`[[party]]`."""

    side: Side
    signatory: Text
    responsibilities: Annotated[tuple[ResponsibilityTable, ...], AS_LINES] = ()
    needs: Texts = ()


class PersonaTable(Table):
    """`[[persona]]`."""

    name: Text
    meaning: Text
    duties: Texts = ()
    problems: Texts = ()
    goals: Texts = ()


class TeamTable(Table):
    """`[[team]]`."""

    name: Text
    side: Side
    calendar: Text | None = None
    meaning: Text | None = None


class TellTable(Table):
    """`[tell]`."""

    at_risk: Texts = ()
    broken: Texts = ()
    recycled: Texts = ("marketing",)
    daily: Texts = ()
    reports: Texts = ("ops",)
    daily_at: Annotated[Text, matching(r"([01]\d|2[0-3]):[0-5]\d", "a time of day such as 08:00", fix='write "08:00"')] = "08:00"


class RaciTable(Table):
    """`raci` of a stage."""

    responsible: Text
    accountable: Text
    consulted: Texts = ()
    informed: Texts = ()


class WaiversTable(Table):
    """`[waivers]`."""

    by: Text
    budget: BudgetText | None = None


class GoalTable(Table):
    """`[[goal]]`."""

    name: Text
    side: Literal["company", "marketing", "sales"]
    metric: Text
    scope: Text | None = None
    target: TargetText
    period: Literal["week", "month", "quarter", "half year", "year", "fiscal year"]
    split: dict[Side, PercentText] = Field(default_factory=dict)
    baseline: Text | None = None
    by: Day | None = None
    owner: Text | None = None
    serves: Text | None = None
    soft: bool = False
    contingency: Text | None = None


class ConsequenceTable(Table):
    """`[[consequence]]`."""

    condition: ConditionText = Field(alias="if")
    then: Annotated[Texts, Field(min_length=1)]


class MeetingTable(Table):
    """`[[meeting]]`."""

    name: Text
    on: Text
    led: Text
    agenda: Texts = ()


class CancellationTable(Table):
    """`[cancellation]`."""

    when: Texts = ()
    notice: PeriodText | None = None
