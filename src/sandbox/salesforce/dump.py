"""An org as lines of a portal file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.salesforce.fields import Field
from sandbox.salesforce.schema import built_in
from sandbox.salesforce.standard_lines import standard_lines
from sandbox.salesforce.store import Store


def lines(store: Store) -> Iterator[dict[str, Any]]:
    """Fields first, the admin's and what the admin changed about others; then all records, deleted ones too."""
    new_org = built_in()
    for name, sobject in store.schema.objects.items():
        for field in sobject.fields.values():
            if field.custom:
                yield _custom(name, field, is_tracked=(name, field.name) in store.switches.tracked)
        tracked = {field for of, field in store.switches.tracked if of == name}
        yield from standard_lines(sobject, new_org.objects[name], tracked)
    for name, table in store.tables.items():
        for row in table.rows.values():
            shown = {key: value for key, value in row.items() if not key.startswith("_")}
            yield {"attributes": {"type": name}, **shown}


def _custom(sobject: str, field: Field, *, is_tracked: bool) -> dict[str, Any]:
    line: dict[str, Any] = {
        "attributes": {"type": "CustomField"},
        "object": sobject,
        "name": field.name,
        "type": field.type,
        "label": field.label,
        "picklist": [choice.value for choice in field.choices],
        "restricted": field.restricted,
        "external_id": field.external_id,
        "references": list(field.references),
        "tracked": is_tracked,
    }
    if field.length:
        line["length"] = field.length
    if field.precision:
        line |= {"precision": field.precision, "scale": field.scale}
    if default := next((choice.value for choice in field.choices if choice.is_default), None):
        line["default"] = default
    return line
