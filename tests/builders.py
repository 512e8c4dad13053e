"""Builders for tests: a valid value in a line, with only what the test is about spelled out."""

from __future__ import annotations

from datetime import UTC, datetime


def at(text: str) -> datetime:
    """Read `2026-11-20 15:00` (or with seconds and milliseconds) as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
