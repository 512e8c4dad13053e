"""What a pull asks for again, and how its calls are counted over the runs of a day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.budget import Purpose
from connectors.hubspot.mapping import VOCABULARY
from sync.meter import Meter
from sync.pull import known_facts
from sync.store.usage import ApiUsage
from tests.flow.beside import PEOPLE, Kept, kept_beside


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with kept_beside(tmp_path) as kept:
        yield kept


def test_definitions_are_believed_for_an_hour_and_no_longer(kept: Kept) -> None:
    asked = []
    for wait in (timedelta(), timedelta(milliseconds=1)):  # an hour has passed since the first pull
        kept.later(wait)
        before = kept.heard()
        with closing(kept.connector()) as connector:
            facts = known_facts(connector, VOCABULARY, connector.account(), kept.mirror)
        asked.append((facts is None, kept.heard() - before))
    assert asked == [(False, 2), (False, 2)]  # the server tells whole seconds
    kept.later(timedelta(seconds=1))
    with closing(kept.connector()) as connector:
        assert known_facts(connector, VOCABULARY, connector.account(), kept.mirror) is None


def test_what_is_known_is_what_would_be_read(kept: Kept) -> None:
    with closing(kept.connector()) as connector:
        facts = known_facts(connector, VOCABULARY, connector.account(), kept.mirror)
    assert facts is not None
    assert {owner.id for owner in facts.owners} == {str(70 + number) for number in PEOPLE}
    assert {(one.kind, one.name) for one in facts.definitions} >= {("contact", "email"), ("deal", "dealstage")}


def test_calls_are_counted_over_the_runs_of_a_day_and_a_new_day_begins_at_the_accounts_midnight(kept: Kept) -> None:
    usage, counted = ApiUsage(kept.store), []
    for wait in (0, 1, 12):  # eleven in the morning in New York, noon, midnight
        kept.later(timedelta(hours=wait))
        with closing(kept.connector()) as connector:
            meter = Meter([connector], usage)
            connector.account()
            meter.start(connector)
            for _ in range(3):
                connector.uses_leads_object()
            meter.save()
            counted.append((str(connector.usage().day), connector.usage().today))
    assert counted == [("2026-11-20", 4), ("2026-11-20", 8), ("2026-11-21", 4)]
    assert usage.calls_on("hubspot", date(2026, 11, 21)) == 4


def test_a_count_is_saved_once_enough_calls_were_made(kept: Kept) -> None:
    usage = ApiUsage(kept.store)
    with closing(kept.connector()) as connector:
        meter = Meter([connector], usage)
        connector.account()
        day = connector.usage().day
        assert day is not None
        meter.start(connector)
        meter.save(every=3)
        before = usage.calls_on("hubspot", day)
        connector.uses_leads_object()
        connector.uses_leads_object()
        meter.save(every=3)
    assert (before, usage.calls_on("hubspot", day)) == (0, 3)


def test_each_call_is_counted_by_what_it_is_for(kept: Kept) -> None:
    with closing(kept.connector()) as connector:
        connector.account()
        contact = next(iter(connector.look_up("contacts", ["1"]))).records[0].key
        list(connector.evidence([contact]))
        list(connector.evidence([contact], without=VOCABULARY.touch_streams))
        told = connector.usage().by_purpose
    # evidence: associations of four kinds, and the calls and meetings that were found; a sweep: the contact and its companies
    assert told == {Purpose.DELTA: 1, Purpose.EVIDENCE: 6, Purpose.SWEEP: 2}


def test_runs_beside_each_other_hear_of_each_others_calls_and_count_none_twice(kept: Kept) -> None:
    usage = ApiUsage(kept.store)
    with closing(kept.connector()) as one, closing(kept.connector()) as other:
        meters = [Meter([one], usage), Meter([one], usage), Meter([other], usage)]  # two threads of one process, and another process
        for connector, meter in zip((one, one, other), meters, strict=True):
            connector.account()
            meter.start(connector)
        for _ in range(3):
            one.uses_leads_object()
            other.uses_leads_object()
            for meter in meters:
                meter.save()
        meters[0].save()
        meters[0].start(one)
        day = one.usage().day
        assert day is not None
        assert usage.calls_on("hubspot", day) == one.usage().calls + other.usage().calls == 9
        assert one.usage().today == 9
