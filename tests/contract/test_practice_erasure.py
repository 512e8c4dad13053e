"""Contacts of the practice HubSpot that are deleted for good, archived, brought back, or in the archive for too long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.server import serve
from tests.contract.practice import Caller, a_portal

PATHS = ("/crm/v3/objects/contacts", "/crm/objects/2026-09/contacts")
CONTACT = PATHS[1]


@pytest.fixture
def call() -> Iterator[Caller]:
    with serve(a_portal()) as served:
        yield Caller(served)


def nowhere(call: Caller, id_: str) -> bool:
    batches = [call("POST", f"{CONTACT}/batch/read{query}", {"inputs": [{"id": id_}]})[1] for query in ("", "?archived=true")]
    lists = [call.get(f"{CONTACT}?limit=100{query}")["results"] for query in ("", "&archived=true")]
    single = [call("GET", f"{CONTACT}/{id_}{query}") for query in ("", "?archived=true")]
    return (
        all(answer["results"] == [] for answer in batches)
        and id_ not in [row["id"] for rows in lists for row in rows]
        and id_ not in call.search("contacts", limit=100)
        and all(status == 404 and body.startswith("<html>") for status, body, _ in single)
    )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("named", [{"objectId": "101"}, {"objectId": "ADA@example.com", "idProperty": "email"}])
def test_an_erased_contact_is_nowhere_and_its_associations_are_gone(call: Caller, path: str, named: dict[str, str]) -> None:
    before = call.get("/crm/v3/objects/companies/9?properties=num_associated_contacts")
    assert before["properties"]["num_associated_contacts"] == "1"
    call("POST", "/_sandbox/clock", {"advance_s": 60})
    assert call("POST", f"{path}/gdpr-delete", named)[0] == 204

    assert nowhere(call, "101")
    assert "associations" not in call.get("/crm/v3/objects/calls/501?associations=contacts")
    company = call.get("/crm/v3/objects/companies/9?associations=contacts&properties=num_associated_contacts")
    assert "associations" not in company
    assert company["properties"]["num_associated_contacts"] in ("0", None)
    assert company["updatedAt"] == before["updatedAt"]


def test_an_archived_contact_is_erased_too(call: Caller) -> None:
    assert call("POST", f"{CONTACT}/gdpr-delete", {"objectId": "104"})[0] == 204
    assert nowhere(call, "104")


def test_an_erased_address_is_never_used_again_whether_a_contact_had_it_or_not(call: Caller) -> None:
    for email in ("ada@example.com", "nobody@example.com"):
        assert call("POST", f"{CONTACT}/gdpr-delete", {"objectId": email, "idProperty": "email"})[0] == 204
        status, body, _ = call("POST", CONTACT, {"properties": {"email": email}})
        assert (status, "INVALID_EMAIL" in body["message"]) == (400, True)


def test_only_contacts_that_are_there_are_erased(call: Caller) -> None:
    assert call("POST", f"{CONTACT}/gdpr-delete", {"objectId": "999"})[0] == 404
    assert call("POST", "/crm/v3/objects/companies/gdpr-delete", {"objectId": "9"})[0] == 404
    assert call("POST", f"{CONTACT}/gdpr-delete", {"objectId": 101})[0] == 400
    assert len(call.search("contacts")) == 3


def test_the_archive_is_paged_with_its_moments(call: Caller) -> None:
    call("POST", f"{CONTACT}/batch/archive", {"inputs": [{"id": "101"}, {"id": "103"}]})
    first = call.get(f"{CONTACT}?archived=true&limit=2")
    assert [(row["id"], row["archived"], row["archivedAt"]) for row in first["results"]] == [
        ("101", True, "2026-11-20T15:00:00Z"),
        ("103", True, "2026-11-20T15:00:00Z"),
    ]
    last = call.get(f"{CONTACT}?archived=true&limit=2&after={first['paging']['next']['after']}")
    assert ([(row["id"], row["archivedAt"]) for row in last["results"]], "paging" in last) == ([("104", "2026-11-10T00:00:00Z")], False)


@pytest.mark.parametrize("kind", ["meetings", "communications"])
def test_the_archive_of_meetings_and_messages_is_not_paged(call: Caller, kind: str) -> None:
    status, body, _ = call("GET", f"/crm/v3/objects/{kind}?archived=true")
    assert (status, body["message"]) == (400, "Paging through deleted objects is not yet supported")


def test_a_record_leaves_the_archive_after_ninety_days(call: Caller) -> None:
    call("POST", "/_sandbox/clock", {"now": "2027-02-08T00:00:00Z"})
    assert call.get(f"{CONTACT}/104?archived=true")["id"] == "104"
    assert [row["id"] for row in call.get(f"{CONTACT}?archived=true")["results"]] == ["104"]
    call("POST", "/_sandbox/clock", {"now": "2027-02-08T00:00:00.001Z"})
    assert nowhere(call, "104")


def test_a_restored_record_is_back_with_its_associations_and_counts_as_changed(call: Caller) -> None:
    call("DELETE", f"{CONTACT}/101")
    assert call.get("/crm/v3/objects/companies/9?properties=num_associated_contacts")["properties"]["num_associated_contacts"] in (
        "0",
        None,
    )
    call("POST", "/_sandbox/clock", {"advance_s": 60})
    assert call("POST", "/_sandbox/restore", {"kind": "contacts", "id": "101"})[:2] == (200, {"restored": "101"})

    back = call.get(f"{CONTACT}/101?associations=companies")
    assert (back["archived"], back["updatedAt"]) == (False, "2026-11-20T15:01:00Z")
    assert {row["id"] for row in back["associations"]["companies"]["results"]} == {"9", "10"}
    assert call.get("/crm/v3/objects/companies/9?properties=num_associated_contacts")["properties"]["num_associated_contacts"] == "1"
    assert "101" in call.search("contacts")
    assert call("POST", CONTACT, {"properties": {"email": "ada@example.com"}})[0] == 409


@pytest.mark.parametrize(
    "body", [{"kind": "contacts", "id": "101"}, {"kind": "x", "id": "104"}, {"id": "104"}, {"kind": "contacts", "id": 104}]
)
def test_only_what_is_archived_is_restored(call: Caller, body: dict[str, str]) -> None:
    assert call("POST", "/_sandbox/restore", body)[0] == 400


def test_a_record_whose_address_was_taken_meanwhile_is_not_restored(call: Caller) -> None:
    call("DELETE", f"{CONTACT}/101")
    call("POST", CONTACT, {"properties": {"email": "ada@example.com"}})
    status, body, _ = call("POST", "/_sandbox/restore", {"kind": "contacts", "id": "101"})
    assert (status, "already exists" in body["problems"][0]) == (400, True)
