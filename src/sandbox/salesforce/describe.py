"""What an org says about its objects: sobjects, sobjects/X, sobjects/X/describe. Shapes as recorded."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.fields import Choice, Field
from sandbox.salesforce.picklists import choices_of
from sandbox.salesforce.refusals import no_such_resource
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Store

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
    "anyType": "xsd:anyType",
}
_NULLS = {
    "calculatedFormula": None,
    "compoundFieldName": None,
    "controllerName": None,
    "defaultValueFormula": None,
    "extraTypeInfo": None,
    "filteredLookupInfo": None,
    "inlineHelpText": None,
    "mask": None,
    "maskType": None,
    "referenceTargetField": None,
    "relationshipOrder": None,
}
_OFF = (
    "autoNumber",
    "calculated",
    "cascadeDelete",
    "caseSensitive",
    "dependentPicklist",
    "deprecatedAndHidden",
    "displayLocationInDecimal",
    "encrypted",
    "highScaleNumber",
    "htmlFormatted",
    "queryByDistance",
    "restrictedDelete",
    "searchPrefilterable",
    "writeRequiresMasterRead",
)


def describe(store: Store, name: str, version: str) -> dict[str, Any]:
    """The object with its fields and child relationships. Raises Refused for one that callers cannot see."""
    sobject = visible(store, name)
    fields = [each for each in sobject.fields.values() if not store.switches.is_hidden(sobject.name, each.name)]
    return {
        **summary(sobject, version),
        "actionOverrides": [],
        "childRelationships": _children(store, sobject),
        "compactLayoutable": True,
        "fields": [_field(store, sobject, each) for each in fields],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [],
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {sobject.plural}", "name": "everything"}],
    }


def visible(store: Store, name: str) -> SObject:
    """The object of this name. Raises Refused for one that callers cannot see."""
    sobject = store.schema.find(name)
    if sobject is None or store.switches.is_hidden(sobject.name):
        raise no_such_resource()
    return sobject


def summary(sobject: SObject, version: str) -> dict[str, Any]:
    """What is said of an object in every list of objects."""
    can = {ability: ability in sobject.abilities for ability in ("create", "update", "delete", "undelete", "merge", "replicate")}
    base = f"/services/data/v{version}/sobjects/{sobject.name}"
    return {
        "activateable": False,
        "createable": can["create"],
        "custom": False,
        "customSetting": False,
        "deletable": can["delete"],
        "deprecatedAndHidden": False,
        "feedEnabled": can["merge"],
        "hasSubtypes": False,
        "isSubtype": False,
        "keyPrefix": sobject.prefix or None,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": can["create"],
        "mergeable": can["merge"],
        "mruEnabled": can["merge"],
        "name": sobject.name,
        "queryable": "pointed" not in sobject.abilities,
        "replicateable": can["replicate"],
        "retrieveable": sobject.is_stored,
        "searchable": can["merge"],
        "triggerable": can["undelete"],
        "undeletable": can["undelete"],
        "updateable": can["update"],
        "urls": {"describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}", "sobject": base},
    }


def _field(store: Store, sobject: SObject, field: Field) -> dict[str, Any]:
    choices = choices_of(store, sobject.name, field)
    is_text = field.is_text or field.is_id
    default = next((choice.value for choice in choices if choice.is_default), False if field.type == "boolean" else None)
    return {
        **dict.fromkeys(_OFF, False),
        **_NULLS,
        "aggregatable": field.filterable,
        "byteLength": field.length * 3 if field.is_text else field.length,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": default,
        "defaultedOnCreate": field.defaulted,
        "digits": field.length if field.type == "int" else 0,
        "externalId": field.external_id,
        "filterable": field.filterable,
        "groupable": field.filterable and not field.is_number and field.type not in ("datetime", "textarea"),
        "idLookup": field.type in ("id", "email") or field.external_id,
        "label": field.label,
        "length": field.length if is_text else 0,
        "name": field.name,
        "nameField": field.is_name,
        "namePointing": field.is_polymorphic,
        "nillable": field.nillable,
        "permissionable": field.nillable and field.type != "id",
        "picklistValues": [_choice(choice) for choice in choices],
        "polymorphicForeignKey": field.is_polymorphic,
        "precision": field.precision,
        "referenceTo": list(field.references),
        "relationshipName": field.relationship,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.filterable or field.type == "anyType",
        "type": field.type,
        "unique": False,
        "updateable": field.updateable,
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {"active": choice.active, "defaultValue": choice.is_default, "label": choice.label, "validFor": None, "value": choice.value}


def _children(store: Store, sobject: SObject) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": child.is_history,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": field.children,
            "restrictedDelete": False,
        }
        for (parent, _), (child, field) in sorted(store.schema.children.items())
        if parent == sobject.name and not store.switches.is_hidden(child.name)
    ]
