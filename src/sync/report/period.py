"""Of which time a report tells: what counts in it, and what stands from before. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync.judge.findings import Finding, Status

OPEN = (Status.RUNNING, Status.AT_RISK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `since` on, up to and without `upto`; a promise belongs to the period in which it fell due, so that it counts once."""

    since: datetime
    upto: datetime

    @property
    def former(self) -> Period:
        """The time before, as long as this one."""
        return Period(since=self.since - (self.upto - self.since), upto=self.since)

    def counts(self, finding: Finding) -> bool:
        """Whether a promise counts: it fell due in this time, or is open still."""
        return finding.status in OPEN or self.has(finding)

    def has(self, finding: Finding) -> bool:
        """Whether a promise fell due in this time; one without a deadline, whether it began in it."""
        at = finding.due_at or finding.started_at
        return at is not None and self.since <= at < self.upto

    def stands(self, finding: Finding) -> bool:
        """Whether a promise was broken before this time, and is still to be kept."""
        at = finding.due_at or finding.started_at
        return finding.status is Status.BREACHED and finding.owed and (at is None or at < self.since)
