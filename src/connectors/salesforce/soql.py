"""Queries, written so that no value can become part of their text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.errors import Misconfigured

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query; `deleted_too` finds deleted and archived rows as well."""

    soql: str
    deleted_too: bool = False


def select(fields: Sequence[str], source: str, *conditions: str, order: str = "", limit: int | None = None) -> str:
    """Write a query whose rows meet all of `conditions`; empty ones are passed over. Misconfigured for a field that is no name."""
    for field in fields:
        refuse_if_no_name(field, source)
    parts = (
        _from(", ".join(fields), source, conditions),
        f"ORDER BY {order}" if order else "",
        f"LIMIT {limit}" if limit is not None else "",
    )
    return " ".join(filter(None, parts))


def count(source: str, *conditions: str) -> str:
    """Write a query that counts the rows that meet all of `conditions`."""
    return _from("COUNT()", source, conditions)


def _from(what: str, source: str, conditions: Iterable[str]) -> str:
    held = " AND ".join(filter(None, conditions))
    return f"SELECT {what} FROM {source}" + (f" WHERE {held}" if held else "")


def refuse_if_no_name(field: str, source: str) -> None:
    """Raise Misconfigured for a field of the agreement whose name no field of Salesforce can have."""
    if not _NAME.fullmatch(field):
        raise Misconfigured(
            f"{source} can have no field {field!r}", fix="write the field's API name in the agreement, such as Lead_Score__c"
        )


def moment(at: datetime) -> str:
    """Write a moment; Salesforce counts whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def texts(values: Iterable[str]) -> str:
    """Write a list of texts for IN, each escaped."""
    from simple_salesforce.format import format_soql  # noqa: PLC0415 - slow to import

    return str(format_soql("{}", list(values)))


def text(value: str) -> str:
    """Write one text, escaped."""
    from simple_salesforce.format import format_soql  # noqa: PLC0415

    return str(format_soql("{}", value))
