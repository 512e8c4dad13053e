"""How criteria calculate with numbers and match texts, as SQLite does. Pure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

from sync.agreement.criteria_types import Row

Get = Callable[[Row], Any]
"""Gives an operand's value, texts casefolded; None for a blank."""

_WHOLE = 2**63


def compile_like(pattern: str) -> Callable[[str], bool]:
    """Whether a casefolded text matches a LIKE pattern: % is any text, _ one character.

    No pattern makes it slow: the parts between the %s are looked for one after the other.
    """
    first, *rest = pattern.casefold().split("%")
    if not rest:
        whole = re.compile(_segment(first), re.DOTALL)
        return lambda text: whole.fullmatch(text) is not None
    *middle, last = rest
    if not first and not last and len(middle) == 1 and "_" not in middle[0]:
        return lambda text: middle[0] in text
    return _in_order(first, [part for part in middle if part], last)


def _in_order(first: str, middle: list[str], last: str) -> Callable[[str], bool]:
    starts = re.compile(_segment(first), re.DOTALL).match
    finds = [re.compile(_segment(part), re.DOTALL).search for part in middle]
    ends = re.compile(_segment(last), re.DOTALL).fullmatch

    def matches(text: str) -> bool:
        found = starts(text)
        for find in finds:  # the leftmost place of each part leaves most room for the next
            found = found and find(text, found.end())
        tail = len(text) - len(last)
        return found is not None and tail >= found.end() and ends(text, tail) is not None

    return matches


def _segment(part: str) -> str:
    return "".join("." if character == "_" else re.escape(character) for character in part)


def negative(get: Get) -> Get:
    """Unary minus; of a blank it is blank."""

    def negated(row: Row) -> Any:
        value = get(row)
        return None if value is None else -value

    return negated


def calculated(first: Get, steps: tuple[tuple[str, Get], ...]) -> Get:
    """`first` and then each operator with its operand, from left to right; a blank makes all of it blank."""
    calculations = tuple((_CALCULATE[sign], get) for sign, get in steps)

    def calculate(row: Row) -> Any:
        value = first(row)
        for step, get in calculations:
            operand = get(row)
            if value is None or operand is None:
                return None
            value = _sqlite_number(step(value, operand))
        return value

    return calculate


def _sqlite_number(value: Any) -> Any:
    """What SQLite makes of a result: no number is blank, a whole number beyond 64 bits is a real."""
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return float(value) if value is not None and abs(value) >= _WHOLE else value


def _divided(dividend: Any, divisor: Any) -> Any:
    """As SQLite: by zero is blank; of two whole numbers, which only written ones are, the whole part."""
    if divisor == 0:
        return None
    if isinstance(dividend, int) and isinstance(divisor, int):
        whole = abs(dividend) // abs(divisor)
        return whole if (dividend < 0) is (divisor < 0) else -whole
    return dividend / divisor


_CALCULATE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
}
