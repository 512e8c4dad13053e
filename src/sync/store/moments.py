"""Moments as the store keeps them: whole milliseconds UTC since 1970. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FOR_EVER = 2**63 - 1  # a moment later than any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """Return `at` in milliseconds, smaller parts cut off; TypeError if it is naive."""
    return (at - _EPOCH) // _MS


def to_ms_if_known(at: datetime | None) -> int | None:
    """Return `at` in milliseconds, None for None."""
    return None if at is None else (at - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """Return the moment `ms` milliseconds after 1970, aware and UTC."""
    return _EPOCH + ms * _MS


def from_ms_if_known(ms: int | None) -> datetime | None:
    """Return the moment of `ms`, None for None."""
    return None if ms is None else _EPOCH + ms * _MS
