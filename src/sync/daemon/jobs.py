"""What the daemon does by the clock, each job in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from functools import partial

import structlog

from sync.context import Context
from sync.daemon.nightly import Nightly
from sync.daemon.reporting import Reporting
from sync.daemon.schedule import Daily
from sync.daemon.tick import Memory
from sync.due_reports import next_report_at
from sync.store.errors import StoreError

log = structlog.get_logger()
RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The jobs of a daemon."""

    nightly: Nightly
    reporting: Reporting

    def look(self, now: datetime) -> bool:
        """Start what is due, and look after what runs; return whether there may be something to tell people."""
        self.nightly.look(now)
        return self.reporting.look(now)

    def stop(self, within_s: float) -> None:
        """End what runs."""
        self.nightly.stop(within_s)
        self.reporting.stop(within_s)


def jobs_of(run: Context, memory: Memory) -> Jobs:
    """Return the jobs by a set of files; `memory` tells by which agreement was judged last."""
    config = run.known.config.path
    return Jobs(
        nightly=Nightly(daily=_daily(run), config=config),
        reporting=Reporting(config=config, next_at=partial(_next_report_at, run, memory)),
    )


def _daily(run: Context) -> Daily | None:
    """Return when the night's comparison is due: also at once, where the last one is older than a day."""
    at = run.known.config.daemon.nightly_at
    if at == "off":
        return None
    return Daily(at=time.fromisoformat(at), zone=run.known.agreement.zone, done_at=run.runs.last_began(RECONCILE))


def _next_report_at(run: Context, memory: Memory, now: datetime) -> datetime | None:
    """Return when the next report is due; a store that fails is told by the tick."""
    if memory.watch is None:
        return None
    try:
        return next_report_at(run.known.config, run.reports, memory.watch.agreement, now)
    except StoreError as error:
        log.debug("reports_not_looked_for", why=str(error))
        return None
