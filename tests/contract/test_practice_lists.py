"""Lists of the practice HubSpot, asked with plain calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.keeping import begin, reopen
from sandbox.portal import Portal
from sandbox.server import serve
from tests.contract.practice import LINES, NOW, Caller, a_portal

PATHS = ("/crm/v3/lists", "/crm/lists/2026-09")
LISTS = PATHS[1]
CONTACT = "/crm/v3/objects/contacts"


@pytest.fixture
def call() -> Iterator[Caller]:
    with serve(a_portal()) as served:
        yield Caller(served)


def made(call: Caller, name: str = "Recycled", processing: str = "MANUAL", path: str = LISTS) -> str:
    status, body, _ = call("POST", path, {"name": name, "objectTypeId": "0-1", "processingType": processing})
    assert status == 200, body
    return str(body["list"]["listId"])


def on(call: Caller, id_: str) -> list[str]:
    return [row["recordId"] for row in call.get(f"{LISTS}/{id_}/memberships")["results"]]


@pytest.mark.parametrize("path", PATHS)
def test_a_list_takes_records_and_lets_them_go(call: Caller, path: str) -> None:
    id_ = made(call, path=path)
    members = f"{path}/{id_}/memberships"
    assert call("PUT", f"{members}/add", ["103", "101", "101", "999", "104"])[:2] == (
        200,
        {"recordsIdsAdded": ["103", "101"], "recordIdsRemoved": [], "recordIdsMissing": ["999", "104"]},
    )
    assert call("PUT", f"{members}/add", ["101"])[1]["recordsIdsAdded"] == []
    assert call.get(members)["results"] == [{"recordId": each, "membershipTimestamp": "2026-11-20T15:00:00Z"} for each in ("101", "103")]
    both = {"recordIdsToAdd": ["102"], "recordIdsToRemove": ["103", "999"]}
    assert call("PUT", f"{members}/add-and-remove", both)[1] == {
        "recordsIdsAdded": ["102"],
        "recordIdsRemoved": ["103"],
        "recordIdsMissing": ["999"],
    }
    assert call("PUT", f"{members}/remove", ["101", "103", "102"])[1]["recordIdsRemoved"] == ["101", "102"]
    assert call.get(members)["results"] == []


def test_members_are_paged_by_record_id(call: Caller) -> None:
    id_ = made(call)
    call("PUT", f"{LISTS}/{id_}/memberships/add", ["103", "102", "101"])
    first = call.get(f"{LISTS}/{id_}/memberships?limit=2")
    assert [row["recordId"] for row in first["results"]] == ["101", "102"]
    last = call.get(f"{LISTS}/{id_}/memberships?limit=2&after={first['paging']['next']['after']}")
    assert ([row["recordId"] for row in last["results"]], "paging" in last) == (["103"], False)
    assert call("GET", f"{LISTS}/{id_}/memberships?limit=251")[0] == 400
    assert call("GET", f"{LISTS}/{id_}/memberships?limit=250")[0] == 200


def test_a_list_is_found_by_id_by_name_and_by_search(call: Caller) -> None:
    ids = [made(call, f"Recycled {number}") for number in range(3)]
    call("PUT", f"{LISTS}/{ids[1]}/memberships/add", ["101", "102"])
    asked = call.get(f"{LISTS}/{ids[1]}")["list"]
    assert (asked["name"], asked["objectTypeId"], asked["processingType"], asked["size"]) == ("Recycled 1", "0-1", "MANUAL", 2)
    assert call.get(f"{LISTS}/object-type-id/0-1/name/recycled%201")["list"] == asked
    assert [each["listId"] for each in call.get(f"{LISTS}?listIds={ids[2]}&listIds={ids[0]}&listIds=77")["lists"]] == [ids[2], ids[0]]
    found = call("POST", f"{LISTS}/search", {"query": "RECYCLED", "count": 2})[1]
    assert (found["total"], found["hasMore"], found["offset"], [each["listId"] for each in found["lists"]]) == (3, True, 2, ids[:2])
    assert found["lists"][1]["additionalProperties"] == {"hs_list_size": "2"}
    rest = call("POST", f"{LISTS}/search", {"query": "recycled", "count": 2, "offset": 2})[1]
    assert ([each["listId"] for each in rest["lists"]], rest["hasMore"]) == (ids[2:], False)
    assert call("POST", f"{LISTS}/search", {"processingTypes": ["DYNAMIC"]})[1]["total"] == 0


def test_a_record_tells_which_lists_it_is_on(call: Caller) -> None:
    one, other = made(call, "One"), made(call, "Other")
    for id_ in (one, other):
        call("PUT", f"{LISTS}/{id_}/memberships/add", ["101"])
    call("PUT", f"{LISTS}/{one}/memberships/remove", ["101"])
    told = call.get(f"{LISTS}/records/0-1/101/memberships")
    assert [(row["listId"], row["firstAddedTimestamp"]) for row in told["results"]] == [(other, "2026-11-20T15:00:00Z")]


def test_a_deleted_list_is_hidden_until_it_is_restored(call: Caller) -> None:
    id_ = made(call)
    assert call("DELETE", f"{LISTS}/{id_}")[0] == 204
    assert call("GET", f"{LISTS}/{id_}")[0] == call("PUT", f"{LISTS}/{id_}/memberships/add", ["101"])[0] == 404
    assert call("POST", f"{LISTS}/search", {})[1]["lists"] == []
    assert call("PUT", f"{LISTS}/{id_}/restore")[0] == 204
    assert call.get(f"{LISTS}/{id_}")["list"]["name"] == "Recycled"


def test_deleted_and_merged_away_records_are_on_no_list(call: Caller) -> None:
    id_ = made(call)
    call("PUT", f"{LISTS}/{id_}/memberships/add", ["101", "102", "103"])
    call("DELETE", f"{CONTACT}/103")
    call("POST", f"{CONTACT}/merge", {"primaryObjectId": "102", "objectIdToMerge": "101"})
    assert on(call, id_) == ["102"]


def test_a_list_is_emptied(call: Caller) -> None:
    id_ = made(call)
    call("PUT", f"{LISTS}/{id_}/memberships/add", ["101", "102"])
    assert call("DELETE", f"{LISTS}/{id_}/memberships")[0] == 204
    assert on(call, id_) == []


def test_nobody_is_put_on_a_dynamic_list(call: Caller) -> None:
    id_ = made(call, processing="DYNAMIC")
    status, body, _ = call("PUT", f"{LISTS}/{id_}/memberships/add", ["101"])
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    assert on(call, id_) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"name": "", "objectTypeId": "0-1", "processingType": "MANUAL"}, 400),
        ("POST", "", {"name": "x", "objectTypeId": "0-999", "processingType": "MANUAL"}, 400),
        ("POST", "", {"name": "x", "objectTypeId": "0-1", "processingType": "MAGIC"}, 400),
        ("POST", "", {"name": "recycled", "objectTypeId": "0-1", "processingType": "MANUAL"}, 400),
        ("GET", "/77", None, 404),
        ("GET", "/object-type-id/0-1/name/nobody", None, 404),
        ("PUT", "/77/memberships/add", ["101"], 404),
        ("PUT", "/1/memberships/add", [101], 400),
        ("PUT", "/1/memberships/add", {"ids": ["101"]}, 400),
        ("POST", "/search", {"count": 501}, 400),
        ("PUT", "/77/restore", None, 404),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(call: Caller, method: str, path: str, body: object, status: int) -> None:
    made(call)
    answered, told, _ = call(method, f"{LISTS}{path}", body)
    assert (answered, told["status"], bool(told["correlationId"])) == (status, "error", True)
    assert call("POST", f"{LISTS}/search", {})[1]["total"] == 1


def test_lists_are_kept_in_a_state_file(tmp_path: Path) -> None:
    with serve(begin(tmp_path / "state", lambda store: Portal.from_lines(LINES, now=NOW, store=store))) as served:
        call = Caller(served)
        id_ = made(call)
        call("PUT", f"{LISTS}/{id_}/memberships/add", ["101"])
    with serve(reopen(tmp_path / "state")) as served:
        call = Caller(served)
        assert on(call, id_) == ["101"]
        assert made(call, "Second") != id_


@pytest.mark.parametrize("path", PATHS)
def test_the_lists_of_several_records_are_read_at_once(call: Caller, path: str) -> None:
    first, second = made(call), made(call, "Other")
    call("PUT", f"{LISTS}/{first}/memberships/add", ["101", "102"])
    call("PUT", f"{LISTS}/{second}/memberships/add", ["101"])
    inputs = [{"objectTypeId": "0-1", "recordId": id_} for id_ in ("101", "103", "999")]
    status, body, _ = call("POST", f"{path}/records/memberships/batch/read", {"inputs": inputs})
    told = {row["recordId"]: [one["listId"] for one in row["recordListMemberships"]] for row in body["results"]}
    assert (status, told) == (200, {"101": [first, second], "103": []})


def test_a_portal_file_brings_lists() -> None:
    portal = a_portal(
        {"object": "lists", "id": "7", "name": "Nurture"}, {"object": "lists", "id": "8", "name": "Hot", "processingType": "DYNAMIC"}
    )
    with serve(portal) as served:
        other = Caller(served)
        found = other.get(f"{LISTS}?listIds=7&listIds=8")["lists"]
        assert [(one["name"], one["processingType"]) for one in found] == [("Nurture", "MANUAL"), ("Hot", "DYNAMIC")]
        assert made(other) == "9"
        assert other("PUT", f"{LISTS}/8/memberships/add", ["101"])[0] == 400
