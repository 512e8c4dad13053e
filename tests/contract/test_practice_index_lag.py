"""The lag of the practice HubSpot's search index, and searches over many records of one moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.portal import Portal
from sandbox.server import Served, serve
from tests.contract.practice import LINES, NOW, Caller, a_portal

CONTACT = "/crm/v3/objects/contacts"
BY_ID = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
NEWEST = [{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}]
ORDERS = [BY_ID, NEWEST, [{"propertyName": "email", "direction": "ASCENDING"}]]
MILLIS = int(NOW.timestamp() * 1000)


@pytest.fixture
def call() -> Iterator[Caller]:
    with serve(a_portal()) as served:
        caller = Caller(served)
        caller("POST", "/_sandbox/index", {"lag_s": 5})
        yield caller


def advance(call: Caller, seconds: float) -> None:
    assert call("POST", "/_sandbox/clock", {"advance_s": seconds})[0] == 200


def search(call: Caller, *filters: dict[str, Any], **body: Any) -> tuple[int, list[tuple[str, str | None]]]:
    asked = {"filterGroups": [{"filters": list(filters)}] if filters else [], "properties": ["lastname"], "limit": 100, **body}
    status, answer, _ = call("POST", f"{CONTACT}/search", asked)
    assert status == 200, answer
    return answer["total"], sorted((row["id"], row["properties"]["lastname"]) for row in answer["results"])


BEFORE = (3, [("101", None), ("102", None), ("103", None)])


@pytest.mark.parametrize("sorts", ORDERS)
def test_a_new_record_is_found_only_after_the_lag(call: Caller, sorts: list[Any]) -> None:
    made = call("POST", CONTACT, {"properties": {"email": "new@example.com"}})[1]["id"]
    assert search(call, sorts=sorts) == BEFORE
    assert call.get(f"{CONTACT}/{made}")["id"] == made
    assert made in [row["id"] for row in call.get(CONTACT)["results"]]
    advance(call, 4.999)
    assert search(call, sorts=sorts) == BEFORE
    advance(call, 0.001)
    assert search(call, sorts=sorts) == (4, [*BEFORE[1], (made, None)])


@pytest.mark.parametrize("sorts", ORDERS)
def test_a_changed_record_is_matched_and_shown_as_it_was(call: Caller, sorts: list[Any]) -> None:
    old = {"propertyName": "lastmodifieddate", "operator": "LT", "value": str(MILLIS)}
    new = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(MILLIS + 1)}
    advance(call, 1)
    call("PATCH", f"{CONTACT}/101", {"properties": {"lastname": "First"}})
    advance(call, 3)
    call("PATCH", f"{CONTACT}/101", {"properties": {"lastname": "Second"}})
    assert ("101", None) in search(call, old, sorts=sorts)[1]
    assert search(call, new, sorts=sorts) == (0, [])
    advance(call, 2)
    assert search(call, new, sorts=sorts) == (1, [("101", "First")])
    assert call.get(f"{CONTACT}/101?properties=lastname")["properties"]["lastname"] == "Second"
    advance(call, 3)
    assert search(call, new, sorts=sorts) == (1, [("101", "Second")])
    assert "101" not in [id_ for id_, _ in search(call, old, sorts=sorts)[1]]


@pytest.mark.parametrize("sorts", ORDERS)
def test_a_deleted_record_stays_as_it_was_until_the_lag_has_passed(call: Caller, sorts: list[Any]) -> None:
    call("DELETE", f"{CONTACT}/101")
    assert call("GET", f"{CONTACT}/101")[0] == 404
    assert search(call, sorts=sorts) == BEFORE
    advance(call, 5)
    assert search(call, sorts=sorts) == (2, BEFORE[1][1:])


@pytest.mark.parametrize("sorts", ORDERS)
def test_a_merge_reaches_the_index_after_the_lag(call: Caller, sorts: list[Any]) -> None:
    call("POST", f"{CONTACT}/merge", {"primaryObjectId": "102", "objectIdToMerge": "101"})
    assert search(call, sorts=sorts) == BEFORE
    advance(call, 5)
    assert search(call, sorts=sorts) == (2, BEFORE[1][1:])


def test_planted_records_lag_too_and_a_lag_that_is_taken_away_shows_all_at_once(call: Caller) -> None:
    call("POST", "/_sandbox/records", {"object": "contacts", "id": "900", "properties": {"lastname": "Planted"}})
    assert search(call) == BEFORE
    assert call("POST", "/_sandbox/index", {"lag_s": 0})[1] == call.get("/_sandbox/index") == {"lag_s": 0.0}
    assert search(call) == (4, [*BEFORE[1], ("900", "Planted")])


def test_the_lag_passes_in_real_seconds_where_the_clock_runs() -> None:
    with serve(Portal.from_lines(LINES, now=NOW, live=True)) as served:
        call = Caller(served)
        call("POST", "/_sandbox/index", {"lag_s": 0.4})
        begun = time.monotonic()
        call("PATCH", f"{CONTACT}/101", {"properties": {"lastname": "Real"}})
        seen = search(call)[1][0]
        assert seen == ("101", None) or time.monotonic() - begun > 0.4
        time.sleep(0.5)
        assert search(call)[1][0] == ("101", "Real")


@pytest.mark.parametrize("body", [{"lag_s": -1}, {"lag_s": True}, {"lag_s": "5"}, {"lag_s": 1e9}, {"lag": 5}, [5]])
def test_another_lag_is_refused(call: Caller, body: object) -> None:
    assert call("POST", "/_sandbox/index", body)[0] == 400
    assert call.get("/_sandbox/index") == {"lag_s": 5.0}


@pytest.fixture(scope="module")
def crowd() -> Iterator[Served]:
    """12,000 notes that changed in one moment, and a few before and after."""
    lines = [{"object": "notes", "id": str(i), "properties": {"hs_createdate": "2026-11-01T00:00:00Z"}} for i in range(1, 12_001)]
    others = [
        {"object": "notes", "id": str(12_000 + d), "properties": {"hs_createdate": f"2026-10-{d:02d}T00:00:00Z"}} for d in range(1, 10)
    ]
    with serve(Portal.from_lines([*lines, *others], now=NOW)) as served:
        yield served


def walk(call: Caller, *filters: dict[str, Any]) -> list[int]:
    """All ids, by the last one seen; each page's total tells how many are left."""
    seen: list[int] = []
    while True:
        bound = {"propertyName": "hs_object_id", "operator": "GT", "value": str(seen[-1] if seen else 0)}
        body = {"filterGroups": [{"filters": [*filters, bound]}], "sorts": BY_ID, "limit": 200}
        answer = call("POST", "/crm/v3/objects/notes/search", body)[1]
        ids = [int(row["id"]) for row in answer["results"]]
        assert answer["total"] == 0 or answer["total"] >= len(ids)
        assert ("paging" in answer) == (answer["total"] > len(ids))
        if not ids:
            return seen
        assert ids[0] > (seen[-1] if seen else 0)
        seen += ids


def test_more_than_ten_thousand_records_of_one_moment_are_walked_by_id(crowd: Served) -> None:
    moment = "2026-11-01T00:00:00Z"
    call = Caller(crowd)
    at_it = [{"propertyName": "hs_lastmodifieddate", "operator": each, "value": moment} for each in ("GTE", "LTE")]
    assert walk(call, *at_it) == list(range(1, 12_001))
    assert walk(call, {"propertyName": "hs_lastmodifieddate", "operator": "LT", "value": moment}) == list(range(12_001, 12_010))
    assert walk(call, {"propertyName": "hs_lastmodifieddate", "operator": "GT", "value": moment}) == []


def test_a_walk_follows_what_changes_meanwhile(crowd: Served) -> None:
    call = Caller(crowd)
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "2026-11-01T00:00:00Z"}

    def left_after(id_: int) -> tuple[int, list[str]]:
        bound = {"propertyName": "hs_object_id", "operator": "GT", "value": str(id_)}
        answer = call("POST", "/crm/v3/objects/notes/search", {"filterGroups": [{"filters": [since, bound]}], "sorts": BY_ID, "limit": 3})[
            1
        ]
        return answer["total"], [row["id"] for row in answer["results"]]

    assert left_after(11_998) == (2, ["11999", "12000"])
    call("PATCH", "/crm/v3/objects/notes/12003", {"properties": {"hs_note_body": "later"}})
    assert left_after(11_998) == (3, ["11999", "12000", "12003"])
    call("DELETE", "/crm/v3/objects/notes/11999")
    assert left_after(11_998) == (2, ["12000", "12003"])
    call("POST", "/_sandbox/restore", {"kind": "notes", "id": "11999"})
    assert left_after(11_998) == (3, ["11999", "12000", "12003"])


def test_the_newest_changes_come_first_and_the_total_is_exact(crowd: Served) -> None:
    call = Caller(crowd)
    body = {"sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "DESCENDING"}], "limit": 200}
    answer = call("POST", "/crm/v3/objects/calls/search", body)[1]
    assert answer == {"total": 0, "results": []}
    advance(call, 1)
    call("PATCH", "/crm/v3/objects/notes/5", {"properties": {"hs_note_body": "now"}})
    answer = call("POST", "/crm/v3/objects/notes/search", body)[1]
    assert (answer["total"], answer["results"][0]["id"]) == (12_009, "5")
    oldest = [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}]
    answer = call("POST", "/crm/v3/objects/notes/search", {"sorts": oldest, "limit": 2})[1]
    assert [row["id"] for row in answer["results"]] == ["12001", "12002"]
