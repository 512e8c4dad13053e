"""Tasks and events: what follows from their values, and what they do to the records they are about.

Source: crm-facts, Salesforce, sections 4 and 5.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce.change import Change
from sandbox.salesforce.locks import refuse_if_held
from sandbox.salesforce.moments import moment_text, read_moment
from sandbox.salesforce.picklists import row_of_value
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row
from sandbox.salesforce.store import Store

LONGEST_EVENT = timedelta(days=14)


def complete_task(change: Change) -> None:
    """Set what follows from a task's status, priority and people."""
    new, closed = change.new, task_is_closed(change.store, change.new)
    if not closed:
        new["CompletedDateTime"] = None
    elif change.changed("Status") or change.old is None:
        new["CompletedDateTime"] = change.store.now()
    new["IsClosed"] = closed
    new["IsHighPriority"] = new.get("Priority") == "High"
    set_relations(change.store, new)


def task_is_closed(store: Store, task: Row) -> bool:
    """Whether a task's status is one of the closed ones."""
    return bool(row_of_value(store, "Task", "Status", task.get("Status")).get("IsClosed", False))


def set_relations(store: Store, activity: Row) -> None:
    """Set the account of an activity and how many records it is about."""
    who, what = store.row(activity.get("WhoId")), store.row(activity.get("WhatId"))
    of_what = what and (what["Id"] if what["Id"].startswith("001") else what.get("AccountId"))
    activity["AccountId"] = of_what or (who or {}).get("AccountId")
    activity["WhoCount"] = 0 if activity.get("WhoId") is None else 1
    activity["WhatCount"] = 0 if activity.get("WhatId") is None else 1


def complete_event(change: Change) -> None:
    """Set start, end, duration and date of an event from one another. Raises Refused if the span is missing or wrong."""
    new = change.new
    sets = {name for name in ("StartDateTime", "ActivityDateTime", "EndDateTime", "DurationInMinutes") if change.sets(name)}
    if not new.get("IsAllDayEvent"):
        set_span(new, sets)
    elif not new.get("ActivityDate") and new.get("ActivityDateTime"):
        new["ActivityDate"] = new["ActivityDateTime"][:10]
    _refuse_if_no_span(new)
    set_relations(change.store, new)


def set_span(new: Row, sets: set[str]) -> None:
    """Let start, end and duration agree; `sets` are those that are given anew."""
    start = new.get("ActivityDateTime") if "ActivityDateTime" in sets else new.get("StartDateTime") or new.get("ActivityDateTime")
    if start is None:
        return
    new["StartDateTime"] = new["ActivityDateTime"] = start
    new["ActivityDate"] = start[:10]
    begun, minutes = read_moment(start), new.get("DurationInMinutes")
    if minutes is not None and ("EndDateTime" not in sets or "DurationInMinutes" in sets):
        new["EndDateTime"] = moment_text(begun + timedelta(minutes=minutes))
    elif new.get("EndDateTime") is not None:
        new["DurationInMinutes"] = int((read_moment(new["EndDateTime"]) - begun) / timedelta(minutes=1))
    if new.get("EndDateTime"):
        new["EndDate"] = new["EndDateTime"][:10]


def _refuse_if_no_span(new: Row) -> None:
    if new.get("IsAllDayEvent"):
        if not new.get("ActivityDate"):
            raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [ActivityDate]", fields=("ActivityDate",))
        return
    missing = tuple(name for name in ("DurationInMinutes", "ActivityDateTime") if new.get(name) is None)
    if missing:
        raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", fields=missing)
    length = read_moment(new["EndDateTime"]) - read_moment(new["StartDateTime"])
    if not timedelta() <= length <= LONGEST_EVENT:
        told = "Event duration can't be negative and can't be longer than 14 days."
        raise Refused("FIELD_INTEGRITY_EXCEPTION", told, fields=("DurationInMinutes",))


def touch_related(change: Change) -> None:
    """Let an activity move the SystemModstamp and the LastActivityDate of the records that it is, and was, about."""
    rows: list[dict[str, Any]] = [row for row in (change.old, change.new) if row]
    people = {row["WhoId"] for row in rows if row.get("WhoId")}
    others = {row[name] for row in rows for name in ("WhatId", "AccountId") if row.get(name)}
    for id_ in sorted(people | others):
        touch(change.store, id_, always=id_ in people)


def touch(store: Store, id_: str, *, always: bool) -> None:
    """Recompute a record's LastActivityDate; its SystemModstamp moves if that changed, or `always`.

    Raises Refused if it has to move and somebody else holds the record.
    """
    row, sobject = store.row(id_), store.schema.of_id(id_)
    if row is None or sobject is None or sobject.field("LastActivityDate") is None:
        return
    last = last_activity(store, id_)
    if always or last != row.get("LastActivityDate"):
        refuse_if_held(store, id_)
        store.set(sobject.name, id_, LastActivityDate=last, SystemModstamp=store.now())


def last_activity(store: Store, id_: str) -> str | None:
    """The latest due date of a record's events and closed tasks. An event to come counts too."""
    field = "WhoId" if id_.startswith(("00Q", "003")) else "AccountId" if id_.startswith("001") else "WhatId"
    tasks = (row for row in store.tables["Task"].children(field, id_) if row.get("IsClosed"))
    rows = [*tasks, *store.tables["Event"].children(field, id_)]
    return max((row["ActivityDate"] for row in rows if row.get("ActivityDate") and not row.get("IsDeleted")), default=None)


def archives(row: Row, now: datetime) -> bool:
    """Whether the archiving job takes an activity: 365 days old, a task only if it is closed."""
    limit = (now - timedelta(days=365)).date().isoformat()
    if row["Id"].startswith("00U"):
        return (row.get("ActivityDate") or "9") <= limit
    due = row.get("ActivityDate") or str(row.get("CreatedDate"))[:10]
    return bool(row.get("IsClosed")) and due <= limit
