"""Values that no row holds: they are computed when they are read. Pure over the store's rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.salesforce.fields import Field
from sandbox.salesforce.rows import Row
from sandbox.salesforce.store import Store

Getter = Callable[[Row], Any]


def getter(store: Store, sobject: str, field: Field) -> Getter:
    """How the value of a field is read from a row of its object."""
    name = field.name
    if sobject == "Name":
        return lambda row: _of_any(store, row, name)
    if field.type == "address":
        return _address(name.removesuffix("Address"))
    if sobject == "CampaignMember" and field.derived:
        return lambda row: _of_member(store, row, name)
    if name == "PhotoUrl":
        return lambda row: row.get(name, f"/services/images/photo/{row['Id']}")
    if field.type == "boolean" and not field.nillable:
        return lambda row: row.get(name, False)
    return lambda row: row.get(name)


def object_of(store: Store, row: Row) -> str:
    """The object that a row belongs to, by its id."""
    sobject = store.schema.of_id(row["Id"])
    return sobject.name if sobject else "Name"


def _of_any(store: Store, row: Row, name: str) -> Any:
    sobject = store.schema.objects[object_of(store, row)]
    match name:
        case "Type":
            return "Queue" if row.get("Type") == "Queue" and sobject.name == "Group" else sobject.name
        case "Name":
            return row.get(sobject.name_field or "")
    return row.get(name)


def _address(prefix: str) -> Getter:
    parts = ("City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street")

    def address(row: Row) -> Any:
        found = {part[:1].lower() + part[1:]: row.get(prefix + part) for part in parts}
        return found if any(value is not None for value in found.values()) else None

    return address


def _of_member(store: Store, row: Row, name: str) -> Any:
    lead, contact = store.row(row.get("LeadId")), store.row(row.get("ContactId"))
    person = contact or lead or {}
    match name:
        case "Type":
            return "Contact" if contact else "Lead"
        case "LeadOrContactId":
            return person.get("Id")
        case "LeadOrContactOwnerId":
            return person.get("OwnerId")
        case "CompanyOrAccount":
            account = store.row(person.get("AccountId"))
            return account.get("Name") if account else person.get("Company")
    return person.get(name)
