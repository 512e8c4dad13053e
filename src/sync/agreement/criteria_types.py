"""The values criteria are asked about, what they answer, and how they are refused. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

Value = str | float | bool | datetime | None
"""One field's value, typed; None is a blank."""


class Row(Protocol):
    """The values of one lead at one moment, by the name that the agreement gives them: a mapping, or what reads them when asked."""

    def get(self, name: str, /) -> Value:
        """Return the value of one field; None where it is blank."""


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EPOCH_MS = re.compile(r"-?\d{11,}", re.ASCII)  # fewer digits are a basic ISO date or a slip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class FieldType(StrEnum):
    """What a field holds, as the agreement declares it."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"


def read_value(raw: str | None, type: FieldType, zone: ZoneInfo) -> Value:
    """Give what a CRM sent its declared type; blank or unreadable is None.

    Text is kept as sent, unless it is only white space. Numbers are decimal, without separators.
    Booleans are true/false in any case, or 1/0. Times are ISO 8601 (without an offset: UTC) or
    epoch milliseconds; a plain date is the start of that day in `zone`. Times come back in UTC.
    """
    if raw is None or not raw.strip():
        return None
    match type:
        case FieldType.TEXT:
            return raw
        case FieldType.NUMBER:
            return _read_number(raw.strip())
        case FieldType.BOOLEAN:
            return _BOOLEANS.get(raw.strip().lower())
        case FieldType.TIME:
            return _read_time(raw.strip(), zone)


def read_day(text: str) -> date | None:
    """Read `2026-01-31`; None for anything else."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def day_span(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of `day` in `zone`, and the first moment after it, both in UTC."""
    after = day_start(day + timedelta(days=1), zone) if day < date.max else datetime.max.replace(tzinfo=UTC)
    return day_start(day, zone), after


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of `day` in `zone`, in UTC; of the first day of year 1 the earliest there is."""
    try:
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _read_number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _read_time(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        if _EPOCH_MS.fullmatch(text):
            return _EPOCH + timedelta(milliseconds=int(text))
        if day := read_day(text):
            return day_start(day, zone)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class CriterionError(ValueError):
    """A criterion that cannot be used, with the place and the fix; str() is the sentence.

    `position` is the 0-based offset in `text`. Where the trouble lies within a define, `define`
    names it and `text` is the define's. `problems` holds every problem found, this one first.
    """

    def __init__(self, message: str, *, position: int, found: str, fix: str, nearest: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.found = found
        self.fix = fix
        self.nearest = nearest
        self.text = ""
        self.define: str | None = None
        self.problems: tuple[CriterionError, ...] = (self,)

    def within(self, text: str, define: str | None) -> CriterionError:
        """The same error, told of the text (and the define) that its position counts in."""
        self.text, self.define = text, define
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Conjunct:
    """One of the conditions that a criterion joins with AND, as it was answered for a lead."""

    text: str  # as written
    truth: bool | None
    values: Mapping[str, Value]  # of every field it rests on, those of a define included
    define: str | None = None  # its name, where the condition is a define alone
    parts: tuple[Conjunct, ...] = ()  # the define's own conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a criterion answered as it did, condition by condition in the order written."""

    truth: bool | None
    conjuncts: tuple[Conjunct, ...]
