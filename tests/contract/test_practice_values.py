"""Values in the practice HubSpot: several options, numbers, blanks, lengths, and what follows from activities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import serve
from tests.contract.practice import Caller, a_portal

CONTACT = "/crm/objects/2026-09/contacts"
PLANTED: list[dict[str, Any]] = [
    {
        "object": "properties",
        "objectType": "contacts",
        "name": "fairs",
        "type": "enumeration",
        "fieldType": "checkbox",
        "options": [{"value": each} for each in ("A", "B", "C")],
    },
    {"object": "properties", "objectType": "contacts", "name": "size", "type": "number", "fieldType": "number"},
    {"object": "contacts", "id": "110", "properties": {"fairs": "A;B", "size": "9007199254740993", "firstname": ""}},
    {"object": "contacts", "id": "111", "properties": {"fairs": "B"}, "associations": {"companies": ["11"]}},
    {"object": "companies", "id": "11", "archived": True},
    {"object": "meetings", "id": "601", "properties": {"hubspot_owner_id": "", "hs_meeting_title": ""}},
    {"object": "meetings", "id": "602", "properties": {"hubspot_owner_id": "77"}},
    {"object": "meetings", "id": "603"},
]


@pytest.fixture
def call() -> Iterator[Caller]:
    with serve(a_portal(*PLANTED)) as served:
        yield Caller(served)


def read(call: Caller, id_: str, *names: str) -> list[str | None]:
    values = call.get(f"{CONTACT}/{id_}?properties={','.join(names)}")["properties"]
    return [values[name] for name in names]


def write(call: Caller, id_: str, **properties: str) -> tuple[int, Any]:
    return call("PATCH", f"{CONTACT}/{id_}", {"properties": properties})[:2]


@pytest.mark.parametrize(("given", "kept"), [(";C", "A;B;C"), (";B", "A;B"), (";C;A;C", "A;B;C"), ("C", "C"), ("", None), ("B;A", "B;A")])
def test_a_semicolon_before_options_adds_them(call: Caller, given: str, kept: str | None) -> None:
    assert write(call, "110", fairs=given)[0] == 200
    assert read(call, "110", "fairs") == [kept]


def test_options_are_added_in_batches_and_to_new_records_too(call: Caller) -> None:
    rows = [{"id": "110", "properties": {"fairs": ";C"}}, {"id": "102", "properties": {"fairs": ";C;C"}}]
    assert call("POST", f"{CONTACT}/batch/update", {"inputs": rows})[0] == 200
    assert call("POST", CONTACT, {"properties": {"fairs": ";B;A"}})[1]["properties"]["fairs"] == "B;A"
    assert [read(call, id_, "fairs") for id_ in ("110", "102")] == [["A;B;C"], ["C"]]


def test_an_unknown_option_is_not_added(call: Caller) -> None:
    status, body = write(call, "110", fairs=";D")
    assert (status, "INVALID_OPTION" in body["message"]) == (400, True)
    assert read(call, "110", "fairs") == ["A;B"]


@pytest.mark.parametrize(
    ("operator", "operand", "found"),
    [
        ("EQ", {"value": "A"}, ["110"]),
        ("EQ", {"value": "B"}, ["110", "111"]),
        ("EQ", {"value": "A;B"}, ["110"]),
        ("NEQ", {"value": "A"}, ["101", "102", "103", "111"]),
        ("IN", {"values": ["A", "C"]}, ["110"]),
        ("NOT_IN", {"values": ["A", "C"]}, ["101", "102", "103", "111"]),
    ],
)
def test_a_search_finds_each_of_several_options(call: Caller, operator: str, operand: dict[str, Any], found: list[str]) -> None:
    assert sorted(call.find("contacts", {"propertyName": "fairs", "operator": operator, **operand})) == found


def test_a_blank_value_reads_as_null_and_stands_in_the_history(call: Caller) -> None:
    write(call, "101", firstname="")
    assert read(call, "101", "firstname") == read(call, "110", "firstname") == [None]
    listed = call.get(f"{CONTACT}?limit=50&propertiesWithHistory=firstname")["results"]
    assert {row["properties"]["firstname"] for row in listed} == {None}
    assert listed[0]["propertiesWithHistory"]["firstname"][0]["value"] == ""
    batch = call("POST", f"{CONTACT}/batch/read", {"inputs": [{"id": "110"}], "properties": ["firstname"]})[1]
    found = call("POST", f"{CONTACT}/search", {"properties": ["firstname"]})[1]
    assert {row["properties"]["firstname"] for row in batch["results"] + found["results"]} == {None}


def test_an_emptied_owner_of_a_meeting_reads_as_blank_as_recorded(call: Caller) -> None:
    call("PATCH", "/crm/v3/objects/meetings/602", {"properties": {"hubspot_owner_id": ""}})
    rows = call.get("/crm/v3/objects/meetings?properties=hubspot_owner_id,hs_meeting_title")["results"]
    assert [row["properties"]["hubspot_owner_id"] for row in rows] == ["", "", None]
    assert rows[0]["properties"]["hs_meeting_title"] is None


@pytest.mark.parametrize("value", ["NaN", "inf", "-Infinity", "1_000", "٣", " 5", "5 ", "0x10", "1e9999", "1,5", "-", "."])
def test_what_is_no_decimal_number_is_refused(call: Caller, value: str) -> None:
    status, body = write(call, "110", size=value)
    assert (status, "INVALID_NUMBER" in body["message"]) == (400, True)
    asked = {"filterGroups": [{"filters": [{"propertyName": "size", "operator": "EQ", "value": value}]}]}
    assert call("POST", f"{CONTACT}/search", asked)[0] == 400


@pytest.mark.parametrize("value", ["0", "-1", "1.50", ".5", "1.2E3", "123456789012345678901234567890"])
def test_a_decimal_number_is_kept_as_given(call: Caller, value: str) -> None:
    assert write(call, "110", size=value)[0] == 200
    assert read(call, "110", "size") == [value]


def test_whole_numbers_are_compared_exactly(call: Caller) -> None:
    assert call.find("contacts", {"propertyName": "size", "operator": "EQ", "value": "9007199254740992"}) == []
    assert call.find("contacts", {"propertyName": "size", "operator": "EQ", "value": "9007199254740993.0"}) == ["110"]
    near = {"object": "notes", "id": "9007199254740993"}, {"object": "notes", "id": "9007199254740992"}
    with serve(a_portal(*near)) as served:
        wanted = {"propertyName": "hs_object_id", "operator": "EQ", "value": "9007199254740993"}
        assert Caller(served).find("notes", wanted) == ["9007199254740993"]


def test_a_value_that_lost_its_type_is_passed_over_by_a_search() -> None:
    late = {"object": "properties", "objectType": "contacts", "name": "rank", "type": "number", "fieldType": "number"}
    portal = a_portal({"object": "contacts", "id": "120", "properties": {"rank": "first"}})
    portal.plant([late])
    with serve(portal) as served:
        call = Caller(served)
        assert call.find("contacts", {"propertyName": "rank", "operator": "GT", "value": "0"}) == []
        assert len(call.search("contacts", sorts=["rank"])) == 4


@pytest.mark.parametrize(("length", "status"), [(65_536, 201), (65_537, 400)])
def test_a_value_has_its_length(call: Caller, length: int, status: int) -> None:
    note = {"properties": {"hs_timestamp": "2026-11-20T15:00:00Z", "hs_note_body": "x" * length}}
    assert call("POST", "/crm/v3/objects/notes", note)[0] == status
    assert call("PATCH", f"{CONTACT}/101", {"properties": {"message": "x" * length}})[0] == (200 if status == 201 else 400)


def test_an_email_is_kept_in_lower_case_and_a_planted_one_as_given(call: Caller) -> None:
    assert read(call, "101", "email") == ["Ada@Example.com"]
    assert write(call, "101", email="ADA@Example.ORG")[1]["properties"]["email"] == "ada@example.org"
    assert call("POST", CONTACT, {"properties": {"email": "New@Example.com"}})[1]["properties"]["email"] == "new@example.com"


def test_hubspots_own_score_is_read_only_and_the_latest_source_is_not(call: Caller) -> None:
    status, body = write(call, "101", hubspotscore="5")
    assert (status, "READ_ONLY_VALUE" in body["message"]) == (400, True)
    assert write(call, "101", hs_latest_source="PAID_SEARCH", hs_latest_source_timestamp="2026-11-20T15:00:00Z")[0] == 200
    names = ("hubspotscore", "hs_latest_source", "hs_latest_source_timestamp")
    read_only = [call.get(f"/crm/v3/properties/contacts/{name}")["modificationMetadata"]["readOnlyValue"] for name in names]
    assert read_only == [True, False, False]


@pytest.mark.parametrize(
    ("name", "field_type", "read_only", "some"),
    [
        ("numemployees", "select", False, {"1-5", "1000+"}),
        ("hs_language", "select", False, {"en", "de", "pt-br"}),
        ("hs_timezone", "select", False, {"america_slash_new_york"}),
        ("hs_persona", "select", False, set()),
        ("hs_legal_basis", "checkbox", False, {"Legitimate interest – prospect/lead", "Not applicable"}),
        ("hs_marketable_status", "booleancheckbox", True, {"true", "false"}),
        ("hs_email_hard_bounce_reason_enum", "radio", True, {"UNKNOWN_USER", "SPAM"}),
        ("hs_merged_object_ids", "checkbox", True, set()),
        ("hs_pipeline", "select", False, set()),
    ],
)
def test_a_picklist_is_one(call: Caller, name: str, field_type: str, read_only: bool, some: set[str]) -> None:
    found = call.get(f"/crm/v3/properties/contacts/{name}")
    assert (found["type"], found["fieldType"]) == ("enumeration", field_type)
    assert found["modificationMetadata"]["readOnlyValue"] is read_only
    assert some <= {option["value"] for option in found["options"]}


@pytest.mark.parametrize(("operator", "operand"), [("EQ", {"value": "11"}), ("IN", {"values": ["11"]}), ("HAS_PROPERTY", {})])
def test_an_archived_end_is_no_association_to_a_search(call: Caller, operator: str, operand: dict[str, Any]) -> None:
    wanted = {"propertyName": "associations.companies", "operator": operator, **operand}
    assert "111" not in call.find("contacts", wanted)
    missing = {"propertyName": "associations.companies", "operator": "NOT_HAS_PROPERTY"}
    assert call.find("contacts", missing, {"propertyName": "hs_object_id", "operator": "EQ", "value": "111"}) == ["111"]


def log(call: Caller, kind: str, type_id: int, **properties: str) -> str:
    tie = {"to": {"id": "102"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]}
    status, body, _ = call("POST", f"/crm/v3/objects/{kind}", {"properties": properties, "associations": [tie]})
    assert status == 201, body
    return str(body["id"])


def test_the_next_activity_is_the_earliest_plan_that_is_still_open(call: Caller) -> None:
    log(call, "tasks", 204, hs_timestamp="2026-11-19T09:00:00Z", hs_task_status="NOT_STARTED")
    assert read(call, "102", "notes_next_activity_date") == [None]
    task = log(call, "tasks", 204, hs_timestamp="2026-11-22T09:00:00Z", hs_task_status="NOT_STARTED")
    start = {"hs_timestamp": "2026-11-20T15:00:00Z", "hs_meeting_start_time": "2026-11-24T09:00:00Z"}
    log(call, "meetings", 200, **start, hs_meeting_outcome="SCHEDULED")
    log(call, "meetings", 200, hs_timestamp="2026-11-21T09:00:00Z", hs_meeting_outcome="CANCELED")
    assert read(call, "102", "notes_next_activity_date") == ["2026-11-22T09:00:00Z"]
    call("PATCH", f"/crm/v3/objects/tasks/{task}", {"properties": {"hs_task_status": "COMPLETED"}})
    assert read(call, "102", "notes_next_activity_date") == ["2026-11-24T09:00:00Z"]


def test_replies_and_the_first_outreach_are_dated(call: Caller) -> None:
    names = ("hs_sales_email_last_replied", "hs_first_outreach_date")
    log(call, "calls", 194, hs_timestamp="2026-11-16T09:00:00Z", hs_call_direction="INBOUND")
    log(call, "emails", 198, hs_timestamp="2026-11-17T09:00:00Z", hs_email_direction="INCOMING_EMAIL")
    assert read(call, "102", *names) == ["2026-11-17T09:00:00Z", None]
    log(call, "emails", 198, hs_timestamp="2026-11-18T09:00:00Z", hs_email_direction="EMAIL")
    log(call, "calls", 194, hs_timestamp="2026-11-19T09:00:00Z", hs_call_direction="OUTBOUND")
    log(call, "emails", 198, hs_timestamp="2026-11-19T10:00:00Z", hs_email_direction="INCOMING_EMAIL")
    assert read(call, "102", *names) == ["2026-11-19T10:00:00Z", "2026-11-18T09:00:00Z"]
