"""Defines properties of HubSpot's objects, in a group of our own."""

from __future__ import annotations

from typing import Any

from connectors.errors import Conflict, ConnectorError, Misconfigured, Unreachable
from connectors.hubspot.answers import BatchRefused
from connectors.hubspot.client import Client
from connectors.hubspot.outcomes import said_of
from connectors.hubspot.reading import results_of
from connectors.hubspot.streams import PLURALS
from connectors.new_fields import Holds, NewField
from connectors.pacing import TryAgain

GROUP = "leadpact"
_TYPES = {  # type and fieldType. Source: HubSpot's properties guide
    Holds.WORD: ("enumeration", "select"),
    Holds.TEXT: ("string", "text"),
    Holds.NUMBER: ("number", "number"),
    Holds.DAY: ("date", "date"),
    Holds.MOMENT: ("datetime", "date"),
    Holds.FLAG: ("bool", "booleancheckbox"),
}
_FLAG_WORDS = (("true", "Yes"), ("false", "No"))


def property_line(new: NewField) -> str:
    """Say in a line what a new property is: object, name, label, type, values, group."""
    type_, field_type = _TYPES[new.holds]
    values = f" with the values {', '.join(value for value, _ in new.words)}" if new.words else ""
    return f"{new.kind} property {new.name} ({new.label}): {type_}, shown as {field_type}{values}, in the group {GROUP}"


def create_property(client: Client, new: NewField) -> None:
    """Define a property, and our group if there is none. Raises as `connectors.new_fields.FieldMaker` says."""
    plural = PLURALS[new.kind]
    groups = results_of(client.get(client.paths.property_groups(plural)), f"{new.kind} property groups")
    if GROUP not in {str(group.get("name")) for group in groups}:
        _create(
            client, client.paths.property_groups(plural), {"name": GROUP, "label": GROUP, "displayOrder": -1}, what=f"the group {GROUP}"
        )
    _create(client, client.paths.properties(plural), _body(new), what=f"the property {new.name}")


def _create(client: Client, path: str, body: dict[str, Any], *, what: str) -> None:
    try:
        client.write(path, body)
    except BatchRefused as refused:
        raise _refusal(refused, what) from None
    except TryAgain as error:
        raise Unreachable(
            f"HubSpot did not say whether it created {what}: {error}", fix="run this again: it looks first which fields are there"
        ) from None


def _refusal(refused: BatchRefused, what: str) -> ConnectorError:
    said = said_of(refused.answer.told(), ())
    if refused.answer.status == 409:
        return Conflict(
            f"HubSpot has {what} by now, or an archived one: {said}", fix="run this again; restore an archived one in HubSpot's settings"
        )
    return Misconfigured(f"HubSpot does not create {what}: {said}", fix="create it in HubSpot's settings, Properties")


def _body(new: NewField) -> dict[str, Any]:
    type_, field_type = _TYPES[new.holds]
    words = _FLAG_WORDS if new.holds is Holds.FLAG else new.words
    options = [{"value": value, "label": label, "displayOrder": place, "hidden": False} for place, (value, label) in enumerate(words)]
    return {
        "groupName": GROUP,
        "name": new.name,
        "label": new.label,
        "description": new.description,
        "type": type_,
        "fieldType": field_type,
        "options": options,
    }
