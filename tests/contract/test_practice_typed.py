"""What hubspot-api-client's typed classes make of merges, erasures, batches, the lagging index and lists, in memory and in a state file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hubspot
import pytest
import urllib3
from hubspot.crm.companies import models as companies
from hubspot.crm.contacts import ApiException
from hubspot.crm.contacts import models as contacts
from hubspot.crm.lists import ApiException as ListsRefused
from hubspot.crm.lists import models as lists

from sandbox.keeping import begin
from sandbox.portal import Portal
from sandbox.server import serve
from tests.contract.practice import LINES, NOW, Caller


@pytest.fixture(params=["memory", "file"])
def practice(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, Caller]]:
    if request.param == "memory":
        portal = Portal.from_lines(LINES, now=NOW)
    else:
        portal = begin(tmp_path / "state", lambda store: Portal.from_lines(LINES, now=NOW, store=store))
    with serve(portal) as served:
        yield hubspot.Client.create(access_token=served.token, host=served.url, retry=urllib3.Retry(0)), Caller(served)


def test_a_page_has_history_and_the_archive_its_moments(practice: tuple[Any, Caller]) -> None:
    api = practice[0].crm.contacts.basic_api
    page = api.get_page(limit=50, properties=["email"], properties_with_history=["lifecyclestage"], associations=["companies"])
    assert [(row.id, len(row.properties_with_history["lifecyclestage"])) for row in page.results] == [("101", 2), ("102", 0), ("103", 0)]
    assert page.results[0].associations["companies"].results[0].type == "contact_to_company"
    api.archive("103")
    gone = api.get_page(archived=True)
    assert [(row.id, row.archived, row.archived_at) for row in gone.results if row.id == "103"] == [("103", True, NOW)]
    with pytest.raises(ApiException) as refused:
        api.get_page(limit=51, properties_with_history=["email"])
    assert refused.value.status == 400


def test_contacts_and_companies_are_merged(practice: tuple[Any, Caller]) -> None:
    client, _ = practice
    api = client.crm.contacts.basic_api
    survivor = api.merge(contacts.PublicMergeInput(primary_object_id="102", object_id_to_merge="101"))
    assert (survivor.id, survivor.properties["hs_merged_object_ids"]) == ("102", "101")
    assert api.get_by_id("101").id == "102"
    merged = client.crm.companies.basic_api.merge(companies.PublicMergeInput(primary_object_id="10", object_id_to_merge="9"))
    assert (merged.id, merged.properties["domain"]) == ("10", "nine.example")


def test_a_merge_with_a_new_id_is_followed(practice: tuple[Any, Caller]) -> None:
    client, call = practice
    call("POST", "/_sandbox/merging", {"new_id": True})
    api = client.crm.contacts.basic_api
    new = api.merge(contacts.PublicMergeInput(primary_object_id="102", object_id_to_merge="101"))
    assert new.id not in ("101", "102")
    assert {api.get_by_id(id_).id for id_ in ("101", "102", new.id)} == {new.id}


def test_a_contact_is_purged(practice: tuple[Any, Caller]) -> None:
    api = practice[0].crm.contacts.basic_api
    api.purge(contacts.PublicGdprDeleteInput(object_id="eve@example.com", id_property="email"))
    with pytest.raises(ApiException) as gone:
        api.get_by_id("102")
    assert gone.value.status == 404
    assert "102" not in [row.id for archived in (True, False) for row in api.get_page(archived=archived).results]


def test_a_batch_tells_what_it_missed(practice: tuple[Any, Caller]) -> None:
    client, call = practice
    api = client.crm.contacts.batch_api
    asked = contacts.BatchReadInputSimplePublicObjectId(
        properties=["email"],
        properties_with_history=["lifecyclestage"],
        inputs=[contacts.SimplePublicObjectId(id=id_) for id_ in ("101", "998", "999")],
    )
    found = api.read(asked)
    assert ([row.id for row in found.results], found.num_errors, found.errors[0].context) == (["101"], 1, {"ids": ["998", "999"]})
    call("POST", "/_sandbox/misses", {"named": False})
    found = api.read(asked)
    assert (found.num_errors, [error.context for error in found.errors]) == (2, [None, None])


def test_a_search_lags_and_a_read_does_not(practice: tuple[Any, Caller]) -> None:
    client, call = practice
    call("POST", "/_sandbox/index", {"lag_s": 5})
    made = client.crm.contacts.basic_api.create(contacts.SimplePublicObjectInputForCreate(properties={"lastname": "New"}, associations=[]))
    asked = contacts.PublicObjectSearchRequest(
        filter_groups=[contacts.FilterGroup(filters=[contacts.Filter(property_name="hs_object_id", operator="GTE", value="103")])],
        sorts=["hs_object_id"],
        properties=["lastname"],
        limit=200,
        after="0",
    )
    api = client.crm.contacts.search_api
    assert ([row.id for row in api.do_search(asked).results], client.crm.contacts.basic_api.get_by_id(made.id).id) == (["103"], made.id)
    call("POST", "/_sandbox/clock", {"advance_s": 5})
    found = api.do_search(asked)
    assert (found.total, [row.id for row in found.results]) == (2, ["103", made.id])


def test_a_list_is_made_filled_read_and_emptied(practice: tuple[Any, Caller]) -> None:
    client, _ = practice
    api, members = client.crm.lists.lists_api, client.crm.lists.memberships_api
    made = api.create(lists.ListCreateRequest(name="Recycled", object_type_id="0-1", processing_type="MANUAL"))
    id_ = made.list.list_id
    assert api.get_by_id(id_).list.name == api.get_by_name("Recycled", "0-1").list.name == "Recycled"
    changed = members.add(id_, ["101", "102", "999"])
    assert (changed.records_ids_added, changed.record_ids_missing) == (["101", "102"], ["999"])
    changed = members.add_and_remove(id_, lists.MembershipChangeRequest(record_ids_to_add=["103"], record_ids_to_remove=["101"]))
    assert (changed.records_ids_added, changed.record_ids_removed) == (["103"], ["101"])
    page = members.get_page(id_, limit=250)
    assert [(row.record_id, row.membership_timestamp) for row in page.results] == [("102", NOW), ("103", NOW)]
    assert [row.list_id for row in members.get_lists("0-1", "102").results] == [id_]
    found = api.do_search(lists.ListSearchRequest(query="recyc"))
    assert (found.total, found.has_more, found.lists[0].additional_properties["hs_list_size"]) == (1, False, "2")
    assert members.remove(id_, ["102"]).record_ids_removed == ["102"]
    members.remove_all(id_)
    assert members.get_page(id_).results == []
    api.remove(id_)
    with pytest.raises(ListsRefused) as gone:
        api.get_by_id(id_)
    assert gone.value.status == 404
