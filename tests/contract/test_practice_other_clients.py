"""The practice HubSpot, read by clients of other authors.

`hubspot-sdk` holds every answer against the types of HubSpot's 2026-03 API and refuses what does not fit; `s6r-hubspot`
speaks v3 and v4 by hand and reads refusals in its own way.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hubspot_sdk import APIResponseValidationError, HubSpot, InternalServerError, PermissionDeniedError, RateLimitError
from s6r_hubspot import HubspotConnection, HubSpotError, HubSpotRateLimitError, HubSpotScopeError

from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal

AT_EXAMPLE = {"operator": "CONTAINS_TOKEN", "value": "*@example.com"}


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(a_portal()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> Caller:
    return Caller(served)


@pytest.fixture
def sdk(served: Served) -> Iterator[HubSpot]:
    with HubSpot(access_token="sandbox", base_url=served.url, max_retries=0, _strict_response_validation=True) as client:
        yield client


@pytest.fixture
def by_hand(served: Served) -> Iterator[Any]:
    level = logging.getLogger().level
    connection = HubspotConnection(token="sandbox")  # turns the root logger up
    connection._url = served.url
    yield connection
    logging.getLogger().setLevel(level)


def test_the_sdk_walks_pages_and_their_shape_fits(sdk: HubSpot) -> None:
    rows = list(sdk.crm.objects.contacts.list(limit=2, properties=["email"], associations=["companies"]))
    emails = {"101": "Ada@Example.com", "102": "eve@example.com", "103": "ivy@example.com"}
    assert {row.id: row.properties["email"] for row in rows} == emails
    assert {end.id for end in (rows[0].associations or {})["companies"].results} == {"9", "10"}


def test_the_sdk_reads_one_with_its_history(sdk: HubSpot) -> None:
    ada = sdk.crm.objects.contacts.get("101", properties_with_history=["lifecyclestage"])
    versions = (ada.properties_with_history or {})["lifecyclestage"]
    assert [(each.value, each.source_type) for each in versions] == [("marketingqualifiedlead", "CRM_UI"), ("lead", "FORM")]


def test_the_sdk_searches_and_pages(sdk: HubSpot) -> None:
    found: list[str] = []
    after = "0"
    while after:
        page = sdk.crm.objects.contacts.search(
            filter_groups=[{"filters": [{"property_name": "email", **AT_EXAMPLE}]}],  # type: ignore[typeddict-item]
            sorts=["-hs_object_id"],
            properties=["email"],
            limit=2,
            after=after,
        )
        found += [row.id for row in page.results]
        after = page.paging.next.after if page.paging and page.paging.next else ""
    assert (page.total, found) == (3, ["103", "102", "101"])


def test_the_sdk_finds_the_shape_of_everything_else_right(sdk: HubSpot) -> None:
    assert [owner.id for owner in sdk.crm.owners.list(limit=2)] == ["77", "78", "80"]
    assert {stage.id for stage in sdk.crm.pipelines.list("deals").results[0].stages} >= {"closedwon", "closedlost"}
    assert {each.name for each in sdk.crm.properties.list("contacts").results} >= {"email", "lifecyclestage"}
    assert sdk.account.get().portal_id == 62515
    assert sdk.account.get_daily_private_apps_usage().results[0].current_usage >= 1


def test_the_sdk_names_what_was_refused(sdk: HubSpot, call: Caller) -> None:
    call("POST", "/_sandbox/token", {"without": ["crm.objects.contacts.read"]})
    with pytest.raises(PermissionDeniedError) as refused:
        sdk.crm.objects.contacts.list()
    assert refused.value.body["category"] == "MISSING_SCOPES"  # type: ignore[index]
    call("POST", "/_sandbox/token", {"without": []})
    call("POST", "/_sandbox/limits", {"burst": 0, "enforced": True})
    with pytest.raises(RateLimitError):
        sdk.crm.objects.contacts.list()


def test_the_sdk_tries_again_what_went_wrong_on_the_way(sdk: HubSpot, call: Caller) -> None:
    call("POST", "/_sandbox/faults", [{"status": 502, "count": 1}, {"fault": "reset_before", "count": 1}, {"status": 500, "after": 3}])
    assert [row.id for row in sdk.with_options(max_retries=3).crm.objects.contacts.list(limit=10)] == ["101", "102", "103"]
    with pytest.raises(InternalServerError):
        sdk.crm.objects.contacts.list()
    call("DELETE", "/_sandbox/faults")
    call("POST", "/_sandbox/faults", {"fault": "cut_json"})
    with pytest.raises((APIResponseValidationError, ValueError)):
        sdk.crm.objects.contacts.list()


def test_a_client_by_hand_reads_pages_searches_and_follows_associations(by_hand: Any, call: Caller) -> None:
    assert [row["id"] for row in by_hand.get_all("contacts", ["email"], associations=["companies"])] == ["101", "102", "103"]
    found = by_hand.search("contacts", filters=[{"propertyName": "email", **AT_EXAMPLE}], properties=["email"], limit=2)
    assert {row["id"] for row in found} == {"101", "102", "103"}
    assert [row["query"] or row["body"].get("after") for row in call.get("/_sandbox/requests")["requests"]][-2:] == [None, "2"]
    linked = by_hand.read("contacts", ["101", "102"], ["email"], associations=["companies"])
    assert {row["id"]: len(row.get("_companies", [])) for row in linked} == {"101": 2, "102": 0}
    assert [owner["id"] for owner in by_hand.get_owners(include_archived=True)] == ["77", "78", "80", "79"]
    assert by_hand.get_account_details()["portalId"] == 62515


def test_a_client_by_hand_waits_for_the_forms_of_429_that_it_knows(by_hand: Any, call: Caller) -> None:
    for form in ("policy", "error_type"):
        call("POST", "/_sandbox/faults", {"status": 429, "count": 1, "form": form})
        assert len(by_hand.search("contacts")) == 3
    call("POST", "/_sandbox/faults", {"status": 429, "count": 1, "form": "secondly_old"})
    with pytest.raises(HubSpotError, match="You have reached your secondly limit") as given_up:
        by_hand.search("contacts")
    assert not isinstance(given_up.value, HubSpotRateLimitError)


def test_a_client_by_hand_names_the_scope_that_is_missing(by_hand: Any, call: Caller) -> None:
    call("POST", "/_sandbox/token", {"without": ["settings.users.teams.read"]})
    with pytest.raises(HubSpotScopeError) as refused:
        by_hand.request("GET", "/settings/v3/users/teams")
    assert refused.value.required_scope == "settings.users.teams.read"
