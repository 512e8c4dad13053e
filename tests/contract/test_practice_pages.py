"""Errors that HubSpot's web server gives, not its API: short HTML pages, whatever the path."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import urllib3

from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal

READ = [
    "/crm/v3/objects/contacts",
    "/crm/objects/2026-09/contacts/101",
    "/crm/v4/objects/contacts/101/associations/companies",
    "/crm/v4/associations/contacts/companies/labels",
    "/crm/properties/2026-09/contacts/email",
    "/crm/v3/pipelines/deals/default/stages",
    "/crm/owners/2026-09",
    "/settings/v3/users/teams",
    "/account-info/2026-09/details",
    "/account-info/v3/api-usage/daily/private-apps",
]
POSTED = [
    "/crm/v3/objects/contacts/search",
    "/crm/objects/2026-09/contacts/batch/read",
    "/crm/associations/2026-09/contacts/companies/batch/read",
    "/oauth/v2/private-apps/get/access-token-info",
    "/oauth/v1/token",
    "/oauth/2026-09/token/introspect",
]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve(a_portal()) as served:
        yield served


@pytest.fixture(scope="module")
def call(served: Served) -> Caller:
    return Caller(served)


def is_page(call: Caller, method: str, path: str, status: int) -> bool:
    told, body, headers = call(method, path)
    assert told == status, body
    assert headers["content-type"].startswith("text/html")
    return f"HTTP ERROR {status}" in body


@pytest.mark.parametrize("path", [*READ, *POSTED])
def test_a_path_that_goes_on_to_nowhere_is_a_404(call: Caller, path: str) -> None:
    assert is_page(call, "GET", f"{path}/no/such/path/at/all", 404)


@pytest.mark.parametrize("path", ["/", "/crm", "/crm/v5/objects/contacts", "/crm/objects/2025-03/contacts", "/oauth/v9/token", "/x" * 900])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_path_of_no_version_is_a_404(call: Caller, method: str, path: str) -> None:
    assert is_page(call, method, path, 404)


@pytest.mark.parametrize("path", [*READ, *POSTED])
def test_a_wrong_method_is_a_405(call: Caller, path: str) -> None:
    assert is_page(call, "PUT", path, 405)
    assert is_page(call, "OPTIONS", path, 405)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("path", [*READ, *POSTED, "/crm/v5/none"])
def test_a_url_of_more_than_16200_characters_is_a_414(call: Caller, method: str, path: str) -> None:
    room = 16_200 - len(path) - len("?properties=")
    assert is_page(call, method, f"{path}?properties={'x' * (room + 1)}", 414)
    assert call(method, f"{path}?properties={'x' * room}")[0] != 414


def test_a_414_comes_before_the_token_is_looked_at(served: Served) -> None:
    answer = urllib3.request("GET", f"{served.url}/crm/v3/owners?x={'y' * 16_200}")
    assert (answer.status, answer.data[:6]) == (414, b"<html>")
