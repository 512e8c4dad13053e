"""How often a CRM is polled, so that our share of its calls lasts to its midnight."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.records import Usage
from sync.daemon.pace import Pace


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 20, 5, 0, tzinfo=UTC), 24),
        (datetime(2027, 3, 14, 5, 0, tzinfo=UTC), 23),  # the clocks skip an hour
        (datetime(2026, 11, 1, 4, 0, tzinfo=UTC), 25),  # and show one twice
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), 23.5),  # 01:30 for the first time
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), 22.5),  # and for the second
    ],
)
def test_the_calls_that_are_left_are_spread_over_the_hours_that_are_left_also_in_a_dst_night(now: datetime, hours: float) -> None:
    pace = Pace(poll_s=60, max_share=1.0)
    usage = Usage(calls=0, today=0, limit_today=1_000, remaining_today=1_000)
    assert pace.interval_s(usage, 10, now=now, zone=ZoneInfo("America/New_York")) == pytest.approx(hours * 3600 / 90)
