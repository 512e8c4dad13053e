"""The practice Salesforce: what goes wrong on demand, in Salesforce's shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import urllib3

from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal
from tests.contract.practice_org import ADA, OrgCaller, V, an_org, leads, refused

LIMITS = f"{V}/limits"


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(org=an_org()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> OrgCaller:
    return OrgCaller(served)


def arm(call: OrgCaller, *rules: dict[str, Any]) -> None:
    call.lever("faults", list(rules))


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        ({"status": 400}, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
        ({"status": 400, "code": "QUERY_TIMEOUT", "message": "too long"}, "QUERY_TIMEOUT", "too long"),
        ({"status": 401}, "INVALID_SESSION_ID", "Session expired or invalid"),
        ({"status": 403}, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        ({"status": 403, "code": "API_DISABLED_FOR_ORG"}, "API_DISABLED_FOR_ORG", "api disabled for org"),
        ({"status": 404}, "NOT_FOUND", "The requested resource does not exist"),
        ({"status": 503, "code": "SERVER_UNAVAILABLE", "message": "server too busy"}, "SERVER_UNAVAILABLE", "server too busy"),
    ],
)
def test_a_status_of_the_api_comes_as_a_list_with_an_error_code(call: OrgCaller, rule: dict[str, Any], code: str, message: str) -> None:
    arm(call, rule | {"count": 1})
    status, body, headers = call("GET", LIMITS)
    assert status == rule["status"]
    assert (body[0]["errorCode"], body[0]["message"], headers["sforce-limit-info"]) == (code, message, "api-usage=0/15000")
    assert body[0].get("fields") == ([] if code == "UNABLE_TO_LOCK_ROW" else None)
    assert call("GET", LIMITS)[0] == 200


def test_an_unknown_error_comes_as_json_too(call: OrgCaller) -> None:
    arm(call, {"status": 500})
    assert refused(call("GET", LIMITS)) == (500, "UNKNOWN_EXCEPTION")


@pytest.mark.parametrize("status", [420, 429, 502, 503, 504])
def test_what_stands_before_the_api_answers_with_a_page(call: OrgCaller, status: int) -> None:
    arm(call, {"status": status, "retry_after": 7})
    found, body, headers = call("GET", LIMITS)
    assert (found, headers["content-type"].split(";")[0], headers["retry-after"]) == (status, "text/html", "7")
    assert body.startswith("<html>")
    assert "sforce-limit-info" not in headers
    assert ("maintenance" in body) == (status == 503)


def test_406_has_no_body(call: OrgCaller) -> None:
    arm(call, {"status": 406})
    assert call("GET", LIMITS)[:2] == (406, "")


def test_a_session_ends_in_the_middle(call: OrgCaller) -> None:
    arm(call, {"status": 401, "after": 2, "count": 1})
    assert [call("GET", LIMITS)[0] for _ in range(4)] == [200, 200, 401, 200]


def test_logins_go_wrong_too(served: Served) -> None:
    call = OrgCaller(served, token=None)
    arm(call, {"status": 503, "path": "/services/oauth2/", "count": 1})
    form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    assert [call("POST", "/services/oauth2/token", form=form)[0] for _ in range(2)] == [503, 200]


def test_json_may_be_cut_in_a_whole_message(call: OrgCaller) -> None:
    arm(call, {"fault": "cut_json"})
    status, body, headers = _raw(call)
    assert (status, headers["content-type"]) == (200, "application/json;charset=UTF-8")
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body)


def _raw(call: OrgCaller) -> tuple[int, bytes, Any]:
    answer = urllib3.PoolManager(retries=False).request("GET", call.url + LIMITS, headers={"Authorization": "Bearer sandbox"})
    return answer.status, answer.data, answer.headers


@pytest.mark.parametrize(("fault", "changed"), [("reset_before", "Ada"), ("reset_after", "New")])
def test_a_connection_breaks_before_or_after_the_work(call: OrgCaller, fault: str, changed: str) -> None:
    arm(call, {"fault": fault, "method": "PATCH", "count": 1})
    with pytest.raises(urllib3.exceptions.ProtocolError):
        call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"LastName": "New"})
    assert call.get(f"{V}/sobjects/Lead/{ADA}")["LastName"] == changed
    assert call.get("/_sandbox/requests")["requests"][0]["fault"] == fault


def test_a_body_ends_before_its_length_or_takes_its_time(call: OrgCaller) -> None:
    arm(call, {"fault": "cut_body", "count": 1}, {"fault": "slow", "seconds": 0.2, "after": 1, "count": 1})
    with pytest.raises(urllib3.exceptions.ProtocolError):
        _raw(call)
    assert _raw(call)[0] == 200
    assert [each["fault"] for each in call.get("/_sandbox/requests")["requests"]] == ["cut_body", "slow"]


def test_a_cursor_is_lost_for_good(call: OrgCaller) -> None:
    call.lever("records", leads(300))
    arm(call, {"fault": "lost_cursor", "count": 1})
    page = call.query("SELECT Id FROM Lead", **{"Sforce-Query-Options": "batchSize=200"})
    assert [refused(call("GET", page["nextRecordsUrl"])) for _ in range(2)] == [(400, "INVALID_QUERY_LOCATOR")] * 2
    page = call.query("SELECT Id FROM Lead", **{"Sforce-Query-Options": "batchSize=200"})
    assert call("GET", page["nextRecordsUrl"])[0] == 200
    assert call.lever("salesforce/cursors", {"lose": True}) == {"open": 0}
    assert refused(call("GET", page["nextRecordsUrl"])) == (400, "INVALID_QUERY_LOCATOR")


@pytest.mark.parametrize("all_or_none", [False, True])
@pytest.mark.parametrize("way", ["row", "collection", "composite"])
def test_rows_commit_late(call: OrgCaller, way: str, all_or_none: bool) -> None:
    record = {"attributes": {"type": "Lead"}, "id": ADA, "LastName": "Late"}
    part = {"method": "PATCH", "url": f"{V}/sobjects/Lead/{ADA}", "referenceId": "a", "body": {"LastName": "Late"}}
    late = f"SELECT LastName, SystemModstamp FROM Lead WHERE Id = '{ADA}'"
    call.lever("salesforce/api", {"commits_after_s": 30})
    match way:
        case "row":
            call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"LastName": "Late"})
        case "collection":
            call("PATCH", f"{V}/composite/sobjects", {"allOrNone": all_or_none, "records": [record]})
        case "composite":
            call("POST", f"{V}/composite", {"allOrNone": all_or_none, "compositeRequest": [part]})
    call.lever("salesforce/api", {"commits_after_s": 0})
    assert call.told(late, "LastName") == ["Ada"]
    call.lever("clock", {"advance_s": 30})
    assert call.told(late, "LastName", "SystemModstamp") == [("Late", "2026-11-20T15:00:00.000+0000")]


def test_a_rule_is_for_one_crm_where_it_says_so_or_where_only_that_one_has_it() -> None:
    portal = a_portal()
    with serve(portal, org=an_org(clock=portal.clock)) as served:
        hubspot, salesforce = Caller(served), OrgCaller(served)

        def statuses() -> tuple[int, int]:
            return hubspot("GET", "/crm/v3/owners")[0], salesforce("GET", LIMITS)[0]

        arm(salesforce, {"status": 503})
        assert statuses() == (503, 503)
        for rule, expected in (
            ({"status": 503, "crm": "salesforce"}, (200, 503)),
            ({"status": 503, "crm": "hubspot"}, (503, 200)),
            ({"status": 420}, (200, 420)),
            ({"status": 477}, (477, 200)),
            ({"status": 500, "code": "UNKNOWN_EXCEPTION"}, (200, 500)),
        ):
            salesforce("DELETE", "/_sandbox/faults")
            arm(salesforce, rule)
            assert statuses() == expected, rule


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"fault": "slow", "code": "X"}, 'expected "code" beside a "status" alone'),
        ({"status": 500, "message": "x"}, 'expected "message" beside a "code" alone'),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(call: OrgCaller, rule: dict[str, Any], problem: str) -> None:
    status, body, _ = call("POST", "/_sandbox/faults", rule)
    assert (status, problem in body["problems"][0]) == (400, True), body
