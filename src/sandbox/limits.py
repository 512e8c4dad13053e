"""How many calls the portal allows, and what its answers say of it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

WINDOW_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Calls allowed: `burst` in ten seconds of real time, `daily` in a day of the account's zone.

    Source: HubSpot's usage guidelines, private apps of a Professional account.
    """

    burst: int = 190
    daily: int = 625_000


@dataclass(slots=True, kw_only=True)
class Allowance:
    """What is left of the limits; nothing is refused yet: `spend` is where a 429 would begin."""

    limits: Limits = field(default_factory=Limits)
    spent_today: int = 0
    _day: date | None = None
    _recent: deque[float] = field(default_factory=deque)

    def spend(self, now: datetime, zone: ZoneInfo) -> None:
        """Count one call at the portal's moment `now`; the day turns at midnight in `zone`."""
        today = now.astimezone(zone).date()
        if today != self._day:
            self._day, self.spent_today = today, 0
        self.spent_today += 1
        real_s = time.monotonic()
        self._recent.append(real_s)
        while self._recent[0] <= real_s - WINDOW_S:
            self._recent.popleft()

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The rate-limit headers of an answer."""
        figures = {
            "Max": self.limits.burst,
            "Remaining": max(self.limits.burst - len(self._recent), 0),
            "Interval-Milliseconds": int(WINDOW_S * 1000),
            "Daily": self.limits.daily,
            "Daily-Remaining": max(self.limits.daily - self.spent_today, 0),
        }
        return [(f"x-hubspot-ratelimit-{name}".lower().encode(), str(figure).encode()) for name, figure in figures.items()]
