"""Runs SOQL queries over an org's rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sandbox.salesforce.caller import Caller
from sandbox.salesforce.described import entity_rows, field_rows
from sandbox.salesforce.fields import Field
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row, Table
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql_bind import Bound, Scope
from sandbox.salesforce.soql_groups import MOST_GROUPS, Groups, is_aggregate, is_bare_count
from sandbox.salesforce.soql_parse import parse
from sandbox.salesforce.soql_plan import Found, candidates, is_in_order
from sandbox.salesforce.soql_show import View, view_of
from sandbox.salesforce.soql_tokens import Token, at_place, malformed
from sandbox.salesforce.soql_tree import Column, Condition, Membership, Operand, Order, Path, Query
from sandbox.salesforce.soql_values import Literals, comparable
from sandbox.salesforce.soql_where import Compiler, Test
from sandbox.salesforce.store import Store

DEFAULT_ZONE = "America/New_York"


class Selection(Protocol):
    """What a query found. The ids are frozen; the values are those of the time of `rows`."""

    @property
    def total(self) -> int:
        """The answer's totalSize: of COUNT() the count."""

    @property
    def is_aggregate(self) -> bool:
        """Whether the rows are groups, which cannot be paged with locators."""

    def rows(self, start: int, stop: int) -> list[dict[str, Any]]:
        """The records from `start` up to `stop` as JSON shows them; those that went since are left out."""


@dataclass(slots=True)
class RecordSelection:
    """Records that a query found."""

    table: Table
    ids: Sequence[str]
    view: View
    is_visible: Test
    is_aggregate: bool = False

    @property
    def total(self) -> int:
        """How many were found."""
        return len(self.ids)

    def rows(self, start: int, stop: int) -> list[dict[str, Any]]:
        """The records from `start` up to `stop` as they are now; those that went since are left out."""
        rows = (self.table.get(id_) for id_ in self.ids[start:stop])
        return [self.view.show(row) for row in rows if row is not None and self.is_visible(row)]


@dataclass(slots=True)
class GroupSelection:
    """Groups that an aggregate query made, or only their number."""

    total: int
    shown: list[dict[str, Any]] = field(default_factory=list)
    is_aggregate: bool = True

    def rows(self, start: int, stop: int) -> list[dict[str, Any]]:
        """The groups from `start` up to `stop`."""
        return self.shown[start:stop]


def select(store: Store, soql: str, caller: Caller, *, all_rows: bool) -> Selection:
    """Run a query; with `all_rows` over deleted and archived rows too. Raises Refused."""
    query = parse(soql)
    return _Run(store, query.text, caller, all_rows=all_rows).select(query)


def condition_test(store: Store, sobject: SObject, text: str, condition: Condition, caller: Caller) -> Test:
    """Whether a row of an object fulfils a condition. Raises Refused if it cannot be asked."""
    return _Run(store, text, caller, all_rows=False).compiler(Scope(store, sobject, text)).test(condition)


class _Run:
    def __init__(self, store: Store, text: str, caller: Caller, *, all_rows: bool) -> None:
        self._store = store
        self._text = text
        self._version = caller.version
        self._all_rows = all_rows
        self._literals = Literals(text, _zone_of(store, caller), store.clock.now())
        self._joined: dict[int, frozenset[str]] = {}

    def compiler(self, scope: Scope) -> Compiler:
        return Compiler(self._literals, scope.operand, self._join)

    def select(self, query: Query) -> Selection:
        sobject = self._sobject(query.source)
        scope = Scope(self._store, sobject, self._text, query.alias)
        if is_aggregate(query):
            return self._groups(scope, query)
        table = self._table(sobject, query)
        view = view_of(scope, query, self._version, self._children)
        ids = [row["Id"] for row in self._found(scope, table, query)]
        return RecordSelection(table, ids, view, self._is_visible)

    def _groups(self, scope: Scope, query: Query) -> Selection:
        rows, _ = self._matching(scope, self._table(scope.sobject, query), query)
        if is_bare_count(query):
            return GroupSelection(len(_part_of(list(rows), query)))
        groups = Groups(scope, query)
        made: list[Row] = [{"rows": group} for group in groups.rows(rows)]
        if query.having is not None:
            made = list(filter(Compiler(self._literals, groups.bind, self._join, guard=False).test(query.having), made))
        made = _part_of(_ordered(made, query.order_by, groups.bind), query)
        if len(made) > MOST_GROUPS:
            told = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
            raise Refused("EXCEEDED_ID_LIMIT", told)
        shown = [
            {"attributes": {"type": "AggregateResult"}, **{name: of(group["rows"]) for name, of in groups.columns.items()}}
            for group in made
        ]
        return GroupSelection(len(shown), shown)

    def _found(self, scope: Scope, table: Table, query: Query) -> list[Row]:
        self._refuse_if_unsortable(query, scope)
        matching, found = self._matching(scope, table, query)
        rows = list(matching)
        if not is_in_order(found, query.order_by, self.compiler(scope)):
            rows = _ordered(rows, query.order_by, scope.operand)
        return _part_of(rows, query)

    def _matching(self, scope: Scope, table: Table, query: Query) -> tuple[Iterable[Row], Found]:
        compiler = self.compiler(scope)
        test = compiler.test(query.where) if query.where is not None else None
        found = candidates(table, query.where, compiler, query.order_by)
        rows = filter(self._is_visible, map(table.rows.__getitem__, found.ids))
        return (filter(test, rows) if test else rows), found

    def _children(self, child: SObject, reference: Field, query: Query) -> Callable[[Row], list[Row]]:
        scope = Scope(self._store, child, self._text, query.alias)
        test = self.compiler(scope).test(query.where) if query.where is not None else _always
        table = self._store.tables[child.name]
        self._refuse_if_unsortable(query, scope)

        def rows_of(row: Row) -> list[Row]:
            rows = [each for each in table.children(reference.name, row["Id"]) if self._is_visible(each) and test(each)]
            return _part_of(_ordered(rows, query.order_by, scope.operand), query)

        return rows_of

    def _join(self, query: Query, left: Bound) -> Collection[str]:
        if id(query) not in self._joined:
            self._joined[id(query)] = self._joined_values(query, left)
        return self._joined[id(query)]

    def _joined_values(self, query: Query, left: Bound) -> frozenset[str]:
        sobject = self._sobject(query.source)
        scope = Scope(self._store, sobject, self._text, query.alias)
        item = query.select[0]
        if len(query.select) != 1 or not isinstance(item, Column) or not isinstance(item.operand, Path):
            raise malformed(self._text, query.source.at, "SubQuery has to select exactly one field")
        bound = scope.bind(item.operand)
        if not _targets(left) & _targets(bound):
            told = (
                f"The selected field '{bound.field.name}' in the subquery and the left operand field in the where expression in the "
                f"outer query '{left.field.name}' should point to the same object type"
            )
            raise malformed(self._text, bound.at, told)
        if query.where is not None and _has_join(query.where):
            raise malformed(self._text, query.source.at, "Nesting of semi join sub-selects is not supported")
        rows = self._found(scope, self._table(sobject, query), query)
        return frozenset(value for row in rows if (value := bound.get(row)) is not None)

    def _sobject(self, source: Token) -> SObject:
        sobject = self._store.schema.find(source.text)
        if sobject is None or "pointed" in sobject.abilities or self._store.switches.is_hidden(sobject.name):
            told = (
                f"sObject type '{source.text}' is not supported. If you are attempting to use a custom object, be sure to append "
                "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
            )
            raise Refused("INVALID_TYPE", at_place(self._text, source.at, told))
        return sobject

    def _table(self, sobject: SObject, query: Query) -> Table:
        if sobject.is_stored:
            return self._store.tables[sobject.name]
        if sobject.name == "FieldDefinition" and query.where is None:
            raise Refused("EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION", "Getting all FieldDefinition is unsupported")
        table = Table()
        for row in field_rows(self._store) if sobject.name == "FieldDefinition" else entity_rows(self._store):
            table.put(row["Id"], row)
        return table

    def _is_visible(self, row: Row) -> bool:
        return self._all_rows or not (row.get("IsDeleted") or row.get("IsArchived"))

    def _refuse_if_unsortable(self, query: Query, scope: Scope) -> None:
        for order in query.order_by:
            bound = scope.operand(order.operand)
            if not bound.field.filterable and bound.field.type != "anyType":
                told = f"field '{bound.field.name}' can not be sorted in a query call"
                raise Refused("INVALID_FIELD", at_place(self._text, bound.at, told))


def _always(_row: Row) -> bool:
    return True


def _targets(bound: Bound) -> set[str]:
    return {bound.sobject.name} if bound.field.type == "id" else set(bound.field.references)


def _has_join(condition: Condition) -> bool:
    if isinstance(condition, Membership):
        return isinstance(condition.values, Query)
    parts = getattr(condition, "parts", ()) or ((condition.part,) if hasattr(condition, "part") else ())
    return any(_has_join(part) for part in parts)


def _part_of(rows: list[Row], query: Query) -> list[Row]:
    stop = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : stop]


def _ordered(rows: list[Row], order_by: Sequence[Order], bind: Callable[[Operand], Bound]) -> list[Row]:
    for order in reversed(order_by):
        bound = bind(order.operand)
        get, folded = bound.get, comparable(bound.field)
        nulls = [row for row in rows if get(row) is None]
        others = [row for row in rows if get(row) is not None]
        others.sort(key=lambda row: folded(get(row)), reverse=order.descending)
        rows = others + nulls if order.nulls_last else nulls + others
    return rows


def _zone_of(store: Store, caller: Caller) -> ZoneInfo:
    user = store.row(caller.user_id)
    return ZoneInfo((user or {}).get("TimeZoneSidKey") or DEFAULT_ZONE)
