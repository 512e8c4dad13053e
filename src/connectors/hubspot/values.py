"""HubSpot's values: texts, moments and ids in each of the forms it sends them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from connectors.errors import Misconfigured

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_REMEMBERED = 1_000  # moments; an object tells one and the same several times, each time as text


def text_of(value: object) -> str | None:
    """Read one property value; None where it is not set.

    HubSpot sends strings, None, and "" for "not set"; ids and flags come as numbers and booleans in some answers.
    Source: crm-facts, HubSpot, sections 1.1 and 11.5.
    """
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def moment_of(value: object) -> datetime | None:
    """Read a time (aware, UTC); None where there is none, or no time can be read from it.

    Forms: ISO-8601 with `Z`, milliseconds optional; epoch milliseconds as text or number; a day as YYYY-MM-DD.
    Source: crm-facts, HubSpot, section 3.
    """
    text = text_of(value)
    return None if text is None else _moment_in(text)


@lru_cache(maxsize=_REMEMBERED)
def _moment_in(text: str) -> datetime | None:
    try:
        if text.lstrip("-").isdecimal():
            return _EPOCH + int(text) * _MS
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def ms_of(moment: datetime) -> int:
    """Give `moment` as whole milliseconds since 1970, as HubSpot's search filters take it."""
    return (moment - _EPOCH) // _MS


def first_moment(*values: object) -> datetime | None:
    """Give the first of `values` that is a time."""
    for value in values:
        if (moment := moment_of(value)) is not None:
            return moment
    return None


def moment_or_refuse(item: Mapping[str, Any], what: str, *values: object) -> datetime:
    """Give the first of `values` that is a time; every item of HubSpot has these.

    Raises Misconfigured where none is: then it is not HubSpot that answers.
    """
    moment = first_moment(*values)
    if moment is None:
        raise Misconfigured(
            f"an item of the answer ({id_of(item)}) has no time at which it was {what}",
            fix="check that hubspot.base_url leads to HubSpot and that hubspot.api_version is a version it offers",
        )
    return moment


def id_of(item: Mapping[str, Any]) -> str:
    """Give an item's id, which some answers send as a number."""
    return str(item.get("id") or "")
