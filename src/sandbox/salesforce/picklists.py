"""Which values a picklist offers now: some follow from rows."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from sandbox.salesforce.fields import Choice, Field
from sandbox.salesforce.rows import Row
from sandbox.salesforce.store import Store

_FOLLOWS = {("Lead", "Status"): "LeadStatus", ("Task", "Status"): "TaskStatus", ("Opportunity", "StageName"): "OpportunityStage"}


def choices_of(store: Store, sobject: str, field: Field) -> tuple[Choice, ...]:
    """The active values of a picklist in their order."""
    if field.name == "TimeZoneSidKey":
        return _zones()
    source = _FOLLOWS.get((sobject, field.name))
    if source is None:
        return field.choices
    rows = sorted(store.tables[source].rows.values(), key=lambda row: row.get("SortOrder") or 0)
    return tuple(_choice(row) for row in rows if row.get("IsActive", True))


@cache
def _zones() -> tuple[Choice, ...]:
    return tuple(Choice(value=name, label=name) for name in sorted(available_timezones()))


def default_of(store: Store, sobject: str, field: Field) -> str | None:
    """The value that a new record gets where none is given."""
    return next((choice.value for choice in choices_of(store, sobject, field) if choice.is_default), None)


def row_of_value(store: Store, sobject: str, field: str, value: str | None) -> Row:
    """The LeadStatus, TaskStatus or OpportunityStage row of a value; an empty one for a value that is none."""
    source = _FOLLOWS[sobject, field]
    return next((row for row in store.tables[source].rows.values() if row.get("ApiName") == value), {})


def _choice(row: Row) -> Choice:
    return Choice(value=row["ApiName"], label=row.get("MasterLabel") or row["ApiName"], is_default=row.get("IsDefault", False))
