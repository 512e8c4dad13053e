"""The line that a daemon logs each hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync.daemon.hour import Hour

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def test_what_was_done_is_told_once_an_hour_and_counted_anew() -> None:
    hour = Hour()
    assert hour.told(at(0)) is None
    hour.add_poll(3)
    hour.add_poll(0)
    hour.add_tick(judged=5, took_s=0.2504, steps={"verified": 2})
    hour.add_tick(judged=1, took_s=0.1, steps={"verified": 1, "skipped": 4})

    assert hour.told(at(59.9)) is None
    assert hour.told(at(60)) == {
        "polls": 2,
        "rows": 3,
        "ticks": 2,
        "judged": 6,
        "slowest_s": 0.25,
        "steps_skipped": 4,
        "steps_verified": 3,
    }
    assert hour.told(at(119)) is None
    assert hour.told(at(125)) == {"polls": 0, "rows": 0, "ticks": 0, "judged": 0, "slowest_s": 0}


def test_a_clock_that_jumps_costs_one_line_at_most() -> None:
    hour = Hour()
    hour.told(at(0))

    assert hour.told(at(60 * 24 * 7)) is not None, "ahead: the hour is over, once"
    assert hour.told(at(60 * 24 * 7 + 1)) is None
    assert hour.told(at(0)) is None, "back: it begins anew"
    assert hour.told(at(60)) is not None
