"""The pydantic types that read the small texts of an agreement. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainValidator

from sync.agreement import words
from sync.agreement.goals import Condition, Target
from sync.agreement.model import CrmKind, HandRaise, KeptBy, Protection, Rung, StageEntered, Start
from sync.agreement.parties import AtMost
from sync.agreement.spans import Period, Span, SpanError, parse_period, parse_span
from sync.shape import Text, wrong

# What a bare field name means: `hubspot = "country"` is a field of the person's record. The one table that a new CRM adds to.
PERSON_KIND = {"hubspot": "contact", "salesforce": "Lead"}

# Fields that every agreement may name without declaring them, and where the CRMs keep them.
BUILT_IN: Mapping[str, Mapping[CrmKind, str]] = {
    "email": {("hubspot", "contact"): "email", ("salesforce", "Lead"): "Email"},
    "phone": {("hubspot", "contact"): "phone", ("salesforce", "Lead"): "Phone"},
    "company": {("hubspot", "contact"): "company", ("salesforce", "Lead"): "Company"},
    "original_source": {("hubspot", "contact"): "hs_analytics_source", ("salesforce", "Lead"): "LeadSource"},
}


def _reads(read: Callable[[str], Any]) -> PlainValidator:
    """Return the validator that turns a text into what `read` makes of it."""

    def check(value: object) -> Any:
        if not isinstance(value, str) or not value.strip():
            raise wrong("text in quotes", fix="write it in quotes")
        try:
            return read(value.strip())
        except words.WordError as error:
            raise wrong(error.expected, fix=error.fix) from None
        except SpanError as error:
            raise wrong("a span of time", fix=error.fix) from None
        except OverflowError:
            raise wrong("a number of a size that people use", fix="write a smaller one") from None

    return PlainValidator(check)


def _read_protection(text: str) -> Protection:
    what, within = words.read_protection(text)
    return Protection(what=what, within=parse_span(within) if within else None)


def _read_target(value: object) -> Target:
    try:
        return words.read_target(value)
    except words.WordError as error:
        raise wrong(error.expected, fix=error.fix) from None


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


def _as_lines(value: object) -> object:
    """Let a line of a list be text where a table is meant: `"first touch in time"` is `{ what = … }`."""
    if not isinstance(value, list):
        return value
    return [{"what": line} if isinstance(line, str) else line for line in value]


def by_kind(crm: str) -> BeforeValidator:
    """Return the validator that reads `"country"`, `"company.industry"` or `{ Lead = "Title" }` as kind -> field."""

    def check(value: object) -> object:
        if not isinstance(value, str):
            return value
        kind, dot, name = value.strip().rpartition(".")
        return {kind if dot else PERSON_KIND[crm]: name}

    return BeforeValidator(check)


SpanText = Annotated[Span, _reads(parse_span)]
WallSpanText = Annotated[timedelta, _reads(words.read_wall_span)]
PeriodText = Annotated[Period, _reads(parse_period)]
BudgetText = Annotated[AtMost, _reads(words.read_budget)]
PercentText = Annotated[float, _reads(words.read_percent)]
StartText = Annotated[Start, _reads(words.read_start)]
KeptByText = Annotated[KeptBy, _reads(words.read_kept_by)]
TriggerText = Annotated[StageEntered | HandRaise | words.ScoreText, _reads(words.read_trigger)]
EventText = Annotated[StageEntered | HandRaise, _reads(words.read_event)]
RungText = Annotated[Rung, _reads(words.read_rung)]
RecyclingText = Annotated[str, _reads(words.read_recycling)]
ProtectionText = Annotated[Protection, _reads(_read_protection)]
ConditionText = Annotated[Condition, _reads(words.read_condition)]
TargetText = Annotated[Target, PlainValidator(_read_target)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_list)]
StickyWord = Literal["open deal owner", "account owner", "previous owner"]
FIRST: tuple[StickyWord, ...] = ("open deal owner", "account owner", "previous owner")
Side = Literal["marketing", "sales"]
OwedBy = Literal["system", "marketing", "owner", "manager"]
AS_LIST = BeforeValidator(_as_list)
AS_LINES = BeforeValidator(_as_lines)
