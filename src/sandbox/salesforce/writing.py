"""Creating and updating one record, with everything that Salesforce checks and does on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sandbox.salesforce.activities import complete_event, complete_task, touch_related
from sandbox.salesforce.caller import Caller
from sandbox.salesforce.casts import cast
from sandbox.salesforce.change import Change
from sandbox.salesforce.fields import Field
from sandbox.salesforce.history import note_changes
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.locks import refuse_if_held
from sandbox.salesforce.members import complete_member
from sandbox.salesforce.moments import read_moment
from sandbox.salesforce.names import developer_name, set_full_name, set_stage, set_user_names
from sandbox.salesforce.new_org import add_member_statuses
from sandbox.salesforce.picklists import choices_of, default_of
from sandbox.salesforce.references import converted_lead, refuse_if_bad_references
from sandbox.salesforce.refusals import Refused, no_such_resource
from sandbox.salesforce.rows import Row
from sandbox.salesforce.rules import assign, refuse_if_duplicate, refuse_if_invalid
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Store

_USER_DEFAULTS = {
    "IsActive": True,
    "UserType": "Standard",
    "TimeZoneSidKey": "America/New_York",
    "LocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
}


def create(store: Store, name: str, values: Mapping[str, Any], caller: Caller) -> str:
    """Make a record; its id. Raises Refused."""
    sobject = writable(store, name, "create")
    given = _cast_all(store, sobject, values, "createable")
    row: Row = _defaults(store, sobject, caller) | {name: value for name, value in given.items() if value is not None}
    _refuse_if_missing(sobject, row, sobject.fields)
    change = Change(store=store, sobject=sobject, caller=caller, old=None, new=row)
    row["Id"] = store.mint.new(sobject.prefix)
    _save(change, frozenset(given))
    return str(row["Id"])


def update(store: Store, name: str, id_: str, values: Mapping[str, Any], caller: Caller) -> None:
    """Set values of a record. Raises Refused."""
    sobject = writable(store, name, "update")
    old = live_row(store, sobject, id_)
    _refuse_if_newer(old, caller.unmodified_since)
    if sobject.name == "Lead" and old.get("IsConverted"):
        raise converted_lead()
    given = _cast_all(store, sobject, values, "updateable")
    row = {**old, **given}
    _refuse_if_missing(sobject, row, given)
    refuse_if_held(store, old["Id"])
    _save(Change(store=store, sobject=sobject, caller=caller, old=old, new=row), frozenset(given))


def writable(store: Store, name: str, ability: str) -> SObject:
    """The object of this name, if records of it can be created, updated or deleted. Raises Refused."""
    sobject = store.schema.find(name)
    if sobject is None or not sobject.is_stored or store.switches.is_hidden(sobject.name):
        raise no_such_resource()
    if ability not in sobject.abilities:
        done = {"create": "inserted", "update": "updated", "delete": "deleted"}[ability]
        raise Refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be {done}: {sobject.label}")
    return sobject


def live_row(store: Store, sobject: SObject, id_: str) -> Row:
    """The record of this object that is to be written. Raises Refused if there is none, or if it is deleted."""
    row = store.tables[sobject.name].get(long_id(id_))
    if row is None:
        raise no_such_resource()
    if row.get("IsDeleted"):
        raise Refused("ENTITY_IS_DELETED", "entity is deleted", status=404, fields=())
    return row


def _refuse_if_newer(row: Row, since: datetime | None) -> None:
    if since is not None and read_moment(row.get("LastModifiedDate") or row["CreatedDate"]) > since:
        raise Refused("PRECONDITION_FAILED", "One or more of the preconditions specified in the request header has failed", status=412)


def _cast_all(store: Store, sobject: SObject, values: Mapping[str, Any], access: str) -> Row:
    fields = {name: _field(store, sobject, name) for name in values if name != "attributes"}
    if access == "updateable" and "Id" in (field.name for field in fields.values()):
        raise Refused("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    if closed := tuple(field.name for field in fields.values() if not getattr(field, access)):
        told = (
            f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings of this field and verify "
            "that it is read/write for your profile or permission set."
        )
        raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", told, fields=closed)
    row, wrong = {}, []
    for name, field in fields.items():
        try:
            row[field.name] = cast(field, values[name], _values_of(store, sobject, field))
        except Refused as refused:
            wrong.append(refused)
    if wrong:
        raise Refused(wrong[0].code, wrong[0].message, fields=wrong[0].fields, more=tuple(wrong[1:]))
    return row


def _field(store: Store, sobject: SObject, name: str) -> Field:
    field = sobject.field(name)
    if field is None or store.switches.is_hidden(sobject.name, field.name):
        raise Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
    return field


def _values_of(store: Store, sobject: SObject, field: Field) -> Collection[str]:
    if not field.restricted or sobject.name == "CampaignMember":  # a campaign's statuses are checked with the campaign
        return _Anything()
    return {choice.value for choice in choices_of(store, sobject.name, field)}


class _Anything(frozenset[str]):
    def __contains__(self, _: object) -> bool:
        return True


def _defaults(store: Store, sobject: SObject, caller: Caller) -> Row:
    row: Row = {field.name: False for field in sobject.fields.values() if field.type == "boolean" and not field.nillable}
    for field in sobject.fields.values():
        if field.type == "picklist" and field.createable and not field.derived and sobject.name != "CampaignMember":
            value = default_of(store, sobject.name, field)
            row |= {field.name: value} if value is not None and not field.required else {}
    if "OwnerId" in sobject.fields and sobject.fields["OwnerId"].createable:
        row["OwnerId"] = caller.user_id
    if sobject.name == "User":
        row |= _USER_DEFAULTS
    return row


def _refuse_if_missing(sobject: SObject, row: Row, names: Collection[str]) -> None:
    """Raise Refused if a field among `names` may not be blank and is."""
    wanted = (field for field in sobject.fields.values() if field.name in names)
    missing = tuple(f.name for f in wanted if (f.required or _is_cleared(f, row)) and row.get(f.name) is None)
    if missing:
        raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", fields=missing)


def _is_cleared(field: Field, row: Row) -> bool:
    return field.updateable and not field.nillable and field.name in row


def _save(change: Change, sets: frozenset[str]) -> None:
    if change.sobject.name in _BEFORE:
        _BEFORE[change.sobject.name](change, sets)
    refuse_if_bad_references(change)
    refuse_if_invalid(change)
    refuse_if_duplicate(change)
    if change.sobject.name == "Lead":
        assign(change)
        refuse_if_bad_references(change)
    stamp(change.sobject, change.new, change.store.now(), change.caller.user_id, is_new=change.old is None)
    change.store.put(change.sobject.name, change.new["Id"], change.new)
    note_changes(change)
    for step in _AFTER.get(change.sobject.name, ()):
        step(change)


def stamp(sobject: SObject, row: Row, now: str, user_id: str, *, is_new: bool) -> None:
    """Set the times and users that Salesforce sets itself, as far as the object has them."""
    names = {"LastModifiedDate": now, "LastModifiedById": user_id, "SystemModstamp": now}
    if is_new:
        names |= {"CreatedDate": now, "CreatedById": user_id}
    row |= {name: value for name, value in names.items() if name in sobject.fields}


def _complete_stage(change: Change, sets: frozenset[str]) -> None:
    set_stage(change.store, change.new, stage_is_new=change.changed("StageName"), sets=sets)
    if change.changed("StageName") and change.old is not None:
        change.new["LastStageChangeDate"] = change.store.now()


def _complete_named(change: Change, _sets: frozenset[str]) -> None:
    if change.new.get("DeveloperName") is None:
        change.new["DeveloperName"] = developer_name(change.new["Name"])


def _complete_member(change: Change, _sets: frozenset[str]) -> None:
    refuse_if_bad_references(change)
    complete_member(change)


_BEFORE: dict[str, Callable[[Change, frozenset[str]], None]] = {
    "Lead": lambda change, _: set_full_name(change.new),
    "Contact": lambda change, _: set_full_name(change.new),
    "User": lambda change, _: set_user_names(change.new),
    "Opportunity": _complete_stage,
    "Task": lambda change, _: complete_task(change),
    "Event": lambda change, _: complete_event(change),
    "Group": _complete_named,
    "UserRole": _complete_named,
    "CampaignMember": _complete_member,
}


def _begin_campaign(change: Change) -> None:
    if change.old is None:
        add_member_statuses(change.store, change.new)


_AFTER: dict[str, tuple[Callable[[Change], None], ...]] = {
    "Task": (touch_related,),
    "Event": (touch_related,),
    "Campaign": (_begin_campaign,),
}
