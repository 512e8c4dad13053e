"""Compiles a checked criterion into closures that answer with SQL's three values. Pure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any as AnyValue
from zoneinfo import ZoneInfo

from sync.agreement.criteria_tree import All, Among, Any, Arithmetic, Between, Blank, Compare, Like, Literal, Name, Negative, Node, Not
from sync.agreement.criteria_types import FieldType, Row, Value, day_span, read_day

Test = Callable[[Row], bool | None]
"""Answers true, false or unknown (None) for one lead at one moment."""

Get = Callable[[Row], AnyValue]
"""Gives an operand's value, texts casefolded; None for a blank."""

_COMPARE: dict[str, Callable[[AnyValue, AnyValue], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_WHOLE = 2**63


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
            case Compare(operator=sign, left=left, right=right):
                return self._compare(sign, left, right)
            case Between(operand=operand, low=low, high=high, negated=negated):
                both = _all_of((self._compare(">=", operand, low), self._compare("<=", operand, high)))
                return _opposite(both) if negated else both
            case Among(operand=operand, items=items, negated=negated):
                return self._among(operand, items, negated=negated)
            case Like(operand=operand, pattern=pattern, negated=negated):
                return _member(self._get(operand), like(pattern), negated=negated)
            case Blank(operand=operand, negated=negated):
                return _blank(self._get(operand), negated=negated)
            case Name() | Literal() | Arithmetic() | Negative():
                return self._get(node)

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
                return _negative(self._get(operand))
            case Arithmetic(first=first, steps=steps):
                return _calculated(self._get(first), tuple((_CALCULATE[sign], self._get(operand)) for sign, operand in steps))
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


def like(pattern: str) -> Callable[[str], bool]:
    """Whether a casefolded text matches a LIKE pattern; linear in the text, whatever the pattern."""
    first, *rest = pattern.casefold().split("%")
    if not rest:
        return re.compile(_segment(first), re.DOTALL).fullmatch  # type: ignore[return-value]  # a match is true
    *middle, last = rest
    starts = re.compile(_segment(first), re.DOTALL).match
    finds = [re.compile(_segment(part), re.DOTALL).search for part in middle if part]
    ends, tail = re.compile(_segment(last), re.DOTALL).fullmatch, len(last)

    def matches(text: str) -> bool:
        found = starts(text)
        if found is None:
            return False
        position = found.end()
        for find in finds:  # the leftmost place of each part leaves most room for the next
            rest_of_text = find(text[position:])
            if rest_of_text is None:
                return False
            position += rest_of_text.end()
        return len(text) - tail >= position and ends(text[len(text) - tail :]) is not None

    return matches


def _segment(part: str) -> str:
    return "".join("." if character == "_" else re.escape(character) for character in part)


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


def _negative(get: Get) -> Get:
    def negative(row: Row) -> AnyValue:
        value = get(row)
        return None if value is None else -value

    return negative


def _calculated(first: Get, steps: tuple[tuple[Callable[[AnyValue, AnyValue], AnyValue], Get], ...]) -> Get:
    def calculated(row: Row) -> AnyValue:
        value = first(row)
        for calculate, get in steps:
            operand = get(row)
            if value is None or operand is None:
                return None
            value = _sqlite_number(calculate(value, operand))
        return value

    return calculated


def _sqlite_number(value: AnyValue) -> AnyValue:
    """What SQLite makes of a result: no number is blank, a whole number beyond 64 bits is a real."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return float(value) if value is not None and abs(value) >= _WHOLE else value


def _divided(dividend: AnyValue, divisor: AnyValue) -> AnyValue:
    """As SQLite: by zero is blank; of two whole numbers, which only literals are, the whole part."""
    if divisor == 0:
        return None
    if isinstance(dividend, int) and isinstance(divisor, int):
        whole = abs(dividend) // abs(divisor)
        return whole if (dividend < 0) is (divisor < 0) else -whole
    return dividend / divisor


_CALCULATE: dict[str, Callable[[AnyValue, AnyValue], AnyValue]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
}
