"""Search in the practice HubSpot: operators, limits, paging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.portal import Portal
from sandbox.server import serve
from tests.contract.practice import NOW, Caller, a_portal

SEARCH = "/crm/objects/2026-09/contacts/search"


@pytest.fixture(scope="module")
def call() -> Iterator[Caller]:
    with serve(a_portal()) as served:
        yield Caller(served)


@pytest.mark.parametrize(
    ("name", "operator", "operand", "found"),
    [
        ("email", "EQ", {"value": "ADA@example.com"}, ["101"]),
        ("email", "NEQ", {"value": "ada@example.com"}, ["102", "103"]),
        ("lifecyclestage", "EQ", {"value": "opportunity"}, ["103"]),
        ("lifecyclestage", "EQ", {"value": "OPPORTUNITY"}, []),
        ("lifecyclestage", "NEQ", {"value": "opportunity"}, ["101", "102"]),
        ("lifecyclestage", "IN", {"values": ["opportunity", "marketingqualifiedlead"]}, ["101", "103"]),
        ("lifecyclestage", "NOT_IN", {"values": ["opportunity"]}, ["101", "102"]),
        ("email", "IN", {"values": ["ada@example.com"]}, ["101"]),
        ("email", "IN", {"values": ["Ada@Example.com"]}, []),
        ("lifecyclestage", "HAS_PROPERTY", {}, ["101", "103"]),
        ("lifecyclestage", "NOT_HAS_PROPERTY", {}, ["102"]),
        ("hubspotscore", "GTE", {"value": "70"}, ["101"]),
        ("hubspotscore", "GT", {"value": "70.0"}, []),
        ("hubspotscore", "LT", {"value": 100}, ["101"]),
        ("hubspotscore", "LTE", {"value": "8"}, []),
        ("hubspotscore", "BETWEEN", {"value": "60", "highValue": "70"}, ["101"]),
        ("lastmodifieddate", "LTE", {"value": "1793613600500"}, ["101", "102"]),
        ("lastmodifieddate", "LT", {"value": "2026-11-02T10:00:00.500Z"}, ["102"]),
        ("hs_object_id", "GT", {"value": "101"}, ["102", "103"]),
        ("firstname", "CONTAINS_TOKEN", {"value": "ad*"}, ["101"]),
        ("email", "CONTAINS_TOKEN", {"value": "example"}, ["101", "102", "103"]),
        ("email", "CONTAINS_TOKEN", {"value": "exam"}, []),
        ("firstname", "NOT_CONTAINS_TOKEN", {"value": "ada"}, ["102", "103"]),
        ("associations.company", "EQ", {"value": 9}, ["101"]),
        ("associations.calls", "IN", {"values": ["501", "502"]}, ["101"]),
    ],
)
def test_an_operator_finds(call: Caller, name: str, operator: str, operand: dict[str, Any], found: list[str]) -> None:
    assert sorted(call.find("contacts", {"propertyName": name, "operator": operator, **operand})) == found


def test_groups_are_alternatives_and_filters_conditions(call: Caller) -> None:
    ada = {"propertyName": "email", "operator": "EQ", "value": "ada@example.com"}
    stage = {"propertyName": "lifecyclestage", "operator": "EQ", "value": "opportunity"}
    assert call.find("contacts", ada, stage) == []
    assert sorted(call.search("contacts", filterGroups=[{"filters": [ada]}, {"filters": [stage]}])) == ["101", "103"]
    assert call.search("contacts", filters=[ada]) == ["101"]


def test_a_query_looks_through_the_usual_fields(call: Caller) -> None:
    assert call.search("contacts", query="ADA example") == ["101"]
    assert call.search("companies", query="nine.example") == ["9"]


def test_records_come_oldest_first_or_as_sorted(call: Caller) -> None:
    assert call.search("contacts") == ["102", "101", "103"]
    by_stage = [{"propertyName": "lifecyclestage", "direction": "DESCENDING"}]
    assert call.search("contacts", sorts=by_stage) == ["103", "101", "102"]


@pytest.mark.parametrize(("first", "without"), [("0", []), ("101", ["101"])])
def test_the_newest_come_first_of_those_whose_ids_are_asked_for(call: Caller, first: str, without: list[str]) -> None:
    newest = [{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}]
    beyond = {"propertyName": "hs_object_id", "operator": "GT", "value": first}
    everything = call.search("contacts", sorts=newest)
    assert sorted(everything) == ["101", "102", "103"]
    assert call.search("contacts", filters=[beyond], sorts=newest) == [id_ for id_ in everything if id_ not in without]


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * 7}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * 5}] * 4},
        {"filterGroups": [{"filters": [{"propertyName": "nonsense", "operator": "EQ", "value": "x"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "LIKE", "value": "x"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "hubspotscore", "operator": "GT", "value": "x"}]}]},
        {"sorts": ["email", "createdate"]},
        {"limit": 201},
        {"limit": 200, "after": "9900"},
        {"after": "x"},
        {"query": "x" * 3000},
    ],
)
def test_a_search_beyond_the_limits_is_refused(call: Caller, body: dict[str, Any]) -> None:
    status, answer, _ = call("POST", SEARCH, body)
    assert (status, answer["category"]) == (400, "VALIDATION_ERROR")


def test_an_empty_search_has_the_recorded_shape(call: Caller) -> None:
    nobody = {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": "no@example.com"}]}]}
    assert call("POST", SEARCH, nobody)[:2] == (200, {"total": 0, "results": []})


def test_a_page_shows_what_was_asked_for_and_null_where_unset(call: Caller) -> None:
    _, answer, _ = call("POST", SEARCH, {"properties": ["email", "lastname", "nonsense"], "limit": 1, "after": "1"})
    assert (answer["total"], answer["paging"]) == (3, {"next": {"after": "2"}})
    assert answer["results"][0]["properties"] == {
        "createdate": "2026-11-01T10:00:00Z",
        "email": "Ada@Example.com",
        "hs_object_id": "101",
        "lastmodifieddate": "2026-11-02T10:00:00.500Z",
        "lastname": None,
    }


def test_ten_thousand_records_are_reached_and_no_more() -> None:
    lines = [{"object": "notes", "id": str(i)} for i in range(1, 10_202)]
    with serve(Portal.from_lines(lines, now=NOW)) as served:
        call = Caller(served)
        by_id = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        status, answer, _ = call("POST", "/crm/v3/objects/notes/search", {"sorts": by_id, "limit": 200, "after": "9800"})
        assert (status, answer["total"], answer["results"][-1]["id"], answer["paging"]["next"]["after"]) == (200, 10_201, "10000", "10000")
        assert call("POST", "/crm/v3/objects/notes/search", {"sorts": by_id, "limit": 1, "after": "10000"})[0] == 400


def test_a_search_sees_what_was_just_written(call: Caller) -> None:
    wanted = {"propertyName": "lastname", "operator": "EQ", "value": "fresh"}
    assert call.find("contacts", wanted) == []
    call("PATCH", "/crm/v3/objects/contacts/102", {"properties": {"lastname": "Fresh"}})
    assert call.find("contacts", wanted) == ["102"]
