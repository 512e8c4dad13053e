"""Batches of the practice HubSpot: how each tells of what it could not do, and how large one may be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.server import serve
from tests.contract.practice import Caller, a_portal

CONTACT = "/crm/objects/2026-09/contacts"
EMAIL = "email"


@pytest.fixture
def call() -> Iterator[Caller]:
    with serve(a_portal()) as served:
        yield Caller(served)


@pytest.mark.parametrize("action", ["read", "update"])
def test_one_error_lists_all_ids_that_are_not_there(call: Caller, action: str) -> None:
    rows = [{"id": id_, "properties": {"lastname": "x"}} for id_ in ("101", "998", "999", "104")]
    status, body, _ = call("POST", f"{CONTACT}/batch/{action}", {"inputs": rows})
    assert (status, body["status"], body["numErrors"], [row["id"] for row in body["results"]]) == (207, "COMPLETE", 1, ["101"])
    assert body["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.",
            "context": {"ids": ["998", "999", "104"]},
        }
    ]


@pytest.mark.parametrize("action", ["read", "update"])
def test_errors_may_be_set_to_name_nobody(call: Caller, action: str) -> None:
    assert call("POST", "/_sandbox/misses", {"named": False})[:2] == (200, {"named": False})
    rows = [{"id": id_, "properties": {"lastname": "x"}} for id_ in ("101", "998", "999")]
    status, body, _ = call("POST", f"{CONTACT}/batch/{action}", {"inputs": rows})
    assert (status, body["numErrors"], [row["id"] for row in body["results"]]) == (207, 2, ["101"])
    assert body["errors"] == [
        {"status": "error", "category": "VALIDATION_ERROR", "message": f"CONTACT={id_} is not valid"} for id_ in ("998", "999")
    ]
    call("POST", "/_sandbox/misses", {"named": True})
    assert call("POST", f"{CONTACT}/batch/{action}", {"inputs": rows})[1]["errors"][0]["context"] == {"ids": ["998", "999"]}


@pytest.mark.parametrize("action", ["create", "upsert"])
def test_with_trace_ids_each_new_row_stands_for_itself(call: Caller, action: str) -> None:
    given = [("a", "new@example.com"), ("b", "no address"), ("c", "newer@example.com")]
    rows = [{"objectWriteTraceId": trace, "properties": {"email": email}} for trace, email in given]
    if action == "upsert":
        rows = [{**row, "id": email, "idProperty": EMAIL} for row, (_, email) in zip(rows, given, strict=True)]
    status, body, _ = call("POST", f"{CONTACT}/batch/{action}", {"inputs": rows})
    assert (status, body["numErrors"], {row["objectWriteTraceId"] for row in body["results"]}) == (207, 1, {"a", "c"})
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["b"]
    assert call.get(f"{CONTACT}/newer@example.com?idProperty=email")["properties"]["email"] == "newer@example.com"


@pytest.mark.parametrize("action", ["read", "update", "upsert", "archive"])
def test_an_id_that_stands_twice_is_refused(call: Caller, action: str) -> None:
    rows = [{"id": id_, "properties": {}} for id_ in ("101", "102", "101")]
    status, body, _ = call("POST", f"{CONTACT}/batch/{action}", {"inputs": rows})
    assert (status, body["context"]) == (400, {"ids": ["101"]})
    assert len(call.get(CONTACT)["results"]) == 3


@pytest.mark.parametrize(("history", "most"), [((), 100), (("lifecyclestage",), 50)])
def test_a_batch_read_takes_fewer_records_with_history(call: Caller, history: tuple[str, ...], most: int) -> None:
    def read(count: int) -> int:
        rows = [{"id": str(id_)} for id_ in range(101, 101 + count)]
        return call("POST", f"{CONTACT}/batch/read", {"properties": ["email"], "propertiesWithHistory": history, "inputs": rows})[0]

    assert (read(most), read(most + 1)) == (207, 400)


@pytest.mark.parametrize("action", ["create", "update", "upsert", "archive"])
def test_a_batch_takes_a_hundred_rows(call: Caller, action: str) -> None:
    def rows(count: int) -> list[dict[str, object]]:
        return [{"id": f"p{i}@example.com", "idProperty": EMAIL, "properties": {"email": f"p{i}@example.com"}} for i in range(count)]

    assert call("POST", f"{CONTACT}/batch/{action}", {"inputs": rows(101)})[0] == 400
    assert call("POST", f"{CONTACT}/batch/{action}", {"inputs": rows(100)})[0] < 300


def test_merged_away_ids_are_passed_over_whatever_form_errors_have(call: Caller) -> None:
    call("POST", f"{CONTACT}/merge", {"primaryObjectId": "102", "objectIdToMerge": "101"})
    for named in (True, False):
        call("POST", "/_sandbox/misses", {"named": named})
        status, body, _ = call("POST", f"{CONTACT}/batch/read", {"inputs": [{"id": "101"}, {"id": "102"}]})
        assert (status, [row["id"] for row in body["results"]], "numErrors" in body) == (200, ["102"], False)


@pytest.mark.parametrize("path", ["misses", "merging"])
@pytest.mark.parametrize("body", [{}, {"named": "no"}, {"new_id": 1}, [True], {"named": False, "new_id": True}])
def test_a_switch_takes_true_or_false_alone(call: Caller, path: str, body: object) -> None:
    before = call.get(f"/_sandbox/{path}")
    status, told, _ = call("POST", f"/_sandbox/{path}", body)
    assert (status, told["problems"][0].startswith("expected ")) == (400, True)
    assert call.get(f"/_sandbox/{path}") == before
