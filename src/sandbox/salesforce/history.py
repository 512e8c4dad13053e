"""Rows of field history: one for every change of a tracked field, two for a change of a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.change import Change
from sandbox.salesforce.derived import object_of
from sandbox.salesforce.fields import Field
from sandbox.salesforce.store import Store

_TYPES = {"reference": "EntityId", "picklist": "DynamicEnum", "boolean": "Boolean", "date": "DateOnly", "datetime": "DateTime"}


def note_changes(change: Change) -> None:
    """Write the history of one write: `created` for a new record, else every tracked field that changed."""
    store, name = change.store, change.sobject.name
    if store.schema.history_of(name) is None or name in store.switches.history_off:
        return
    if change.old is None:
        if any(sobject == name for sobject, _ in store.switches.tracked):
            note(store, name, change.new["Id"], Entry(field="created"), user_id=change.caller.user_id)
        return
    for field in change.sobject.fields.values():
        if store.switches.is_tracked(name, field.name) and change.changed(field.name):
            _note_field(change, field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one row of history says."""

    field: str
    old: Any = None
    new: Any = None
    type: str = "Text"


def note(store: Store, sobject: str, id_: str, entry: Entry, *, user_id: str) -> None:
    """Write one history row of a record, if the object has a history."""
    history = store.schema.history_of(sobject)
    if history is None or sobject in store.switches.history_off:
        return
    made = {
        history.parent.name: id_,
        "Field": entry.field,
        "DataType": entry.type,
        "OldValue": entry.old,
        "NewValue": entry.new,
        "CreatedDate": store.now(),
        "CreatedById": user_id,
        "IsDeleted": False,
    }
    store.add(history.name, made)


def _note_field(change: Change, field: Field) -> None:
    assert change.old is not None
    before, after = change.old.get(field.name), change.new.get(field.name)
    if field.type == "textarea" and not field.filterable:  # of long text only that it changed is kept
        before = after = None
    called = field.name if field.custom else field.relationship or field.name
    entries = [Entry(field=called, old=before, new=after, type=_TYPES.get(field.type, "Double" if field.is_number else "Text"))]
    if field.type == "reference":
        entries.insert(0, Entry(field=called, old=_name_of(change.store, before), new=_name_of(change.store, after)))
    for entry in entries:
        note(change.store, change.sobject.name, change.new["Id"], entry, user_id=change.caller.user_id)


def _name_of(store: Store, id_: str | None) -> str | None:
    row = store.row(id_)
    if row is None:
        return None
    name: str | None = row.get(store.schema.objects[object_of(store, row)].name_field or "")
    return name
