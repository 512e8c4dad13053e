"""Faults of the practice HubSpot: chosen by rules, and real ones for the client that meets them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.client import IncompleteRead
from typing import Any

import orjson
import pytest
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError

from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal

CONTACTS = "/crm/objects/2026-09/contacts"
SEARCH = f"{CONTACTS}/search"
ONE = f"{CONTACTS}/102"


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(a_portal()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> Caller:
    return Caller(served)


def arm(call: Caller, *rules: dict[str, Any]) -> None:
    status, body, _ = call("POST", "/_sandbox/faults", list(rules))
    assert status == 200, body


def statuses(call: Caller, count: int, method: str = "GET", path: str = CONTACTS, body: object = None) -> list[int]:
    return [call(method, path, body)[0] for _ in range(count)]


def last_call(call: Caller) -> Any:
    return call.get("/_sandbox/requests")["requests"][-1]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"count": 2}, [500, 500, 200, 200, 200, 200]),
        ({"after": 2}, [200, 200, 500, 500, 500, 500]),
        ({"after": 1, "count": 2}, [200, 500, 500, 200, 200, 200]),
        ({"every": 3}, [200, 200, 500, 200, 200, 500]),
        ({"after": 1, "every": 2, "count": 2}, [200, 200, 500, 200, 500, 200]),
        ({"method": "GET", "path": "/crm/objects/"}, [500] * 6),
        ({"method": "POST"}, [200] * 6),
        ({"path": "/crm/*/contacts"}, [500] * 6),
        ({"path": "/crm/v3/"}, [200] * 6),
        ({"path": "*/search"}, [200] * 6),
    ],
)
def test_a_rule_chooses_its_calls(call: Caller, rule: dict[str, Any], expected: list[int]) -> None:
    arm(call, {"status": 500, **rule})
    assert statuses(call, 6) == expected


def test_chance_is_the_same_for_the_same_seed(call: Caller) -> None:
    met = []
    for seed in (7, 7, 8):
        call("DELETE", "/_sandbox/faults")
        arm(call, {"status": 503, "probability": 0.5, "seed": seed})
        met.append(statuses(call, 30))
    assert met[0] == met[1] != met[2]
    assert 5 <= met[0].count(503) <= 25


def test_every_rule_counts_its_calls_and_the_first_that_meets_one_decides(call: Caller) -> None:
    arm(call, {"status": 503, "every": 2})
    arm(call, {"status": 401, "after": 2})
    assert statuses(call, 5) == [200, 503, 401, 503, 401]
    assert call.get("/_sandbox/faults")["faults"] == [
        {"status": 503, "every": 2, "seen": 5, "fired": 2},
        {"status": 401, "after": 2, "seen": 5, "fired": 2},
    ]
    assert call("DELETE", "/_sandbox/faults")[1] == {"faults": []}
    assert statuses(call, 3) == [200] * 3


def test_the_control_path_is_never_at_fault(call: Caller) -> None:
    arm(call, {"status": 503}, {"fault": "reset_before"})
    assert call.get("/_sandbox/clock") == {"now": "2026-11-20T15:00:00Z"}


@pytest.mark.parametrize(
    ("status", "category"),
    [(401, "INVALID_AUTHENTICATION"), (403, "MISSING_SCOPES"), (423, None), (477, None), (500, None)],
)
def test_a_refusal_has_hubspots_envelope(call: Caller, status: int, category: str | None) -> None:
    arm(call, {"status": status})
    told, body, headers = call("GET", CONTACTS)
    assert (told, body["status"], body.get("category")) == (status, "error", category)
    assert body["correlationId"] == headers["x-hubspot-correlation-id"]
    assert headers.get("retry-after") == ("2" if status == 477 else None)
    assert last_call(call)["fault"] == str(status)


@pytest.mark.parametrize("status", [404, 502, 503, 504, 524])
def test_a_gateways_error_is_a_page(call: Caller, status: int) -> None:
    arm(call, {"status": status})
    told, body, headers = call("GET", CONTACTS)
    assert (told, body[:6], headers["content-type"][:9]) == (status, "<html>", "text/html")


@pytest.mark.parametrize("status", [429, 477, 503])
def test_a_wait_can_be_asked_for(call: Caller, status: int) -> None:
    arm(call, {"status": status, "retry_after": 7})
    assert call("GET", CONTACTS)[2]["retry-after"] == "7"


@pytest.mark.parametrize(
    ("rule", "path", "told"),
    [
        ({}, CONTACTS, ("RATE_LIMIT", "TEN_SECONDLY_ROLLING", None)),
        ({}, SEARCH, (None, None, "RATE_LIMITS")),
        ({"form": "policy"}, SEARCH, ("RATE_LIMIT", "SECONDLY", None)),
        ({"form": "error_type"}, CONTACTS, ("RATE_LIMIT", None, None)),
    ],
)
def test_a_429_has_the_form_that_is_chosen(call: Caller, rule: dict[str, Any], path: str, told: tuple[str | None, ...]) -> None:
    arm(call, {"status": 429, **rule})
    status, body, headers = call("POST", path, {})
    assert (status, body.get("errorType"), body.get("policyName"), body.get("category")) == (429, *told)
    assert "retry-after" not in headers


def test_a_reset_before_the_work_leaves_no_trace(call: Caller) -> None:
    arm(call, {"fault": "reset_before", "method": "PATCH"})
    with pytest.raises(ProtocolError) as broken:
        call("PATCH", ONE, {"properties": {"firstname": "Eve"}})
    assert type(broken.value.args[1]) is ConnectionResetError  # an RST; a mere end is RemoteDisconnected
    met = last_call(call)
    assert (met["status"], met["fault"], met["is_write"]) == (None, "reset_before", True)
    assert call.get(f"{ONE}?properties=firstname")["properties"]["firstname"] is None


def test_a_reset_after_the_work_loses_the_answer_alone(call: Caller) -> None:
    arm(call, {"fault": "reset_after", "count": 1, "path": CONTACTS})
    with pytest.raises(ProtocolError) as broken:
        call("PATCH", ONE, {"properties": {"firstname": "Eve"}})
    assert type(broken.value.args[1]) is ConnectionResetError  # an RST; a mere end is RemoteDisconnected
    assert call.get(f"{ONE}?properties=firstname")["properties"]["firstname"] == "Eve"


def test_a_slow_body_takes_its_time_and_holds_up_nobody_else(served: Served, call: Caller) -> None:
    arm(call, {"fault": "slow", "seconds": 1, "path": CONTACTS})
    began_s = time.monotonic()
    answer = urllib3.request("GET", served.url + CONTACTS, headers={"Authorization": "Bearer sandbox"}, preload_content=False)
    assert call.get("/crm/v3/owners")["results"]
    first_s = time.monotonic() - began_s
    body = answer.read()
    rows = orjson.loads(body)["results"]
    assert call.get("/_sandbox/requests")["requests"][0]["response_bytes"] == len(body)
    assert (len(rows), first_s < 0.9 <= time.monotonic() - began_s) == (3, True)
    with pytest.raises(HTTPError):
        urllib3.request("GET", served.url + CONTACTS, headers={"Authorization": "Bearer sandbox"}, timeout=0.02, retries=False)


@pytest.mark.parametrize("zip_it", [False, True])
def test_a_cut_body_is_shorter_than_its_length_says(served: Served, call: Caller, zip_it: bool) -> None:
    arm(call, {"fault": "cut_body"})
    headers = {"Authorization": "Bearer sandbox"} | ({"Accept-Encoding": "gzip"} if zip_it else {})
    with pytest.raises(ProtocolError) as broken:
        urllib3.request("GET", f"{served.url}{CONTACTS}?limit=100", headers=headers, retries=False)
    assert isinstance(broken.value.args[1], IncompleteRead)


def test_cut_json_is_a_whole_message_that_is_no_json(call: Caller, served: Served) -> None:
    arm(call, {"fault": "cut_json"})
    answer = urllib3.request("GET", served.url + CONTACTS, headers={"Authorization": "Bearer sandbox"}, retries=False)
    assert (answer.status, len(answer.data)) == (200, int(answer.headers["content-length"]))
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.data)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_stale_search_counts_what_it_does_not_show(call: Caller, encoding: str) -> None:
    arm(call, {"fault": "stale_search", "count": 1})
    assert call.get(CONTACTS)["results"]
    status, body, _ = call("POST", SEARCH, {"limit": 3}, headers={"Accept-Encoding": encoding})
    assert (status, body) == (200, {"total": 3, "results": []})
    assert len(call("POST", SEARCH, {"limit": 1})[1]["results"]) == 1


def test_a_slow_body_ends_when_nobody_waits_for_it() -> None:
    with serve(a_portal()) as served:
        arm(Caller(served), {"fault": "slow", "seconds": 300})
        with pytest.raises(HTTPError):
            urllib3.request("GET", served.url + CONTACTS, headers={"Authorization": "Bearer sandbox"}, timeout=0.5, retries=False)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 3


def test_the_server_ends_while_a_slow_body_is_on_its_way() -> None:
    with serve(a_portal()) as served:
        arm(Caller(served), {"fault": "slow", "seconds": 300})
        answer = urllib3.request("GET", served.url + CONTACTS, headers={"Authorization": "Bearer sandbox"}, preload_content=False)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 8
    with pytest.raises(HTTPError):
        answer.read()


def test_a_fault_never_opens_the_door(served: Served, call: Caller) -> None:
    arm(call, {"fault": "slow", "seconds": 0.1})
    assert urllib3.request("GET", served.url + CONTACTS).status == 401


@pytest.mark.parametrize(
    ("rules", "problems"),
    [
        ([{"status": 418, "after": -1, "verb": "GET"}, {"fault": "fire", "probability": 2}], 5),
        ({}, 1),
        ({"status": 500, "fault": "slow"}, 1),
        ({"fault": "slow", "retry_after": 3}, 1),
        ({"status": 500, "form": "policy"}, 1),
        ({"status": 500, "seconds": 3}, 1),
        ("500", 1),
    ],
)
def test_rules_that_are_none_are_refused_all_at_once_and_none_is_taken(call: Caller, rules: Any, problems: int) -> None:
    status, body, _ = call("POST", "/_sandbox/faults", rules if isinstance(rules, list) else [{"status": 500}, rules])
    assert (status, len(body["problems"])) == (400, problems), body
    assert call.get("/_sandbox/faults") == {"faults": []}
    assert call("GET", CONTACTS)[0] == 200


def test_a_problem_of_a_rule_names_its_place(call: Caller) -> None:
    body = call("POST", "/_sandbox/faults", [{"status": 500}, {"status": 500, "every": 0}])[1]
    assert body == {"problems": ["1.every: expected greater than or equal to 1"]}
