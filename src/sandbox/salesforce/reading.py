"""Reading one record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sandbox.salesforce.casts import cast
from sandbox.salesforce.derived import getter
from sandbox.salesforce.describe import visible
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.moments import read_moment
from sandbox.salesforce.refusals import Refused, no_such_resource
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql_show import attributes
from sandbox.salesforce.store import Store

__all__ = ["find", "get", "modified", "visible"]


def get(store: Store, name: str, id_: str, version: str, *, fields: Sequence[str] | None) -> dict[str, Any]:
    """One live record: the named fields, or all. Raises Refused."""
    sobject = visible(store, name)
    wanted = _named(store, sobject, fields) if fields is not None else _all(store, sobject)
    row = _live(store, sobject, id_)
    values = {field.name: getter(store, sobject.name, field)(row) for field in wanted}
    return {"attributes": attributes(sobject.name, sobject.name, row["Id"], version), **values, "Id": row["Id"]}


def modified(store: Store, name: str, id_: str) -> datetime | None:
    """LastModifiedDate of a live record. Raises Refused if there is none."""
    text = _live(store, visible(store, name), id_).get("LastModifiedDate")
    return None if text is None else read_moment(text)


def find(store: Store, name: str, field: str, value: str) -> str | None:
    """The id of the one live record whose external id, or Id, is `value`. Raises Refused; 300 where there are several."""
    sobject = visible(store, name)
    known = sobject.field(field)
    if known is None or not (known.external_id or known.type == "id") or store.switches.is_hidden(sobject.name, known.name):
        raise Refused("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {field}", status=404)
    wanted = cast(known, value, ())
    wanted = wanted.casefold() if known.is_text and wanted else wanted
    found = [row["Id"] for row in store.tables[sobject.name].rows.values() if not row.get("IsDeleted") and _value(known, row) == wanted]
    if len(found) > 1:
        raise Refused("DUPLICATE_EXTERNAL_ID", f"{field}: more than one record found for external id field: {found}", status=300)
    return found[0] if found else None


def _value(field: Field, row: Row) -> Any:
    value = row.get(field.name)
    return value.casefold() if field.is_text and value is not None else value


def _named(store: Store, sobject: SObject, names: Sequence[str]) -> list[Field]:
    found = {name: sobject.field(name) for name in names}
    for name, field in found.items():
        if field is None or store.switches.is_hidden(sobject.name, field.name):
            raise Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
    return [field for field in found.values() if field is not None]


def _all(store: Store, sobject: SObject) -> list[Field]:
    return [field for field in sobject.fields.values() if not store.switches.is_hidden(sobject.name, field.name)]


def _live(store: Store, sobject: SObject, id_: str) -> Row:
    found = long_id(id_)
    if found is None:
        raise Refused("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {id_}", status=404)
    row = store.tables[sobject.name].get(found) if sobject.is_stored else None
    if row is None or row.get("IsDeleted"):
        raise no_such_resource()
    return row
