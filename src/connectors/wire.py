"""What answers carry beside their bodies, and what a broken connection means; the same for both CRMs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SAID = {
    "NewConnectionError": "nothing answers at that address",
    "NameResolutionError": "the name of the host is not known",
    "ConnectTimeoutError": "no connection in time",
    "ReadTimeoutError": "no answer in time",
    "ProtocolError": "the connection broke",
    "IncompleteRead": "the connection broke",
    "SSLError": "the secure connection failed",
}
_BEFORE_ANYTHING_WAS_SENT = frozenset({"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"})


def failure_of(error: Exception) -> str:
    """Say what a network error means; its own text may hold the address with its query."""
    name = _cause_of(error)
    return _SAID.get(name, name)


def is_unsent(error: Exception) -> bool:
    """Whether a network error came before anything was sent."""
    return _cause_of(error) in _BEFORE_ANYTHING_WAS_SENT


def _cause_of(error: Exception) -> str:
    """Name the error behind an error: urllib3 has it in `reason`, requests wraps urllib3's error as its first argument."""
    while isinstance(cause := getattr(error, "reason", None) or next(iter(error.args), None), Exception):
        if type(error).__name__ in _SAID:
            break
        error = cause
    return type(error).__name__


def lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    """Give headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


def number_in(value: str | None) -> int | None:
    """Read a whole number; None where there is none."""
    return int(value) if value and value.isdecimal() else None


def date_in(value: str | None) -> datetime | None:
    """Read a Date header (UTC); None where there is none."""
    try:
        return parsedate_to_datetime(value).astimezone(UTC) if value else None
    except ValueError:
        return None


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Give the seconds of Retry-After; 0 without one (both CRMs send seconds, never a date)."""
    try:
        return max(0.0, float(headers.get("retry-after") or 0))
    except ValueError:
        return 0.0
