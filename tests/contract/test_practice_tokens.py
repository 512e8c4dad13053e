"""Tokens of the practice HubSpot: scopes, revocation, OAuth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from sandbox.limits import Limits
from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal

CONTACTS = "/crm/objects/2026-09/contacts"
INFO = "/oauth/v2/private-apps/get/access-token-info"
APP = {"client_id": "practice-client", "client_secret": "practice-secret"}
REFRESH = {"grant_type": "refresh_token", "refresh_token": "practice-refresh", **APP}
CODE = {"grant_type": "authorization_code", "code": "practice-code", "redirect_uri": "http://127.0.0.1/", **APP}


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(a_portal()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> Caller:
    return Caller(served)


def order(call: Caller, body: dict[str, Any]) -> Any:
    status, told, _ = call("POST", "/_sandbox/token", body)
    assert status == 200, told
    return told


def post(served: Served, path: str, form: dict[str, str]) -> tuple[int, Any]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = urllib3.request("POST", served.url + path, body=urlencode(form), headers=headers)
    return answer.status, answer.json() if answer.data else None


def granted(served: Served, form: dict[str, str] = REFRESH) -> str:
    status, body = post(served, "/oauth/v3/token", form)
    assert status == 200, body
    return str(body["access_token"])


def get(served: Served, token: str, path: str = CONTACTS) -> tuple[int, Any, Any]:
    answer = urllib3.request("GET", served.url + path, headers={"Authorization": f"Bearer {token}"})
    return answer.status, answer.json(), answer.headers


SCOPE_OF = [
    ("GET", CONTACTS, None, "crm.objects.contacts.read"),
    ("GET", "/crm/v3/objects/CONTACT/101", None, "crm.objects.contacts.read"),
    ("POST", f"{CONTACTS}/search", {}, "crm.objects.contacts.read"),
    ("POST", f"{CONTACTS}/batch/read", {"inputs": []}, "crm.objects.contacts.read"),
    ("PATCH", f"{CONTACTS}/101", {"properties": {}}, "crm.objects.contacts.write"),
    ("POST", f"{CONTACTS}/batch/update", {"inputs": []}, "crm.objects.contacts.write"),
    ("GET", "/crm/v3/objects/companies", None, "crm.objects.companies.read"),
    ("GET", "/crm/v3/objects/0-3", None, "crm.objects.deals.read"),
    ("GET", "/crm/v3/objects/leads", None, "crm.objects.leads.read"),
    ("GET", "/crm/v3/objects/tickets", None, "tickets"),
    ("GET", "/crm/v3/objects/calls", None, "crm.objects.contacts.read"),
    ("POST", "/crm/objects/2026-09/tasks", {"properties": {"hs_timestamp": "2026-11-22T09:00:00Z"}}, "crm.objects.contacts.write"),
    ("GET", "/crm/v3/objects/emails", None, "sales-email-read"),
    ("GET", "/crm/objects/2026-09/contacts/101/associations/companies", None, "crm.objects.companies.read"),
    ("GET", "/crm/v4/objects/deals/301/associations/contacts", None, "crm.objects.deals.read"),
    ("POST", "/crm/v4/associations/contacts/deals/batch/read", {"inputs": [{"id": "101"}]}, "crm.objects.deals.read"),
    ("PUT", "/crm/v4/objects/contacts/101/associations/default/companies/9", None, "crm.objects.companies.write"),
    ("GET", "/crm/v3/properties/deals", None, "crm.schemas.deals.read"),
    ("GET", "/crm/v3/pipelines/deals", None, "crm.schemas.deals.read"),
    ("GET", "/crm/v3/properties/contacts/groups", None, "crm.schemas.contacts.read"),
    ("POST", "/crm/properties/2026-09/contacts", {}, "crm.schemas.contacts.write"),
    ("GET", "/crm/v3/properties/calls", None, "crm.objects.contacts.read"),
    ("GET", "/crm/v3/owners", None, "crm.objects.owners.read"),
    ("GET", "/crm/v3/owners/77", None, "crm.objects.owners.read"),
    ("GET", "/settings/v3/users/teams", None, "settings.users.teams.read"),
    ("GET", "/account-info/2026-09/api-usage/daily/private-apps", None, "oauth"),
]


@pytest.mark.parametrize(("method", "path", "body", "scope"), SCOPE_OF)
def test_a_call_needs_its_scope(call: Caller, method: str, path: str, body: object, scope: str) -> None:
    assert call(method, path, body)[0] in (200, 201, 207, 400)
    order(call, {"without": [scope]})
    status, told, _ = call(method, path, body)
    assert (status, told["status"], told["category"]) == (403, "error", "MISSING_SCOPES")
    assert told["errors"][0]["context"]["requiredGranularScopes"] == [scope]
    order(call, {"without": []})
    assert call(method, path, body)[0] in (200, 201, 207, 400)


def test_all_scopes_that_are_missing_are_named_and_nothing_was_done(call: Caller) -> None:
    order(call, {"scopes": ["crm.objects.owners.read"]})
    told = call("PUT", "/crm/v4/objects/contacts/102/associations/default/companies/9")[1]
    names = ["crm.objects.companies.write", "crm.objects.contacts.write"]
    assert told["errors"][0] == {
        "message": "All of the following scopes are required.",
        "context": {"requiredGranularScopes": names},
    }
    assert told["links"] == {"scopes": "https://developers.hubspot.com/scopes"}
    assert call.get("/crm/v3/owners")["results"]
    assert call.get("/account-info/v3/details")["portalId"] == 62515
    order(call, {"without": []})
    assert call.get("/crm/v4/objects/contacts/102/associations/companies")["results"] == []


def test_a_token_tells_its_scopes(call: Caller) -> None:
    order(call, {"scopes": ["crm.objects.owners.read", "oauth"]})
    assert call.get("/_sandbox/token") == {"scopes": ["crm.objects.owners.read", "oauth"], "revoked": False}
    body = call("POST", INFO, {"tokenKey": "sandbox"})[1]
    assert body == {"userId": 1, "hubId": 62515, "appId": 54321, "scopes": ["crm.objects.owners.read", "oauth"]}
    order(call, {"without": ["oauth"]})
    assert {"crm.objects.leads.write", "sales-email-read"} <= set(call("POST", INFO, {"tokenKey": "sandbox"})[1]["scopes"])


def test_a_revoked_token_opens_nothing_until_it_is_given_back(call: Caller) -> None:
    order(call, {"revoked": True})
    status, body, _ = call("GET", CONTACTS)
    assert (status, body["category"]) == (401, "INVALID_AUTHENTICATION")
    order(call, {"revoked": False})
    assert call("GET", CONTACTS)[0] == 200


@pytest.mark.parametrize("path", ["/_sandbox/token", "/_sandbox/oauth"])
@pytest.mark.parametrize("body", [{"revoked": "yes", "sort": 1}, {"scopes": "all", "code": 5}, ["x"], {"client_id": "", "without": [1]}])
def test_orders_that_are_none_change_nothing(call: Caller, path: str, body: Any) -> None:
    before = call.get(path)
    status, told, _ = call("POST", path, body)
    assert (status, len(told["problems"])) == (400, 2 if isinstance(body, dict) else 1)
    assert call.get(path) == before


def test_a_scope_that_the_practice_portal_does_not_know_is_refused(call: Caller) -> None:
    status, told, _ = call("POST", "/_sandbox/token", {"without": ["crm.objects.deal.read"]})
    assert (status, told["problems"][0][:34]) == (400, "crm.objects.deal.read: expected on")


@pytest.mark.parametrize("version", ["v1", "v3", "2026-03", "2026-09"])
@pytest.mark.parametrize("form", [REFRESH, CODE])
def test_an_access_token_is_granted_under_every_version(served: Served, version: str, form: dict[str, str]) -> None:
    status, body = post(served, f"/oauth/{version}/token", form)
    token = body.pop("access_token")
    assert {"crm.objects.contacts.read"} < set(body.pop("scopes"))
    assert (status, body) == (
        200,
        {
            "refresh_token": "practice-refresh",
            "expires_in": 1800,
            "token_type": "bearer",
            "token_use": "access_token",
            "hub_id": 62515,
            "user_id": 1,
        },
    )
    assert get(served, token)[0] == 200


def test_an_access_token_lasts_1800_seconds_of_the_portals_time(served: Served, call: Caller) -> None:
    token = granted(served)
    call("POST", "/_sandbox/clock", {"advance_s": 1799})
    assert get(served, token)[0] == 200
    call("POST", "/_sandbox/clock", {"advance_s": 1})
    status, body, _ = get(served, token)
    assert (status, body["category"], body["context"]) == (401, "EXPIRED_AUTHENTICATION", {"expire time": ["2026-11-20T15:30:00Z"]})
    assert body["message"] == "The OAuth token used to make this call expired 0 second(s) ago."
    assert get(served, granted(served))[0] == 200


def test_an_oauth_app_has_a_burst_of_110_and_no_day(served: Served, call: Caller) -> None:
    call("POST", "/_sandbox/limits", {"enforced": True, "daily": 1, "burst": 1})
    token = granted(served)
    _, _, headers = get(served, token)
    assert {name.lower(): value for name, value in headers.items() if "ratelimit" in name.lower()} == {
        "x-hubspot-ratelimit-max": "110",
        "x-hubspot-ratelimit-remaining": "109",
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-secondly": "11",
        "x-hubspot-ratelimit-secondly-remaining": "10",
    }
    assert get(served, token)[0] == 200
    assert call("GET", CONTACTS)[0] == 200
    assert call("GET", CONTACTS)[1]["policyName"] == "DAILY"
    call("POST", "/_sandbox/limits", {"oauth_burst": 2})
    assert get(served, token)[1]["policyName"] == "TEN_SECONDLY_ROLLING"
    answer = urllib3.request("POST", f"{served.url}{CONTACTS}/search", body=b"{}", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status, [name for name in answer.headers if "ratelimit" in name.lower()]) == (200, [])
    assert call.get("/_sandbox/limits")["spent"] == {"today": 2, "private": 1, "oauth": 2, "associations": 0, "search": 1}


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (REFRESH | {"refresh_token": "other"}, "BAD_REFRESH_TOKEN", "invalid_grant"),
        (APP | {"grant_type": "refresh_token"}, "BAD_REFRESH_TOKEN", "invalid_grant"),
        (REFRESH | {"client_id": "other"}, "BAD_CLIENT_ID", "invalid_client"),
        (REFRESH | {"client_secret": "other"}, "BAD_CLIENT_SECRET", "invalid_client"),
        (CODE | {"code": "other"}, "BAD_AUTH_CODE", "invalid_grant"),
        (APP | {"grant_type": "password"}, "BAD_GRANT_TYPE", "unsupported_grant_type"),
        (APP, "BAD_GRANT_TYPE", "unsupported_grant_type"),
    ],
)
def test_who_shows_the_wrong_thing_gets_no_token(served: Served, form: dict[str, str], status: str, error: str) -> None:
    code, body = post(served, "/oauth/2026-09/token", form)
    assert (code, body["status"], body["error"]) == (400, status, error)
    assert body["message"] == body["error_description"]


def test_a_code_is_good_once(served: Served, call: Caller) -> None:
    granted(served, CODE)
    assert post(served, "/oauth/v3/token", CODE)[1]["status"] == "BAD_AUTH_CODE"
    assert post(served, "/oauth/v3/token", {name: value for name, value in CODE.items() if name != "code"})[0] == 400
    call("POST", "/_sandbox/oauth", {"code": "second"})
    granted(served, CODE | {"code": "second"})


def test_what_the_app_shows_can_be_set(served: Served, call: Caller) -> None:
    told = call("POST", "/_sandbox/oauth", {"client_id": "mine", "refresh_token": "new"})[1]
    assert told == {"client_id": "mine", "client_secret": "practice-secret", "refresh_token": "new", "code": "practice-code"}
    assert post(served, "/oauth/v3/token", REFRESH)[0] == 400
    granted(served, REFRESH | {"client_id": "mine", "refresh_token": "new"})


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_tokens_are_introspected_and_revoked(served: Served, version: str) -> None:
    ask, revoke = f"/oauth/{version}/token/introspect", f"/oauth/{version}/token/revoke"
    token = granted(served)
    told = post(served, ask, {"token": token})[1]
    assert (told["active"], told["token_use"], told["expires_in"], told["hub_id"]) == (True, "access_token", 1800, 62515)
    assert post(served, ask, {"token": "practice-refresh"})[1]["token_use"] == "refresh_token"
    assert post(served, revoke, {"token": "practice-refresh"}) == (200, None)
    assert post(served, ask, {"token": "practice-refresh"})[1] == {"active": False}
    assert post(served, "/oauth/v3/token", REFRESH)[1]["status"] == "BAD_REFRESH_TOKEN"
    assert get(served, token)[0] == 200  # it was granted before
    post(served, revoke, {"token": token})
    status, body, _ = get(served, token)
    assert (status, body["category"]) == (401, "INVALID_AUTHENTICATION")


def test_scopes_hold_for_oauth_too(served: Served, call: Caller) -> None:
    token = granted(served)
    order(call, {"without": ["crm.objects.contacts.read"]})
    assert get(served, token)[1]["category"] == "MISSING_SCOPES"
    assert get(served, token, "/crm/v3/owners")[0] == 200


def test_limits_given_to_serve_are_enforced_if_they_say_so() -> None:
    with serve(a_portal(), limits=Limits(burst=1, enforced=True)) as served:
        assert [Caller(served)("GET", CONTACTS)[0] for _ in range(2)] == [200, 429]
