"""The practice HubSpot, read and written by a client that is not ours: hubspot-api-client's typed classes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import hubspot
import pytest
from hubspot.crm.associations.v4 import models as ties
from hubspot.crm.contacts import ApiException
from hubspot.crm.contacts import models as contacts
from hubspot.crm.objects import models as objects

from sandbox.server import serve
from tests.contract.practice import a_portal


@pytest.fixture
def client() -> Iterator[Any]:
    with serve(a_portal(), port=0, token="sandbox") as served:
        yield hubspot.Client.create(access_token="sandbox", host=served.url)


def test_a_contact_is_read_with_history_and_associations(client: Any) -> None:
    api = client.crm.contacts.basic_api
    ada = api.get_by_id("101", properties=["email"], properties_with_history=["lifecyclestage"], associations=["companies"])
    assert ada.properties["email"] == "Ada@Example.com"
    assert ada.created_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    versions = ada.properties_with_history["lifecyclestage"]
    assert [(v.value, v.source_type) for v in versions] == [("marketingqualifiedlead", "CRM_UI"), ("lead", "FORM")]
    assert {(row.id, row.type) for row in ada.associations["companies"].results} == {
        ("9", "contact_to_company"),
        ("9", "contact_to_company_unlabeled"),
        ("10", "contact_to_company_unlabeled"),
    }


def test_pages_are_walked_to_the_end(client: Any) -> None:
    api = client.crm.contacts.basic_api
    first = api.get_page(limit=2, properties=["email"])
    second = api.get_page(limit=2, after=first.paging.next.after)
    assert [row.id for row in first.results + second.results] == ["101", "102", "103"]
    assert second.paging is None


def test_a_search_finds_and_pages(client: Any) -> None:
    api = client.crm.contacts.search_api
    wanted = contacts.Filter(property_name="email", operator="CONTAINS_TOKEN", value="*@example.com")
    asked = contacts.PublicObjectSearchRequest(
        filter_groups=[contacts.FilterGroup(filters=[wanted])], sorts=["-hs_object_id"], properties=["email"], limit=2, after="0"
    )
    found = api.do_search(asked)
    assert (found.total, [row.id for row in found.results], found.paging.next.after) == (3, ["103", "102"], "2")


def test_what_was_created_and_changed_is_read_back(client: Any) -> None:
    api = client.crm.contacts.basic_api
    made = api.create(
        contacts.SimplePublicObjectInputForCreate(
            properties={"email": "new@example.com", "hubspot_owner_id": "77"},
            associations=[
                contacts.PublicAssociationsForObject(
                    to=contacts.PublicObjectId(id="9"),
                    types=[contacts.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=279)],
                )
            ],
        )
    )
    api.update(made.id, contacts.SimplePublicObjectInput(properties={"firstname": "New"}))
    names = ["firstname", "hubspot_owner_id", "hubspot_team_id", "hubspot_owner_assigneddate", "associatedcompanyid", "hs_email_domain"]
    read = api.get_by_id(made.id, properties=names).properties
    assert {name: read[name] for name in names} == {
        "firstname": "New",
        "hubspot_owner_id": "77",
        "hubspot_team_id": "3",
        "hubspot_owner_assigneddate": "2026-11-20T15:00:00Z",
        "associatedcompanyid": "9",
        "hs_email_domain": "example.com",
    }
    api.archive(made.id)
    with pytest.raises(ApiException) as gone:
        api.get_by_id(made.id)
    assert gone.value.status == 404


def test_batches_are_read_created_updated_upserted_and_archived(client: Any) -> None:
    api = client.crm.contacts.batch_api
    made = api.create(
        contacts.BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[
                contacts.SimplePublicObjectBatchInputForCreate(properties={"email": f"n{i}@example.com"}, associations=[]) for i in (1, 2)
            ]
        )
    )
    ids = [row.id for row in made.results]
    changed = api.update(
        contacts.BatchInputSimplePublicObjectBatchInput(
            inputs=[contacts.SimplePublicObjectBatchInput(id=id_, properties={"lastname": "X"}, object_write_trace_id=id_) for id_ in ids]
        )
    )
    assert [(row.id, row.object_write_trace_id) for row in changed.results] == [(id_, id_) for id_ in ids]
    upserted = api.upsert(
        contacts.BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[
                contacts.SimplePublicObjectBatchInputUpsert(id=email, id_property="email", properties={"lastname": "Y"})
                for email in ("n1@example.com", "n3@example.com")
            ]
        )
    )
    assert [row.new for row in upserted.results] == [False, True]
    read = api.read(
        contacts.BatchReadInputSimplePublicObjectId(
            properties=["lastname"],
            properties_with_history=["lastname"],
            inputs=[contacts.SimplePublicObjectId(id=id_) for id_ in [*ids, "999"]],
        )
    )
    assert [row.properties["lastname"] for row in read.results] == ["Y", "X"]
    assert [v.value for v in read.results[0].properties_with_history["lastname"]] == ["Y", "X"]
    assert (read.num_errors, read.errors[0].context) == (1, {"ids": ["999"]})
    api.archive(contacts.BatchInputSimplePublicObjectId(inputs=[contacts.SimplePublicObjectId(id=id_) for id_ in ids]))
    assert [row.id for row in client.crm.contacts.basic_api.get_page(archived=True).results] == ["104", *ids]


def test_associations_are_read_and_made(client: Any) -> None:
    batch, basic = client.crm.associations.v4.batch_api, client.crm.associations.v4.basic_api
    asked = ties.BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[ties.PublicFetchAssociationsBatchRequest(id="101"), ties.PublicFetchAssociationsBatchRequest(id="102")]
    )
    read = batch.get_page("contacts", "companies", asked)
    types = {row.to_object_id: [(t.type_id, t.label) for t in row.association_types] for row in read.results[0].to}
    assert types == {"9": [(279, None), (1, "Primary")], "10": [(279, None)]}
    assert read.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
    basic.create_default("contacts", "102", "companies", "10")
    spec = ties.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=1)
    assert basic.create("contacts", "102", "companies", "9", [spec]).labels == ["Primary"]
    page = basic.get_page("contacts", "102", "companies")
    assert {row.to_object_id: len(row.association_types) for row in page.results} == {"9": 2, "10": 1}
    basic.archive("contacts", "102", "companies", "9")
    assert [row.to_object_id for row in basic.get_page("companies", "10", "contacts").results] == ["101", "102"]


def test_engagements_of_every_kind_are_listed(client: Any) -> None:
    api = client.crm.objects.basic_api
    for kind in ("calls", "emails", "meetings", "communications", "tasks", "notes", "leads", "tickets", "deals"):
        assert isinstance(api.get_page(kind, limit=10).results, list)
    call = api.get_by_id("calls", "501", properties=["hs_call_duration"], associations=["contacts"])
    assert call.properties["hs_call_duration"] == "60000"
    assert call.associations["contacts"].results[0].type == "call_to_contact"


def test_a_task_is_created_beside_its_contact(client: Any) -> None:
    task = client.crm.objects.basic_api.create(
        "tasks",
        objects.SimplePublicObjectInputForCreate(
            properties={"hs_timestamp": "2026-11-22T09:00:00Z", "hs_task_subject": "call", "hs_task_status": "NOT_STARTED"},
            associations=[
                objects.PublicAssociationsForObject(
                    to=objects.PublicObjectId(id="101"),
                    types=[objects.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=204)],
                )
            ],
        ),
    )
    page = client.crm.associations.v4.basic_api.get_page("contacts", "101", "tasks")
    assert [row.to_object_id for row in page.results] == [task.id]


def test_owners_active_and_archived_and_teams_are_read(client: Any) -> None:
    api = client.crm.owners.owners_api
    active = api.get_page(limit=2)
    rest = api.get_page(limit=2, after=active.paging.next.after)
    assert [owner.id for owner in active.results + rest.results] == ["77", "78", "80"]
    assert active.results[0].teams[0].primary is True
    assert rest.results[0].type == "QUEUE"
    gone = api.get_page(archived=True).results
    assert [(owner.id, owner.user_id, owner.user_id_including_inactive) for owner in gone] == [("79", None, 1003)]
    assert api.get_by_id(1002, id_property="userId").id == "78"
    team = client.settings.users.teams_api.get_all().results[0]
    assert (team.name, team.user_ids, team.secondary_user_ids) == ("SDR", ["1001"], ["1002"])


def test_properties_are_read_for_every_kind(client: Any) -> None:
    api = client.crm.properties.core_api
    for kind in ("contacts", "companies", "deals", "tickets", "leads", "calls", "emails", "meetings", "communications", "tasks", "notes"):
        assert api.get_all(kind).results
    stages = api.get_by_name("contacts", "lifecyclestage").options
    assert [option.value for option in sorted(stages, key=lambda option: option.display_order)] == [
        "subscriber",
        "lead",
        "marketingqualifiedlead",
        "salesqualifiedlead",
        "opportunity",
        "customer",
        "evangelist",
        "other",
    ]
    assert {"RECYCLED", "DISQUALIFIED", "NEW"} <= {option.value for option in api.get_by_name("contacts", "hs_lead_status").options}
    assert api.get_by_name("contacts", "createdate").modification_metadata.read_only_value is True
    assert api.get_by_name("contacts", "do_not_call").hubspot_defined is False


def test_pipelines_are_read_with_their_stages(client: Any) -> None:
    api = client.crm.pipelines.pipelines_api
    sales = api.get_all("deals").results[0]
    assert {stage.id: stage.metadata for stage in sales.stages}["closedwon"] == {"isClosed": "true", "probability": "1.0"}
    assert api.get_by_id("deals", "default").label == sales.label
    stages = client.crm.pipelines.pipeline_stages_api
    assert [stage.id for stage in stages.get_all("deals", "default").results] == [stage.id for stage in sales.stages]
    assert stages.get_by_id("deals", "default", "closedlost").metadata == {"isClosed": "true", "probability": "0.0"}
