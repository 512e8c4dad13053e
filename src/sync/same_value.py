"""Whether two texts of one field say the same: CRMs write numbers and moments in several forms. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")  # an id with noughts before it is none
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T.+)?")
_EPOCH_MS = re.compile(r"\d{12,14}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def same_value(left: str | None, right: str | None) -> bool:
    """Whether both are blank, the same text, the same number (2 and 2.0), or the same moment; a day is its midnight in UTC."""
    if (left or "") == (right or ""):
        return True
    if not left or not right:
        return False
    numbers = _number(left), _number(right)
    if None not in numbers:
        return numbers[0] == numbers[1]
    moment = _moment(left)
    return moment is not None and moment == _moment(right)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _moment(text: str) -> datetime | None:
    """Read ISO 8601 or milliseconds since 1970."""
    if _EPOCH_MS.fullmatch(text):
        return _EPOCH + timedelta(milliseconds=int(text))
    if not _MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
