"""The practice Salesforce: what its admin, its people and its nights do, over the control path; and the command that serves it."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import urllib3

from sandbox.server import Served, serve
from tests.contract.practice_org import ADA, ANN, BOB, EVE, IVY, LINES, OrgCaller, V, a_line, an_id, an_org, refused


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(org=an_org()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> OrgCaller:
    return OrgCaller(served)


def test_what_people_do_is_no_call_of_the_api(call: OrgCaller) -> None:
    made = call.lever("salesforce/write", {"sobject": "Lead", "values": {"LastName": "New", "Company": "C"}, "user": BOB})["id"]
    call.lever("salesforce/write", {"sobject": "Lead", "id": ADA, "values": {"OwnerId": BOB}, "user": ANN})
    assert call.get("/_sandbox/stats")["calls"] == 0
    row = call.get(f"{V}/sobjects/Lead/{made}")
    assert (row["LastName"], row["CreatedById"]) == ("New", BOB)
    assert call.told("SELECT NewValue, CreatedById FROM LeadHistory WHERE Field = 'Owner'", "CreatedById") == [ANN, ANN]


def test_what_a_person_writes_may_commit_late(call: OrgCaller) -> None:
    call.lever("salesforce/write", {"sobject": "Lead", "id": ADA, "values": {"LastName": "Late"}, "commits_after_s": 20})
    assert call.get(f"{V}/sobjects/Lead/{ADA}?fields=LastName")["LastName"] == "Ada"
    call.lever("clock", {"advance_s": 20})
    assert call.get(f"{V}/sobjects/Lead/{ADA}?fields=LastName")["LastName"] == "Late"


def test_leads_are_merged_deleted_taken_back_and_purged(call: OrgCaller) -> None:
    assert call.lever("salesforce/merge", {"sobject": "Lead", "master": ADA, "losers": [EVE]}) == {"merged": [EVE]}
    gone = call.query("SELECT Id, MasterRecordId FROM Lead WHERE IsDeleted = TRUE", "queryAll")["records"]
    assert [(row["Id"], row["MasterRecordId"]) for row in gone] == [(EVE, ADA)]
    call.lever("salesforce/delete", {"id": IVY})
    assert call("GET", f"{V}/sobjects/Lead/{IVY}")[0] == 404
    call.lever("salesforce/undelete", {"id": IVY})
    assert call("GET", f"{V}/sobjects/Lead/{IVY}")[0] == 200
    assert call.lever("salesforce/empty-bin")["purged"] == 1
    assert call.query("SELECT Id FROM Lead WHERE IsDeleted = TRUE", "queryAll")["records"] == []


def test_a_lead_is_converted_and_read_only_then(call: OrgCaller) -> None:
    told = call.lever("salesforce/convert", {"lead": ADA, "opportunity_name": "Big", "status": "Closed - Converted", "user": ANN})
    lead = call.get(f"{V}/sobjects/Lead/{ADA}")
    assert (lead["IsConverted"], lead["ConvertedContactId"], lead["ConvertedOpportunityId"]) == (
        True,
        told["contact_id"],
        told["opportunity_id"],
    )
    assert refused(call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"LastName": "X"})) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")


def test_old_activities_are_archived(call: OrgCaller) -> None:
    old = a_line(
        "Task", an_id("00T", 9), Subject="Old", WhoId=ADA, Status="Completed", ActivityDate="2025-01-05", CreatedDate="2025-01-05T10:00:00Z"
    )
    call.lever("records", [old])
    assert call.lever("salesforce/archive")["archived"] == 1
    assert call.told("SELECT Subject FROM Task", "Subject") == ["Call"]
    assert {row["Subject"] for row in call.query("SELECT Subject FROM Task", "queryAll")["records"]} == {"Call", "Old"}


def test_rules_of_the_admin_refuse_until_they_are_cleared(call: OrgCaller) -> None:
    call.lever("salesforce/validation", {"sobject": "Lead", "condition": "Company = 'No'", "message": "Not this one", "field": "Company"})
    path = f"{V}/sobjects/Lead/{ADA}"
    assert call("PATCH", path, {"Company": "No"})[1] == [
        {"message": "Not this one", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Company"]}
    ]
    assert call.get("/_sandbox/salesforce/switches")["validations"][0]["message"] == "Not this one"
    call.lever("salesforce/clear-rules")
    assert call("PATCH", path, {"Company": "No"})[0] == 204


def test_a_lock_lets_go_after_its_time(call: OrgCaller) -> None:
    call.lever("salesforce/lock", {"id": ADA, "seconds": 30})
    assert refused(call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"Company": "X"})) == (400, "UNABLE_TO_LOCK_ROW")
    call.lever("clock", {"advance_s": 30})
    assert call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"Company": "X"})[0] == 204


def test_history_is_kept_only_of_what_is_tracked(call: OrgCaller) -> None:
    call.lever("salesforce/history", {"sobject": "Lead", "on": False})
    call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"OwnerId": BOB})
    assert call.told("SELECT Field FROM LeadHistory", "Field") == []
    call.lever("salesforce/history", {"sobject": "Lead", "on": True})
    call.lever("salesforce/history", {"sobject": "Lead", "field": "Company", "on": True})
    call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"Company": "New"})
    assert call.told("SELECT Field, OldValue FROM LeadHistory", "Field", "OldValue") == [("Company", "Nine")]


def test_what_is_hidden_is_not_there(call: OrgCaller) -> None:
    call.lever("salesforce/hidden", {"sobject": "Lead", "field": "Email"})
    assert refused(call("GET", f"{V}/query?q=SELECT+Email+FROM+Lead")) == (400, "INVALID_FIELD")
    call.lever("salesforce/hidden", {"sobject": "LeadHistory"})
    assert refused(call("GET", f"{V}/query?q=SELECT+Id+FROM+LeadHistory")) == (400, "INVALID_TYPE")
    call.lever("salesforce/hidden", {"sobject": "Lead", "field": "Email", "hidden": False})
    assert call("GET", f"{V}/query?q=SELECT+Email+FROM+Lead")[0] == 200


def test_all_records_are_had_as_lines_that_make_the_same_org(call: OrgCaller, served: Served) -> None:
    call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"OwnerId": BOB})
    call("DELETE", f"{V}/sobjects/Lead/{IVY}")
    text = urllib3.PoolManager().request("GET", f"{served.url}/_sandbox/salesforce/records").data
    soql = "SELECT FIELDS(ALL) FROM Lead ORDER BY Id LIMIT 200"
    before = call.query(soql, "queryAll")
    with serve(org=served.org.from_lines([orjson.loads(line) for line in text.splitlines()], now=served.org.clock.now())) as again:
        assert OrgCaller(again).query(soql, "queryAll") == before


@pytest.mark.parametrize(
    ("name", "order", "problem"),
    [
        ("merge", {"sobject": "Lead", "master": ADA}, "losers: expected field required"),
        ("write", {"sobject": "Lead", "id": ADA, "values": {"Nix": 1}}, "INVALID_FIELD"),
        ("convert", {"lead": an_id("00Q", 99)}, ""),
        ("limits", {"daily": -1}, "daily: expected"),
        ("sessions", {"lives": 1}, "lives: expected no such key"),
    ],
)
def test_an_order_that_is_no_good_is_refused(call: OrgCaller, name: str, order: dict[str, Any], problem: str) -> None:
    status, body, _ = call("POST", f"/_sandbox/salesforce/{name}", order)
    assert status == 400
    assert problem in body["problems"][0]


def test_lines_of_one_crm_at_a_time_are_planted(call: OrgCaller) -> None:
    mixed = [a_line("Lead", an_id("00Q", 50), LastName="L", Company="C"), {"object": "contacts", "id": "1"}]
    status, body, _ = call("POST", "/_sandbox/records", mixed)
    assert (status, body) == (400, {"problems": ["expected lines of one CRM at a time"]})
    assert call.lever("records", mixed[:1]) == {"planted": 1}


def test_the_command_serves_both_crms_and_speaks_tls(tmp_path: Path) -> None:
    lines = [*LINES, {"object": "contacts", "id": "101", "properties": {"email": "ada@example.com"}}]
    (tmp_path / "both.jsonl").write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    command = [sys.executable, "-m", "sandbox", "--crm", "both", "--load", str(tmp_path / "both.jsonl"), "--port", "0", "--tls-port", "0"]
    command += ["--tls-cert-out", str(tmp_path / "certificate.pem"), "--now", "2026-11-20T15:00Z"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            plain, secured = (process.stdout.readline().split() for _ in range(2))
            assert plain[:5] == ["practice", "HubSpot", "and", "practice", "Salesforce"]
            pool = urllib3.PoolManager(ssl_context=ssl.create_default_context(cafile=tmp_path / "certificate.pem"))
            headers = {"Authorization": "Bearer sandbox"}
            assert pool.request("GET", f"{plain[-1]}/crm/v3/objects/contacts/101", headers=headers).status == 200
            for base in (plain[-1], secured[-1]):
                assert pool.request("GET", f"{base}{V}/sobjects/Lead/{ADA}", headers=headers).json()["LastName"] == "Ada"
        finally:
            process.terminate()
        assert process.wait(10) == 0 or process.returncode < 0
