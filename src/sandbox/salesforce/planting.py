"""Puts the records of lines into an org: as they are, with what is missing filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sandbox.salesforce.activities import set_relations, set_span, task_is_closed
from sandbox.salesforce.fields import Field
from sandbox.salesforce.lines import labelled, read_lines
from sandbox.salesforce.members import statuses_of
from sandbox.salesforce.names import developer_name, set_full_name, set_stage, set_user_names
from sandbox.salesforce.new_org import add_member_statuses
from sandbox.salesforce.picklists import default_of
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Store

_REPLACED = ("LeadStatus", "TaskStatus", "OpportunityStage", "Organization")  # lines of these stand for all of them
_LAST = ("Task", "Event", "CampaignMember", "Campaign")  # what is filled in follows from rows of other objects


def plant(store: Store, lines: Iterable[tuple[str, object]], *, user_id: str) -> int:
    """Add what lines say; the number of records. Raises BadLines, and then nothing was added."""
    read = read_lines(store, lines)
    for sobject, new in read.fields:
        store.schema.define(sobject, labelled(new))
    for key, is_on in read.tracked.items():
        (store.switches.tracked.add if is_on else store.switches.tracked.discard)(key)
    for name in {sobject.name for sobject, _ in read.rows} & set(_REPLACED):
        for id_ in list(store.tables[name].rows):
            store.put(name, id_, None)
    early = [item for item in read.rows if item[0].name not in _LAST]
    late = [item for item in read.rows if item[0].name in _LAST]
    for sobject, row in early:
        _put(store, sobject, row, user_id)
    for sobject, row in late:
        store.tables[sobject.name].put(row["Id"], row)
    for sobject, row in late:
        _put(store, sobject, row, user_id)
    return len(read.rows)


def _put(store: Store, sobject: SObject, row: Row, user_id: str) -> None:
    full = dict(row)
    for name, value in _missing(store, sobject, row, user_id).items():
        full.setdefault(name, value)
    _complete(store, sobject.name, full, frozenset(row))
    store.mint.taken(full["Id"])
    store.put(sobject.name, full["Id"], full)


def _missing(store: Store, sobject: SObject, row: Row, user_id: str) -> Row:
    """What every record has, as far as the object has it."""
    given = [row[name] for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp") if row.get(name)]
    created = min(given, default=store.now())
    modified = row.get("LastModifiedDate") or row.get("CreatedDate") or created
    values = {
        "CreatedDate": created,
        "LastModifiedDate": modified,
        "SystemModstamp": max(modified, row.get("CreatedDate") or modified),
        "CreatedById": user_id,
        "LastModifiedById": row.get("CreatedById") or user_id,
    }
    found = {name: value for name, value in values.items() if name in sobject.fields}
    for field in sobject.fields.values():
        if field.name not in row and (value := _default(store, sobject, field, user_id)) is not None:
            found[field.name] = value
    return found


def _default(store: Store, sobject: SObject, field: Field, user_id: str) -> object:
    if field.type == "boolean" and not field.nillable:
        return sobject.name == "User" and field.name == "IsActive"
    if field.name == "OwnerId" and field.createable:
        return user_id
    if field.type == "picklist" and field.createable and field.defaulted and not field.nillable:
        return default_of(store, sobject.name, field)
    return None


def _complete(store: Store, name: str, row: Row, given: frozenset[str]) -> None:
    """Fill in what follows from other values of the record, where it is not given."""
    before = {key: row[key] for key in given}
    if name in _COMPLETIONS:
        _COMPLETIONS[name](store, row, given)
    row.update(before)


def _complete_person(_store: Store, row: Row, _given: frozenset[str]) -> None:
    set_full_name(row)


def _complete_user(_store: Store, row: Row, _given: frozenset[str]) -> None:
    row.setdefault("UserType", "Standard")
    row.setdefault("TimeZoneSidKey", "America/New_York")
    set_user_names(row)


def _complete_opportunity(store: Store, row: Row, given: frozenset[str]) -> None:
    set_stage(store, row, stage_is_new=True, sets=given)


def _complete_event(store: Store, row: Row, given: frozenset[str]) -> None:
    set_span(row, set(given))
    set_relations(store, row)


def _complete_group(_store: Store, row: Row, _given: frozenset[str]) -> None:
    row.setdefault("DeveloperName", developer_name(row.get("Name") or row["Id"]))


def _complete_campaign(store: Store, row: Row, _given: frozenset[str]) -> None:
    if not statuses_of(store, row["Id"]):
        add_member_statuses(store, row)


def _complete_task(store: Store, row: Row, given: frozenset[str]) -> None:
    row["IsHighPriority"] = row.get("Priority") == "High"
    if "IsClosed" not in given:
        row["IsClosed"] = task_is_closed(store, row)
    if row["IsClosed"] and "CompletedDateTime" not in given:
        row["CompletedDateTime"] = row["LastModifiedDate"]
    set_relations(store, row)


def _complete_member(store: Store, row: Row, given: frozenset[str]) -> None:
    statuses = statuses_of(store, row.get("CampaignId") or "")
    if "Status" not in given:
        row["Status"] = next((each["Label"] for each in statuses if each.get("IsDefault")), "Sent")
    status = next((each for each in statuses if each.get("Label") == row["Status"]), {})
    row["HasResponded"] = status.get("HasResponded", False)


def _complete_choice(_store: Store, row: Row, _given: frozenset[str]) -> None:
    row.setdefault("ApiName", row.get("MasterLabel"))
    row.setdefault("MasterLabel", row.get("ApiName"))


def _complete_stage(store: Store, row: Row, given: frozenset[str]) -> None:
    row["IsActive"] = True
    _complete_choice(store, row, given)


_COMPLETIONS: dict[str, Callable[[Store, Row, frozenset[str]], None]] = {
    "Lead": _complete_person,
    "Contact": _complete_person,
    "User": _complete_user,
    "Opportunity": _complete_opportunity,
    "Task": _complete_task,
    "Event": _complete_event,
    "Group": _complete_group,
    "CampaignMember": _complete_member,
    "Campaign": _complete_campaign,
    "LeadStatus": _complete_choice,
    "TaskStatus": _complete_choice,
    "OpportunityStage": _complete_stage,
}
