"""An activity that both CRMs log counts once; two activities remain two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.records import Activity, ActivityKind, Direction, RecordKey
from sync.each_once import each_once
from sync.terms import Terms
from tests.builders import ANN, BEN, MS, SF, SF_ANN, SF_BEN, a_call, both_terms, ny, the_terms

AT = ny("2026-09-14 10:00")
MINUTE = timedelta(minutes=1)
LAG = 30 * MINUTE
TERMS = both_terms(upto=AT)


def hubspot(id_: str, after: timedelta = timedelta(0), *, owner: str | None = ANN, **more: object) -> Activity:
    """A call logged in HubSpot as it happened, so long after ten."""
    return a_call(AT + after, id=id_, owner=owner, **more)


def salesforce(id_: str, after: timedelta = timedelta(0), *, owner: str | None = SF_ANN, **more: object) -> Activity:
    return replace(hubspot(id_, after, owner=owner, **more), key=RecordKey(SF, "Task", id_))


def left(*activities: Activity, terms: Terms = TERMS, crm: str = SF) -> list[str]:
    return [activity.key.id for activity in each_once(activities, terms, crm=crm)]


@pytest.mark.parametrize(("apart", "both"), [(MS, False), (LAG - MS, False), (LAG, False), (LAG + MS, True)])
def test_two_that_are_alike_are_one_if_they_happened_within_the_lag(apart: timedelta, both: bool) -> None:
    assert left(hubspot("h"), salesforce("s", apart)) == (["h", "s"] if both else ["h"])
    assert left(hubspot("h", apart), salesforce("s")) == (["h", "s"] if both else ["s"])


def test_it_is_the_one_that_was_logged_first_whenever_it_is_said_to_have_happened() -> None:
    assert left(hubspot("h", logged=AT + 9 * MINUTE), salesforce("s", 5 * MINUTE, logged=AT + 8 * MINUTE)) == ["s"]


@pytest.mark.parametrize(
    "copy",
    [
        salesforce("s", owner=SF_BEN),
        salesforce("s", owner=None),
        replace(salesforce("s"), kind=ActivityKind.EMAIL),
        replace(salesforce("s"), direction=Direction.IN),
        replace(salesforce("s"), direction=None),
        hubspot("s"),
        replace(salesforce("s"), archived_at=AT),
    ],
    ids=["another owner", "nobody's", "another kind", "the other direction", "no direction", "same crm", "deleted"],
)
def test_what_differs_or_stands_in_the_same_crm_is_another(copy: Activity) -> None:
    assert left(hubspot("h"), copy) == ["h", "s"]


def test_a_deleted_one_does_not_take_its_copy_along() -> None:
    """The touch is still logged, and its owner made it."""
    kept = each_once([replace(hubspot("h"), archived_at=AT), salesforce("s", MINUTE)], TERMS, crm=SF)
    assert [activity.key.id for activity in kept if activity.archived_at is None] == ["s"]


def test_two_calls_with_a_copy_each_remain_two() -> None:
    assert left(hubspot("h1"), hubspot("h2", 10 * MINUTE), salesforce("s1", MINUTE), salesforce("s2", 11 * MINUTE)) == ["h1", "h2"]


def test_a_call_has_one_copy_at_most_the_nearest() -> None:
    assert left(hubspot("h"), salesforce("near", MINUTE), salesforce("far", 2 * MINUTE)) == ["h", "far"]


def test_the_nearest_pairs_go_together_first() -> None:
    """Taken in order, the first call would have taken the copy of the second, and the third none."""
    calls = [hubspot("h1"), hubspot("h2", 20 * MINUTE), salesforce("s1", 21 * MINUTE), salesforce("s2", 45 * MINUTE)]
    assert left(*calls) == ["h1", "h2", "s2"]


@pytest.mark.parametrize(
    ("crm", "owners"),
    [(SF, [SF_ANN, SF_BEN, None, "hubspot:77"]), ("hubspot", [ANN, BEN, None, "77"])],
)
def test_owners_are_named_as_the_asked_crm_names_them(crm: str, owners: list[str | None]) -> None:
    calls = [hubspot("a"), salesforce("b", 60 * MINUTE, owner=SF_BEN), hubspot("c", owner=None), hubspot("d", owner="77")]
    assert [activity.owner for activity in each_once(calls, TERMS, crm=crm)] == owners


def test_with_one_crm_everything_stays_as_it_is() -> None:
    calls = (hubspot("1"), hubspot("2"))
    assert each_once(calls, the_terms(upto=AT), crm="hubspot") == calls


@st.composite
def some_calls(draw: st.DrawFn) -> list[Activity]:
    times = st.integers(0, 90)
    made = [hubspot(f"h{n}", draw(times) * MINUTE) for n in range(draw(st.integers(0, 5)))]
    return made + [salesforce(f"s{n}", draw(times) * MINUTE) for n in range(draw(st.integers(0, 5)))]


@given(some_calls(), st.data())
def test_the_order_does_not_matter(calls: list[Activity], data: st.DataObject) -> None:
    assert set(left(*calls)) == set(left(*data.draw(st.permutations(calls))))


@given(some_calls())
def test_no_more_is_left_out_than_the_other_crm_has_and_all_that_is_has_its_like_nearby(calls: list[Activity]) -> None:
    stay = each_once(calls, TERMS, crm=SF)
    gone = _without(calls, [activity.key.id for activity in stay])
    for crm in ("hubspot", SF):
        theirs = [call for call in calls if call.key.crm == crm]
        copies = [call for call in gone if call.key.crm != crm]
        assert len(copies) <= len(theirs)
        assert all(any(abs(copy.happened_at - call.happened_at) <= LAG for call in theirs) for copy in copies)


def _without(calls: Sequence[Activity], ids: Sequence[str]) -> list[Activity]:
    return [call for call in calls if call.key.id not in ids]
