"""How often a CRM is polled, so that our share of its calls lasts for the day: the poll stretches before anything stops. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from connectors.records import Usage
from sync.agreement.model import Agreement

KEPT_FOR_WRITES = 0.1  # of our share: what polls leave to evidence, writes and their proof
LONGEST_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What one CRM's polls may cost."""

    poll_s: float
    max_share: float  # of the account's calls of a day

    def interval_s(self, usage: Usage, per_poll: float, *, now: datetime, zone: tzinfo) -> float:
        """Return in how many seconds to poll next, where a poll costs `per_poll` calls; as configured where the CRM tells no limit."""
        if usage.limit_today is None or per_poll <= 0:
            return self.poll_s
        left = usage.limit_today * self.max_share * (1 - KEPT_FOR_WRITES) - usage.today
        polls = max(left, 0.0) / per_poll
        lasts_s = _left_of_the_day(now, zone).total_seconds() / polls if polls >= 1 else LONGEST_S
        return min(max(self.poll_s, lasts_s), max(self.poll_s, LONGEST_S))


def _left_of_the_day(now: datetime, zone: tzinfo) -> timedelta:
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    return (
        midnight.astimezone(UTC) - now
    )  # within one zone it would be counted by what its clocks show, which a DST night makes an hour wrong


def too_short(agreement: Agreement, interval: timedelta) -> Iterator[str]:
    """Yield the clocks whose whole time is shorter than the pause between two polls: these can no longer be timed."""
    return (clock.name for clock in agreement.clocks if timedelta(0) < clock.within.length < interval)
