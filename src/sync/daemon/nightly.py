"""The night's whole comparison: a process of its own, so that the daemon's loop goes on, and its memory is given back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from sync.daemon.schedule import Daily

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Nightly:
    """Starts `leadpact reconcile` when it is due, and tells how it ended."""

    daily: Daily | None  # None: never
    config: Path
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def command(self) -> Sequence[str]:
        """What is started."""
        return (sys.executable, "-m", "sync", "reconcile", "--config", str(self.config))

    def look(self, now: datetime) -> None:
        """Start it where it is due, or note its end."""
        if self.daily is not None:
            self.daily.begin(now)
        if self._child is not None:
            self._look_after(self._child)
        elif self.daily is not None and self.daily.is_due(now):
            log.info("reconcile_started")
            self.daily.done_at = now
            self._child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def stop(self, within_s: float) -> None:
        """End it, where it runs: the next night goes on where it stopped."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(within_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def _look_after(self, child: subprocess.Popen[bytes]) -> None:
        code = child.poll()
        if code is None:
            return
        self._child = None
        if code == 0:
            log.info("reconcile_ended")
        else:
            log.warning("reconcile_failed", code=code, fix="see how it ended: leadpact runs")
