"""How Salesforce writes moments and dates: text whose order is the order of time. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?\Z")
_CANONICAL = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.000\+0000\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")


def moment_text(moment: datetime) -> str:
    """`moment` (aware) as Salesforce answers: UTC, whole seconds, `.000+0000`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000").rjust(28, "0")


def read_moment(text: str) -> datetime:
    """The aware moment of an ISO 8601 text; without a zone it is UTC, a date is its midnight.

    Raises ValueError for anything else.
    """
    if not _MOMENT.match(text) and not _DATE.match(text):
        raise ValueError(f"{text} is no moment")
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def canonical_moment(text: str) -> str:
    """A moment in any form that Salesforce takes, in the form it answers with. Raises ValueError for none."""
    if _CANONICAL.match(text) and _is_date(text[:10]):
        return text
    try:
        return moment_text(read_moment(text))
    except OverflowError as error:
        raise ValueError(f"{text} is no moment of the years 1 to 9999") from error


@lru_cache(maxsize=4096)
def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def canonical_date(text: str) -> str:
    """A date, or the date of a moment, as `YYYY-MM-DD`. Raises ValueError for none."""
    if _MOMENT.match(text):
        return read_moment(text).astimezone(UTC).date().isoformat()
    if not _DATE.match(text):
        raise ValueError(f"{text} is no date")
    return date.fromisoformat(text).isoformat()
