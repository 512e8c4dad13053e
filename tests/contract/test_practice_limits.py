"""Limits of the practice HubSpot: told as ever, and refused where they are enforced."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import urllib3

from sandbox.limits import Limits, limits_asked
from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal
from tests.flow.practice import PROGRAM

CONTACTS = "/crm/objects/2026-09/contacts"
SEARCH = f"{CONTACTS}/search"
ASSOCIATIONS = "/crm/associations/2026-09/contacts/companies/batch/read"
USAGE = "/account-info/2026-09/api-usage/daily/private-apps"


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(a_portal()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> Caller:
    return Caller(served)


def limit(call: Caller, **limits: object) -> Any:
    status, body, _ = call("POST", "/_sandbox/limits", {"enforced": True, **limits})
    assert status == 200, body
    return body


def statuses(call: Caller, count: int, method: str = "GET", path: str = CONTACTS, body: object = None) -> list[int]:
    return [call(method, path, body)[0] for _ in range(count)]


def test_nothing_is_refused_unless_it_is_asked_for(call: Caller) -> None:
    assert set(statuses(call, 12, "POST", SEARCH, {})) == {200}
    assert set(statuses(call, 200)) == {200}
    assert call("GET", CONTACTS)[2]["X-HubSpot-RateLimit-Remaining"] == "0"
    told = call.get("/_sandbox/limits")
    assert told["limits"] == {
        "burst": 190,
        "daily": 625_000,
        "elsewhere": 0,
        "search_per_s": 5,
        "association_burst": 150,
        "oauth_burst": 110,
        "enforced": False,
        "form": "as_seen",
        "retry_after": None,
    }
    assert told["refused"] == {}
    assert told["spent"]["today"] == 213


def test_a_call_beyond_the_burst_is_refused_as_hubspot_refuses_it(call: Caller) -> None:
    limit(call, burst=3)
    assert statuses(call, 3) == [200] * 3
    status, body, headers = call("GET", CONTACTS)
    id_ = headers["x-hubspot-correlation-id"]
    assert (status, body) == (
        429,
        {
            "status": "error",
            "message": "You have reached your ten_secondly_rolling limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": id_,
            "policyName": "TEN_SECONDLY_ROLLING",
            "groupName": "publicapi:ten_secondly_rolling",
            "requestId": id_,
        },
    )
    assert "retry-after" not in headers
    assert (headers["X-HubSpot-RateLimit-Max"], headers["X-HubSpot-RateLimit-Remaining"]) == ("3", "0")


def test_the_burst_rolls_on_with_real_time_and_not_with_the_portals(call: Caller) -> None:
    limit(call, burst=2)
    began_s = time.monotonic()
    assert call("GET", CONTACTS)[0] == 200
    time.sleep(2)
    assert statuses(call, 2) == [200, 429]
    call("POST", "/_sandbox/clock", {"advance_s": 3600})
    assert call("GET", CONTACTS)[0] == 429
    time.sleep(max(10.2 - (time.monotonic() - began_s), 0))
    assert statuses(call, 2) == [200, 429]  # the first has left the window, the second has not, a refused one never was in it


def test_searches_of_all_types_share_five_a_second_and_spend_no_burst(call: Caller) -> None:
    limit(call, burst=1)
    began_s = time.monotonic()
    answers = [call("POST", f"/crm/v3/objects/{kind}/search", {}) for kind in ("contacts", "deals", "leads", "calls", "notes", "tasks")]
    assert time.monotonic() - began_s < 1, "too slow a machine to tell"
    assert [status for status, _, _ in answers] == [200] * 5 + [429]
    _, body, headers = answers[-1]
    assert {name: value for name, value in body.items() if name != "correlationId"} == {
        "status": "error",
        "message": "You have reached your secondly limit.",
        "category": "RATE_LIMITS",
    }
    told = {name.lower() for name in headers if "ratelimit" in name.lower()}
    assert told == {"x-hubspot-ratelimit-daily", "x-hubspot-ratelimit-daily-remaining"}
    assert call("GET", CONTACTS)[0] == 200
    time.sleep(1.1)
    assert call("POST", SEARCH, {})[0] == 200


def test_batches_of_associations_have_a_burst_of_their_own(call: Caller) -> None:
    limit(call, burst=1, association_burst=2)
    asked = {"inputs": [{"id": "101"}]}
    assert statuses(call, 3, "POST", ASSOCIATIONS, asked) == [200, 200, 429]
    assert statuses(call, 2, "POST", f"{CONTACTS}/batch/read", asked) == [200, 429]


def test_the_day_ends_at_midnight_of_the_account_and_refused_calls_count_for_it(call: Caller) -> None:
    limit(call, daily=2)
    assert statuses(call, 3) == [200, 200, 429]
    status, body, headers = call("POST", SEARCH, {})
    assert (status, body["policyName"], body["message"]) == (429, "DAILY", "You have reached your daily limit.")
    assert headers["X-HubSpot-RateLimit-Daily-Remaining"] == "0"
    told = call.get("/_sandbox/limits")
    assert (told["spent"]["today"], told["refused"]) == (4, {"DAILY": 2})
    call("POST", "/_sandbox/clock", {"now": "2026-11-21T04:59:59Z"})  # New York: a second before midnight
    assert call("GET", CONTACTS)[0] == 429
    call("POST", "/_sandbox/clock", {"advance_s": 1})
    assert statuses(call, 3) == [200, 200, 429]


def test_usage_tells_what_the_limits_counted(call: Caller) -> None:
    limit(call, daily=50, burst=4)
    statuses(call, 3)
    row = call.get(USAGE)["results"][0]
    assert (row["usageLimit"], row["currentUsage"], row["collectedAt"]) == (50, 4, "2026-11-20T15:00:00Z")
    assert statuses(call, 2) == [429, 429]
    limit(call, burst=100)
    assert call.get(USAGE)["results"][0]["currentUsage"] == 7


POLICY = {"status", "message", "correlationId", "errorType", "policyName", "groupName", "requestId"}


@pytest.mark.parametrize(
    ("form", "members"),
    [
        ("policy", POLICY),
        ("secondly_old", {"status", "message", "correlationId", "category"}),
        ("error_type", {"status", "message", "correlationId", "errorType", "requestId"}),
    ],
)
@pytest.mark.parametrize(("path", "method", "said"), [(CONTACTS, "GET", "ten_secondly_rolling"), (SEARCH, "POST", "secondly")])
def test_the_form_of_a_429_can_be_chosen(call: Caller, form: str, members: set[str], path: str, method: str, said: str) -> None:
    limit(call, burst=0, search_per_s=0, form=form)
    status, body, _ = call(method, path, None if method == "GET" else {})
    assert (status, set(body)) == (429, members)
    assert body["message"] == f"You have reached your {said} limit."
    assert body.get("category", "RATE_LIMITS") == "RATE_LIMITS"
    assert body.get("errorType", "RATE_LIMIT") == "RATE_LIMIT"
    assert body.get("policyName", said.upper()) == said.upper()


def test_a_429_asks_for_a_wait_if_it_is_told_to(call: Caller) -> None:
    limit(call, burst=0, retry_after=4)
    assert call("GET", CONTACTS)[2]["retry-after"] == "4"


def test_the_control_path_has_no_limit(call: Caller) -> None:
    limit(call, burst=0, daily=0, search_per_s=0)
    assert set(statuses(call, 5, path="/_sandbox/clock")) == {200}


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"burst": -1, "daily": "many", "sort": 1}, ["burst: ", "daily: ", "sort: expected no such key"]),
        ({"form": "new", "enforced": 1}, ["enforced: ", "form: "]),
        ([1], ["expected a JSON object"]),
        (None, ["expected a JSON object"]),
    ],
)
def test_limits_that_are_none_are_refused_all_at_once(served: Served, body: object, problems: list[str]) -> None:
    data = None if body is None else orjson.dumps(body)
    answer = urllib3.request("POST", f"{served.url}/_sandbox/limits", body=data)
    assert answer.status == 400
    told = answer.json()["problems"]
    assert len(told) == len(problems)
    assert all(any(line.startswith(problem) for line in told) for problem in problems), told
    assert Caller(served).get("/_sandbox/limits")["limits"]["burst"] == 190


def test_options_that_name_a_limit_enforce_all() -> None:
    assert limits_asked(enforced=False, burst=None, daily=None, search_per_s=None) == Limits()
    assert limits_asked(enforced=True, burst=None, daily=None, search_per_s=None) == Limits(enforced=True)
    assert limits_asked(enforced=False, burst=None, daily=0, search_per_s=7) == Limits(daily=0, search_per_s=7, enforced=True)


PROGRAMS = [
    [sys.executable, "-m", "sandbox", "--now", "2026-11-20T15:00Z"],
    [*PROGRAM, "sandbox", "--leads", "0", "--now", "2026-11-20T15:00Z"],
]


@pytest.mark.parametrize(
    ("options", "expected"), [([], [200, 200, 200]), (["--limits"], [200, 200, 200]), (["--burst", "2"], [200, 200, 429])]
)
@pytest.mark.parametrize("program", PROGRAMS, ids=["python -m sandbox", "leadpact sandbox"])
def test_a_program_serves_within_the_limits_of_its_options(program: list[str], options: list[str], expected: list[int]) -> None:
    process = subprocess.Popen([*program, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3].rstrip(",")
        headers = {"Authorization": "Bearer sandbox"}
        answers = [urllib3.request("GET", f"{url}{CONTACTS}", headers=headers, retries=False).status for _ in range(3)]
        is_enforced = urllib3.request("GET", f"{url}/_sandbox/limits").json()["limits"]["enforced"]
    finally:
        process.terminate()
        process.wait(10)
    assert (answers, is_enforced) == (expected, bool(options))


def test_calls_of_other_apps_use_up_the_day_too(call: Caller) -> None:
    limit(call, daily=50, elsewhere=48)
    assert [call("GET", CONTACTS)[2]["X-HubSpot-RateLimit-Daily-Remaining"], *statuses(call, 2)] == ["1", 200, 429]
