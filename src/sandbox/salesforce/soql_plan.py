"""Which rows a query has to look at: found by id, by a reference or by a time, so that not all are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.rows import ORDERED, Table
from sandbox.salesforce.soql_bind import Bound
from sandbox.salesforce.soql_tree import Both, Comparison, Condition, Membership, Order, Path, Query
from sandbox.salesforce.soql_values import Span
from sandbox.salesforce.soql_where import Compiler

_FIRST, _LAST = "", "\x7f"  # before and behind every text that a row holds


@dataclass(frozen=True, slots=True)
class Found:
    """The ids to look at, and the time in whose order they are, if they are in one."""

    ids: Collection[str]
    in_order_of: str | None = None


def candidates(table: Table, where: Condition | None, compiler: Compiler, order: Sequence[Order]) -> Found:
    """The fewest rows that `where` can hold for, as far as its conjuncts tell."""
    parts = where.parts if isinstance(where, Both) else () if where is None else (where,)
    spans: dict[str, tuple[str, str]] = {}
    for part in parts:
        named = _named(table, part, compiler)
        if named is not None:
            return Found(named)
        _narrow(spans, part, compiler)
    if spans:
        field, (start, stop) = next(iter(spans.items()))
        return Found(table.ordered(field).between(start, stop), field)
    first = _ordered_field(order, compiler)
    return Found(table.ordered(first).between(_FIRST, _LAST), first) if first else Found(list(table.rows))


def is_in_order(found: Found, order: Sequence[Order], compiler: Compiler) -> bool:
    """Whether the rows already stand in the order that a query asks for."""
    if found.in_order_of is None or not order or found.in_order_of != _ordered_field(order, compiler):
        return False
    if len(order) == 1:
        return True
    second = compiler.bind(order[1].operand)
    return second.is_own and second.field.name == "Id" and not order[1].descending


def _ordered_field(order: Sequence[Order], compiler: Compiler) -> str | None:
    if not order or order[0].descending or not isinstance(order[0].operand, Path):
        return None
    bound = compiler.bind(order[0].operand)
    return bound.field.name if bound.is_own and bound.field.name in ORDERED else None


def _named(table: Table, part: Condition, compiler: Compiler) -> list[str] | None:
    """The ids of rows that an equation with ids leaves, or None if `part` is no such equation."""
    if isinstance(part, Comparison) and part.op == "=":
        bound = _own(part.operand, compiler)
        if bound and bound.field.is_id and not bound.field.derived:
            value = compiler.literals.value(bound, part.value)
            return None if value is None else _holding(table, bound, [value])
    if isinstance(part, Membership) and not part.negated:
        bound = _own(part.operand, compiler)
        if bound and bound.field.is_id and not bound.field.derived:
            return _members(table, bound, part, compiler)
    return None


def _members(table: Table, bound: Bound, part: Membership, compiler: Compiler) -> list[str] | None:
    values: Collection[Any]
    if isinstance(part.values, Query):
        values = compiler.join(part.values, bound)
    else:
        values = [compiler.literals.value(bound, each) for each in part.values]
    return None if None in values else _holding(table, bound, values)


def _holding(table: Table, bound: Bound, values: Collection[str]) -> list[str]:
    if bound.field.type == "id":
        return sorted(id_ for id_ in set(values) if id_ in table.rows)
    return [id_ for value in sorted(set(values)) for id_ in table.holding(bound.field.name, value)]


def _own(operand: object, compiler: Compiler) -> Bound | None:
    if not isinstance(operand, Path):
        return None
    bound = compiler.bind(operand)
    return bound if bound.is_own else None


def _narrow(spans: dict[str, tuple[str, str]], part: Condition, compiler: Compiler) -> None:
    if not isinstance(part, Comparison) or part.op in ("!=", "LIKE"):
        return
    bound = _own(part.operand, compiler)
    if bound is None or bound.field.name not in ORDERED:
        return
    value = compiler.literals.value(bound, part.value)
    if value is not None:
        start, stop = spans.get(bound.field.name, (_FIRST, _LAST))
        for low, high in _bounds(part.op, value):
            start, stop = max(start, low), min(stop, high)
        spans[bound.field.name] = (start, stop)


def _bounds(op: str, value: str | Span) -> Iterator[tuple[str, str]]:
    first, behind = (value.first, value.behind) if isinstance(value, Span) else (value, value + _LAST)
    match op:
        case "=":
            yield first, behind
        case "<":
            yield _FIRST, first
        case "<=":
            yield _FIRST, behind
        case ">":
            yield behind, _LAST
        case ">=":
            yield first, _LAST
