"""Of which time a report tells: each promise that is decided counts in one period, and what stands from before is not lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.judge.findings import Finding, Status
from sync.report.period import OPEN, Period
from sync.report.report import Report
from sync.report.spool import Spool
from sync.report.summary import Summary
from tests.builders import a_finding, ny

SINCE, UPTO = ny("2026-11-02 08:00"), ny("2026-11-09 08:00")
WEEK = Period(since=SINCE, upto=UPTO)
SECOND = timedelta(seconds=1)


def due(at: datetime, status: Status = Status.BREACHED, *, owed: bool = True) -> Finding:
    return replace(a_finding("first_touch", at - timedelta(hours=2)), due_at=at, status=status, owed=owed, late_by_s=60)


@pytest.mark.parametrize(
    ("at", "counts", "stands"),
    [(SINCE - SECOND, False, True), (SINCE, True, False), (UPTO - SECOND, True, False), (UPTO, False, False)],
)
def test_what_was_broken_counts_where_it_fell_due_and_stands_for_ever(at: datetime, counts: bool, stands: bool) -> None:
    assert (WEEK.counts(due(at)), WEEK.stands(due(at))) == (counts, stands)


@pytest.mark.parametrize("status", [*OPEN])
def test_what_is_open_counts_whenever_it_falls_due(status: Status) -> None:
    assert WEEK.counts(due(UPTO + timedelta(days=9), status))


def test_what_was_kept_late_long_ago_neither_counts_nor_stands() -> None:
    late = due(SINCE - SECOND, owed=False)
    assert not WEEK.counts(late)
    assert not WEEK.stands(late)


def test_a_promise_without_a_deadline_counts_where_it_began() -> None:
    assert WEEK.counts(replace(due(SINCE), due_at=None, started_at=SINCE))
    assert not WEEK.counts(replace(due(SINCE), due_at=None, started_at=None))


@given(st.integers(min_value=-30 * 24, max_value=30 * 24), st.sampled_from([Status.KEPT, Status.BREACHED, Status.EXCUSED, Status.UNKNOWN]))
def test_what_is_decided_counts_in_exactly_one_of_periods_that_follow_each_other(hours: int, status: Status) -> None:
    finding = due(SINCE + timedelta(hours=hours), status)
    periods = [Period(since=SINCE + week * timedelta(days=7), upto=SINCE + (week + 1) * timedelta(days=7)) for week in range(-5, 6)]
    assert sum(period.counts(finding) for period in periods) == 1


def test_the_time_before_is_as_long_and_ends_where_this_one_begins() -> None:
    assert Period(since=SINCE - (UPTO - SINCE), upto=SINCE) == WEEK.former


def test_a_lead_with_a_promise_broken_before_is_among_those_that_wait_and_in_no_figure() -> None:
    with Spool() as spool:
        report = Report(spool=spool, summary=Summary(), shown=WEEK.counts, stands=WEEK.stands)
        report.add([due(SINCE - SECOND)], ())
        report.add([due(SINCE)], ())
        assert len(list(spool.findings())) == 1
    assert (report.summary.total.broken, report.summary.standing, len(report.summary.worst)) == (1, 2, 2)
