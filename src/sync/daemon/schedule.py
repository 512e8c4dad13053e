"""When the daemon does what: jobs of the clock, each once when it is due, however long the machine slept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]

NOT_TWICE = timedelta(hours=2)  # so soon after it was done it is not due again: a DST night has some times twice


@dataclass(slots=True)
class Daily:
    """A job that is done each day at a time of a zone; where a DST night leaves that time out, at the same distance from midnight."""

    at: time
    zone: tzinfo
    done_at: datetime | None = None  # when it was last begun, by whomever

    def due_at(self, now: datetime) -> datetime:
        """Return when it is due: in the past where a day was missed, and then once, not for each day."""
        trigger = CronTrigger(hour=self.at.hour, minute=self.at.minute, timezone=self.zone)
        due = trigger.get_next_fire_time(None, now if self.done_at is None else self.done_at + NOT_TWICE)
        assert isinstance(due, datetime), "every day has its time"
        return due.astimezone(UTC)  # times of a zone compare as its clock shows them, and one that comes twice equals nothing

    def begin(self, now: datetime) -> None:
        """Where it was never done, wait for the first of its times from `now` on."""
        self.done_at = self.done_at or now - NOT_TWICE

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be done now."""
        return self.due_at(now) <= now


@dataclass(slots=True)
class Backoff:
    """How long to leave something alone that fails: twice as long each time, up to a bound."""

    first_s: float
    longest_s: float
    failures: int = 0

    def fail(self) -> float:
        """Count a failure; return for how many seconds to leave it alone."""
        self.failures += 1
        return float(min(self.first_s * 2 ** min(self.failures - 1, 30), self.longest_s))

    def succeed(self) -> None:
        """Begin anew."""
        self.failures = 0
