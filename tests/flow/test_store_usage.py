from __future__ import annotations

from datetime import date

from sync.store.database import Database
from sync.store.usage import ApiUsage

TODAY, TOMORROW = date(2026, 11, 20), date(2026, 11, 21)


def test_the_calls_of_a_day_are_those_of_that_day_and_crm(store: Database) -> None:
    usage = ApiUsage(store)
    usage.add("hubspot", TODAY, 40)
    usage.add("hubspot", TOMORROW, 2)

    assert [usage.calls_on("hubspot", day) for day in (TODAY, TOMORROW)] == [40, 2]
    assert usage.calls_on("salesforce", TODAY) == 0


def test_the_calls_of_runs_beside_each_other_add_up(store: Database) -> None:
    usage = ApiUsage(store)
    told = [usage.add("hubspot", TODAY, calls) for calls in (40, 55, 7)]

    assert told == [40, 95, 102]
    assert usage.calls_on("hubspot", TODAY) == 102
