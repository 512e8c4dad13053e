"""Merges of contacts in the practice HubSpot: what the survivor takes over, and what the merged-away id still tells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.server import serve
from tests.contract.practice import NOW, Caller, a_portal

PATHS = ("/crm/v3/objects/contacts", "/crm/objects/2026-09/contacts")
CONTACT = PATHS[1]


@pytest.fixture
def call() -> Iterator[Caller]:
    with serve(a_portal()) as served:
        yield Caller(served)


def merge(call: Caller, *, into: str, gone: str, path: str = CONTACT) -> tuple[int, object]:
    status, body, _ = call("POST", f"{path}/merge", {"primaryObjectId": into, "objectIdToMerge": gone})
    return status, body


@pytest.mark.parametrize("path", PATHS)
def test_the_survivor_lists_the_merged_away_id_and_its_values_win(call: Caller, path: str) -> None:
    status, answered = merge(call, into="102", gone="101", path=path)

    assert status == 200
    read = call.get(f"{path}/102?properties=hs_merged_object_ids,email,firstname,hubspot_owner_id,lifecyclestage,hs_additional_emails")
    assert isinstance(answered, dict)
    assert answered["id"] == read["id"] == "102"
    told = {name: value for name, value in read["properties"].items() if not name.endswith("date") and name != "hs_object_id"}
    assert told == {
        "hs_merged_object_ids": "101",
        "email": "eve@example.com",
        "hs_additional_emails": "Ada@Example.com",
        "firstname": "Ada",
        "hubspot_owner_id": "77",
        "lifecyclestage": "marketingqualifiedlead",
    }


def test_what_was_taken_over_has_a_version_of_the_moment_of_the_merge(call: Caller) -> None:
    merge(call, into="102", gone="101")

    history = call.get(f"{CONTACT}/102?propertiesWithHistory=hubspot_owner_id,hs_merged_object_ids")["propertiesWithHistory"]
    moment = NOW.isoformat().replace("+00:00", "Z")
    assert {name: [(v["value"], v["timestamp"]) for v in versions] for name, versions in history.items()} == {
        "hubspot_owner_id": [("77", moment)],
        "hs_merged_object_ids": [("101", moment)],
    }


def test_a_stage_further_on_is_taken_over(call: Caller) -> None:
    merge(call, into="101", gone="103")

    assert call.get(f"{CONTACT}/101?properties=lifecyclestage")["properties"]["lifecyclestage"] == "opportunity"


def test_associations_move_without_a_sign_of_change_on_the_other_end(call: Caller) -> None:
    before = call.get("/crm/objects/2026-09/calls/501")["updatedAt"]
    merge(call, into="102", gone="101")

    linked = call.get(f"{CONTACT}/102?associations=companies,calls")["associations"]
    assert {row["id"] for row in linked["companies"]["results"]} == {"9", "10"}
    assert [row["id"] for row in linked["calls"]["results"]] == ["501"]
    assert call.get("/crm/objects/2026-09/calls/501?associations=contacts")["associations"]["contacts"]["results"][0]["id"] == "102"
    assert call.get("/crm/objects/2026-09/calls/501")["updatedAt"] == before


def test_the_merged_away_id_answers_with_the_survivor_and_is_in_no_list_search_or_batch(call: Caller) -> None:
    merge(call, into="102", gone="101")
    merge(call, into="103", gone="102")

    assert call.get(f"{CONTACT}/101")["id"] == call.get(f"{CONTACT}/102")["id"] == "103"
    assert call.get(f"{CONTACT}/103?properties=hs_merged_object_ids")["properties"]["hs_merged_object_ids"] == "102;101"
    assert [row["id"] for row in call.get(CONTACT)["results"]] == ["103"]
    assert [row["id"] for row in call.get(f"{CONTACT}?archived=true")["results"]] == ["104"]
    assert call.search("contacts", limit=100) == ["103"]
    status, body, _ = call("POST", f"{CONTACT}/batch/read", {"properties": [], "inputs": [{"id": "101"}, {"id": "103"}]})
    assert (status, [row["id"] for row in body["results"]], body.get("errors")) == (200, ["103"], None)


@pytest.mark.parametrize(("into", "gone", "status"), [("101", "101", 400), ("101", "104", 400), ("999", "101", 400), ("x", "101", 404)])
def test_a_merge_of_what_is_not_two_live_contacts_is_refused(call: Caller, into: str, gone: str, status: int) -> None:
    assert merge(call, into=into, gone=gone)[0] == status
    assert sorted(call.search("contacts", limit=100)) == ["101", "102", "103"]


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("companies", {"name": "Nine"}, {"name": "Old Nine", "city": "Bern"}),
        ("deals", {"dealname": "Big"}, {"dealname": "Old big", "amount": "5"}),
        ("tickets", {"subject": "Help"}, {"subject": "Old help", "content": "please"}),
    ],
)
def test_companies_deals_and_tickets_are_merged_too(call: Caller, kind: str, one: dict[str, str], other: dict[str, str]) -> None:
    into, gone = (call("POST", f"/crm/v3/objects/{kind}", {"properties": each})[1]["id"] for each in (one, other))
    path = f"/crm/v3/objects/{kind}"
    assert merge(call, into=into, gone=gone, path=path)[0] == 200

    read = call.get(f"{path}/{gone}?properties=hs_merged_object_ids,{','.join(other)}")
    assert (read["id"], read["properties"]["hs_merged_object_ids"]) == (into, gone)
    assert {name: read["properties"][name] for name in other} == {**other, **one}


def test_calls_are_not_merged(call: Caller) -> None:
    assert call("POST", "/crm/v3/objects/calls/merge", {"primaryObjectId": "501", "objectIdToMerge": "501"})[0] == 404


def test_a_change_of_the_merged_away_id_changes_the_survivor(call: Caller) -> None:
    merge(call, into="102", gone="101")

    status, body, _ = call("PATCH", f"{CONTACT}/101", {"properties": {"lastname": "Both"}})
    assert (status, body["id"]) == (200, "102")
    assert call.get(f"{CONTACT}/102?properties=lastname")["properties"]["lastname"] == "Both"


def test_a_batch_passes_merged_away_ids_over(call: Caller) -> None:
    merge(call, into="102", gone="101")

    rows = [{"id": "101", "properties": {"lastname": "X"}}, {"id": "103", "properties": {"lastname": "X"}}]
    status, body, _ = call("POST", f"{CONTACT}/batch/update", {"inputs": rows})
    assert (status, [row["id"] for row in body["results"]], body.get("errors")) == (200, ["103"], None)
    assert call.get(f"{CONTACT}/102?properties=lastname")["properties"]["lastname"] is None
    assert call("POST", f"{CONTACT}/batch/archive", {"inputs": [{"id": "101"}, {"id": "999"}]})[0] == 204
    assert call.get(f"{CONTACT}/101")["id"] == "102"


def test_a_contact_tells_when_others_were_merged_into_it(call: Caller) -> None:
    merge(call, into="102", gone="101")

    told = call.get(f"{CONTACT}/102?properties=hs_calculated_merged_vids")["properties"]["hs_calculated_merged_vids"]
    assert told == f"101:{int(NOW.timestamp() * 1000)}"


def test_a_merge_may_make_a_new_record_to_which_both_ids_lead(call: Caller) -> None:
    assert call("POST", "/_sandbox/merging", {"new_id": True})[:2] == (200, {"new_id": True})
    status, body = merge(call, into="102", gone="101")

    assert isinstance(body, dict)
    new = body["id"]
    assert (status, new in ("101", "102")) == (200, False)
    assert {call.get(f"{CONTACT}/{id_}")["id"] for id_ in ("101", "102", new)} == {new}
    assert sorted(row["id"] for row in call.get(CONTACT)["results"]) == ["103", new]
    assert sorted(call.search("contacts", limit=100)) == ["103", new]
    read = call.get(
        f"{CONTACT}/{new}?properties=hs_merged_object_ids,hs_object_id,email&propertiesWithHistory=lifecyclestage&associations=companies"
    )
    assert {name: read["properties"][name] for name in ("hs_merged_object_ids", "hs_object_id", "email")} == {
        "hs_merged_object_ids": "102;101",
        "hs_object_id": new,
        "email": "eve@example.com",
    }
    assert read["associations"]["companies"]["results"][0] == {"id": "9", "type": "contact_to_company"}
    assert call.get("/crm/v3/objects/calls/501?associations=contacts")["associations"]["contacts"]["results"][0]["id"] == new
    assert call("POST", CONTACT, {"properties": {"email": "eve@example.com"}})[1]["message"].endswith(f"Existing ID: {new}")

    merge(call, into="103", gone=new)
    assert call.get(f"{CONTACT}/101")["id"] == call.get(f"{CONTACT}/103")["id"] not in ("103", new)


@pytest.mark.parametrize("primary", ["9", "10", None])
def test_a_new_record_keeps_the_primary_company_or_the_lack_of_one(call: Caller, primary: str | None) -> None:
    company, type_id = (primary, 1) if primary else ("9", 279)
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    assert call("PUT", f"{CONTACT}/101/associations/companies/{company}", spec)[0] == 201
    call("POST", "/_sandbox/merging", {"new_id": True})
    _, body = merge(call, into="101", gone="102")

    assert isinstance(body, dict)
    rows = call.get(f"{CONTACT}/{body['id']}?associations=companies")["associations"]["companies"]["results"]
    assert [row["id"] for row in rows if row["type"] == "contact_to_company"] == ([primary] if primary else [])
    assert {row["id"] for row in rows} == {"9", "10"}


def test_a_record_takes_part_in_at_most_250_merges() -> None:
    many = {"object": "contacts", "id": "7", "properties": {"hs_merged_object_ids": ";".join(str(1000 + i) for i in range(249))}}
    with serve(a_portal(many)) as served:
        call = Caller(served)
        assert merge(call, into="7", gone="101")[0] == 200
        assert merge(call, into="7", gone="102")[0] == 400
        assert merge(call, into="102", gone="7")[0] == 400
        assert call.get(f"{CONTACT}/102")["id"] == "102"
