"""Requests to the practice HubSpot that are out of shape: ids, cursors, types, lengths. None is a server error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import serve
from tests.contract.practice import Caller, a_portal

CONTACT = "/crm/objects/2026-09/contacts"
LONG = ["9" * 19, "9" * 5000]
SPEC = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}


@pytest.fixture(scope="module")
def call() -> Iterator[Caller]:
    with serve(a_portal()) as served:
        yield Caller(served)


def refusal(call: Caller, path: str, body: object) -> str:
    status, answer, _ = call("POST", path, body)
    assert (status, answer["status"], answer["category"]) == (400, "error", "VALIDATION_ERROR"), answer
    assert answer["correlationId"]
    assert not [mark for mark in ("{'", "['", "None", "True", "False") if mark in answer["message"]]
    return str(answer["message"])


@pytest.mark.parametrize("id_", LONG)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_id_too_long_for_any_record_is_not_found(call: Caller, method: str, id_: str) -> None:
    assert call(method, f"{CONTACT}/{id_}", None if method == "GET" else {"properties": {}})[0] == 404
    assert call("GET", f"/crm/v4/objects/contacts/{id_}/associations/companies")[0] == 404
    assert call("GET", f"/crm/v3/owners/{id_}")[0] == 404


@pytest.mark.parametrize("id_", LONG)
def test_an_id_too_long_in_a_batch_is_one_that_is_not_there(call: Caller, id_: str) -> None:
    rows = {"inputs": [{"id": id_, "properties": {"firstname": "x"}}]}
    for action in ("read", "update"):
        status, answer, _ = call("POST", f"{CONTACT}/batch/{action}", rows)
        assert (status, answer["results"], answer["errors"][0]["context"]) == (207, [], {"ids": [id_]})
    assert call("POST", f"{CONTACT}/batch/archive", rows)[0] == 204
    status, answer, _ = call("POST", "/crm/v4/associations/contacts/companies/batch/read", rows)
    assert (status, answer["errors"][0]["context"]["fromObjectId"]) == (207, [id_])


@pytest.mark.parametrize("id_", LONG)
def test_an_end_too_long_for_any_record_is_not_valid(call: Caller, id_: str) -> None:
    tie = {"to": {"id": id_}, "types": [SPEC]}
    assert refusal(call, CONTACT, {"properties": {}, "associations": [tie]}) == f"COMPANIES={id_} is not valid"
    row = {"from": {"id": "101"}, "to": {"id": id_}, "types": [SPEC]}
    status, answer, _ = call("POST", "/crm/v4/associations/contacts/companies/batch/create", {"inputs": [row]})
    assert (status, answer["errors"][0]["message"]) == (207, f"COMPANY={id_} is not valid")


@pytest.mark.parametrize("text", [*LONG, "x", "-1", "²", "1.5"])
@pytest.mark.parametrize("path", [CONTACT, "/crm/v3/owners", "/crm/v4/objects/contacts/101/associations/companies"])
def test_a_cursor_that_no_page_named_is_refused(call: Caller, path: str, text: str) -> None:
    status, answer, _ = call("GET", f"{path}?after={text}")
    assert (status, answer["message"]) == (400, f"Invalid cursor: {text}")
    assert call("GET", f"{path}?limit={text}")[0] == 400


@pytest.mark.parametrize("after", ["9" * 19, "9" * 2900, "x", ["1"], {"a": 1}, True])
def test_a_cursor_in_a_body_is_refused_too(call: Caller, after: object) -> None:
    assert refusal(call, f"{CONTACT}/search", {"after": after}).startswith("Invalid cursor")
    asked = {"inputs": [{"id": "101", "after": after}]}
    assert refusal(call, "/crm/v4/associations/contacts/companies/batch/read", asked).startswith("Invalid cursor")


@pytest.mark.parametrize("id_property", [["email"], {"name": "email"}, 5, True])
@pytest.mark.parametrize("action", ["read", "update", "upsert"])
def test_an_id_property_that_is_no_text_is_refused(call: Caller, action: str, id_property: object) -> None:
    rows = [{"id": "ada@example.com", "idProperty": id_property, "properties": {}}]
    said = refusal(call, f"{CONTACT}/batch/{action}", {"inputs": rows, "idProperty": id_property})
    assert said == "Invalid input JSON: `idProperty` has the wrong type."


def test_a_trace_id_that_is_no_text_is_refused(call: Caller) -> None:
    rows = [{"id": "101", "objectWriteTraceId": ["a"], "properties": {"firstname": "Zoe"}}]
    assert "objectWriteTraceId" in refusal(call, f"{CONTACT}/batch/update", {"inputs": rows})
    assert call.get(f"{CONTACT}/101")["properties"]["firstname"] == "Ada"


def test_a_wrong_association_type_is_repeated_as_json(call: Caller) -> None:
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}
    told = '{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":3}'
    made = {"properties": {}, "associations": [{"to": {"id": "9"}, "types": [spec]}]}
    assert refusal(call, CONTACT, made) == f"Invalid association type for CONTACT: {told}"
    row = {"from": {"id": "101"}, "to": {"id": "9"}, "types": [spec]}
    said = refusal(call, "/crm/v4/associations/contacts/companies/batch/create", {"inputs": [row]})
    assert said == f"Invalid association type from CONTACT to COMPANY: {told}"


@pytest.mark.parametrize("ids", [["101", "101"], ["101", "0101"]])
def test_doubled_ids_are_not_archived(call: Caller, ids: list[str]) -> None:
    said = refusal(call, f"{CONTACT}/batch/archive", {"inputs": [{"id": id_} for id_ in ids]})
    assert said == "Duplicate IDs found in batch input: [101]. IDs must be unique"
    assert call.get(f"{CONTACT}/101")["id"] == "101"


@pytest.mark.parametrize("action", ["update", "upsert"])
def test_a_record_named_by_its_id_and_by_its_email_is_named_twice(call: Caller, action: str) -> None:
    rows = [
        {"id": "101", "properties": {"firstname": "Zoe"}},
        {"id": "ADA@example.com", "idProperty": "email", "properties": {"firstname": "Zoe"}},
    ]
    said = refusal(call, f"{CONTACT}/batch/{action}", {"inputs": rows})
    assert said == "Duplicate IDs found in batch input: [101]. IDs must be unique"
    assert call.get(f"{CONTACT}/101")["properties"]["firstname"] == "Ada"


def a_filter(**members: object) -> dict[str, Any]:
    return {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", **members}]}]}


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": {}},
        {"filterGroups": "x"},
        {"filterGroups": [[]]},
        {"filterGroups": ["x"]},
        {"filterGroups": [{"filters": {}}]},
        {"filterGroups": [{"filters": ["x"]}]},
        {"filters": {}},
        {"filters": [None]},
        a_filter(value={"a": 1}),
        a_filter(value=["a"]),
        a_filter(value="x", propertyName=5),
        a_filter(value="x", operator=None),
        a_filter(value="x", operator=["EQ"]),
        a_filter(operator="IN", values="x"),
        a_filter(operator="IN", values=[["x"]]),
        a_filter(operator="IN", values=[None]),
        a_filter(operator="CONTAINS_TOKEN", value=["x"]),
        a_filter(propertyName="associations.companies", value={}),
        {"properties": "email"},
        {"properties": {"email": 1}},
        {"properties": [["email"]]},
        {"properties": [None]},
        {"sorts": "email"},
        {"sorts": {"propertyName": "email"}},
        {"sorts": [None]},
        {"sorts": [5]},
        {"sorts": [{"direction": "ASCENDING"}]},
        {"sorts": [{"propertyName": "email", "direction": 1}]},
        {"query": ["x"]},
        {"limit": True},
        {"limit": "10"},
    ],
)
def test_a_search_of_the_wrong_json_types_is_refused(call: Caller, body: dict[str, Any]) -> None:
    refusal(call, f"{CONTACT}/search", body)


@pytest.mark.parametrize("type_id", [True, "279", None, 279.0, 10**12])
def test_an_association_type_that_is_no_known_number_is_refused(call: Caller, type_id: object) -> None:
    tie = {"to": {"id": "9"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]}
    assert call("POST", CONTACT, {"properties": {}, "associations": [tie]})[0] == 400


def test_a_record_made_after_the_largest_id_can_be_read() -> None:
    with serve(a_portal({"object": "notes", "id": "9" * 18})) as served:
        call = Caller(served)
        made = call("POST", "/crm/v3/objects/notes", {"properties": {"hs_timestamp": "2026-11-20T15:00:00Z"}})[1]["id"]
        assert call.get(f"/crm/v3/objects/notes/{made}")["id"] == made


@pytest.mark.parametrize(("length", "status"), [(16_200, 200), (16_201, 414)])
def test_a_url_beyond_16200_characters_is_too_long(call: Caller, length: int, status: int) -> None:
    path = f"{CONTACT}?properties="
    got, body, headers = call("GET", path + "x" * (length - len(path)))
    assert got == status
    if status == 414:
        assert body.startswith("<html>")
        assert headers["content-type"].startswith("text/html")


def test_one_stage_of_a_pipeline_is_read(call: Caller) -> None:
    stage = call.get("/crm/v3/pipelines/deals/default/stages/closedwon")
    assert (stage["id"], stage["metadata"]) == ("closedwon", {"isClosed": "true", "probability": "1.0"})
    assert call("GET", "/crm/v3/pipelines/deals/default/stages/nowhere")[0] == 404
    assert call("GET", "/crm/v3/pipelines/deals/nowhere/stages/closedwon")[0] == 404
