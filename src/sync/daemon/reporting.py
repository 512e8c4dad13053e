"""Reports on their days: a process of its own makes them, when the first of them is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from sync.daemon.child import Child
from sync.daemon.schedule import Backoff

log = structlog.get_logger()
LOOK_AGAIN = timedelta(minutes=10)  # whether there is another report: an agreement may have come into force


@dataclass(slots=True, kw_only=True)
class Reporting:
    """Starts `leadpact report --due` when a report is due, and tells how it ended."""

    config: Path
    next_at: Callable[[datetime], datetime | None]  # when the next report is due, as is noted in the store; None: never, or not known
    _child: Child = field(default_factory=Child, init=False)
    _backoff: Backoff = field(default_factory=lambda: Backoff(first_s=300.0, longest_s=6 * 3600.0), init=False)
    _tried: tuple[datetime | None, datetime] | None = field(default=None, init=False)  # what was due, and before when it is left alone
    _looked_at: datetime | None = field(default=None, init=False)
    _due_at: datetime | None = field(default=None, init=False)

    def look(self, now: datetime) -> bool:
        """Start it where a report is due, or note its end; return whether there may be something to tell people."""
        if self._child.runs:
            return self._look_after(now)
        if self._looked_at is None or abs(now - self._looked_at) >= LOOK_AGAIN:
            self._looked_at, self._due_at = now, self.next_at(now)
        if self._due_at is not None and self._due_at <= now and not self._is_left_alone(now):
            log.info("report_started")
            self._child.start(("report", "--due", now.isoformat(), "--config", str(self.config)))
        return False

    def stop(self, within_s: float) -> None:
        """End it, where it runs: what was not noted is made anew at the next start."""
        self._child.stop(within_s)

    def _look_after(self, now: datetime) -> bool:
        code = self._child.ended()
        if code is None:
            return False
        self._looked_at, pause = None, LOOK_AGAIN
        if code == 0:
            self._backoff.succeed()
        else:
            pause = timedelta(seconds=self._backoff.fail())
            log.warning("report_failed", code=code, fix="see why: leadpact report --due now")
        self._tried = self._due_at, now + pause
        return code == 0

    def _is_left_alone(self, now: datetime) -> bool:
        """Whether what is due was tried a short while ago: it failed, or files that were not read yet say otherwise."""
        return self._tried is not None and self._tried[0] == self._due_at and now < self._tried[1]
