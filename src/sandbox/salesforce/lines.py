"""Salesforce lines of a portal file: JSON as the API answers it -> rows, or all that is wrong with them.

Shapes: docs/reference/portal-file.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.lines import BadLines, problem
from sandbox.salesforce.custom_lines import custom_field_of
from sandbox.salesforce.fields import Field
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.moments import canonical_date, canonical_moment
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import Schema, SObject, custom_field
from sandbox.salesforce.standard_lines import standard_field_of
from sandbox.salesforce.store import Store

_Definer = Callable[[Schema, dict[str, Any], str], tuple[SObject, Field, bool | None]]
_DEFINING: dict[str, _Definer] = {"CustomField": custom_field_of, "StandardField": standard_field_of}


@dataclass(slots=True)
class Read:
    """What a file says: fields to define, fields to track, and rows of objects, in the order of the lines."""

    fields: list[tuple[SObject, Field]] = field(default_factory=list)
    tracked: dict[tuple[str, str], bool] = field(default_factory=dict)
    rows: list[tuple[SObject, Row]] = field(default_factory=list)


def read_lines(store: Store, lines: Iterable[tuple[str, object]]) -> Read:
    """Check all lines, each with its place. Raises BadLines with every problem; the store is not changed."""
    reader = _Reader(store)
    held = list(lines)
    for where, line in held:
        reader.define(where, line)
    for where, line in held:
        reader.read(where, line)
    if reader.problems:
        raise BadLines(reader.problems)
    reader.found.fields = [(sobject, each) for (name, _), each in reader.fields.items() if (sobject := store.schema.find(name))]
    return reader.found


class _Reader:
    def __init__(self, store: Store) -> None:
        self._schema = store.schema
        self.found = Read()
        self.fields: dict[tuple[str, str], Field] = {}  # defined by the lines: (object, name in lower case)
        self.problems: list[str] = []
        self._columns: dict[tuple[str, str], _Column | None] = {}

    def define(self, where: str, line: object) -> None:
        """Take in what a line says of custom fields; lines that are no good are left to `read`."""
        sort = _type_of(line)
        if sort is None or not isinstance(line, dict):
            return
        if sort in _DEFINING:
            self._define_asked(where, line, _DEFINING[sort])
        elif sobject := self._schema.find(sort):
            for name in line:
                if name.endswith("__c") and sobject.field(name) is None:
                    self._define_seen(sobject, name, line[name])

    def _define_asked(self, where: str, line: dict[str, Any], read: _Definer) -> None:
        try:
            sobject, new, is_tracked = read(self._schema, line, where)
        except BadLines as error:
            self.problems += error.problems
            return
        self.fields[sobject.name, new.name.lower()] = new
        if is_tracked is not None:
            self.found.tracked[sobject.name, new.name] = is_tracked

    def _define_seen(self, sobject: SObject, name: str, value: object) -> None:
        """Define a field by its values: text if any of them is, else numbers or booleans."""
        key = (sobject.name, name.lower())
        known = self.fields.get(key)
        type_ = _type_of_value(value)
        if known is None or (known.label == _SEEN and type_ is not None and (known.type == "boolean" or type_ == "string")):
            self.fields[key] = custom_field(name, type_ or "boolean" if known is None else type_ or known.type, label=_SEEN)

    def read(self, where: str, line: object) -> None:
        """Take in a record, or note what is wrong with it."""
        if not isinstance(line, dict):
            self.problems.append(problem(where, line, "a JSON object"))
            return
        sort = _type_of(line)
        if sort in _DEFINING:
            return
        sobject = self._schema.find(sort) if sort else None
        if sobject is None or not sobject.is_stored:
            names = ", ".join([*_DEFINING, *(each.name for each in self._schema.objects.values() if each.is_stored)])
            self.problems.append(problem(where, sort, f"one of {names}", "attributes.type"))
            return
        row = self._row(where, line, sobject)
        id_ = row.get("Id")
        if id_ is None or not id_.startswith(sobject.prefix):
            self.problems.append(
                problem(
                    where, line.get("Id"), f"an id of 15 characters, or of 18 with its checksum, that begins with {sobject.prefix}", "Id"
                )
            )
            return
        self.found.rows.append((sobject, row))

    def _row(self, where: str, line: dict[str, Any], sobject: SObject) -> Row:
        row: Row = {"Id": long_id(line.get("Id"))}
        for name, value in line.items():
            column = self._column(sobject, name)
            if column is None:
                if not (isinstance(value, dict | list) or value is None or name.endswith("__r")):
                    self.problems.append(
                        f"{where}: {name}: found a field that {sobject.name} does not have, expected only its own or one ending in __c"
                    )
            elif column.read is not None and not isinstance(value, dict | list):
                row[column.name] = self._value(where, column, value)
        return row

    def _column(self, sobject: SObject, name: str) -> _Column | None:
        key = (sobject.name, name)
        if key not in self._columns:
            self._columns[key] = _column(self.fields.get((sobject.name, name.lower())) or sobject.field(name), name)
        return self._columns[key]

    def _value(self, where: str, column: _Column, value: object) -> Any:
        if value is None or column.read is None:
            return None
        try:
            return column.read(value)
        except (ValueError, TypeError, OverflowError, OSError, ZoneInfoNotFoundError):
            self.problems.append(problem(where, value, column.expected, column.name))
            return None


@dataclass(frozen=True, slots=True)
class _Column:
    """How the values of a key are read; not at all without `read`."""

    name: str
    read: Callable[[object], Any] | None = None
    expected: str = ""


def _column(known: Field | None, name: str) -> _Column | None:
    if name in ("attributes", "Id") or (known is not None and known.derived):
        return _Column(name)
    if known is None:
        return None
    family = (
        "zone"
        if known.name == "TimeZoneSidKey"
        else "text"
        if known.is_text
        else "number"
        if known.is_number
        else "id"
        if known.is_id
        else known.type
    )
    return _Column(known.name, *_READERS[family])


_SEEN = "\0seen"  # the label of a field that nobody defined, until all lines are looked through


def labelled(new: Field) -> Field:
    """A field that lines made known, with the label that Salesforce would show."""
    return custom_field(new.name, new.type) if new.label == _SEEN else new


def _type_of(line: object) -> str | None:
    attributes = line.get("attributes") if isinstance(line, dict) else None
    sort = attributes.get("type") if isinstance(attributes, dict) else None
    return sort if isinstance(sort, str) else None


def _type_of_value(value: object) -> str | None:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "double"
    return "string" if isinstance(value, str) else None


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) or None


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _moment(value: object) -> str:
    return canonical_moment(_string(value))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _id(value: object) -> str:
    found = long_id(value)
    if found is None:
        raise ValueError
    return found


def _zone(value: object) -> str:
    return ZoneInfo(_string(value)).key


def _any(value: object) -> object:
    return value


_READERS: dict[str, tuple[Callable[[object], Any], str]] = {
    "text": (_text, "text"),
    "number": (_number, "a number"),
    "boolean": (_boolean, "true or false"),
    "date": (lambda value: canonical_date(_string(value)), "a date such as 2026-11-20"),
    "datetime": (_moment, "a moment such as 2026-11-20T15:00:00.000+0000"),
    "id": (_id, "an id of 15 characters, or of 18 with its checksum"),
    "zone": (_zone, "a time zone such as America/New_York"),
    "anyType": (_any, "a value"),
    "address": (_any, "an address"),
}


def numbered(lines: Iterable[object], name: str) -> Iterator[tuple[str, object]]:
    """Lines with the place of each."""
    return ((f"{name} {number}", line) for number, line in enumerate(lines, 1))
