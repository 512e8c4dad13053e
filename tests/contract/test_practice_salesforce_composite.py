"""The practice Salesforce: several rows, or several calls, in one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sandbox.server import Served, serve
from tests.contract.practice_org import ADA, ANN, BOB, EVE, IVY, NINE, NOW, OrgCaller, V, an_id, an_org, refused

MANY = f"{V}/composite/sobjects"


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(org=an_org()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> OrgCaller:
    return OrgCaller(served)


def row(sobject: str = "Lead", **fields: object) -> dict[str, Any]:
    return {"attributes": {"type": sobject}, **fields}


def get(url: str, ref: str = "a") -> dict[str, Any]:
    return {"method": "GET", "url": url, "referenceId": ref}


def composed(call: OrgCaller, *parts: dict[str, Any], **more: object) -> list[dict[str, Any]]:
    status, body, _ = call("POST", f"{V}/composite", {"compositeRequest": list(parts), **more})
    assert status == 200, body
    told: list[dict[str, Any]] = body["compositeResponse"]
    return told


def test_rows_are_made_each_with_its_answer_by_position(call: OrgCaller) -> None:
    records = [row(LastName="One", Company="C"), row(LastName=None, Company="C"), row("Account", Name="Ten")]
    status, told, _ = call("POST", MANY, {"allOrNone": False, "records": records})
    assert (status, [each["success"] for each in told]) == (200, [True, False, True])
    assert told[1] == {
        "success": False,
        "errors": [{"statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [LastName]", "fields": ["LastName"]}],
    }
    assert (told[0]["id"][:3], told[2]["id"][:3], told[0]["errors"]) == ("00Q", "001", [])


def test_rows_are_changed_by_their_ids(call: OrgCaller) -> None:
    records = [row(id=ADA, LastName="A"), row(Id=EVE[:15], LastName="E"), row(LastName="Nobody"), row(id=an_id("00Q", 77), LastName="X")]
    _, told, _ = call("PATCH", MANY, {"records": records})
    assert [each.get("id", "")[:15] for each in told[:2]] == [ADA[:15], EVE[:15]]
    assert [each["errors"][0]["statusCode"] for each in told[2:]] == ["MISSING_ARGUMENT", "INVALID_CROSS_REFERENCE_KEY"]
    assert "id" not in told[2]
    assert call.told("SELECT LastName FROM Lead ORDER BY Id", "LastName") == ["A", "E", "Ivy"]


def test_of_all_or_none_nothing_stays_and_the_good_ones_say_so_with_their_ids(call: OrgCaller) -> None:
    records = [row(id=ADA, LastName="A"), row(id=EVE, OwnerId="005000000000000AAA")]
    _, told, _ = call("PATCH", MANY, {"allOrNone": True, "records": records})
    assert (told[0]["id"], told[0]["success"], told[0]["errors"][0]["statusCode"]) == (ADA, False, "ALL_OR_NONE_OPERATION_ROLLED_BACK")
    assert told[1]["errors"][0]["statusCode"] != "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert call.told("SELECT LastName FROM Lead ORDER BY Id", "LastName") == ["Ada", "Eve", "Ivy"]
    assert call.told("SELECT Id FROM LeadHistory", "Id") == []


def test_rows_are_deleted_by_ids_of_any_object(call: OrgCaller) -> None:
    _, told, _ = call("DELETE", f"{MANY}?ids={ADA},{NINE},00Q&allOrNone=false")
    assert [each["success"] for each in told] == [True, True, False]
    assert told[2]["errors"][0]["statusCode"] == "MALFORMED_ID"
    assert call.told("SELECT Id FROM Lead ORDER BY Id", "Id") == [EVE, IVY]
    _, told, _ = call("DELETE", f"{MANY}?ids={EVE},{ADA}&allOrNone=true")
    assert [each["success"] for each in told] == [False, False]
    assert call.told("SELECT Id FROM Lead ORDER BY Id", "Id") == [EVE, IVY]


def test_rows_are_read_by_ids_with_null_for_what_is_not_there(call: OrgCaller) -> None:
    by_url = call.get(f"{MANY}/Lead?ids={IVY},{an_id('00Q', 99)},{ADA}&fields=LastName")
    _, by_body, _ = call("POST", f"{MANY}/Lead", {"ids": [IVY, an_id("00Q", 99), ADA], "fields": ["LastName"]})
    assert [each and each["LastName"] for each in by_url] == ["Ivy", None, "Ada"]
    assert by_body == by_url
    assert refused(call("GET", f"{MANY}/Lead?ids={IVY}&fields=Nix")) == (400, "INVALID_FIELD")


def test_rows_are_changed_or_made_by_an_external_id(call: OrgCaller) -> None:
    records = [row(Ref__c="r-2", LastName="E"), row(Ref__c="r-3", LastName="Three", Company="C")]
    _, told, _ = call("PATCH", f"{MANY}/Lead/Ref__c", {"records": records})
    assert [(each["success"], each["created"]) for each in told] == [(True, False), (True, True)]
    assert told[0]["id"] == EVE


def test_more_than_two_hundred_rows_and_more_than_ten_chunks_are_refused(call: OrgCaller) -> None:
    records = [row(LastName=str(number), Company="C") for number in range(201)]
    assert refused(call("POST", MANY, {"records": records})) == (400, "EXCEEDED_ID_LIMIT")
    mixed = [row("Account", Name="A"), row(LastName="L", Company="C")]
    assert refused(call("POST", MANY, {"records": mixed * 6})) == (400, "LIMIT_EXCEEDED")
    assert call("POST", MANY, {"records": mixed * 5})[0] == 200


def test_one_header_holds_for_all_rows(call: OrgCaller) -> None:
    call.lever("salesforce/assignment", {"entries": [["", BOB]]})
    call("PATCH", MANY, {"records": [row(id=ADA, Company="X")]}, headers={"Sforce-Auto-Assign": "false"})
    assert call.told(f"SELECT OwnerId FROM Lead WHERE Id = '{ADA}'", "OwnerId") == [ANN]
    call("PATCH", MANY, {"records": [row(id=ADA, Company="Y")]})
    assert call.told(f"SELECT OwnerId FROM Lead WHERE Id = '{ADA}'", "OwnerId") == [BOB]


def test_a_locked_row_fails_alone(call: OrgCaller) -> None:
    call.lever("salesforce/lock", {"id": EVE, "seconds": 60})
    records = [row(id=each, Company="X") for each in (ADA, EVE, IVY)]
    _, told, _ = call("PATCH", MANY, {"records": records})
    assert [each["success"] for each in told] == [True, False, True]
    assert told[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


def test_parts_are_answered_in_their_order_and_count_as_one_call(call: OrgCaller) -> None:
    told = composed(
        call,
        get(f"{V}/query?q=SELECT COUNT() FROM Lead", "count"),
        get(f"{V}/sobjects/Lead/{ADA}?fields=LastName", "ada"),
        get(f"{V}/sobjects/Foo", "foo"),
    )
    assert [(each["referenceId"], each["httpStatusCode"]) for each in told] == [("count", 200), ("ada", 200), ("foo", 404)]
    assert told[0]["body"] == {"totalSize": 3, "done": True, "records": []}
    assert told[2] == {
        "body": [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}],
        "httpHeaders": {},
        "httpStatusCode": 404,
        "referenceId": "foo",
    }
    assert call("GET", f"{V}/limits")[2]["sforce-limit-info"] == "api-usage=2/15000"


def test_parts_refer_to_earlier_answers(call: OrgCaller) -> None:
    told = composed(
        call,
        {"method": "POST", "url": f"{V}/sobjects/Account", "referenceId": "acc", "body": {"Name": "New"}},
        {"method": "POST", "url": f"{V}/sobjects/Contact", "referenceId": "con", "body": {"LastName": "C", "AccountId": "@{acc.id}"}},
        get(f"{V}/query?q=SELECT Id, Account.Name FROM Contact WHERE AccountId = '@{{acc.id}}'", "found"),
        {
            "method": "PATCH",
            "url": f"{V}/sobjects/Contact/@{{found.records[0].Id}}",
            "referenceId": "p",
            "body": {"Title": "At @{found.records[0].Account.Name}"},
        },
    )
    assert [each["httpStatusCode"] for each in told] == [201, 201, 200, 204]
    assert (told[1]["httpHeaders"]["Location"], told[3]["body"]) == (f"{V}/sobjects/Contact/{told[1]['body']['id']}", None)
    assert call.told("SELECT Title FROM Contact", "Title") == ["At New"]


def test_a_part_that_refers_to_what_failed_is_halted(call: OrgCaller) -> None:
    told = composed(
        call,
        {"method": "POST", "url": f"{V}/sobjects/Account", "referenceId": "acc", "body": {}},
        {"method": "POST", "url": f"{V}/sobjects/Contact", "referenceId": "con", "body": {"LastName": "C", "AccountId": "@{acc.id}"}},
        get(f"{V}/limits", "fine"),
    )
    assert [each["httpStatusCode"] for each in told] == [400, 400, 200]
    assert told[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_of_all_or_none_parts_nothing_stays(call: OrgCaller) -> None:
    change = {"method": "PATCH", "url": f"{V}/sobjects/Lead/{ADA}", "referenceId": "a", "body": {"LastName": "A"}}
    bad = {"method": "PATCH", "url": f"{V}/sobjects/Lead/{EVE}", "referenceId": "b", "body": {"Nix": 1}}
    told = composed(call, change, bad, get(f"{V}/limits", "c"), allOrNone=True)
    assert [each["body"][0]["errorCode"] for each in told] == ["PROCESSING_HALTED", "INVALID_FIELD", "PROCESSING_HALTED"]
    assert call.told(f"SELECT LastName FROM Lead WHERE Id = '{ADA}'", "LastName") == ["Ada"]
    assert [each["httpStatusCode"] for each in composed(call, change, get(f"{V}/limits", "c"), allOrNone=True)] == [204, 200]
    assert call.told(f"SELECT LastName FROM Lead WHERE Id = '{ADA}'", "LastName") == ["A"]


def test_each_part_has_headers_of_its_own(call: OrgCaller) -> None:
    call.lever("salesforce/assignment", {"entries": [["", BOB]]})
    seen = call("GET", f"{V}/sobjects/Lead/{ADA}")[2]["last-modified"]
    old = (NOW - timedelta(days=60)).strftime("%a, %d %b %Y %H:%M:%S GMT")

    def change(id_: str, ref: str, **headers: str) -> dict[str, Any]:
        return {"method": "PATCH", "url": f"{V}/sobjects/Lead/{id_}", "referenceId": ref, "body": {"Company": "X"}, "httpHeaders": headers}

    told = composed(
        call,
        change(ADA, "a", **{"If-Unmodified-Since": seen, "Sforce-Auto-Assign": "FALSE"}),
        change(EVE, "b", **{"If-Unmodified-Since": old, "Sforce-Auto-Assign": "FALSE"}),
        change(IVY, "c"),
    )
    assert [each["httpStatusCode"] for each in told] == [204, 412, 204]
    assert call.told(f"SELECT OwnerId FROM Lead WHERE Id IN ('{ADA}', '{IVY}') ORDER BY Id", "OwnerId") == [ANN, BOB]


def test_more_parts_than_allowed_are_refused(call: OrgCaller) -> None:
    def asked(*parts: dict[str, Any]) -> tuple[int, Any, Any]:
        return call("POST", f"{V}/composite", {"compositeRequest": list(parts)})

    assert refused(asked(*(get(f"{V}/limits", f"r{number}") for number in range(26)))) == (400, "LIMIT_EXCEEDED")
    queries = [get(f"{V}/query?q=SELECT Id FROM Lead", f"r{number}") for number in range(6)]
    assert refused(asked(*queries)) == (400, "LIMIT_EXCEEDED")
    assert asked(*queries[:5])[0] == 200
    assert refused(asked(get(f"{V}/limits"), get(f"{V}/limits"))) == (400, "INVALID_INPUT")
    assert refused(call("POST", f"{V}/composite", {})) == (400, "JSON_PARSER_ERROR")


def test_a_batch_is_served_part_by_part_and_each_counts(call: OrgCaller) -> None:
    parts = [
        {"method": "GET", "url": f"v62.0/sobjects/Lead/{ADA}?fields=LastName"},
        {"method": "PATCH", "url": f"v62.0/sobjects/Lead/{ADA}", "richInput": {"LastName": "A"}},
        {"method": "GET", "url": "v62.0/sobjects/Foo"},
        {"method": "GET", "url": "v62.0/limits"},
    ]
    told = call("POST", f"{V}/composite/batch", {"batchRequests": parts})[1]
    assert (told["hasErrors"], [each["statusCode"] for each in told["results"]]) == (True, [200, 204, 404, 200])
    assert (told["results"][0]["result"]["LastName"], told["results"][1]["result"]) == ("Ada", None)
    halted = call("POST", f"{V}/composite/batch", {"batchRequests": parts, "haltOnError": True})[1]
    assert [each["statusCode"] for each in halted["results"]] == [200, 204, 404, 412]
    assert call("GET", f"{V}/limits")[2]["sforce-limit-info"] == "api-usage=9/15000"
