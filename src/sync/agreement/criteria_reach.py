"""Whether criteria can hold at all, shown by trying one value of every range that they tell apart. Pure.

A criterion sees of a number only on which side of its own written values it lies, and of a text whether it is one of them:
so one value of each range stands for all, and a criterion that is true for none of them is true for no lead. What is not
told apart so (LIKE, calculations, two fields compared) is let be anything, each by itself: some contradictions are missed
then, and none is invented.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from typing import Any as AnyValue
from zoneinfo import ZoneInfo

from sync.agreement.criteria_compile import Compiler
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
    walk,
)
from sync.agreement.criteria_types import FieldType, Value, day_span, read_day

MOST_TRIED = 1_000_000  # conditions, each counted once for every combination of values; beyond that nothing is claimed

_BELOW_ALL_TEXT = "\0"
_TICK = timedelta(microseconds=1)
_BOTH = (True, False, None)


def unplaced(node: Node, defines: Mapping[str, Node]) -> Node:
    """The tree with `defines` put in place of their names, without places, so that equal conditions are equal."""
    if isinstance(node, Name):
        return defines.get(node.name, Name(at=0, name=node.name))
    return _rebuilt(node, lambda child: unplaced(child, defines))


def _rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node without its place, and with `change` made to each node directly below it."""
    match node:
        case Name() | Literal():
            return replace(node, at=0)
        case Arithmetic(first=first, steps=steps):
            return Arithmetic(at=0, first=change(first), steps=tuple((sign, change(operand)) for sign, operand in steps))
        case Compare(left=left, right=right):
            return replace(node, at=0, left=change(left), right=change(right))
        case Between(operand=operand, low=low, high=high):
            return replace(node, at=0, operand=change(operand), low=change(low), high=change(high))
        case Among(operand=operand, items=items):
            return replace(node, at=0, operand=change(operand), items=tuple(change(item) for item in items))
        case Negative(operand=operand) | Like(operand=operand) | Blank(operand=operand) | Not(operand=operand):
            return replace(node, at=0, operand=change(operand))
        case All(parts=parts) | Any(parts=parts):
            return replace(node, at=0, parts=tuple(change(part) for part in parts))


@dataclass(frozen=True, slots=True)
class _Wish:
    """A condition that must be true, or (`holds` False) must not be: false or unknown."""

    node: Node
    holds: bool


@dataclass(slots=True, kw_only=True)
class Reach:
    """Answers what conditions over the same fields allow; `types` are those of the fields. A name without type may be anything."""

    types: Mapping[str, FieldType]
    zone: ZoneInfo
    _free: dict[Node, str] = field(default_factory=dict, init=False)  # a condition that may be anything -> the name it goes by

    def can_hold(self, *conditions: Node, without: Sequence[Node] = ()) -> bool:
        """Whether some lead may make all `conditions` true and none of `without`; False is certain, True is not."""
        wishes = [_Wish(self._told_apart(node), holds) for nodes, holds in ((conditions, True), (without, False)) for node in nodes]
        return self._possible(wishes)

    def always_holds(self, condition: Node) -> bool:
        """Whether no lead makes `condition` false or unknown; True is certain, False is not."""
        return not self.can_hold(without=[condition])

    def _possible(self, wishes: Sequence[_Wish]) -> bool:
        return all(self._possible_together(group) for group in _groups([part for wish in wishes for part in _parts(wish)]))

    def _possible_together(self, group: Sequence[_Wish]) -> bool:
        if len(group) == 1 and (branches := _branches(group[0])):
            return any(self._possible([branch]) for branch in branches)
        types = {name: self.types.get(name, FieldType.BOOLEAN) for wish in group for name in _names(wish.node)}
        values = [_values_of(name, type_, [wish.node for wish in group], self.zone) for name, type_ in types.items()]
        size = sum(1 for wish in group for _ in walk(wish.node))
        if size * math.prod(len(tried) for tried in values) > MOST_TRIED:
            return True
        compiler = Compiler(types=types, defines={}, zone=self.zone)
        tests = [(compiler.test(wish.node), wish.holds) for wish in group]
        rows = (dict(zip(types, tried, strict=True)) for tried in product(*values))
        return any(all((test(row) is True) is holds for test, holds in tests) for row in rows)

    def _told_apart(self, node: Node) -> Node:
        """The condition with each part that no single field's value decides replaced by a name of its own."""
        match node:
            case All(parts=parts) | Any(parts=parts):
                return replace(node, parts=tuple(self._told_apart(part) for part in parts))
            case Not(operand=operand):
                return _opposite(self._told_apart(operand))
            case Like(operand=Name(), negated=True):
                held = self._name_for(replace(node, negated=False))
                return Any(at=0, parts=(Not(at=0, operand=held), Blank(at=0, operand=held)))
            case Like(operand=Name()):
                return self._name_for(node)
            case Compare() | Between() | Among() | Blank() if not self._decided_by_one(node):
                return self._name_for(node)
            case _:
                return node

    def _name_for(self, node: Node) -> Name:
        return Name(at=0, name=self._free.setdefault(node, f"condition {len(self._free) + 1}"))

    def _decided_by_one(self, node: Node) -> bool:
        """Whether a field (or none) is held against written values only."""
        calculates = any(isinstance(part, Arithmetic | Negative) and _names(part) for part in walk(node))
        return not calculates and len(_names(node)) <= 1 and not any(isinstance(part, Like) for part in walk(node))


def _opposite(node: Node) -> Node:
    """NOT `node`, moved inwards as far as AND and OR go; it holds with SQL's three values too."""
    match node:
        case Not(operand=operand):
            return operand
        case All(parts=parts):
            return Any(at=0, parts=tuple(_opposite(part) for part in parts))
        case Any(parts=parts):
            return All(at=0, parts=tuple(_opposite(part) for part in parts))
        case _:
            return Not(at=0, operand=node)


def _parts(wish: _Wish) -> Iterator[_Wish]:
    """The wishes that must all come true for this one to."""
    match wish.node:
        case All(parts=parts) if wish.holds:
            joined = parts
        case Any(parts=parts) if not wish.holds:
            joined = parts
        case _:
            yield wish
            return
    for part in joined:
        yield from _parts(_Wish(part, wish.holds))


def _branches(wish: _Wish) -> tuple[_Wish, ...]:
    """The wishes of which one must come true for this one to; none if it is a single condition."""
    match wish.node:
        case Any(parts=parts) if wish.holds:
            return tuple(_Wish(part, True) for part in parts)
        case All(parts=parts) if not wish.holds:
            return tuple(_Wish(part, False) for part in parts)
        case _:
            return ()


def _groups(wishes: Sequence[_Wish]) -> list[list[_Wish]]:
    """The wishes in groups that share no field: each group can be tried by itself."""
    groups: list[tuple[set[str], list[_Wish]]] = []
    for wish in wishes:
        names = set(_names(wish.node))
        touching = [group for group in groups if group[0] & names]
        groups = [group for group in groups if not group[0] & names]
        merged = [member for _, members in touching for member in members]
        groups.append((names.union(*(known for known, _ in touching)), [*merged, wish]))
    return [members for _, members in groups]


def _names(node: Node) -> tuple[str, ...]:
    return tuple(sorted({part.name for part in walk(node) if isinstance(part, Name)}))


def _values_of(name: str, type_: FieldType, nodes: Sequence[Node], zone: ZoneInfo) -> list[Value]:
    """One value of every range that `nodes` tell apart in a field, and blank."""
    written = {value for node in nodes for part in walk(node) if _is_about(name, part) for value in _written(part)}
    match type_:
        case FieldType.BOOLEAN:
            return list(_BOTH)
        case FieldType.NUMBER:
            return [None, *_around_numbers([float(value) for value in written if isinstance(value, int | float)])]
        case FieldType.TEXT:
            texts = sorted(value for value in written if isinstance(value, str))
            exact = [text for text in texts if text.strip()]  # a text of nothing is read as blank
            return [None, _BELOW_ALL_TEXT, *exact, *(f"{text.casefold()}{_BELOW_ALL_TEXT}" for text in texts)]
        case FieldType.TIME:
            days = [value if isinstance(value, date) else read_day(str(value)) for value in written]
            return [None, *_around_days([day for day in days if day is not None], zone)]


def _is_about(name: str, node: Node) -> bool:
    return isinstance(node, Compare | Between | Among) and name in _names(node)


def _written(node: Node) -> Iterator[AnyValue]:
    """The values written in a condition, also as calculations: `60`, `-5`, `2 * 30`."""
    constant = Compiler(types={}, defines={}, zone=ZoneInfo("UTC"))
    for part in walk(node):
        match part:
            case Literal(value=value):
                yield value
            case Negative() | Arithmetic() if not _names(part):
                yield constant.test(part)({})


def _around_numbers(bounds: list[float]) -> list[float]:
    near = {side for bound in bounds for side in (math.nextafter(bound, -math.inf), bound, math.nextafter(bound, math.inf))}
    return sorted(value for value in near if math.isfinite(value)) or [0.0]


def _around_days(days: list[date], zone: ZoneInfo) -> list[datetime]:
    """The ends of each day, and a moment between each two of them and on either side."""
    edges = sorted({edge for day in days for edge in day_span(day, zone)})
    if not edges:
        return [datetime(2000, 1, 1, tzinfo=UTC)]
    between = [earlier + (later - earlier) / 2 for earlier, later in pairwise(edges)]
    before = [edges[0] - _TICK] if edges[0] > datetime.min.replace(tzinfo=UTC) else []
    after = [edges[-1] + _TICK] if edges[-1] < datetime.max.replace(tzinfo=UTC) else []
    return sorted([*before, *edges, *between, *after])
