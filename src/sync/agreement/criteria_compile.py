"""Compiles a checked criterion into closures that answer with SQL's three values. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any as AnyValue
from zoneinfo import ZoneInfo

from sync.agreement.criteria_operands import Get, calculated, compile_like, negative
from sync.agreement.criteria_tree import All, Among, Any, Arithmetic, Between, Blank, Compare, Like, Literal, Name, Negative, Node, Not
from sync.agreement.criteria_types import FieldType, Row, Value, day_span, read_day

Test = Callable[[Row], bool | None]
"""Answers true, false or unknown (None) for one lead at one moment."""

_COMPARE: dict[str, Callable[[AnyValue, AnyValue], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Compiler:
    """Turns checked nodes into closures; `defines` holds the closures of the defines they may name."""

    def __init__(self, *, types: Mapping[str, FieldType], defines: Mapping[str, Test], zone: ZoneInfo) -> None:
        self._types = types
        self._defines = defines
        self._zone = zone

    def test(self, node: Node) -> Test:
        """The closure of a condition."""
        match node:
            case All(parts=parts):
                return _all_of(tuple(self.test(part) for part in parts))
            case Any(parts=parts):
                return _any_of(tuple(self.test(part) for part in parts))
            case Not(operand=operand):
                return _opposite(self.test(operand))
            case Compare() | Between() | Among() | Like() | Blank():
                return self._predicate(node)
            case Name() | Literal() | Arithmetic() | Negative():
                return self._get(node)

    def _predicate(self, node: Compare | Between | Among | Like | Blank) -> Test:
        match node:
            case Compare(operator=sign, left=left, right=right):
                return self._compare(sign, left, right)
            case Between(operand=operand, low=low, high=high, negated=negated):
                both = _all_of((self._compare(">=", operand, low), self._compare("<=", operand, high)))
                return _opposite(both) if negated else both
            case Among(operand=operand, items=items, negated=negated):
                return self._among(operand, items, negated=negated)
            case Like(operand=operand, pattern=pattern, negated=negated):
                return _member(self._get(operand), compile_like(pattern), negated=negated)
            case Blank(operand=operand, negated=negated):
                return _blank(self._get(operand), negated=negated)

    def _compare(self, sign: str, left: Node, right: Node) -> Test:
        if self._day(left, beside=right):
            left, right, sign = right, left, _MIRRORED[sign]
        if day := self._day(right, beside=left):
            return _compare_day(sign, self._get(left), day)
        if isinstance(left, Literal):
            left, right, sign = right, left, _MIRRORED[sign]
        if isinstance(right, Literal):
            if isinstance(left, Name) and left.name in self._types:
                return _field_with(sign, left.name, _folded(right.value), text=self._types[left.name] is FieldType.TEXT)
            return _with(sign, self._get(left), _folded(right.value))
        return _pair(sign, self._get(left), self._get(right))

    def _among(self, operand: Node, items: tuple[Node, ...], *, negated: bool) -> Test:
        get = self._get(operand)
        days = [day for item in items if (day := self._day(item, beside=operand))]
        if days:
            return _member(get, lambda moment: any(start <= moment < end for start, end in days), negated=negated)
        listed = frozenset(self._get(item)({}) for item in items)
        return _member(get, listed.__contains__, negated=negated)

    def _day(self, node: Node, *, beside: Node) -> tuple[datetime, datetime] | None:
        """The span of a day that `node` writes: DATE '…', or a text beside a time."""
        match node:
            case Literal(value=str(text)) if self._is_time(beside):
                day = read_day(text)
            case Literal(value=date() as day):
                pass
            case _:
                return None
        return day_span(day, self._zone) if day else None

    def _is_time(self, node: Node) -> bool:
        return isinstance(node, Name) and self._types.get(node.name) is FieldType.TIME

    def _get(self, node: Node) -> Get:
        match node:
            case Literal(value=value):
                folded = _folded(value)
                return lambda _: folded
            case Name(name=name):
                return self._get_name(name)
            case Negative(operand=operand):
                return negative(self._get(operand))
            case Arithmetic(first=first, steps=steps):
                return calculated(self._get(first), tuple((sign, self._get(operand)) for sign, operand in steps))
            case _:
                return self.test(node)

    def _get_name(self, name: str) -> Get:
        if name not in self._types:
            return self._defines[name]
        if self._types[name] is not FieldType.TEXT:
            return lambda row: row.get(name)

        def text(row: Row) -> Value:
            value = row.get(name)
            return None if value is None else value.casefold()  # type: ignore[union-attr]  # declared as text

        return text


def _folded(value: AnyValue) -> AnyValue:
    return value.casefold() if isinstance(value, str) else value


def _all_of(parts: tuple[Test, ...]) -> Test:
    def all_of(row: Row) -> bool | None:
        verdict: bool | None = True
        for part in parts:
            truth = part(row)
            if truth is None:
                verdict = None
            elif not truth:
                return False
        return verdict

    return all_of


def _any_of(parts: tuple[Test, ...]) -> Test:
    def any_of(row: Row) -> bool | None:
        verdict: bool | None = False
        for part in parts:
            truth = part(row)
            if truth is None:
                verdict = None
            elif truth:
                return True
        return verdict

    return any_of


def _opposite(test: Test) -> Test:
    def opposite(row: Row) -> bool | None:
        truth = test(row)
        return None if truth is None else not truth

    return opposite


def _field_with(sign: str, name: str, literal: AnyValue, *, text: bool) -> Test:
    compare, of_blank = _COMPARE[sign], True if sign == "<>" else None

    def text_with(row: Row) -> bool | None:
        value = row.get(name)
        return of_blank if value is None else compare(value.casefold(), literal)  # type: ignore[union-attr]  # declared as text

    def value_with(row: Row) -> bool | None:
        value = row.get(name)
        return of_blank if value is None else compare(value, literal)

    return text_with if text else value_with


def _with(sign: str, get: Get, literal: AnyValue) -> Test:
    compare, of_blank = _COMPARE[sign], True if sign == "<>" else None

    def compared(row: Row) -> bool | None:
        value = get(row)
        return of_blank if value is None else compare(value, literal)

    return compared


def _pair(sign: str, left: Get, right: Get) -> Test:
    compare, of_blank = _COMPARE[sign], True if sign == "<>" else None

    def compared(row: Row) -> bool | None:
        one, other = left(row), right(row)
        return of_blank if one is None or other is None else compare(one, other)

    return compared


def _compare_day(sign: str, get: Get, day: tuple[datetime, datetime]) -> Test:
    """= lies within the day, < before its start, <= before its end, > at or after its end, >= at or after its start."""
    start, end = day
    if sign in ("=", "<>"):
        return _member(get, lambda moment: start <= moment < end, negated=sign == "<>")
    bound, plain = {"<": (start, "<"), "<=": (end, "<"), ">": (end, ">="), ">=": (start, ">=")}[sign]
    return _with(plain, get, bound)


def _member(get: Get, holds: Callable[[AnyValue], AnyValue], *, negated: bool) -> Test:
    """IN and LIKE: unknown for a blank; negated they are true for a blank."""

    def within(row: Row) -> bool | None:
        value = get(row)
        return None if value is None else bool(holds(value))

    def without(row: Row) -> bool | None:
        value = get(row)
        return True if value is None else not holds(value)

    return without if negated else within


def _blank(get: Get, *, negated: bool) -> Test:
    return (lambda row: get(row) is not None) if negated else (lambda row: get(row) is None)
