"""Literals of a query -> values that compare with those of a field. Raises Refused where their types differ. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.salesforce.dates import days_of, moments_of
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.moments import canonical_date, canonical_moment
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.soql_bind import Bound
from sandbox.salesforce.soql_tokens import Token, at_place, malformed, plain_text
from sandbox.salesforce.soql_tree import DateWord, Literal


@dataclass(frozen=True, slots=True)
class Span:
    """What a date word stands for: from `first` up to `behind`."""

    first: str
    behind: str


@dataclass(frozen=True, slots=True)
class Literals:
    """Reads the literals of one query, for a user's zone and present day."""

    text: str  # the query
    zone: ZoneInfo
    now: datetime

    def value(self, bound: Bound, literal: Literal) -> Any:
        """What a literal stands for beside this field: None, a Span, or a value as `comparable` gives."""
        field = bound.field
        if isinstance(literal, DateWord):
            return self._span(field, literal)
        if literal.is_word("NULL"):
            return None
        sort, read = _READERS.get(_family(field), _READERS["text"])
        if literal.sort not in sort:
            raise self._wrong_type(field, literal)
        try:
            value = read(literal)
        except ValueError as error:
            raise malformed(self.text, literal.at, str(error)) from None
        if field.is_id and value is not None:
            return self._id(value, literal)
        return value

    def _span(self, field: Field, word: DateWord) -> Span:
        if field.type not in ("date", "datetime"):
            raise self._wrong_type(field, word)
        try:
            days = days_of(word.name, word.n, self.now.astimezone(self.zone).date())
            if field.type == "datetime":
                return Span(*moments_of(days, self.zone))
        except (ValueError, OverflowError):
            raise malformed(self.text, word.at, f"{word.name}:{word.n} is out of range") from None
        return Span(*(day.isoformat() for day in days))

    def _id(self, value: str, literal: Token) -> str:
        found = long_id(value)
        if found is None:
            raise Refused("INVALID_QUERY_FILTER_OPERATOR", at_place(self.text, literal.at, f"invalid ID field: {value}"))
        return found

    def _wrong_type(self, field: Field, literal: Literal) -> Refused:
        named = {"text": "string", "number": "double", "datetime": "dateTime"}.get(_family(field), _family(field))
        quotes = "should be enclosed in quotes" if named in ("string", "id") else "should not be enclosed in quotes"
        told = f"value of filter criterion for field '{field.name}' must be of type {named} and {quotes}"
        return Refused("INVALID_FIELD", at_place(self.text, literal.at, told))


def _family(field: Field) -> str:
    if field.is_id:
        return "id"
    if field.is_number:
        return "number"
    return field.type if field.type in ("boolean", "date", "datetime") else "text"


def _flag(token: Token) -> bool:
    if not token.is_word("TRUE", "FALSE"):
        raise ValueError(f"unexpected token: '{token.text}'")
    return token.is_word("TRUE")


_READERS: dict[str, tuple[tuple[str, ...], Callable[[Token], Any]]] = {
    "id": (("text",), lambda token: plain_text(token.text)),
    "text": (("text",), lambda token: plain_text(token.text).casefold() or None),
    "number": (("number",), lambda token: float(token.text)),
    "boolean": (("name",), _flag),
    "date": (("date",), lambda token: canonical_date(token.text)),
    "datetime": (("moment",), lambda token: canonical_moment(token.text.upper())),
}


def comparable(field: Field) -> Callable[[Any], Any]:
    """How a value of the field is made to compare with others: text without case."""
    if field.is_text or field.type == "anyType":
        return lambda value: str(value).casefold()
    return lambda value: value
