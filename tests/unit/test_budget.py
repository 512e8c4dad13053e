"""The calls of a day: whose they are, what they are for, and when there are none left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.budget import DayBudget, DayShares, Purpose
from connectors.errors import Exhausted

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def a_budget(*, limit: int | None = 1_000, max_share: float = 0.2, floor: float = 0.15) -> DayBudget:
    budget = DayBudget("HubSpot", DayShares(max_share=max_share, floor=floor))
    budget.begin_day(NOON, NEW_YORK)
    budget.learn(limit=limit, remaining=None)
    return budget


def spend_all(budget: DayBudget, purpose: Purpose, *, now: datetime = NOON) -> int:
    """Spend until it is refused; return how often it was not."""
    for calls in range(10_000):
        try:
            budget.spend(purpose, now)
        except Exhausted:
            return calls
    return 10_000


def test_what_is_less_urgent_stops_sooner_and_leaves_the_rest_to_what_is_more_urgent():
    budget = a_budget()
    spent = [spend_all(budget, purpose) for purpose in reversed(Purpose)]
    assert spent == [140, 20, 30, 6, 2, 2]  # report, sweep, delta, evidence, write, verify
    assert budget.usage().today == 200


def test_calls_of_earlier_runs_of_the_day_count():
    budget = a_budget()
    budget.add_earlier(180)
    assert spend_all(budget, Purpose.DELTA) == 10


def test_the_message_names_the_share_the_figures_and_the_moment_of_the_accounts_midnight():
    budget = a_budget()
    budget.add_earlier(200)
    with pytest.raises(Exhausted) as refused:
        budget.spend(Purpose.DELTA, NOON)
    assert str(refused.value) == (
        "leadpact has made 200 calls to HubSpot today; for this (delta) it may make 190 of the account's 1,000 (max_share = 0.2)"
    )
    assert refused.value.fix == (
        "run again after 2026-11-21 00:00 EST, midnight in the account's time zone; what was read so far is kept. "
        "Or raise max_share in config.toml"
    )


def test_under_the_floor_only_writes_are_verified():
    budget = a_budget()
    budget.learn(limit=None, remaining=149)
    with pytest.raises(Exhausted, match=r"149 of its 1,000 calls of today left; leadpact leaves 150 to others \(floor = 0.15\)"):
        budget.spend(Purpose.EVIDENCE, NOON)
    budget.spend(Purpose.VERIFY, NOON)
    budget.learn(limit=None, remaining=150)
    budget.spend(Purpose.EVIDENCE, NOON)


def test_a_new_day_of_the_accounts_zone_begins_anew():
    budget = a_budget()
    budget.learn(limit=None, remaining=3)
    budget.add_earlier(200)
    before_midnight = datetime(2026, 11, 21, 4, 59, 59, tzinfo=UTC)
    assert spend_all(budget, Purpose.DELTA, now=before_midnight) == 0
    assert spend_all(budget, Purpose.DELTA, now=before_midnight + timedelta(seconds=1)) == 190


def test_an_account_without_a_limit_of_the_day_is_counted_and_never_refused():
    budget = a_budget(limit=None)
    assert spend_all(budget, Purpose.SWEEP) == 10_000
    assert budget.usage().by_purpose == {"sweep": 10_000}


def test_a_day_that_is_23_hours_long_ends_at_its_own_midnight():
    budget = DayBudget("HubSpot", DayShares())
    budget.begin_day(datetime(2026, 3, 8, 12, 0, tzinfo=UTC), NEW_YORK)
    assert budget.goes_on() == "after 2026-03-09 00:00 EDT, midnight in the account's time zone"


def test_where_the_account_counts_any_24_hours_its_calls_come_back_by_and_by_and_ours_at_midnight():
    budget = DayBudget("Salesforce", DayShares(max_share=0.1, floor=0.15), rolling=True)
    budget.begin_day(NOON, NEW_YORK)
    budget.learn(limit=1_000, remaining=100)
    with pytest.raises(Exhausted) as theirs:
        budget.spend(Purpose.DELTA, NOON)
    budget.learn(limit=1_000, remaining=900)
    budget.add_earlier(100)
    with pytest.raises(Exhausted) as ours:
        budget.spend(Purpose.DELTA, NOON)
    assert theirs.value.fix.startswith("run again in an hour or more: Salesforce counts the calls of the last 24 hours")
    assert ours.value.fix.startswith("run again after 2026-11-21 00:00 EST, midnight")
