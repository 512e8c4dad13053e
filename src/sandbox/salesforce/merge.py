"""Merging records: the losers are deleted and name the master, what was theirs becomes the master's.

Source: crm-facts, Salesforce, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.salesforce.activities import touch
from sandbox.salesforce.bin import bury
from sandbox.salesforce.caller import Caller
from sandbox.salesforce.history import Entry, note
from sandbox.salesforce.locks import refuse_if_held
from sandbox.salesforce.references import converted_lead
from sandbox.salesforce.refusals import Refused, no_such_resource
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Store
from sandbox.salesforce.writing import live_row, stamp

MOST_LOSERS = 2


def merge(store: Store, name: str, master: str, losers: Sequence[str], caller: Caller) -> None:
    """Merge one or two records into `master`. Raises Refused."""
    sobject = store.schema.find(name)
    if sobject is None or "merge" not in sobject.abilities:
        raise no_such_resource()
    kept = live_row(store, sobject, master)
    lost = [live_row(store, sobject, each) for each in losers]
    _refuse_if_unfit(store, kept, lost)
    for row in lost:
        _move_children(store, sobject, row["Id"], kept["Id"])
        bury(store, sobject.name, row["Id"], caller, MasterRecordId=kept["Id"])
    merged = dict(kept)
    stamp(sobject, merged, store.now(), caller.user_id, is_new=False)
    store.put(sobject.name, kept["Id"], merged)
    touch(store, kept["Id"], always=True)
    note(store, sobject.name, kept["Id"], Entry(field=f"{sobject.name.lower()}Merged"), user_id=caller.user_id)


def _refuse_if_unfit(store: Store, kept: Row, lost: list[Row]) -> None:
    ids = {row["Id"] for row in lost}
    if not 1 <= len(ids) <= MOST_LOSERS or len(ids) != len(lost) or kept["Id"] in ids:
        raise Refused("INVALID_OPERATION", f"a merge takes 1 to {MOST_LOSERS} other records of the same object", fields=())
    for row in (kept, *lost):
        refuse_if_held(store, row["Id"])
        if row["Id"].startswith("00Q") and row.get("IsConverted"):
            raise converted_lead()


def _move_children(store: Store, sobject: SObject, from_: str, to: str) -> None:
    for child, reference in list(_references_to(store, sobject)):
        for row in list(store.tables[child].children(reference, from_)):
            if child == "CampaignMember" and _is_member_too(store, row, reference, to):
                store.put(child, row["Id"], None)
            else:
                store.set(child, row["Id"], **{reference: to, "SystemModstamp": store.now()})


def _references_to(store: Store, sobject: SObject) -> Iterator[tuple[str, str]]:
    for child in store.schema.objects.values():
        for field in child.fields.values():
            names = sobject.name in field.references and not field.derived and field.name != "MasterRecordId"
            if names and child.is_stored and not child.is_history:
                yield child.name, field.name


def _is_member_too(store: Store, row: Row, reference: str, id_: str) -> bool:
    members = store.tables["CampaignMember"].children(reference, id_)
    return any(each["CampaignId"] == row["CampaignId"] and not each.get("IsDeleted") for each in members)
