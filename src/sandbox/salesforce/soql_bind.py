"""Names of a query -> the values of rows. Unknown and hidden ones are refused with their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sandbox.salesforce.derived import Getter, getter
from sandbox.salesforce.described import entity_row
from sandbox.salesforce.fields import Field
from sandbox.salesforce.moments import read_moment
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql_parse import AGGREGATES, DATE_PARTS
from sandbox.salesforce.soql_tokens import at_place, malformed
from sandbox.salesforce.soql_tree import Call, Operand, Path
from sandbox.salesforce.store import Store

_DIRECTIONS = " Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True, slots=True)
class Bound:
    """A field that a query names: of which object it is, and how its value is read from a row of the query's object."""

    sobject: SObject
    field: Field
    get: Getter
    at: int
    is_own: bool  # of the query's object itself, not of a related one


@dataclass(frozen=True, slots=True)
class Step:
    """A relationship that a path goes along: where it leads, and how a row is followed."""

    name: str  # in its canonical case
    target: SObject  # the object Name where it may lead to several
    follow: Callable[[Row], Row | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """One object as a query sees it."""

    store: Store
    sobject: SObject
    text: str  # the query
    alias: str | None = None

    def bind(self, path: Path) -> Bound:
        """The field at the end of a path. Raises Refused."""
        names = self.own_names(path)
        steps, scope = [], self
        for name in names[:-1]:
            step = scope.step(name, path.at)
            steps.append(step.follow)
            scope = Scope(self.store, step.target, self.text)
        field = scope.field(names[-1], path.at)
        return Bound(scope.sobject, field, _along(steps, getter(self.store, scope.sobject.name, field)), path.at, is_own=not steps)

    def own_names(self, path: Path) -> tuple[str, ...]:
        """The names of a path without the query's alias or object in front."""
        first = path.names[0].lower()
        prefixed = len(path.names) > 1 and first in {(self.alias or "").lower(), self.sobject.name.lower()}
        return path.names[1:] if prefixed and (first == (self.alias or "").lower() or not self.sobject.relation(first)) else path.names

    def field(self, name: str, at: int) -> Field:
        """The field of the object itself. Raises Refused."""
        field = self.sobject.field(name)
        if field is None or self.store.switches.is_hidden(self.sobject.name, field.name):
            told = (
                f"No such column '{name}' on entity '{self.sobject.name}'. If you are attempting to use a custom field, "
                "be sure to append the '__c' after the custom field name."
            )
            raise Refused("INVALID_FIELD", at_place(self.text, at, told + _DIRECTIONS))
        return field

    def step(self, name: str, at: int) -> Step:
        """The relationship of the object itself. Raises Refused."""
        field = self.sobject.relation(name)
        if field is None or self.store.switches.is_hidden(self.sobject.name, field.name):
            told = (
                f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, "
                "be sure to append the '__r' after the custom relationship name."
            )
            raise Refused("INVALID_FIELD", at_place(self.text, at, told + _DIRECTIONS))
        target = self.store.schema.objects["Name" if field.is_polymorphic else field.references[0]]
        return Step(str(field.relationship), target, _follow(self.store, field, target))

    def operand(self, operand: Operand) -> Bound:
        """A field, or a part of a date of one. Raises Refused, for aggregates too."""
        if isinstance(operand, Path):
            return self.bind(operand)
        if operand.path is None or operand.function in AGGREGATES:
            raise malformed(self.text, operand.at, f"unexpected token: '{operand.function}'")
        bound = self.bind(operand.path)
        if operand.function not in DATE_PARTS:
            return bound
        if bound.field.type not in ("date", "datetime"):
            raise malformed(self.text, operand.at, f"field {bound.field.name} does not support function {operand.function}")
        return _part(bound, operand)


def _along(steps: list[Callable[[Row], Row | None]], get: Getter) -> Getter:
    if not steps:
        return get
    if len(steps) == 1:
        first = steps[0]
        return lambda row: None if (met := first(row)) is None else get(met)

    def walk(row: Row) -> Any:
        met: Row | None = row
        for step in steps:
            met = None if met is None else step(met)
        return None if met is None else get(met)

    return walk


def _follow(store: Store, field: Field, target: SObject) -> Callable[[Row], Row | None]:
    name = field.name
    if target.name == "EntityDefinition":
        return lambda row: entity_row(store.schema.objects[row[name]])
    if field.is_polymorphic or not target.is_stored:
        return lambda row: store.row(row.get(name))
    table = store.tables[target.name]
    return lambda row: table.get(row.get(name))


def _part(bound: Bound, call: Call) -> Bound:
    part = _PARTS[call.function]
    get = bound.get
    is_date = call.function == "DAY_ONLY"
    field = replace(bound.field, type="date" if is_date else "int")

    def of_row(row: Row) -> Any:
        value = get(row)
        return None if value is None else part(value)

    return replace(bound, field=field, get=of_row, is_own=False)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


_PARTS: dict[str, Callable[[str], Any]] = {
    "CALENDAR_YEAR": lambda text: _day(text).year,
    "CALENDAR_QUARTER": lambda text: (_day(text).month + 2) // 3,
    "CALENDAR_MONTH": lambda text: _day(text).month,
    "DAY_IN_MONTH": lambda text: _day(text).day,
    "DAY_IN_WEEK": lambda text: _day(text).isoweekday() % 7 + 1,
    "DAY_IN_YEAR": lambda text: _day(text).timetuple().tm_yday,
    "DAY_ONLY": lambda text: text[:10],
    "HOUR_IN_DAY": lambda text: read_moment(text).hour,
}
