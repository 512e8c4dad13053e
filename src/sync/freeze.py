"""Windows in which nothing is written to a CRM. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sync.agreement.calendar_hours import open_spans
from sync.history import local_text

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From one moment up to another, the second one out of it."""

    since: datetime
    until: datetime
    why: str

    def covers(self, at: datetime) -> bool:
        """Whether nothing may be written at a moment."""
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Hours that come back each week, as a clock in `zone` shows them."""

    hours: str
    zone: ZoneInfo
    why: str

    def covers(self, at: datetime) -> bool:
        """Whether nothing may be written at a moment."""
        reading = at.astimezone(self.zone).replace(tzinfo=None)
        today = reading.date()
        spans = open_spans(self.hours, public=(), closed=(), since=today - _DAY, upto=today + _DAY)
        return any(start <= reading < end for start, end in spans)


Freeze = Window | Weekly


def frozen_by(freezes: Iterable[Freeze], at: datetime, zone: tzinfo) -> Iterator[str]:
    """Yield why nothing may be written at a moment; moments are told in `zone`."""
    for freeze in freezes:
        if freeze.covers(at):
            yield f"frozen {_when(freeze, zone)}: {freeze.why} (config.toml, [[freeze]])"


def _when(freeze: Freeze, zone: tzinfo) -> str:
    if isinstance(freeze, Window):
        return f"until {local_text(freeze.until, zone)}"
    return f"within {freeze.hours} {freeze.zone.key}"
