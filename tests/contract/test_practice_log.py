"""The log of the practice HubSpot: what it keeps of a call, and what it never does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
import urllib3

from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal

CONTACTS = "/crm/objects/2026-09/contacts"


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(a_portal()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> Caller:
    return Caller(served)


def logged(call: Caller, after: int = 0) -> Any:
    return call.get(f"/_sandbox/requests?after={after}")["requests"]


def test_a_search_is_logged_with_its_filters_and_what_it_found(call: Caller) -> None:
    asked = {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}]}], "limit": 2}
    call("POST", f"{CONTACTS}/search?x=1", asked)
    (found,) = logged(call)
    assert found.pop("since_start_s") >= 0
    assert found.pop("response_bytes") > 300
    assert found == {
        "number": 1,
        "at": "2026-11-20T15:00:00Z",
        "method": "POST",
        "path": f"{CONTACTS}/search",
        "query": "x=1",
        "is_write": False,
        "request_bytes": len(orjson.dumps(asked)),
        "body": asked,
        "status": 200,
        "results": 2,
        "fault": None,
        "limited": None,
    }


def test_moments_are_those_of_the_portal_and_of_real_time(call: Caller) -> None:
    call.get(CONTACTS)
    call("POST", "/_sandbox/clock", {"advance_s": 60})
    call.get(CONTACTS)
    first, second = logged(call)
    assert (first["at"], second["at"]) == ("2026-11-20T15:00:00Z", "2026-11-20T15:01:00Z")
    assert 0 <= first["since_start_s"] < second["since_start_s"] < 60


def test_the_size_of_an_answer_is_that_of_its_body_as_sent(served: Served, call: Caller) -> None:
    path = "/crm/v3/properties/contacts"
    plain = urllib3.request("GET", served.url + path, headers={"Authorization": "Bearer sandbox"})
    zipped = urllib3.request(
        "GET", served.url + path, headers={"Authorization": "Bearer sandbox", "Accept-Encoding": "gzip"}, decode_content=False
    )
    sizes = [row["response_bytes"] for row in logged(call)]
    assert sizes == [len(plain.data), len(zipped.data)]
    assert sizes[1] < sizes[0]


def test_what_is_no_list_has_no_results(call: Caller) -> None:
    call.get(f"{CONTACTS}/101")
    call("GET", f"{CONTACTS}/999")
    call("POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": "101"}, {"id": "999"}]})
    assert [(row["status"], row["results"]) for row in logged(call)] == [(200, None), (404, None), (207, 1)]


def test_a_refused_call_says_by_what(call: Caller) -> None:
    call("POST", "/_sandbox/limits", {"burst": 0, "enforced": True})
    call("POST", f"{CONTACTS}/batch/read", {"inputs": []})
    call("POST", "/_sandbox/limits", {"enforced": False})
    call("POST", "/_sandbox/faults", {"status": 502})
    call("GET", CONTACTS)
    limited, faulty = logged(call)
    assert (limited["status"], limited["limited"], limited["fault"]) == (429, "TEN_SECONDLY_ROLLING", None)
    assert limited["body"] == {"inputs": []}
    assert (faulty["status"], faulty["limited"], faulty["fault"]) == (502, None, "502")


def test_a_body_that_is_long_or_no_json_is_told_by_its_size(served: Served, call: Caller) -> None:
    headers = {"Authorization": "Bearer sandbox"}
    for body in (orjson.dumps({"query": "x" * 19988}), orjson.dumps({"query": "x" * 19989}), b"{"):
        urllib3.request("POST", f"{served.url}{CONTACTS}/search", body=body, headers=headers)
    rows = logged(call)
    assert [row["request_bytes"] for row in rows] == [20000, 20001, 1]
    assert [row["body"] is None for row in rows] == [False, True, True]


def test_no_token_is_ever_in_the_log(served: Served, call: Caller) -> None:
    call.get(CONTACTS)
    call("POST", "/oauth/v2/private-apps/get/access-token-info", {"tokenKey": "sandbox"})
    form = {"grant_type": "refresh_token", "refresh_token": "practice-refresh", "client_id": "practice-client"}
    urllib3.request("POST", f"{served.url}/oauth/v3/token", body=urlencode(form | {"client_secret": "practice-secret"}))
    _, text, _ = call("GET", "/_sandbox/requests")
    told = orjson.dumps(text).decode()
    assert [word for word in ("Bearer", '"sandbox"', "practice-refresh", "practice-secret", "practice-access") if word in told] == []
    assert [row["is_write"] for row in logged(call)] == [False] * 3
    assert call.get("/_sandbox/stats")["writes"] == 0


def test_calls_are_numbered_as_they_arrive(call: Caller) -> None:
    for _ in range(3):
        call.get(CONTACTS)
    assert [row["number"] for row in logged(call, after=1)] == [2, 3]
