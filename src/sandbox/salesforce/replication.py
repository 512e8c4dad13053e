"""getUpdated, getDeleted, and how many records there are.

Source: crm-facts, Salesforce, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce.bin import deleted_at
from sandbox.salesforce.moments import moment_text
from sandbox.salesforce.refusals import Refused, no_such_resource
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Store

UPDATED_DAYS, DELETED_DAYS = timedelta(days=30), timedelta(days=15)


def updated(store: Store, name: str, start: datetime, end: datetime) -> dict[str, Any]:
    """The ids of records that changed from `start` up to `end`, seconds cut off. Raises Refused."""
    sobject = _replicated(store, name)
    first, behind = _span(store, start, end, UPDATED_DAYS)
    field = "SystemModstamp" if "SystemModstamp" in sobject.fields else "CreatedDate"
    table = store.tables[sobject.name]
    ids = [id_ for id_ in table.ordered(field).between(first, behind) if not table.rows[id_].get("IsDeleted")]
    return {"ids": ids, "latestDateCovered": _covered(store, end)}


def deleted(store: Store, name: str, start: datetime, end: datetime) -> dict[str, Any]:
    """The records that were deleted from `start` up to `end`, seconds cut off; purged ones too. Raises Refused."""
    sobject = _replicated(store, name)
    first, behind = _span(store, start, end, DELETED_DAYS)
    in_bin = {row["Id"]: deleted_at(row) for row in store.tables[sobject.name].rows.values() if row.get("IsDeleted")}
    times = {**store.purged[sobject.name], **in_bin}
    found = sorted((at, id_) for id_, at in times.items() if first <= at < behind)
    return {
        "deletedRecords": [{"id": id_, "deletedDate": at} for at, id_ in found],
        "earliestDateAvailable": moment_text(_minute(store.clock.now() - DELETED_DAYS)),
        "latestDateCovered": _covered(store, end),
    }


def counts(store: Store, names: Sequence[str]) -> list[dict[str, Any]]:
    """The number of live records of the named objects, or of all that have any."""
    wanted = {name.lower() for name in names}
    found = []
    for name, table in store.tables.items():
        if wanted and name.lower() not in wanted:
            continue
        count = sum(1 for row in table.rows.values() if not _is_gone(row))
        if count or wanted:
            found.append({"count": count, "name": name})
    return found


def _is_gone(row: Row) -> bool:
    return bool(row.get("IsDeleted"))


def _replicated(store: Store, name: str) -> SObject:
    sobject = store.schema.find(name)
    if sobject is None or store.switches.is_hidden(sobject.name) or "replicate" not in sobject.abilities:
        raise no_such_resource()
    return sobject


def _span(store: Store, start: datetime, end: datetime, reach: timedelta) -> tuple[str, str]:
    first, behind = _minute(start), _minute(end)
    if first >= behind:
        raise Refused("INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than the startDate")
    if first < _minute(store.clock.now() - reach):
        raise Refused("INVALID_REPLICATION_DATE", f"startDate cannot be more than {reach.days} days ago")
    return moment_text(first), moment_text(behind)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _covered(store: Store, end: datetime) -> str:
    return moment_text(_minute(min(end, store.covered_upto())))
