"""What a written reference may point at, and who may own a record."""

from __future__ import annotations

from sandbox.salesforce.change import Change
from sandbox.salesforce.fields import Field
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row


def refuse_if_bad_references(change: Change) -> None:
    """Raise Refused if a reference that is newly set points at nothing, at the wrong object or at what may not be referred to."""
    for field in change.sobject.fields.values():
        if field.type == "reference" and field.references and not field.derived and change.sets(field.name):
            _refuse_if_bad(change, field, change.new[field.name])


def _refuse_if_bad(change: Change, field: Field, id_: str) -> None:
    target = change.store.schema.of_id(id_)
    if target is None or target.name not in field.references:
        raise Refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {id_}", fields=(field.name,))
    row = change.store.row(id_)
    if row is None or row.get("IsDeleted"):
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=())
    if row.get("IsConverted") and target.name == "Lead" and field.createable:
        raise converted_lead()
    if field.name == "OwnerId" and field.createable:
        _refuse_if_no_owner(change, target.name, row)


def converted_lead() -> Refused:
    """The refusal of a write that touches a converted lead. Source: crm-facts, Salesforce, section 4."""
    return Refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", fields=())


def _refuse_if_no_owner(change: Change, kind: str, owner: Row) -> None:
    if kind == "User":
        _refuse_if_unfit(change, owner)
    elif owner.get("Type") != "Queue" or not _takes(change, owner["Id"]):
        raise Refused("INVALID_OPERATION", "Queue not associated with this SObject type", fields=())


def _refuse_if_unfit(change: Change, user: Row) -> None:
    if not user.get("IsActive", False):
        told = f"operation performed with inactive user [{user['Id'][:15]}] as owner of {change.sobject.label.lower()}"
        raise Refused("INACTIVE_OWNER_OR_USER", told, fields=())
    if user.get("UserType") != "Standard":
        raise Refused("OP_WITH_INVALID_USER_TYPE_EXCEPTION", "Operation not valid for this user type", fields=())


def _takes(change: Change, queue: str) -> bool:
    listed = change.store.tables["QueueSobject"].children("QueueId", queue)
    return any(row.get("SobjectType") == change.sobject.name for row in listed)
