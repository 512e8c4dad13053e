"""Queries with aggregates: COUNT(), COUNT(Id), MIN … and GROUP BY."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.derived import Getter
from sandbox.salesforce.fields import Field
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row
from sandbox.salesforce.soql_bind import Bound, Scope
from sandbox.salesforce.soql_parse import AGGREGATES
from sandbox.salesforce.soql_tokens import at_place, malformed
from sandbox.salesforce.soql_tree import Call, Column, Operand, Path, Query

MOST_GROUPS = 2_000  # rows of one answer; an aggregate query has no further ones


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a group: `of` computes it from the group's rows, all of them alike in the grouped fields."""

    bound: Bound  # its type; `get` reads it from a row of a group
    of: Callable[[Sequence[Row]], Any]


def is_aggregate(query: Query) -> bool:
    """Whether a query's rows are groups."""
    return bool(query.group_by) or any(
        isinstance(item, Column) and isinstance(item.operand, Call) and item.operand.function in AGGREGATES for item in query.select
    )


def is_bare_count(query: Query) -> bool:
    """Whether it is `SELECT COUNT() FROM …`, whose answer has a size and no rows."""
    first = query.select[0]
    return len(query.select) == 1 and isinstance(first, Column) and first.operand == Call("COUNT", None, _at(first.operand))


def _at(operand: Operand) -> int:
    return operand.at


class Groups:
    """The groups of one query: what each cell of them is called and how it is computed."""

    def __init__(self, scope: Scope, query: Query) -> None:
        self._scope = scope
        self._query = query
        self.keys = {_key(scope, operand): self._grouped(operand) for operand in query.group_by}
        self.columns = self._columns()
        self._cells: dict[tuple[object, ...], Cell] = {}

    def rows(self, rows: Iterable[Row]) -> list[list[Row]]:
        """The rows of each group, in the order in which its first row came; without GROUP BY all are one."""
        if not self.keys:
            return [list(rows)]
        gets = [bound.get for bound in self.keys.values()]
        found: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            found.setdefault(tuple(get(row) for get in gets), []).append(row)
        return list(found.values())

    def bind(self, operand: Operand) -> Bound:
        """A cell as a field of a group, for HAVING and ORDER BY: its `get` takes `{"rows": the group's rows}`."""
        cell = self._cell(operand)
        return Bound(cell.bound.sobject, cell.bound.field, _of_group(cell), cell.bound.at, is_own=False)

    def _columns(self) -> dict[str, Callable[[Sequence[Row]], Any]]:
        columns: dict[str, Callable[[Sequence[Row]], Any]] = {}
        unnamed = 0
        for item in self._query.select:
            if not isinstance(item, Column):
                raise malformed(self._scope.text, self._query.source.at, "only fields and functions can be selected in an aggregate query")
            name = item.alias
            if name is None and isinstance(item.operand, Call):
                name, unnamed = f"expr{unnamed}", unnamed + 1
            cell = self._cell(item.operand)
            name = name or cell.bound.field.name
            if name in columns:
                raise malformed(self._scope.text, item.operand.at, f"duplicate alias: {name}")
            columns[name] = cell.of
        return columns

    def _cell(self, operand: Operand) -> Cell:
        if isinstance(operand, Call) and operand.function in AGGREGATES:
            return _aggregate(self._scope, operand)
        key = _key(self._scope, operand)
        if key not in self.keys:
            shown = ".".join(operand.names) if isinstance(operand, Path) else operand.function
            raise malformed(self._scope.text, operand.at, f"Field must be grouped or aggregated: {shown}")
        bound = self.keys[key]
        get = bound.get
        return Cell(bound, lambda rows: get(rows[0]) if rows else None)

    def _grouped(self, operand: Operand) -> Bound:
        bound = self._scope.operand(operand)
        if not bound.field.filterable or bound.field.type == "textarea":
            told = f"field '{bound.field.name}' can not be grouped in a query call"
            raise Refused("INVALID_FIELD", at_place(self._scope.text, operand.at, told))
        return bound


def _of_group(cell: Cell) -> Getter:
    return lambda group: cell.of(group["rows"])


def _key(scope: Scope, operand: Operand) -> tuple[str, ...]:
    if isinstance(operand, Path):
        return tuple(name.lower() for name in scope.own_names(operand))
    path = scope.own_names(operand.path) if operand.path else ()
    return (operand.function, *(name.lower() for name in path))


def _aggregate(scope: Scope, call: Call) -> Cell:
    if call.path is None:
        field = Field(name="count", label="count", type="int")
        return Cell(Bound(scope.sobject, field, len, call.at, is_own=False), len)
    bound = scope.bind(call.path)
    _refuse_if_unfit(scope, call, bound)
    type_ = "int" if call.function.startswith("COUNT") else "double" if call.function in ("SUM", "AVG") else bound.field.type
    field = Field(name=bound.field.name, label=bound.field.label, type=type_)
    compute, get = _COMPUTED[call.function], bound.get

    def of_rows(rows: Sequence[Row]) -> Any:
        return compute([value for row in rows if (value := get(row)) is not None])

    return Cell(Bound(bound.sobject, field, get, call.at, is_own=False), of_rows)


def _refuse_if_unfit(scope: Scope, call: Call, bound: Bound) -> None:
    fits = bound.field.is_number if call.function in ("SUM", "AVG") else bound.field.filterable
    if not fits or (call.function in ("MIN", "MAX") and bound.field.type == "boolean"):
        raise malformed(scope.text, call.at, f"field {bound.field.name} does not support aggregate operator {call.function}")


def _distinct(values: list[Any]) -> int:
    return len({value.casefold() if isinstance(value, str) and len(value) != 18 else value for value in values})


_COMPUTED: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": _distinct,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
    "SUM": lambda values: float(sum(values)) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
}
