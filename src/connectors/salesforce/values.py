"""Salesforce's values: texts, moments and ids in each of the forms it sends them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from connectors.errors import Misconfigured

Item = Mapping[str, Any]

_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_CHECKSUM_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
BULK_MOMENT = len("2026-11-20T15:00:00.000Z")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NUMBERS = frozenset({"int", "long", "double", "currency", "percent"})
_REMEMBERED = 1_000  # moments and ids; many rows share one


def text_of(value: object) -> str | None:
    """Read one value; None where it is not set. REST sends JSON's own types, Bulk sends text and "" for "not set".

    A moment is one text, however it came: Bulk ends it with Z, REST with +0000.
    """
    if value is None or isinstance(value, str):
        return _moment_text(value) if value and len(value) == BULK_MOMENT else value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _moment_text(text: str) -> str:
    """Write a moment of Bulk's (`2026-11-20T15:00:00.000Z`) as REST does; any other text stays as it is."""
    return f"{text[:-1]}+0000" if text[10] == "T" and text.endswith(".000Z") else text


def value_of(row: Item, field: str) -> object:
    """Give a field of a row; `Account.Industry` is nested in REST's rows and a column of its own in Bulk's."""
    if "." not in field or field in row:
        return row.get(field)
    head, _, rest = field.partition(".")
    nested = row.get(head)
    return value_of(nested, rest) if isinstance(nested, Mapping) else None


def is_true(value: object) -> bool:
    """Read a flag: a boolean, or text in Bulk's rows."""
    return value is True or value == "true"


def moment_of(value: object) -> datetime | None:
    """Read a time (aware, UTC); None where there is none, or no time can be read from it.

    Forms: `2021-12-02T18:23:39.000+0000`, with `Z` from Bulk; a day as YYYY-MM-DD. Source: crm-facts, Salesforce, section 4.
    """
    return _moment_in(value) if isinstance(value, str) and value else None


@lru_cache(maxsize=_REMEMBERED)
def _moment_in(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is UTC:
        return moment
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def moment_or_refuse(row: Item, *fields: str) -> datetime:
    """Give the first of some fields that is a time; every row of Salesforce has these.

    Raises Misconfigured where none is: then it is not Salesforce that answers.
    """
    for field in fields:
        if (moment := moment_of(row.get(field))) is not None:
            return moment
    raise Misconfigured(
        f"a row of the answer ({text_of(row.get('Id'))}) has no {fields[0]}",
        fix="check that salesforce.my_domain leads to your org and that salesforce.api_version is a version it offers",
    )


@lru_cache(maxsize=_REMEMBERED)
def is_id(text: str) -> bool:
    """Whether a text has the form of an id, of 15 or 18 characters."""
    return _ID.fullmatch(text) is not None and (len(text) == 15 or id18(text[:15]) == text)


def id18(id_: str) -> str:
    """Give an id in its form of 18 characters, which does not depend on case; other texts as they are.

    Each chunk of five characters has a digit whose bits say which of them are capitals. Source: crm-facts, Salesforce, section 6.
    """
    if len(id_) != 15:
        return id_
    chunks = (id_[start : start + 5] for start in (0, 5, 10))
    return id_ + "".join(_CHECKSUM_DIGITS[sum(1 << bit for bit, c in enumerate(chunk) if "A" <= c <= "Z")] for chunk in chunks)


def id_in(row: Item, field: str = "Id") -> str | None:
    """Give an id of a row in its long form; None where it is not set."""
    text = row.get(field)
    if not text:
        return None
    return text if isinstance(text, str) and len(text) == 18 else id18(str(text))


def json_of(text: str | None, type_: str | None) -> str | float | bool | None:
    """Write a value as JSON for a field of a type: numbers and flags as such, everything else as text, "" and None as null.

    What the type does not fit, or a number would not keep exactly, goes out as text; so does a value of a field of unknown type.
    Source: crm-facts, Salesforce, section 14 (moments and days are text).
    """
    if not text:
        return None
    if type_ == "boolean" and text in ("true", "false"):
        return text == "true"
    if type_ not in _NUMBERS or not _NUMBER.fullmatch(text):
        return text
    if "." not in text:
        return int(text)
    return float(text) if Decimal(repr(float(text))) == Decimal(text) else text
