"""The recycle bin: deleting records with what belongs to them, taking them out again, emptying it."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.salesforce.activities import touch
from sandbox.salesforce.caller import Caller
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.locks import refuse_if_held
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row
from sandbox.salesforce.store import Store
from sandbox.salesforce.writing import live_row, writable

# what goes into the bin with a record: (object, the reference that ties it)
_BELONGS = {
    "Lead": (("Task", "WhoId"), ("Event", "WhoId"), ("CampaignMember", "LeadId"), ("LeadHistory", "LeadId")),
    "Contact": (("Task", "WhoId"), ("Event", "WhoId"), ("CampaignMember", "ContactId"), ("ContactHistory", "ContactId")),
    "Account": (
        ("Contact", "AccountId"),
        ("Opportunity", "AccountId"),
        ("Task", "WhatId"),
        ("Event", "WhatId"),
        ("AccountHistory", "AccountId"),
    ),
    "Opportunity": (("Task", "WhatId"), ("Event", "WhatId"), ("OpportunityFieldHistory", "OpportunityId")),
    "Campaign": (("CampaignMember", "CampaignId"), ("CampaignMemberStatus", "CampaignId"), ("Task", "WhatId"), ("Event", "WhatId")),
}
_DELETED_AT, _DELETED_WITH = "_deletedAt", "_deletedWith"  # no fields: no query and no answer shows them


def delete(store: Store, name: str, id_: str, caller: Caller) -> None:
    """Put a record into the bin; of objects without a bin it is gone. Raises Refused."""
    sobject = writable(store, name, "delete")
    row = live_row(store, sobject, id_)
    refuse_if_held(store, row["Id"])
    bury(store, sobject.name, row["Id"], caller)


def bury(store: Store, sobject: str, id_: str, caller: Caller, **values: object) -> None:
    """Delete a record and what belongs to it, with these values set besides."""
    if "undelete" not in store.schema.objects[sobject].abilities and sobject != "CampaignMember":
        store.put(sobject, id_, None)
        return
    for child, child_id in _belongings(store, sobject, id_):
        _mark(store, child, child_id, id_, caller)
    _mark(store, sobject, id_, id_, caller, **values)
    _touch_people(store, store.tables[sobject].rows[id_])


def _mark(store: Store, sobject: str, id_: str, with_: str, caller: Caller, **values: object) -> None:
    now = store.now()
    marks: Row = {"IsDeleted": True, _DELETED_AT: now, _DELETED_WITH: with_}
    if "SystemModstamp" in store.schema.objects[sobject].fields:
        marks |= {"SystemModstamp": now, "LastModifiedDate": now, "LastModifiedById": caller.user_id}
    store.set(sobject, id_, **marks, **values)


def _belongings(store: Store, sobject: str, id_: str) -> Iterator[tuple[str, str]]:
    for child, reference in _BELONGS.get(sobject, ()):
        for row in list(store.tables[child].children(reference, id_)):
            if not row.get("IsDeleted"):
                yield child, row["Id"]
                yield from _belongings(store, child, row["Id"])


def undelete(store: Store, name: str, id_: str, caller: Caller) -> None:
    """Take a record, and what went with it, out of the bin. Raises Refused."""
    sobject = writable(store, name, "delete")
    row = store.tables[sobject.name].get(long_id(id_))
    if row is None or not row.get("IsDeleted") or "undelete" not in sobject.abilities:
        raise Refused("UNDELETE_FAILED", "Entity is not in the recycle bin")
    for each, table in store.tables.items():
        for other in [other for other in table.rows.values() if other.get(_DELETED_WITH, "") == row["Id"] or other is row]:
            _unmark(store, each, other, caller)
    _touch_people(store, row)


def _unmark(store: Store, sobject: str, row: Row, caller: Caller) -> None:
    kept = {name: value for name, value in row.items() if name not in (_DELETED_AT, _DELETED_WITH, "MasterRecordId")}
    kept["IsDeleted"] = False
    if "SystemModstamp" in store.schema.objects[sobject].fields:
        kept |= {"SystemModstamp": store.now(), "LastModifiedDate": store.now(), "LastModifiedById": caller.user_id}
    store.put(sobject, row["Id"], kept)


def empty(store: Store) -> int:
    """Purge all that is in the bin; the number of records. Only getDeleted remembers them."""
    count = 0
    for name, table in store.tables.items():
        for id_, at in [(row["Id"], deleted_at(row)) for row in table.rows.values() if row.get("IsDeleted")]:
            store.purged[name][id_] = at
            store.put(name, id_, None)
            count += 1
    return count


def deleted_at(row: Row) -> str:
    """When a deleted record was deleted; of one that was planted so: its SystemModstamp."""
    return str(row.get(_DELETED_AT) or row.get("SystemModstamp") or row.get("CreatedDate"))


def _touch_people(store: Store, row: Row) -> None:
    if row["Id"].startswith(("00T", "00U")):
        for name in ("WhoId", "WhatId", "AccountId"):
            if row.get(name):
                touch(store, row[name], always=name == "WhoId")
