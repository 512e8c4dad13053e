"""Writes to the practice HubSpot: what is refused, what is ignored, and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import serve
from tests.contract.practice import Caller, a_portal

CONTACT = "/crm/objects/2026-09/contacts"


@pytest.fixture
def call() -> Iterator[Caller]:
    with serve(a_portal()) as served:
        yield Caller(served)


def change(call: Caller, id_: str, **properties: str) -> tuple[int, Any]:
    status, body, _ = call("PATCH", f"{CONTACT}/{id_}", {"properties": properties})
    return status, body


def faults(body: dict[str, Any]) -> list[tuple[str, str]]:
    assert body["category"] == "VALIDATION_ERROR"
    before, _, embedded = body["message"].partition(": ")
    assert before == "Property values were not valid"
    rows = json.loads(embedded)
    assert all(row["isValid"] is False and row["message"] for row in rows)
    return [(row["name"], row["error"]) for row in rows]


def test_a_backward_stage_is_answered_200_and_ignored(call: Caller) -> None:
    status, body = change(call, "103", lifecyclestage="lead")
    assert (status, body["properties"]["lifecyclestage"]) == (200, "opportunity")
    assert call.get(f"{CONTACT}/103?propertiesWithHistory=lifecyclestage")["propertiesWithHistory"]["lifecyclestage"] == []


def test_a_backward_stage_is_taken_once_the_field_was_cleared(call: Caller) -> None:
    status, body = change(call, "103", lifecyclestage="")
    assert (status, body["properties"]["lifecyclestage"]) == (200, "")
    assert call.get(f"{CONTACT}/103?properties=lifecyclestage")["properties"]["lifecyclestage"] is None
    change(call, "103", lifecyclestage="lead")
    read = call.get(f"{CONTACT}/103?propertiesWithHistory=lifecyclestage&properties=hs_lifecyclestage_lead_date")
    assert read["properties"]["lifecyclestage"] == "lead"
    assert read["properties"]["hs_lifecyclestage_lead_date"] == "2026-11-20T15:00:00Z"
    assert [version["value"] for version in read["propertiesWithHistory"]["lifecyclestage"]] == ["lead", ""]


def test_a_forward_stage_is_taken_and_dated(call: Caller) -> None:
    change(call, "101", lifecyclestage="customer")
    names = "lifecyclestage,hs_lifecyclestage_customer_date,hs_v2_date_exited_marketingqualifiedlead,lastmodifieddate"
    assert call.get(f"{CONTACT}/101?properties={names}")["properties"] == {
        "lifecyclestage": "customer",
        "hs_lifecyclestage_customer_date": "2026-11-20T15:00:00Z",
        "hs_v2_date_exited_marketingqualifiedlead": "2026-11-20T15:00:00Z",
        "lastmodifieddate": "2026-11-20T15:00:00Z",
        "createdate": "2026-11-01T10:00:00Z",
        "hs_object_id": "101",
    }


def test_a_write_leaves_a_version_that_names_the_app(call: Caller) -> None:
    change(call, "102", hubspot_owner_id="78")
    assert call.get(f"{CONTACT}/102?propertiesWithHistory=hubspot_owner_id")["propertiesWithHistory"]["hubspot_owner_id"] == [
        {"value": "78", "timestamp": "2026-11-20T15:00:00Z", "sourceType": "INTEGRATION", "sourceId": "54321"}
    ]


def test_writing_the_value_that_is_there_changes_nothing(call: Caller) -> None:
    change(call, "101", firstname="Ada")
    read = call.get(f"{CONTACT}/101?propertiesWithHistory=firstname")
    assert (read["propertiesWithHistory"]["firstname"], read["updatedAt"]) == ([], "2026-11-02T10:00:00.500Z")


def test_owner_team_and_date_follow_the_owner(call: Caller) -> None:
    change(call, "102", hubspot_owner_id="77")
    names = "hubspot_owner_assigneddate,hubspot_team_id,hs_is_unworked"
    got = call.get(f"{CONTACT}/102?properties={names}")["properties"]
    assert (got["hubspot_owner_assigneddate"], got["hubspot_team_id"], got["hs_is_unworked"]) == ("2026-11-20T15:00:00Z", "3", "true")
    change(call, "102", hubspot_owner_id="")
    got = call.get(f"{CONTACT}/102?properties={names}")["properties"]
    assert (got["hubspot_owner_assigneddate"], got["hubspot_team_id"]) == (None, None)


def test_an_association_with_a_call_moves_the_last_contact(call: Caller) -> None:
    names = "notes_last_contacted,num_contacted_notes,num_notes"
    before = call.get(f"{CONTACT}/101?properties={names}")["properties"]
    assert (before["notes_last_contacted"], before["num_contacted_notes"]) == ("2026-11-02T11:00:00Z", "1")
    call(
        "POST",
        "/crm/v3/objects/calls",
        {
            "properties": {"hs_timestamp": "1795186800000", "hs_call_direction": "OUTBOUND"},
            "associations": [{"to": {"id": "101"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}]}],
        },
    )
    after = call.get(f"{CONTACT}/101?properties={names}")
    assert after["properties"]["num_contacted_notes"] == "2"
    assert after["properties"]["notes_last_contacted"] == "2026-11-20T15:00:00Z"
    assert after["updatedAt"] == "2026-11-20T15:00:00Z"


@pytest.mark.parametrize(("stage", "closed"), [("closedwon", ("true", "true", "false")), ("closedlost", ("true", "false", "true"))])
def test_a_deal_is_closed_by_its_stage(call: Caller, stage: str, closed: tuple[str, ...]) -> None:
    names = ("hs_is_closed", "hs_is_closed_won", "hs_is_closed_lost")
    path = f"/crm/v3/objects/deals/301?properties={','.join(names)}"
    assert [call.get(path)["properties"][name] for name in names] == ["false"] * 3
    call("PATCH", "/crm/v3/objects/deals/301", {"properties": {"dealstage": stage}})
    assert tuple(call.get(path)["properties"][name] for name in names) == closed


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("nonsense", "x", "PROPERTY_DOESNT_EXIST"),
        ("createdate", "2026-01-01T00:00:00Z", "READ_ONLY_VALUE"),
        ("hs_lead_status", "open", "INVALID_OPTION"),
        ("lifecyclestage", "LEAD", "INVALID_OPTION"),
        ("hubspotscore", "70", "READ_ONLY_VALUE"),
        ("associatedcompanyid", "many", "INVALID_NUMBER"),
        ("hubspot_owner_id", "1", "INVALID_OWNER_ID"),
        ("hubspot_owner_id", "79", "INVALID_OWNER_ID"),
        ("do_not_call", "maybe", "INVALID_OPTION"),
        ("closedate", "soon", "INVALID_LONG"),
        ("email", "nobody", "INVALID_EMAIL"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_written(call: Caller, name: str, value: str, error: str) -> None:
    status, body = change(call, "101", firstname="Zoe", **{name: value})
    assert (status, faults(body)) == (400, [(name, error)])
    assert call.get(f"{CONTACT}/101")["properties"]["firstname"] == "Ada"


def test_all_values_that_do_not_fit_are_named_at_once(call: Caller) -> None:
    assert len(faults(change(call, "101", nonsense="x", createdate="1", hs_lead_status="?")[1])) == 3


def test_an_email_in_use_is_a_conflict(call: Caller) -> None:
    status, body, _ = call("POST", CONTACT, {"properties": {"email": "EVE@example.com"}})
    assert (status, body["category"], body["message"]) == (409, "CONFLICT", "Contact already exists. Existing ID: 102")
    assert change(call, "101", email="eve@example.com")[0] == 409
    assert change(call, "102", email="Eve@example.com")[0] == 200


def test_moments_are_taken_in_both_forms_and_answered_in_one(call: Caller) -> None:
    made = call(
        "POST",
        "/crm/v3/objects/meetings",
        {
            "properties": {
                "hs_timestamp": "1659970341857",
                "hubspot_owner_id": 77,
                "hs_meeting_start_time": "1651568400000",
                "hs_meeting_end_time": "2022-05-03T09:15:00Z",
                "hs_meeting_outcome": "SCHEDULED",
            }
        },
    )
    assert made[0] == 201
    got = made[1]["properties"]
    assert (got["hs_timestamp"], got["hs_meeting_start_time"]) == ("2022-08-08T14:52:21.857Z", "2022-05-03T09:00:00Z")
    assert (got["hubspot_owner_id"], got["hubspot_owner_assigneddate"]) == ("77", "2026-11-20T15:00:00Z")
    assert made[1]["createdAt"] == got["hs_createdate"] == "2026-11-20T15:00:00Z"


def test_a_task_needs_its_due_date_and_a_lead_its_person(call: Caller) -> None:
    status, body, _ = call("POST", "/crm/v3/objects/tasks", {"properties": {"hs_task_subject": "x"}})
    assert (status, body["context"]) == (400, {"properties": ["hs_timestamp"]})
    assert call("POST", "/crm/v3/objects/leads", {"properties": {"hs_lead_name": "x"}})[0] == 400
    tie = {"to": {"id": "101"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}]}
    assert call("POST", "/crm/v3/objects/leads", {"properties": {"hs_lead_name": "x"}, "associations": [tie]})[0] == 201


@pytest.mark.parametrize("action", ["create", "update"])
def test_one_bad_row_fails_a_batch_whose_rows_cannot_be_told_apart(call: Caller, action: str) -> None:
    rows = [{"id": "101", "properties": {"firstname": "Zoe"}}, {"id": "102", "properties": {"nonsense": "x"}}]
    status, body, _ = call("POST", f"{CONTACT}/batch/{action}", {"inputs": rows})
    assert (status, faults(body)) == (400, [("nonsense", "PROPERTY_DOESNT_EXIST")])
    assert call.get(f"{CONTACT}/101")["properties"]["firstname"] == "Ada"
    assert len(call.get(CONTACT)["results"]) == 3


@pytest.mark.parametrize("action", ["create", "update"])
def test_a_batch_with_an_email_in_use_is_refused_whole(call: Caller, action: str) -> None:
    rows = [{"id": "101", "properties": {"email": "new@example.com"}}, {"id": "103", "properties": {"email": "eve@example.com"}}]
    assert call("POST", f"{CONTACT}/batch/{action}", {"inputs": rows})[0] == 409
    assert call("GET", f"{CONTACT}/new@example.com?idProperty=email")[0] == 404


def test_with_trace_ids_each_row_of_a_batch_stands_for_itself(call: Caller) -> None:
    rows = [
        {"id": "101", "objectWriteTraceId": "a", "properties": {"firstname": "Zoe"}},
        {"id": "102", "objectWriteTraceId": "b", "properties": {"nonsense": "x"}},
        {"id": "999", "objectWriteTraceId": "c", "properties": {"firstname": "Zoe"}},
    ]
    status, body, _ = call("POST", f"{CONTACT}/batch/update", {"inputs": rows})
    assert status == 207
    assert [(row["id"], row["objectWriteTraceId"]) for row in body["results"]] == [("101", "a")]
    by_trace = {error["context"]["objectWriteTraceId"][0]: (error["category"], error["context"]["ids"]) for error in body["errors"]}
    assert by_trace == {"b": ("VALIDATION_ERROR", ["102"]), "c": ("OBJECT_NOT_FOUND", ["999"])}


def test_an_archived_record_is_out_of_everything_but_the_archive(call: Caller) -> None:
    assert call("DELETE", f"{CONTACT}/101")[0] == 204
    assert call("DELETE", f"{CONTACT}/101")[0] == 204
    assert call("GET", f"{CONTACT}/101")[0] == 404
    assert call("PATCH", f"{CONTACT}/101", {"properties": {}})[0] == 404
    assert call("POST", f"{CONTACT}/batch/read", {"inputs": [{"id": "101"}]})[1]["results"] == []
    assert [row["id"] for row in call("POST", f"{CONTACT}/batch/read?archived=true", {"inputs": [{"id": "101"}]})[1]["results"]] == ["101"]
    assert call.get("/crm/v4/objects/calls/501/associations/contacts")["results"] == []
    assert call("POST", CONTACT, {"properties": {"email": "ada@example.com"}})[0] == 201


def test_a_batch_of_associations_names_the_bad_end_in_its_message_alone(call: Caller) -> None:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    rows = [{"from": {"id": 301}, "to": {"id": 1234}, "types": types}, {"from": {"id": 301}, "to": {"id": 101}, "types": types}]
    status, body, _ = call("POST", "/crm/v4/associations/Deal/Contact/batch/create", {"inputs": rows})
    assert status == 207
    assert body["errors"] == [{"status": "error", "category": "VALIDATION_ERROR", "message": "CONTACT=1234 is not valid"}]
    assert body["results"] == [{"fromObjectTypeId": "0-3", "fromObjectId": 301, "toObjectTypeId": "0-1", "toObjectId": 101, "labels": []}]
    assert call.get("/crm/v4/objects/Deal/301/associations/Contact") == {
        "results": [{"toObjectId": 101, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None}]}]
    }
    assert call.get(f"{CONTACT}/101?properties=num_associated_deals")["properties"]["num_associated_deals"] == "1"


def test_a_new_primary_company_takes_the_place_of_the_old_one(call: Caller) -> None:
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    status, body, _ = call("PUT", "/crm/objects/2026-09/contacts/101/associations/companies/10", spec)
    assert (status, body["labels"]) == (201, ["Primary"])
    rows = call.get("/crm/v4/objects/contacts/101/associations/companies")["results"]
    assert {row["toObjectId"]: len(row["associationTypes"]) for row in rows} == {9: 1, 10: 2}
    assert call.get(f"{CONTACT}/101?properties=associatedcompanyid")["properties"]["associatedcompanyid"] == "10"


def test_associations_are_taken_away_in_batches(call: Caller) -> None:
    row = {"from": {"id": "101"}, "to": [{"id": "9"}, {"id": "10"}, {"id": "77"}]}
    assert call("POST", "/crm/v4/associations/contacts/companies/batch/archive", {"inputs": [row]})[0] == 204
    assert call.get("/crm/v4/objects/contacts/101/associations/companies")["results"] == []


def test_the_app_behind_the_token_can_be_asked_for(call: Caller) -> None:
    status, body, _ = call("POST", "/oauth/v2/private-apps/get/access-token-info", {"tokenKey": "sandbox"})
    assert (status, body["appId"], body["hubId"]) == (200, 54321, 62515)
