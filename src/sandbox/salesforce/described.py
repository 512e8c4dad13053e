"""EntityDefinition and FieldDefinition: the schema as rows."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.salesforce.fields import Field
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Store

_PLAIN_TYPES = {
    "boolean": "Checkbox",
    "date": "Date",
    "datetime": "Date/Time",
    "email": "Email",
    "phone": "Phone",
    "picklist": "Picklist",
    "multipicklist": "Picklist (Multi-Select)",
    "combobox": "Picklist",
    "address": "Address",
    "id": "Lookup()",
}


def entity_rows(store: Store) -> Iterator[Row]:
    """One row an object that callers can see."""
    for sobject in store.schema.objects.values():
        if sobject.is_stored and not store.switches.is_hidden(sobject.name):
            yield entity_row(sobject)


def entity_row(sobject: SObject) -> Row:
    """The EntityDefinition of one object."""
    return {
        "Id": sobject.name,
        "DurableId": sobject.name,
        "QualifiedApiName": sobject.name,
        "DeveloperName": sobject.name,
        "Label": sobject.label,
        "PluralLabel": sobject.plural,
        "KeyPrefix": sobject.prefix,
        "IsQueryable": True,
    }


def field_rows(store: Store) -> Iterator[Row]:
    """One row a field that callers can see."""
    for sobject in store.schema.objects.values():
        if sobject.is_stored and not store.switches.is_hidden(sobject.name):
            for field in sobject.fields.values():
                if not store.switches.is_hidden(sobject.name, field.name):
                    yield _field_row(store, sobject, field)


def _field_row(store: Store, sobject: SObject, field: Field) -> Row:
    durable = f"{sobject.name}.{field.name}"
    return {
        "Id": durable,
        "DurableId": durable,
        "QualifiedApiName": field.name,
        "DeveloperName": field.name.removesuffix("__c"),
        "Label": field.label,
        "EntityDefinitionId": sobject.name,
        "DataType": _data_type(field),
        "IsFieldHistoryTracked": store.switches.is_tracked(sobject.name, field.name),
        "IsCalculated": False,
        "IsNillable": field.nillable,
        "Length": field.length,
    }


def _data_type(field: Field) -> str:
    if field.type == "reference":
        return f"Lookup({','.join(field.references)})"
    if field.is_number:
        named = {"currency": "Currency", "percent": "Percent"}.get(field.type, "Number")
        return f"{named}({field.precision - field.scale or field.length}, {field.scale})"
    if field.type == "textarea" and not field.filterable:
        return f"Long Text Area({field.length})"
    return _PLAIN_TYPES.get(field.type, f"Text({field.length})")
