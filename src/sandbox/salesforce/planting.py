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
    planter = _Planter(store, user_id)
    early = [item for item in read.rows if item[0].name not in _LAST]
    late = [item for item in read.rows if item[0].name in _LAST]
    for sobject, row in early:
        planter.put(sobject, row)
    for sobject, row in late:
        store.tables[sobject.name].put(row["Id"], row)
    for sobject, row in late:
        planter.put(sobject, row)
    return len(read.rows)


class _Planter:
    """Puts rows into a store, with what every record has."""

    def __init__(self, store: Store, user_id: str) -> None:
        self._store = store
        self._user_id = user_id
        self._now = store.now()
        self._defaults: dict[str, Row] = {}

    def put(self, sobject: SObject, row: Row) -> None:
        """Put one row, completed."""
        if sobject.name not in self._defaults:
            self._defaults[sobject.name] = _defaults(self._store, sobject, self._user_id)
        full = self._defaults[sobject.name] | self._stamps(sobject, row) | row
        _complete(self._store, sobject.name, full, row)
        self._store.mint.taken(full["Id"])
        self._store.put(sobject.name, full["Id"], full)

    def _stamps(self, sobject: SObject, row: Row) -> Row:
        """The times and users of a record, as far as the object has them."""
        times = [row[name] for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp") if row.get(name)]
        created = min(times, default=self._now)
        modified = row.get("LastModifiedDate") or row.get("CreatedDate") or created
        stamps = {
            "CreatedDate": created,
            "LastModifiedDate": modified,
            "SystemModstamp": max(modified, row.get("CreatedDate") or modified),
            "CreatedById": self._user_id,
            "LastModifiedById": row.get("CreatedById") or self._user_id,
        }
        return {name: value for name, value in stamps.items() if name in sobject.fields}


def _defaults(store: Store, sobject: SObject, user_id: str) -> Row:
    values = {field.name: _default(store, sobject, field, user_id) for field in sobject.fields.values()}
    return {name: value for name, value in values.items() if value}  # a boolean that no row holds is read as false


def _default(store: Store, sobject: SObject, field: Field, user_id: str) -> object:
    if field.type == "boolean" and not field.nillable:
        return sobject.name == "User" and field.name == "IsActive"
    if field.name == "OwnerId" and field.createable:
        return user_id
    if field.type == "picklist" and field.createable and field.defaulted and not field.nillable:
        return default_of(store, sobject.name, field)
    return None


def _complete(store: Store, name: str, row: Row, given: Row) -> None:
    """Fill in what follows from other values of the record, where it is not given."""
    if name in _COMPLETIONS:
        _COMPLETIONS[name](store, row, frozenset(given))
        row.update(given)


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
