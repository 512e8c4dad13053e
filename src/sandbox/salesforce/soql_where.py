"""Conditions of a query -> functions of a row."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, assert_never

from sandbox.salesforce.derived import Getter
from sandbox.salesforce.fields import Field
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.rows import Row
from sandbox.salesforce.soql_bind import Bound
from sandbox.salesforce.soql_tokens import Token, at_place, like_pattern, malformed, plain_text
from sandbox.salesforce.soql_tree import (
    Both,
    Comparison,
    Condition,
    Either,
    Includes,
    Membership,
    Not,
    Operand,
    Query,
)
from sandbox.salesforce.soql_values import Literals, Span, comparable

Test = Callable[[Row], bool]
Join = Callable[[Query, Bound], Collection[str]]
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Compiler:
    """Makes tests of conditions; `bind` finds their fields, `join` runs a semi-join."""

    literals: Literals
    bind: Callable[[Operand], Bound]
    join: Join
    guard: bool = True  # whether fields that cannot be filtered are refused

    def test(self, condition: Condition, *, nested: bool = False) -> Test:
        """Whether a row fulfils the condition. Raises Refused for what cannot be asked."""
        match condition:
            case Both(parts=parts):
                return _all([self.test(part, nested=nested) for part in parts])
            case Either(parts=parts):
                return _any([self.test(part, nested=True) for part in parts])
            case Not(part=part):
                inner = self.test(part, nested=True)
                return lambda row: not inner(row)
            case Comparison():
                return self._comparison(condition)
            case Membership():
                return self._membership(condition, nested=nested)
            case Includes():
                return self._includes(condition)
        assert_never(condition)

    def filtered(self, operand: Operand) -> Bound:
        """The field of a condition. Raises Refused if it cannot be filtered."""
        bound = self.bind(operand)
        if self.guard and not bound.field.filterable:
            told = f"field '{bound.field.name}' can not be filtered in a query call"
            raise Refused("INVALID_FIELD", at_place(self.literals.text, bound.at, told))
        return bound

    def _comparison(self, condition: Comparison) -> Test:
        bound = self.filtered(condition.operand)
        if condition.op == "LIKE":
            return self._like(bound, condition)
        self._refuse_if_unordered(bound, condition.op)
        value = self.literals.value(bound, condition.value)
        if isinstance(value, Span):
            return _within(bound.get, condition.op, value)
        return _compared(bound.get, bound.field, condition.op, value)

    def _refuse_if_unordered(self, bound: Bound, op: str) -> None:
        if op in _ORDERS and (bound.field.type in ("boolean", "multipicklist")):
            self._refuse_operator(bound)

    def _refuse_operator(self, bound: Bound) -> None:
        told = f"invalid operator on {bound.field.type} field"
        raise Refused("INVALID_QUERY_FILTER_OPERATOR", at_place(self.literals.text, bound.at, told))

    def _like(self, bound: Bound, condition: Comparison) -> Test:
        if not bound.field.is_text:
            self._refuse_operator(bound)
        literal = condition.value
        assert isinstance(literal, Token)  # so the parser has it
        try:
            matches = like_pattern(literal.text).fullmatch
        except ValueError as error:
            raise malformed(self.literals.text, literal.at, str(error)) from None
        get = bound.get
        return lambda row: (value := get(row)) is not None and matches(value) is not None

    def _membership(self, condition: Membership, *, nested: bool) -> Test:
        bound = self.filtered(condition.operand)
        if isinstance(condition.values, Query):
            if nested:
                told = "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions."
                raise malformed(self.literals.text, bound.at, told)
            members: Collection[Any] = self.join(condition.values, bound)
        else:
            values = [self.literals.value(bound, each) for each in condition.values]
            if any(isinstance(value, Span) for value in values):
                return _in_spans(bound.get, values, negated=condition.negated)
            members = frozenset(values)
        return _among(bound.get, comparable(bound.field), members, negated=condition.negated)

    def _includes(self, condition: Includes) -> Test:
        bound = self.filtered(condition.operand)
        if bound.field.type != "multipicklist":
            self._refuse_operator(bound)
        wanted = [frozenset(plain_text(each.text).casefold().split(";")) for each in condition.values]
        get, negated = bound.get, condition.negated

        def holds(row: Row) -> bool:
            held = frozenset((get(row) or "").casefold().split(";"))
            return any(each <= held for each in wanted) != negated

        return holds


def _all(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda row: first(row) and second(row)
    return lambda row: all(test(row) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda row: any(test(row) for test in tests)


def _compared(get: Getter, field: Field, op: str, value: Any) -> Test:
    folded = comparable(field)
    if op in _ORDERS:
        ordered = _ORDERS[op]
        if value is None:
            return lambda row: False  # noqa: ARG005 - nothing is before or behind null
        return lambda row: (found := get(row)) is not None and ordered(folded(found), value)
    negated = op == "!="
    if value is None:
        return lambda row: (get(row) is None) != negated
    if field.is_text:
        return lambda row: ((found := get(row)) is not None and found.casefold() == value) != negated
    return lambda row: (get(row) == value) != negated


def _within(get: Getter, op: str, span: Span) -> Test:
    first, behind = span.first, span.behind
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: first <= value < behind,
        "!=": lambda value: not first <= value < behind,
        "<": lambda value: value < first,
        "<=": lambda value: value < behind,
        ">": lambda value: value >= behind,
        ">=": lambda value: value >= first,
    }
    test, of_null = tests[op], op == "!="
    return lambda row: of_null if (value := get(row)) is None else test(value)


def _in_spans(get: Getter, values: list[Any], *, negated: bool) -> Test:
    tests = [_within(get, "=", value) if isinstance(value, Span) else _equal(get, value) for value in values]
    return lambda row: any(test(row) for test in tests) != negated


def _equal(get: Getter, value: Any) -> Test:
    return lambda row: bool(get(row) == value)


def _among(get: Getter, folded: Callable[[Any], Any], members: Collection[Any], *, negated: bool) -> Test:
    of_null = (None in members) != negated
    return lambda row: of_null if (value := get(row)) is None else (folded(value) in members) != negated
