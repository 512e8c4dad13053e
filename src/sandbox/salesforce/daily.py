"""How many calls an org allows in 24 hours, and how many it was asked."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

ALLOWED = 15_000  # of a Developer Edition
_DAY = timedelta(hours=24)


class DailyCalls:
    """The calls of the last 24 hours of the org's time, of all who call it. Source: crm-facts, Salesforce, section 3.

    `elsewhere` are calls of others that count too. `app` is the name of the app that calls here and how many calls it is
    allowed, which only its own calls count for; None if it has no limit of its own.
    """

    def __init__(self, allowed: int = ALLOWED) -> None:
        self.allowed = allowed
        self.elsewhere = 0
        self.app: tuple[str, int] | None = None
        self._minutes: deque[tuple[datetime, int]] = deque()
        self._counted = 0

    def used(self, now: datetime) -> int:
        """The calls that count at `now`."""
        while self._minutes and self._minutes[0][0] <= now - _DAY:
            self._counted -= self._minutes.popleft()[1]
        return self._counted + self.elsewhere

    def spend(self, now: datetime, calls: int = 1) -> bool:
        """Count calls; False, and nothing is counted, if there are none left."""
        if self.used(now) + calls > self.allowed or (self.app is not None and self._counted + calls > self.app[1]):
            return False
        minute = now.replace(second=0, microsecond=0)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, 0))
        self._minutes[-1] = (minute, self._minutes[-1][1] + calls)
        self._counted += calls
        return True

    def header(self, now: datetime) -> tuple[bytes, bytes]:
        """What every answer of the data API tells of it."""
        usage = f"api-usage={self.used(now)}/{self.allowed}"
        if self.app is not None:
            name, allowed = self.app
            usage += f"; per-app-api-usage={self._counted}/{allowed}(appName={name})"
        return b"sforce-limit-info", usage.encode("latin-1", "replace")
