"""The SELECT list of a query -> how a row is shown as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce.derived import Getter, object_of
from sandbox.salesforce.fields import Field
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql_bind import Scope, Step
from sandbox.salesforce.soql_tokens import malformed
from sandbox.salesforce.soql_tree import AllFields, Call, Children, Column, Path, Query, TypeOf

MOST_ROWS_OF_ALL_FIELDS = 200  # Source: SOQL and SOSL reference, FIELDS()
_MOST_STEPS = 5  # relationships in one path

RunChildren = Callable[[SObject, Field, Query], Callable[[Row], list[Row]]]


@dataclass(slots=True)
class View:
    """How rows of one object are shown: fields, related records, child rows; each name once."""

    scope: Scope
    version: str  # of the API, for URLs
    values: dict[str, Getter] = field(default_factory=dict)
    related: dict[str, tuple[Step, View]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def show(self, row: Row) -> dict[str, Any]:
        """One row as JSON has it."""
        shown: dict[str, Any] = {"attributes": self._attributes(row)}
        for name in self.order:
            if name in self.values:
                shown[name] = self.values[name](row)
            else:
                step, view = self.related[name]
                met = step.follow(row)
                shown[name] = None if met is None else view.show(met)
        return shown

    def _attributes(self, row: Row) -> dict[str, str]:
        name = self.scope.sobject.name
        return attributes(name, object_of(self.scope.store, row) if name == "Name" else name, row["Id"], self.version)

    def add(self, name: str, get: Getter, at: int) -> None:
        """Show a value. Raises Refused if there is one of its name already."""
        if name in self.values or name in self.related:
            raise malformed(self.scope.text, at, f"duplicate field selected: {name}")
        self.values[name] = get
        self.order.append(name)

    def along(self, name: str, at: int) -> View:
        """The view of a related record."""
        step = self.scope.step(name, at)
        if step.name not in self.related:
            self.related[step.name] = (step, View(Scope(self.scope.store, step.target, self.scope.text), self.version))
            self.order.append(step.name)
        return self.related[step.name][1]


def attributes(type_: str, sobject: str, id_: str, version: str) -> dict[str, str]:
    """The `attributes` of a record."""
    return {"type": type_, "url": f"/services/data/v{version}/sobjects/{sobject}/{id_}"}


def view_of(scope: Scope, query: Query, version: str, run_children: RunChildren) -> View:
    """The view that a query's SELECT list describes. Raises Refused."""
    view = View(scope, version)
    for item in query.select:
        match item:
            case Column():
                _add_column(view, item)
            case AllFields():
                _add_all(view, item, query)
            case TypeOf():
                _add_typeof(view, item)
            case Children():
                _add_children(view, item, version, run_children)
    return view


def add_path(view: View, path: Path) -> None:
    """Show the field at the end of a path. Raises Refused."""
    names = view.scope.own_names(path)
    if len(names) > _MOST_STEPS + 1:
        told = f"only up to {_MOST_STEPS} levels of relationships may be followed"
        raise malformed(view.scope.text, path.at, told)
    for name in names[:-1]:
        view = view.along(name, path.at)
    bound = view.scope.bind(Path(names[-1:], path.at))
    view.add(bound.field.name, bound.get, path.at)


def _add_column(view: View, column: Column) -> None:
    operand = column.operand
    if isinstance(operand, Path):
        if column.alias:
            raise malformed(view.scope.text, operand.at, "only aggregate expressions use field aliasing")
        add_path(view, operand)
        return
    bound = view.scope.operand(operand)
    view.add(column.alias or _called(operand, bound.field.name), bound.get, operand.at)


def _called(call: Call, name: str) -> str:
    return name if call.function in ("TOLABEL", "FORMAT") else "expr0"


def _add_all(view: View, item: AllFields, query: Query) -> None:
    if item.which != "STANDARD" and (query.limit is None or query.limit > MOST_ROWS_OF_ALL_FIELDS):
        raise Refused("MALFORMED_QUERY", f"The SOQL FIELDS function must have a LIMIT of at most {MOST_ROWS_OF_ALL_FIELDS}")
    for name in visible_fields(view.scope, item.which):
        add_path(view, Path((name,), item.at))


def visible_fields(scope: Scope, which: str = "ALL") -> Iterator[str]:
    """The names of the fields that callers can see: ALL, STANDARD or CUSTOM ones."""
    for each in scope.sobject.fields.values():
        if which in ("ALL", "CUSTOM" if each.custom else "STANDARD") and not scope.store.switches.is_hidden(scope.sobject.name, each.name):
            yield each.name


def _add_typeof(view: View, item: TypeOf) -> None:
    scope = view.scope
    step = scope.step(item.relation, item.at)
    if step.target.name != "Name":
        raise malformed(scope.text, item.at, f"TYPEOF is not supported on {step.name}")
    views = {name: _typed(scope, name, paths, view.version, item.at) for name, paths in item.whens}
    by_object = {each.scope.sobject.name: each for each in views.values()}
    otherwise = View(Scope(scope.store, step.target, scope.text), view.version)
    for path in item.otherwise:
        add_path(otherwise, path)

    def shown(row: Row) -> Any:
        met = step.follow(row)
        return None if met is None else by_object.get(object_of(scope.store, met), otherwise).show(met)

    view.add(step.name, shown, item.at)


def _typed(scope: Scope, name: str, paths: Iterable[Path], version: str, at: int) -> View:
    sobject = scope.store.schema.find(name)
    if sobject is None:
        raise malformed(scope.text, at, f"sObject type '{name}' is not supported.")
    view = View(Scope(scope.store, sobject, scope.text), version)
    for path in paths:
        add_path(view, path)
    return view


def _add_children(view: View, item: Children, version: str, run_children: RunChildren) -> None:
    scope, query = view.scope, item.query
    found = scope.store.schema.children.get((scope.sobject.name, query.source.text.lower()))
    if found is None or scope.store.switches.is_hidden(found[0].name):
        told = (
            f"Didn't understand relationship '{query.source.text}' in FROM part of query call. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe "
            "call for the appropriate names."
        )
        raise malformed(scope.text, query.source.at, told)
    child, reference = found
    inner = view_of(Scope(scope.store, child, scope.text, query.alias), query, version, run_children)
    rows_of = run_children(child, reference, query)
    table = scope.store.tables[child.name]

    def shown(row: Row) -> Any:
        rows = rows_of(row) if table.holding(reference.name, row["Id"]) else []
        return {"totalSize": len(rows), "done": True, "records": [inner.show(each) for each in rows]} if rows else None

    view.add(str(reference.children), shown, query.source.at)
