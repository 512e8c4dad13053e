"""The night's whole comparison: a process of its own, so that the daemon's loop goes on, and its memory is given back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from sync.daemon.child import Child
from sync.daemon.schedule import Daily

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Nightly:
    """Starts `leadpact reconcile` when it is due, and tells how it ended."""

    daily: Daily | None  # None: never
    config: Path
    _child: Child = field(default_factory=Child, init=False)

    def look(self, now: datetime) -> None:
        """Start it where it is due, or note its end."""
        if self.daily is not None:
            self.daily.begin(now)
        if self._child.runs:
            self._look_after()
        elif self.daily is not None and self.daily.is_due(now):
            log.info("reconcile_started")
            self.daily.done_at = now
            self._child.start(("reconcile", "--config", str(self.config)))

    def stop(self, within_s: float) -> None:
        """End it, where it runs: the next night goes on where it stopped."""
        self._child.stop(within_s)

    def _look_after(self) -> None:
        code = self._child.ended()
        if code == 0:
            log.info("reconcile_ended")
        elif code is not None:
            log.warning("reconcile_failed", code=code, fix="see how it ended: leadpact runs")
