"""The practice HubSpot on the wire: shapes of answers and errors, paths, headers.

Shapes are those of recorded answers of api.hubapi.com, retyped.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve(a_portal(), port=0, token="sandbox") as served:
        yield served


@pytest.fixture(scope="module")
def call(served: Served) -> Caller:
    return Caller(served)


@pytest.mark.parametrize("prefix", ["/crm/v3/objects", "/crm/objects/2026-03", "/crm/objects/2026-09"])
@pytest.mark.parametrize("kind", ["contacts", "CONTACT", "contact", "0-1"])
def test_an_object_is_served_under_every_version_and_name(call: Caller, prefix: str, kind: str) -> None:
    assert call.get(f"{prefix}/{kind}/101")["id"] == "101"


@pytest.mark.parametrize(
    "paths",
    [
        ("/crm/v4/objects/contacts/101/associations/companies", "/crm/objects/2026-09/contacts/101/associations/companies"),
        ("/crm/v3/properties/deals", "/crm/properties/2026-03/deals", "/crm/properties/2026-09/deals"),
        ("/crm/v3/pipelines/deals", "/crm/pipelines/2026-03/deals", "/crm/pipelines/2026-09/deals"),
        ("/crm/v3/owners", "/crm/owners/2026-03", "/crm/owners/2026-09", "/crm/owners/2026-09/"),
        ("/settings/v3/users/teams", "/settings/users/2026-03/teams", "/settings/users/2026-09/teams"),
        ("/account-info/v3/details", "/account-info/2026-03/details", "/account-info/2026-09/details"),
    ],
)
def test_every_version_answers_the_same(call: Caller, paths: tuple[str, ...]) -> None:
    first, *others = [call.get(path) for path in paths]
    assert first
    assert all(other == first for other in others)


def test_usage_of_the_day_is_told(call: Caller) -> None:
    row = call.get("/account-info/v3/api-usage/daily/private-apps")["results"][0]
    assert row["usageLimit"] == 625_000
    assert row["currentUsage"] >= 1
    assert row["resetsAt"] == "2026-11-21T05:00:00Z"


@pytest.mark.parametrize("path", ["/crm/objects/2025-01/contacts", "/crm/v3/nothing", "/", "/crm/v4/objects/contacts"])
def test_a_path_of_no_known_version_is_an_html_404(call: Caller, path: str) -> None:
    status, body, headers = call("GET", path)
    assert status == 404
    assert body.startswith("<html>")
    assert headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer  sandbox"}, {"Authorization": "bearer sandbox"}, {"Authorization": "Bearer x"}]
)
def test_only_bearer_one_space_and_the_token_open_the_door(served: Served, header: dict[str, str]) -> None:
    answer = urllib3.request("GET", f"{served.url}/crm/v3/objects/contacts", headers=header)
    assert answer.status == 401
    body = answer.json()
    assert body.pop("correlationId") == answer.headers["x-hubspot-correlation-id"]
    assert body == {"status": "error", "message": "Authentication credentials not found.", "category": "INVALID_AUTHENTICATION"}


def test_a_missing_record_is_html_and_a_wrong_id_is_json(call: Caller) -> None:
    status, body, _ = call("GET", "/crm/v3/objects/contacts/999")
    assert (status, body[:6]) == (404, "<html>")
    status, body, _ = call("GET", "/crm/v3/objects/contacts/abc")
    assert (status, body["status"], body["category"]) == (404, "error", "OBJECT_NOT_FOUND")


def test_a_wrong_method_is_an_html_405(call: Caller) -> None:
    status, body, _ = call("PUT", "/crm/v3/objects/contacts/101", {})
    assert (status, body[:6]) == (405, "<html>")


def test_an_unknown_object_type_is_a_400_without_category(call: Caller) -> None:
    status, body, _ = call("GET", "/crm/v3/objects/gizmos")
    assert status == 400
    assert set(body) == {"status", "message", "correlationId"}
    assert body["message"] == "Unable to infer object type from: gizmos"


def test_the_date_header_is_the_portals_time(call: Caller) -> None:
    _, _, headers = call("GET", "/crm/v3/owners")
    assert headers["date"] == "Fri, 20 Nov 2026 15:00:00 GMT"
    assert "server" not in headers


def test_every_answer_tells_the_limits_and_a_search_only_those_of_the_day(call: Caller) -> None:
    _, _, headers = call("GET", "/crm/v3/owners")
    assert (headers["X-HubSpot-RateLimit-Max"], headers["X-HubSpot-RateLimit-Secondly"]) == ("190", "19")
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    before = int(headers["X-HubSpot-RateLimit-Daily-Remaining"])
    _, _, headers = call("POST", "/crm/v3/objects/contacts/search", {})
    told = {name.lower() for name in headers if "ratelimit" in name.lower()}
    assert told == {"x-hubspot-ratelimit-daily", "x-hubspot-ratelimit-daily-remaining"}
    _, _, headers = call("POST", "/crm/v3/objects/contacts/batch/read", {"inputs": [{"id": "101"}]})
    assert int(headers["X-HubSpot-RateLimit-Daily-Remaining"]) == before - 2


def test_an_answer_is_zipped_if_that_is_asked_for(served: Served) -> None:
    headers = {"Authorization": "Bearer sandbox", "Accept-Encoding": "gzip"}
    answer = urllib3.request(
        "GET", f"{served.url}/crm/v3/properties/contacts", headers=headers, decode_content=False, preload_content=False
    )
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.read()).startswith(b'{"results"')


def test_a_page_has_the_recorded_shape(call: Caller) -> None:
    body = call.get("/crm/v3/objects/contacts?limit=1&properties=email,lastname,nonsense")
    link = body["paging"]["next"].pop("link")
    row = body["results"][0]
    assert row.pop("url").endswith("/record/0-1/101")
    assert body == {
        "results": [
            {
                "id": "101",
                "properties": {
                    "createdate": "2026-11-01T10:00:00Z",
                    "email": "Ada@Example.com",
                    "hs_object_id": "101",
                    "lastmodifieddate": "2026-11-02T10:00:00.500Z",
                    "lastname": None,
                },
                "createdAt": "2026-11-01T10:00:00Z",
                "updatedAt": "2026-11-02T10:00:00.500Z",
                "archived": False,
            }
        ],
        "paging": {"next": {"after": "102"}},
    }
    assert link.startswith("http://127.0.0.1:")
    assert "/crm/v3/objects/contacts?limit=1&properties=email%2Clastname%2Cnonsense&after=102" in link


def test_history_comes_with_its_value_and_as_it_was_given(call: Caller) -> None:
    body = call.get("/crm/objects/2026-09/contacts?limit=2&propertiesWithHistory=lifecyclestage,firstname")
    ada, eve = body["results"]
    assert set(ada["properties"]) == {"createdate", "firstname", "hs_object_id", "lastmodifieddate", "lifecyclestage"}
    assert ada["propertiesWithHistory"]["lifecyclestage"][0] == {
        "value": "marketingqualifiedlead",
        "timestamp": "2026-11-02T10:00:00.123Z",
        "sourceType": "CRM_UI",
        "sourceId": "userId:1001",
        "updatedByUserId": 1001,
    }
    assert ada["propertiesWithHistory"]["firstname"] == []
    assert eve["propertiesWithHistory"] == {"lifecyclestage": [], "firstname": []}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=100", 200),
        ("limit=101", 400),
        ("limit=0", 400),
        ("limit=x", 400),
        ("limit=50&propertiesWithHistory=email", 200),
        ("limit=51&propertiesWithHistory=email", 400),
        ("after=x", 400),
    ],
)
def test_a_page_has_its_limits(call: Caller, query: str, status: int) -> None:
    assert call("GET", f"/crm/v3/objects/contacts?{query}")[0] == status


def test_archived_records_are_listed_apart(call: Caller) -> None:
    gone = call.get("/crm/v3/objects/contacts?archived=true")["results"]
    assert [(row["id"], row["archived"], row["archivedAt"]) for row in gone] == [("104", True, "2026-11-10T00:00:00Z")]
    assert call("GET", "/crm/v3/objects/contacts/104")[0] == 404
    assert call.get("/crm/v3/objects/contacts/104?archived=true")["id"] == "104"
    assert call.find("contacts", {"propertyName": "email", "operator": "EQ", "value": "old@example.com"}) == []


@pytest.mark.parametrize("kind", ["meetings", "communications"])
def test_archived_meetings_and_communications_cannot_be_listed(call: Caller, kind: str) -> None:
    status, body, _ = call("GET", f"/crm/v3/objects/{kind}?archived=true")
    assert (status, body["message"]) == (400, "Paging through deleted objects is not yet supported")


def test_a_contact_is_read_by_its_email_in_any_case(call: Caller) -> None:
    assert call.get("/crm/v3/objects/contacts/ADA@example.com?idProperty=email")["id"] == "101"
    assert call("GET", "/crm/v3/objects/contacts/x?idProperty=firstname")[0] == 400


def test_a_batch_read_with_unknown_ids_is_a_207(call: Caller) -> None:
    asked = {"inputs": [{"id": "102"}, {"id": "999"}, {"id": "998"}, {"id": "101"}], "properties": ["email"]}
    status, body, _ = call("POST", "/crm/objects/2026-09/contacts/batch/read", asked)
    assert status == 207
    assert [row["id"] for row in body["results"]] == ["101", "102"]
    assert (body["status"], body["numErrors"], body["startedAt"], body["completedAt"]) == (
        "COMPLETE",
        1,
        "2026-11-20T15:00:00Z",
        "2026-11-20T15:00:00Z",
    )
    assert body["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.",
            "context": {"ids": ["999", "998"]},
        }
    ]


@pytest.mark.parametrize(("count", "history", "status"), [(100, [], 207), (101, [], 400), (50, ["email"], 207), (51, ["email"], 400)])
def test_a_batch_read_has_its_limits(call: Caller, count: int, history: list[str], status: int) -> None:
    asked = {"inputs": [{"id": str(900 + i)} for i in range(count)], "propertiesWithHistory": history}
    assert call("POST", "/crm/v3/objects/contacts/batch/read", asked)[0] == status


def test_doubled_ids_are_refused(call: Caller) -> None:
    status, body, _ = call("POST", "/crm/v3/objects/contacts/batch/read", {"inputs": [{"id": "101"}, {"id": 101}]})
    assert status == 400
    assert body["message"] == "Duplicate IDs found in batch input: [101]. IDs must be unique"
    assert body["context"] == {"ids": ["101"]}


def test_a_record_without_associations_is_an_error_of_a_207(call: Caller) -> None:
    asked = {"inputs": [{"id": "101"}, {"id": "103"}]}
    status, body, _ = call("POST", "/crm/associations/2026-09/contacts/companies/batch/read", asked)
    assert status == 207
    primary = {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}
    plain = {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}
    assert body["results"] == [
        {
            "from": {"id": "101"},
            "to": [{"toObjectId": 9, "associationTypes": [plain, primary]}, {"toObjectId": 10, "associationTypes": [plain]}],
        }
    ]
    (error,) = body["errors"]
    assert (error["category"], error["subCategory"], error["context"]["fromObjectId"]) == (
        "OBJECT_NOT_FOUND",
        "crm.associations.NO_ASSOCIATIONS_FOUND",
        ["103"],
    )


def test_too_many_association_reads_are_refused(call: Caller) -> None:
    asked = {"inputs": [{"id": str(i)} for i in range(1001)]}
    assert call("POST", "/crm/v4/associations/contacts/companies/batch/read", asked)[0] == 400


def test_association_types_can_be_looked_up(call: Caller) -> None:
    rows = call.get("/crm/v4/associations/contacts/companies/labels")["results"]
    assert [(row["typeId"], row["label"]) for row in rows] == [(1, "Primary"), (279, None)]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_a_body_that_is_no_object_is_refused(served: Served, body: bytes) -> None:
    headers = {"Authorization": "Bearer sandbox"}
    answer = urllib3.request("POST", f"{served.url}/crm/v3/objects/contacts/search", body=body, headers=headers)
    assert answer.status == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_more_than_500_associations_of_a_record_are_paged() -> None:
    crowd: list[dict[str, Any]] = [{"object": "notes", "id": str(i), "associations": {"contacts": ["101"]}} for i in range(1, 503)]
    with serve(a_portal(*crowd)) as served:
        call = Caller(served)
        inline = call.get("/crm/v3/objects/contacts/101?associations=notes")["associations"]["notes"]
        assert (len(inline["results"]), inline["paging"]["next"]["after"]) == (500, "501")
        first = call.get("/crm/v4/objects/contacts/101/associations/notes")
        rest = call.get(first["paging"]["next"]["link"].removeprefix(served.url))
        assert [len(page["results"]) for page in (first, rest)] == [500, 2]
        asked = {"inputs": [{"id": "101", "after": "501"}]}
        _, body, _ = call("POST", "/crm/v4/associations/contacts/notes/batch/read", asked)
        assert [row["toObjectId"] for row in body["results"][0]["to"]] == [501, 502]
