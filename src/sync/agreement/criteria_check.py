"""Checks a criterion's names and types, and infers types where none are declared. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from datetime import date

from sync.agreement.criteria_tree import (
    All,
    Among,
    Any,
    Arithmetic,
    Between,
    Blank,
    Compare,
    Like,
    Literal,
    Name,
    Negative,
    Node,
    Not,
    children,
    walk,
)
from sync.agreement.criteria_types import CriterionError, FieldType, read_day

_WORD = re.compile(r"'(?:[^']|'')*'|[\w.]+|\S")
_A = {FieldType.TEXT: "a text", FieldType.NUMBER: "a number", FieldType.BOOLEAN: "a boolean", FieldType.TIME: "a time"}


def literal_type(value: str | float | bool | date) -> FieldType:
    """The type that a written value has; a date literal is a time."""
    match value:
        case bool():
            return FieldType.BOOLEAN
        case int() | float():
            return FieldType.NUMBER
        case str():
            return FieldType.TEXT
        case date():
            return FieldType.TIME


def find_problems(tree: Node, *, text: str, fields: Mapping[str, FieldType], defines: Collection[str]) -> list[CriterionError]:
    """Every unknown name and every type that does not fit, in the order of the text."""
    checker = _Checker(text=text, fields=fields, defines=defines)
    checker.condition(tree)
    return sorted(checker.problems, key=lambda problem: problem.position)


def infer_types(tree: Node) -> dict[str, FieldType]:
    """The type of every name in `tree`, as its use tells; what no use tells is text.

    Of two uses that disagree the first counts, so that checking finds the other.
    """
    types: dict[str, FieldType] = {}
    nodes = sorted(walk(tree), key=lambda node: node.at)
    for name in _naked(tree):
        types.setdefault(name, FieldType.BOOLEAN)
    grown = -1
    while grown != len(types):  # a name compared with a name learns from it in the next round
        grown = len(types)
        for node in nodes:
            _learn(node, types)
    return {node.name: types.get(node.name, FieldType.TEXT) for node in nodes if isinstance(node, Name)}


def _naked(tree: Node) -> list[str]:
    """Names that stand where a condition must."""
    conditions = [tree, *(part for node in walk(tree) if isinstance(node, All | Any) for part in node.parts)]
    conditions += [node.operand for node in walk(tree) if isinstance(node, Not)]
    return [node.name for node in conditions if isinstance(node, Name)]


def _learn(node: Node, types: dict[str, FieldType]) -> None:
    """Give the names among a node's operands the type that another operand, or the node itself, tells."""
    match node:
        case Compare() | Between() | Among():
            told = [type_ for part in children(node) if (type_ := _told(part, types))]
        case Like():
            told = [FieldType.TEXT]
        case Arithmetic() | Negative():
            told = [FieldType.NUMBER]
        case _:
            told = []
    for part in children(node):
        if isinstance(part, Name) and told:
            types.setdefault(part.name, told[0])


def _told(node: Node, types: Mapping[str, FieldType]) -> FieldType | None:
    match node:
        case Name(name=name):
            return types.get(name)
        case Literal(value=value):
            return literal_type(value)
        case Arithmetic() | Negative():
            return FieldType.NUMBER
        case _:
            return FieldType.BOOLEAN


class _Checker:
    """Walks a tree once; notes each problem and goes on."""

    def __init__(self, *, text: str, fields: Mapping[str, FieldType], defines: Collection[str]) -> None:
        self.problems: list[CriterionError] = []
        self._text = text
        self._fields = fields
        self._defines = defines

    def condition(self, node: Node) -> None:
        """Check a node that must be true, false or unknown."""
        match node:
            case All(parts=parts) | Any(parts=parts):
                for part in parts:
                    self.condition(part)
            case Not(operand=operand):
                self.condition(operand)
            case Compare() | Between() | Among() | Like() | Blank():
                self._test(node)
            case Name() | Literal() | Arithmetic() | Negative():
                self._naked(node)

    def _naked(self, node: Node) -> None:
        type_ = self._type(node)
        if type_ in (None, FieldType.BOOLEAN):
            return
        wants = "say what it must be, such as IS NOT NULL, = 'x' or > 0"
        self._note(node, f"{_shown(node)} is {_A[type_]}, not a condition", wants)

    def _test(self, node: Compare | Between | Among | Like | Blank) -> None:
        match node:
            case Compare(left=left, right=right, operator=operator):
                self._comparable(left, (right,), ordered=operator not in ("=", "<>"))
            case Between(operand=operand, low=low, high=high):
                self._comparable(operand, (low, high), ordered=True)
            case Among(operand=operand, items=items):
                values = tuple(item for item in items if self._is_value(item))
                self._comparable(operand, values, ordered=False)
            case Like(operand=operand):
                type_ = self._type(operand)
                if type_ not in (None, FieldType.TEXT):
                    self._note(operand, f"LIKE reads text, and {_shown(operand)} is {_A[type_]}", "compare it with = < > instead")
            case Blank(operand=operand):
                self._type(operand)

    def _is_value(self, item: Node) -> bool:
        written = item.operand if isinstance(item, Negative) else item
        if not isinstance(written, Literal):
            self._note(item, "the list after IN holds values only", "write the values, such as IN ('US', 'CA')")
        return isinstance(written, Literal)

    def _comparable(self, left: Node, others: tuple[Node, ...], *, ordered: bool) -> None:
        """Note why `left` cannot be compared with each of `others`."""
        left_type = self._type(left)
        for other in others:
            other_type = self._type(other)
            if left_type is None or other_type is None:
                continue
            if FieldType.TIME in (left_type, other_type):
                self._timely(left, other, types=(left_type, other_type))
            elif left_type is not other_type:
                fix = _mixed_fix(left, other, left_type, other_type)
                self._note(other, f"{_shown(left)} is {_A[left_type]}, and {_shown(other)} is {_A[other_type]}", fix)
            elif ordered and left_type is FieldType.BOOLEAN:
                self._note(left, f"{_shown(left)} is a boolean, which has no order", "compare it with = or <>, or name it alone")

    def _timely(self, left: Node, right: Node, *, types: tuple[FieldType, FieldType]) -> None:
        """A time is compared with a time field or with a day; two days alone say nothing of a lead."""
        if all(isinstance(side, Literal) for side in (left, right)):
            self._note(left, "two written values are compared, and no field", "compare a field with a day")
            return
        for side, type_ in zip((left, right), types, strict=True):
            day = isinstance(side, Literal) and isinstance(side.value, str) and read_day(side.value)
            if type_ is not FieldType.TIME and not day:
                other = right if side is left else left
                message = f"{_shown(other)} is a time, and {_shown(side)} is {_A[type_]}"
                self._note(side, message, "compare it with a day, such as DATE '2026-01-31'")

    def _type(self, node: Node) -> FieldType | None:
        """The type of an operand; None if a problem within it was noted."""
        match node:
            case Name():
                return self._type_of_name(node)
            case Literal(value=value):
                return literal_type(value)
            case Negative(operand=operand):
                return self._number((operand,))
            case Arithmetic(first=first, steps=steps):
                return self._number((first, *(operand for _, operand in steps)))
            case _:
                before = len(self.problems)
                self.condition(node)
                return FieldType.BOOLEAN if len(self.problems) == before else None

    def _number(self, operands: tuple[Node, ...]) -> FieldType | None:
        before = len(self.problems)
        for operand in operands:
            type_ = self._type(operand)
            if type_ not in (None, FieldType.NUMBER):
                self._note(operand, f"{_shown(operand)} is {_A[type_]}; only numbers are calculated with", "use number fields only")
        return FieldType.NUMBER if len(self.problems) == before else None

    def _type_of_name(self, node: Name) -> FieldType | None:
        if node.name in self._fields:
            return self._fields[node.name]
        if node.name in self._defines:
            return FieldType.BOOLEAN
        known = {name.casefold(): name for name in (*self._fields, *self._defines)}
        nearest = next((known[key] for key in difflib.get_close_matches(node.name.casefold(), known, n=1)), None)
        if nearest:
            fix = f"write {nearest}"
        elif node.quoted:
            fix = f"a text stands in single quotes: '{node.name}'"
        else:
            fix = "declare it under [fields], or put a text in single quotes"
        self._note(node, f"there is no field and no define `{node.name}`", fix, nearest=nearest)
        return None

    def _note(self, node: Node, message: str, fix: str, nearest: str | None = None) -> None:
        word = _WORD.match(self._text, node.at)
        found = node.name if isinstance(node, Name) else word.group() if word else ""
        self.problems.append(CriterionError(message, position=node.at, found=found, fix=fix, nearest=nearest))


def _mixed_fix(left: Node, right: Node, left_type: FieldType, right_type: FieldType) -> str:
    """What to write when two types do not go together; the written value gives way."""
    value, wanted = (right, left_type) if isinstance(right, Literal) else (left, right_type)
    if isinstance(value, Literal):
        match wanted:
            case FieldType.NUMBER:
                return "write the number without quotes"
            case FieldType.TEXT:
                return "put the value in single quotes"
            case FieldType.BOOLEAN:
                return "write TRUE or FALSE, without quotes, or name the field alone"
            case FieldType.TIME:
                return "write a day, such as DATE '2026-01-31'"
    return "compare fields of one type, or change a type under [fields]"


def _shown(node: Node) -> str:
    match node:
        case Name(name=name):
            return f"`{name}`"
        case Literal(value=str(value)):
            return f"'{value}'"
        case Literal(value=value):
            return str(value)
        case Arithmetic() | Negative():
            return "the calculation"
        case _:
            return "the condition"
