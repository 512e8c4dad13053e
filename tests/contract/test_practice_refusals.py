"""What a client that is not ours makes of refusals: hubspot-api-client's typed classes meet limits, scopes and tokens that end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hubspot
import pytest
import urllib3
from hubspot.crm.associations.v4 import models as ties
from hubspot.crm.contacts import ApiException, PublicObjectSearchRequest
from hubspot.crm.deals import ApiException as DealsApiException
from hubspot.oauth import ApiException as OAuthApiException

from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal

APP = {"client_id": "practice-client", "client_secret": "practice-secret"}
EVERYTHING = PublicObjectSearchRequest(limit=10, after="0", sorts=[], properties=["email"], filter_groups=[])


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(a_portal()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> Caller:
    return Caller(served)


def client_of(served: Served, token: str = "sandbox", **more: Any) -> Any:
    return hubspot.Client.create(access_token=token, host=served.url, **more)


def told(error: Any) -> Any:
    body: dict[str, Any] = urllib3.HTTPResponse(body=error.body.encode(), status=error.status).json()
    return body


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("policy", ("RATE_LIMIT", "TEN_SECONDLY_ROLLING", None)),
        ("secondly_old", (None, None, "RATE_LIMITS")),
        ("error_type", ("RATE_LIMIT", None, None)),
    ],
)
def test_a_call_too_many_raises_in_every_form(served: Served, call: Caller, form: str, expected: tuple[str | None, ...]) -> None:
    call("POST", "/_sandbox/limits", {"burst": 1, "enforced": True, "form": form})
    api = client_of(served).crm.contacts.basic_api
    assert [row.id for row in api.get_page(limit=1).results] == ["101"]
    with pytest.raises(ApiException) as refused:
        api.get_page(limit=1)
    body = told(refused.value)
    assert (refused.value.status, body.get("errorType"), body.get("policyName"), body.get("category")) == (429, *expected)
    assert refused.value.headers["X-HubSpot-RateLimit-Remaining"] == "0"


def test_a_search_too_many_has_no_interval_headers(served: Served, call: Caller) -> None:
    call("POST", "/_sandbox/limits", {"search_per_s": 0, "enforced": True})
    with pytest.raises(ApiException) as refused:
        client_of(served).crm.contacts.search_api.do_search(EVERYTHING)
    assert (refused.value.status, told(refused.value)["category"]) == (429, "RATE_LIMITS")
    names = {name.lower() for name in refused.value.headers if "ratelimit" in name.lower()}
    assert names == {"x-hubspot-ratelimit-daily", "x-hubspot-ratelimit-daily-remaining"}


def test_its_own_retries_see_a_limit_through(served: Served, call: Caller) -> None:
    call("POST", "/_sandbox/faults", {"status": 429, "count": 2, "retry_after": 0})
    retry = urllib3.Retry(total=3, status_forcelist=(429,), allowed_methods=None)
    found = client_of(served, retry=retry).crm.contacts.search_api.do_search(EVERYTHING)
    assert {row.id for row in found.results} == {"101", "102", "103"}
    assert [row["fault"] for row in call.get("/_sandbox/requests")["requests"]] == ["429", "429", None]


def test_a_missing_scope_is_named(served: Served, call: Caller) -> None:
    call("POST", "/_sandbox/token", {"without": ["crm.objects.deals.read"]})
    client = client_of(served)
    assert client.crm.contacts.basic_api.get_page().results
    with pytest.raises(DealsApiException) as refused:
        client.crm.deals.basic_api.get_page()
    body = told(refused.value)
    assert (refused.value.status, body["category"]) == (403, "MISSING_SCOPES")
    assert body["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.deals.read"]


def test_an_ended_token_is_renewed_by_its_refresh_token(served: Served, call: Caller) -> None:
    tokens = client_of(served).oauth.tokens_api
    first = tokens.create(grant_type="authorization_code", code="practice-code", redirect_uri="http://127.0.0.1/", **APP)
    assert (first.token_type, first.expires_in) == ("bearer", 1800)
    api = client_of(served, first.access_token).crm.contacts.basic_api
    assert len(api.get_page().results) == 3
    call("POST", "/_sandbox/clock", {"advance_s": 1800})
    with pytest.raises(ApiException) as ended:
        api.get_page()
    assert (ended.value.status, told(ended.value)["category"]) == (401, "EXPIRED_AUTHENTICATION")
    second = tokens.create(grant_type="refresh_token", refresh_token=first.refresh_token, **APP)
    api.api_client.configuration.access_token = second.access_token
    assert len(api.get_page().results) == 3


def test_a_refresh_token_that_is_none_is_refused(served: Served) -> None:
    with pytest.raises(OAuthApiException) as refused:
        client_of(served).oauth.tokens_api.create(grant_type="refresh_token", refresh_token="other", **APP)
    assert (refused.value.status, told(refused.value)["status"]) == (400, "BAD_REFRESH_TOKEN")


def test_a_broken_connection_is_repeated_for_a_read_and_raised_for_a_write(served: Served, call: Caller) -> None:
    call("POST", "/_sandbox/faults", [{"fault": "reset_before", "count": 1}, {"fault": "reset_after", "count": 1, "method": "PUT"}])
    client = client_of(served, retry=urllib3.Retry(connect=0, read=1, allowed_methods={"GET"}))
    assert len(client.crm.contacts.basic_api.get_page().results) == 3
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.crm.associations.v4.basic_api.create("contacts", "102", "companies", "9", [_primary()])
    linked = client.crm.associations.v4.basic_api.get_page("contacts", "102", "companies").results
    assert [row.to_object_id for row in linked] == ["9"]  # the work was done, the answer lost


def _primary() -> Any:
    return ties.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=1)
