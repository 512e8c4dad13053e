"""The practice Salesforce: the Bulk API 2.0."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Served, serve
from tests.contract.practice_org import ADA, ANN, EVE, IVY, OrgCaller, V, an_org, leads, refused

QUERIES, LOADS = f"{V}/jobs/query", f"{V}/jobs/ingest"
SOQL = "SELECT Id, LastName, Owner.Name, IsConverted, CreatedDate, Email FROM Lead ORDER BY Id"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(org=an_org()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> OrgCaller:
    return OrgCaller(served)


def begun(call: OrgCaller, soql: str = SOQL, operation: str = "query", **more: object) -> str:
    status, job, _ = call("POST", QUERIES, {"operation": operation, "query": soql, **more})
    assert status == 200, job
    return str(job["id"])


def done(call: OrgCaller, soql: str = SOQL, operation: str = "query", **more: object) -> str:
    id_ = begun(call, soql, operation, **more)
    assert call.get(f"{QUERIES}/{id_}")["state"] == "JobComplete"
    return id_


def parsed(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def loaded(call: OrgCaller, operation: str, upload: str, **more: object) -> tuple[dict[str, Any], dict[str, list[dict[str, str]]]]:
    """A job that is worked off, and its results."""
    status, job, _ = call("POST", LOADS, {"object": "Lead", "operation": operation, "contentType": "CSV", "lineEnding": "LF", **more})
    assert (status, job.get("state")) == (200, "Open"), job
    assert call("PUT", f"/{job['contentUrl']}", upload.encode(), headers=CSV)[0] == 201
    assert call("PATCH", f"{LOADS}/{job['id']}", {"state": "UploadComplete"})[1]["state"] == "UploadComplete"
    told = call.get(f"{LOADS}/{job['id']}")
    names = ("successfulResults", "failedResults", "unprocessedrecords")
    return told, {name: parsed(call("GET", f"{LOADS}/{job['id']}/{name}")[1]) for name in names}


def test_a_query_is_begun_looked_at_and_fetched_as_csv(call: OrgCaller) -> None:
    status, job, _ = call("POST", QUERIES, {"operation": "query", "query": SOQL})
    assert (status, job["state"], job["object"], job["apiVersion"], job["columnDelimiter"]) == (
        200,
        "UploadComplete",
        "Lead",
        62.0,
        "COMMA",
    )
    assert refused(call("GET", f"{QUERIES}/{job['id']}/results")) == (400, "INVALIDJOBSTATE")
    told = call.get(f"{QUERIES}/{job['id']}")
    assert (told["state"], told["numberRecordsProcessed"]) == ("JobComplete", 3)
    status, text, headers = call("GET", f"{QUERIES}/{job['id']}/results")
    assert (status, headers["sforce-numberofrecords"], headers["sforce-locator"]) == (200, "3", "null")
    assert headers["content-type"].startswith("text/csv")
    assert text.splitlines()[0] == '"Id","LastName","Owner.Name","IsConverted","CreatedDate","Email"'
    assert [tuple(each.values()) for each in parsed(text)] == [
        (ADA, "Ada", "Ann Ng", "false", "2026-11-01T10:00:00.000Z", "ada@example.com"),
        (EVE, "Eve", "Inbound", "false", "2026-11-02T10:00:00.000Z", ""),
        (IVY, "Ivy", "Ann Ng", "false", "2026-11-03T10:00:00.000Z", ""),
    ]


def test_results_come_in_parts_from_locator_to_locator(call: OrgCaller) -> None:
    call.lever("records", leads(25))
    id_ = done(call, "SELECT LastName FROM Lead WHERE Company = 'Many' ORDER BY LastName")
    found, locator, counts = [], "", []
    while locator != "null":
        query = f"?maxRecords=10&locator={locator}" if locator else "?maxRecords=10"
        _, text, headers = call("GET", f"{QUERIES}/{id_}/results{query}")
        found += [each["LastName"] for each in parsed(text)]
        counts.append(headers["sforce-numberofrecords"])
        locator = headers["sforce-locator"]
    assert (found, counts) == ([f"L{number:05}" for number in range(25)], ["10", "10", "5"])
    assert call("GET", f"{QUERIES}/{id_}/results?locator=nonsense")[0] == 404


def test_results_stay_as_they_were_when_the_query_ran(call: OrgCaller) -> None:
    id_ = done(call)
    call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"LastName": "Changed"})
    assert parsed(call("GET", f"{QUERIES}/{id_}/results")[1])[0]["LastName"] == "Ada"


def test_what_is_deleted_is_found_by_queryall_alone(call: OrgCaller) -> None:
    call("DELETE", f"{V}/sobjects/Lead/{ADA}")
    soql = "SELECT Id, IsDeleted FROM Lead ORDER BY Id"
    found = [parsed(call("GET", f"{QUERIES}/{done(call, soql, operation)}/results")[1]) for operation in ("query", "queryAll")]
    assert [[each["IsDeleted"] for each in rows] for rows in found] == [["false", "false"], ["true", "false", "false"]]


def test_values_with_quotes_and_lines_and_other_delimiters_come_through(call: OrgCaller) -> None:
    call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"Description": 'He said "no";\nthen, yes'})
    soql = f"SELECT Id, Description FROM Lead WHERE Id = '{ADA}'"
    assert parsed(call("GET", f"{QUERIES}/{done(call, soql)}/results")[1])[0]["Description"] == 'He said "no";\nthen, yes'
    text = call("GET", f"{QUERIES}/{done(call, soql, columnDelimiter='SEMICOLON', lineEnding='CRLF')}/results")[1]
    assert text.startswith('"Id";"Description"\r\n')


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT Nix FROM Lead", "INVALID_FIELD"),
        ("SELECT COUNT(Id) FROM Lead", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Tasks) FROM Lead", "API_ERROR"),
        ("SELECT Id FROM Lead LIMIT 5 OFFSET 5", "API_ERROR"),
        ("SELECT QualifiedApiName FROM FieldDefinition", "INVALIDENTITY"),
    ],
)
def test_what_bulk_cannot_do_is_refused_at_once(call: OrgCaller, soql: str, code: str) -> None:
    assert refused(call("POST", QUERIES, {"operation": "query", "query": soql})) == (400, code)


def test_a_query_of_another_version_conflicts(call: OrgCaller) -> None:
    assert call("GET", f"{QUERIES}/{done(call)}/results".replace("v62.0", "v63.0"))[0] == 409


def test_a_query_takes_its_time_may_be_aborted_and_forgotten(call: OrgCaller) -> None:
    call.lever("salesforce/jobs", {"waits": 2})
    id_ = begun(call)
    assert [call.get(f"{QUERIES}/{id_}")["state"] for _ in range(3)] == ["InProgress", "InProgress", "JobComplete"]
    other = begun(call)
    assert refused(call("DELETE", f"{QUERIES}/{other}")) == (400, "INVALIDJOBSTATE")
    assert call("PATCH", f"{QUERIES}/{other}", {"state": "Aborted"})[1]["state"] == "Aborted"
    assert {each["id"]: each["state"] for each in call.get(QUERIES)["records"]} == {id_: "JobComplete", other: "Aborted"}
    assert call("DELETE", f"{QUERIES}/{other}")[0] == 204
    assert call("GET", f"{QUERIES}/{other}")[0] == 404


def test_a_query_may_fail_or_be_lost_and_is_kept_for_a_week(call: OrgCaller) -> None:
    call.lever("salesforce/jobs", {"fail": "InternalServerError : Retried more than fifteen times"})
    told = call.get(f"{QUERIES}/{begun(call)}")
    assert (told["state"], told["errorMessage"]) == ("Failed", "InternalServerError : Retried more than fifteen times")
    id_ = done(call)
    call.lever("clock", {"advance_s": 7 * 86_400 - 1})
    assert call("GET", f"{QUERIES}/{id_}/results")[0] == 200
    call.lever("clock", {"advance_s": 1})
    assert call("GET", f"{QUERIES}/{id_}/results")[0] == 404
    fresh = done(call)
    call.lever("salesforce/jobs", {"lose": True})
    assert call("GET", f"{QUERIES}/{fresh}/results")[0] == 404


def test_rows_are_loaded_each_with_its_result(call: OrgCaller) -> None:
    job, results = loaded(call, "insert", "LastName,Company,NumberOfEmployees\nOne,C,5\n,C,\nThree,C,#N/A\n")
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 3, 1)
    assert [(each["LastName"], each["sf__Created"], each["sf__Id"][:3]) for each in results["successfulResults"]] == [
        ("One", "true", "00Q"),
        ("Three", "true", "00Q"),
    ]
    assert results["failedResults"][0]["sf__Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
    assert results["unprocessedrecords"] == []
    assert call.told("SELECT NumberOfEmployees FROM Lead WHERE Company = 'C' ORDER BY LastName", "NumberOfEmployees") == [5, None]


def test_rows_are_changed_emptied_upserted_and_deleted(call: OrgCaller) -> None:
    _, results = loaded(call, "update", f"Id,LastName,Email\n{ADA},A,#N/A\n{EVE},,e@example.com\n00Qnone,X,\n")
    assert [each["sf__Id"] for each in results["successfulResults"]] == [ADA, EVE]
    assert results["failedResults"][0]["sf__Id"] == "00Qnone"
    assert call.told("SELECT LastName, Email FROM Lead ORDER BY Id LIMIT 2", "LastName", "Email") == [("A", None), ("Eve", "e@example.com")]
    _, results = loaded(call, "upsert", "Ref__c,LastName,Company\nr-2,E,C\nr-3,Three,C\n", externalIdFieldName="Ref__c")
    assert [each["sf__Created"] for each in results["successfulResults"]] == ["false", "true"]
    _, results = loaded(call, "delete", f"Id\n{IVY}\n")
    assert [each["sf__Id"] for each in results["successfulResults"]] == [IVY]
    assert call("GET", f"{V}/sobjects/Lead/{IVY}")[0] == 404


def test_a_load_runs_assignment_rules_only_where_it_names_one(call: OrgCaller) -> None:
    rule = call.lever("salesforce/assignment", {"entries": [["", ANN]]})["id"]
    _, results = loaded(call, "insert", "LastName,Company\nPlain,C\n")
    _, ruled = loaded(call, "insert", "LastName,Company\nRuled,C\n", assignmentRuleId=rule)
    ids = [each["sf__Id"] for found in (results, ruled) for each in found["successfulResults"]]
    owners = [call.get(f"{V}/sobjects/Lead/{id_}?fields=OwnerId")["OwnerId"] for id_ in ids]
    assert (owners[0] == ANN, owners[1] == ANN) == (False, True)


def test_a_load_whose_rows_do_not_fit_its_header_fails(call: OrgCaller) -> None:
    job, _ = loaded(call, "insert", "LastName,Company\nOne\n")
    assert (job["state"], "InvalidBatch" in job["errorMessage"]) == ("Failed", True)


def test_a_load_may_be_aborted_and_takes_no_upload_then(call: OrgCaller) -> None:
    id_ = call("POST", LOADS, {"object": "Lead", "operation": "insert"})[1]["id"]
    assert call("PATCH", f"{LOADS}/{id_}", {"state": "Aborted"})[1]["state"] == "Aborted"
    assert refused(call("PUT", f"{LOADS}/{id_}/batches", b"LastName\nX\n", headers=CSV)) == (400, "INVALIDJOBSTATE")
    assert call("DELETE", f"{LOADS}/{id_}")[0] == 204
    assert call.get(LOADS)["records"] == []


@pytest.mark.parametrize("order", [{"object": "Lead", "operation": "burn"}, {"object": "Lead", "operation": "upsert"}])
def test_a_load_that_is_no_good_is_refused(call: OrgCaller, order: dict[str, str]) -> None:
    assert refused(call("POST", LOADS, order)) == (400, "INVALIDJOB")
