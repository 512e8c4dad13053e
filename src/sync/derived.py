"""Timelines for which both judging and planning ask, each derived once. Pure."""

from __future__ import annotations

from datetime import datetime

from sync.agreement.model import Agreement
from sync.rows import LeadRows
from sync.terms import Terms
from sync.timeline import Timeline, build_timeline


class Derived:
    """Derives timelines like `build_timeline`, for one moment; those of a lead, one a version of the agreement, are kept until the next."""

    def __init__(self) -> None:
        self._rows: LeadRows | None = None
        self._timelines: dict[str, Timeline] = {}  # hash of the agreement -> what was derived of those rows

    def __call__(self, rows: LeadRows, agreement: Agreement, terms: Terms, *, now: datetime) -> Timeline:
        """Return the timeline of a lead under one version of the agreement."""
        if rows is not self._rows:
            self._rows = rows
            self._timelines.clear()
        if agreement.hash not in self._timelines:
            self._timelines[agreement.hash] = build_timeline(rows, agreement, terms, now=now)
        return self._timelines[agreement.hash]
