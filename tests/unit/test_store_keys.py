from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.records import RecordKey
from sync.store.keys import id_number, key_order
from sync.store.moments import from_ms, to_ms


def test_ids_that_are_numbers_sort_as_numbers_and_before_the_others() -> None:
    keys = [RecordKey("hubspot", "contact", id_) for id_ in ("b", "10", "9", "²", "-1")]

    assert [key.id for key in sorted(keys, key=key_order)] == ["9", "10", "-1", "b", "²"]


@given(st.text(min_size=1))
def test_every_id_has_a_number_that_sqlite_can_hold(crm_id: str) -> None:
    assert 0 <= id_number(crm_id) < 2**63


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_to_the_millisecond(at: datetime) -> None:
    assert from_ms(to_ms(at)) == at.replace(microsecond=at.microsecond // 1000 * 1000)


def test_the_same_moment_of_another_zone_is_the_same_number() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)

    assert to_ms(noon) == to_ms(noon.astimezone(timezone(timedelta(hours=-5))))


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        to_ms(datetime(2026, 11, 20, tzinfo=UTC).replace(tzinfo=None))
