"""New properties and their groups in the practice HubSpot: by HubSpot's own client, and by ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hubspot
import pytest
from hubspot.crm.properties import ApiException, OptionInput, PropertyCreate, PropertyGroupCreate

from connectors.errors import Conflict, Forbidden, Misconfigured, Unreachable
from connectors.new_fields import Holds, NewField
from sandbox.portal import Portal
from sandbox.server import Served, serve
from sandbox.setting import put_back, setting_of
from tests.contract.practice import NOW, Caller, a_portal
from tests.contract.scripted import Said, scripted
from tests.contract.test_connector_hubspot import practice_hubspot
from tests.contract.test_writer_hubspot import connect

CONTACTS = "/crm/v3/properties/contacts"
BODY = {"groupName": "contactinformation", "name": "shade", "label": "Shade", "type": "string", "fieldType": "text"}
BREACHES = NewField(kind="contact", name="broken", label="Broken", description="How many.", holds=Holds.NUMBER)
FIELDS = [
    BREACHES,
    NewField(kind="contact", name="how", label="How", description="", holds=Holds.WORD, words=(("on_track", "On track"), ("late", "Late"))),
    NewField(kind="contact", name="held", label="Held", description="", holds=Holds.FLAG),
    NewField(kind="contact", name="day", label="Day", description="", holds=Holds.DAY),
    NewField(kind="contact", name="at", label="At", description="", holds=Holds.MOMENT),
    NewField(kind="contact", name="why", label="Why", description="", holds=Holds.TEXT),
]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Portal, Served]]:
    portal = a_portal()
    with serve(portal, port=0, token="sandbox") as served:
        yield portal, served


@pytest.fixture(scope="module")
def call(served: tuple[Portal, Served]) -> Caller:
    return Caller(served[1])


def test_hubspots_own_client_makes_a_group_and_a_property(served: tuple[Portal, Served]) -> None:
    api = hubspot.Client.create(access_token="sandbox", host=served[1].url).crm.properties
    made = api.groups_api.create("contacts", PropertyGroupCreate(name="paint", label="Paint", display_order=-1))
    assert (made.name, made.label, made.archived) == ("paint", "Paint", False)
    assert "paint" in {group.name for group in api.groups_api.get_all("contacts").results}
    options = [OptionInput(label="Red", value="red", display_order=0, hidden=False)]
    new = PropertyCreate(name="colour", label="Colour", type="enumeration", field_type="select", group_name="paint", options=options)
    assert api.core_api.create("contacts", new).group_name == "paint"
    read = api.core_api.get_by_name("contacts", "colour")
    assert (read.type, [one.value for one in read.options], read.hubspot_defined) == ("enumeration", ["red"], False)
    with pytest.raises(ApiException) as caught:
        api.core_api.create("contacts", new)
    assert caught.value.status == 409


def test_a_new_property_takes_values_and_is_kept_with_its_group(call: Caller, served: tuple[Portal, Served]) -> None:
    assert call("POST", CONTACTS, BODY | {"name": "tint"})[0] == 201
    assert call("PATCH", "/crm/v3/objects/contacts/101", {"properties": {"tint": "pale"}})[0] == 200
    other = Portal(NOW)
    put_back(other, setting_of(served[0]))
    assert other.definitions["contacts"]["tint"].created_at == "2026-11-20T15:00:00Z"
    assert other.groups == served[0].groups


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"label": None}, 400, "required fields were not set: [label]"),
        ({"groupName": "nowhere"}, 400, "Property group 'nowhere' does not exist"),
        ({"name": "email"}, 409, "already exists"),
        ({"name": "Shade"}, 400, "no internal name"),
        ({"name": "hs_shade"}, 400, "no internal name"),
        ({"fieldType": "select"}, 400, "no fieldType 'select'"),
        ({"type": "enumeration", "fieldType": "select"}, 400, "needs its options"),
        ({"type": "bool", "fieldType": "booleancheckbox", "options": [{"label": "Yes", "value": "yes"}]}, 400, "needs its options"),
        ({"type": "enumeration", "fieldType": "select", "options": [{"label": "A", "value": "a"}] * 2}, 400, "unique"),
        ({"type": "enumeration", "fieldType": "select", "options": ["a"]}, 400, "list of objects"),
    ],
)
def test_a_property_that_does_not_fit_is_refused_and_not_made(call: Caller, change: dict[str, Any], status: int, said: str) -> None:
    before = len(call.get(CONTACTS)["results"])
    found, told, _ = call("POST", CONTACTS, BODY | change)
    assert (found, told["category"]) == (status, "CONFLICT" if status == 409 else "VALIDATION_ERROR")
    assert said in told["message"]
    assert len(call.get(CONTACTS)["results"]) == before


def test_a_group_is_made_once(call: Caller) -> None:
    group = {"name": "once", "label": "Once"}
    assert call("POST", f"{CONTACTS}/groups", group)[0] == 201
    assert call("POST", f"{CONTACTS}/groups", group)[0] == 409
    assert call("POST", f"{CONTACTS}/groups", {"name": "twice"})[0] == 400


def test_the_connector_makes_each_sort_of_field_in_a_group_of_ours() -> None:
    with practice_hubspot() as practice:
        connector = practice.connector()
        for new in FIELDS:
            connector.create_field(new)
        (page, *_) = connector.pages("definitions", None)
        made = {one.name: one for one in page.definitions if one.name in {new.name for new in FIELDS}}
        assert {name: one.type for name, one in made.items()} == {
            "broken": "number",
            "how": "enumeration",
            "held": "bool",
            "day": "date",
            "at": "datetime",
            "why": "string",
        }
        assert [option.value for option in made["how"].options] == ["on_track", "late"]
        with pytest.raises(Conflict) as caught:
            connector.create_field(BREACHES)
        assert "the property broken" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Said(status=400, body={"category": "VALIDATION_ERROR", "message": "no"}), Misconfigured, "does not create the property broken"),
        (Said(status=403, body={"category": "MISSING_SCOPES", "message": "no"}), Forbidden, "does not let this token write"),
        (Said(status=502, body=b"<html>"), Unreachable, "did not say whether it created the property broken"),
    ],
)
def test_a_property_that_was_not_made_or_may_have_been_is_said_and_asked_for_once(answer: Said, error: type[Exception], said: str) -> None:
    groups = Said(body={"results": [{"name": "leadpact"}]}, headers={"Date": "Fri, 20 Nov 2026 15:00:00 GMT"})
    with scripted(groups, answer) as server:
        with pytest.raises(error) as caught:
            connect(server).create_field(BREACHES)
        assert said in str(caught.value)
        assert [heard.method for heard in server.heard] == ["GET", "POST"]
