"""What a criterion says, free of the parser that read it: a small tree of frozen nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Anything that stands somewhere in a criterion's text."""

    at: int  # 0-based offset of its first character


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Placed):
    """A field or a define; `quoted` where it was written in double quotes."""

    name: str
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Placed):
    """A value written in the criterion; a date only where it was written as DATE '…'."""

    value: str | int | float | bool | date


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(Placed):
    """`first` and then, from left to right, each operator (+ - * /) with its operand."""

    first: Node
    steps: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative(Placed):
    """Unary minus."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Placed):
    """`left operator right`, the operator one of = <> < <= > >=."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Placed):
    """`operand [NOT] BETWEEN low AND high`, both ends included."""

    operand: Node
    low: Node
    high: Node
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Among(Placed):
    """`operand [NOT] IN (items)`; at least one item."""

    operand: Node
    items: tuple[Node, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(Placed):
    """`operand [NOT] LIKE pattern`, with % for any text and _ for one character."""

    operand: Node
    pattern: str
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank(Placed):
    """`operand IS [NOT] NULL`."""

    operand: Node
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Placed):
    """`NOT operand`."""

    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class All(Placed):
    """Conditions joined by AND; at least two."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Any(Placed):
    """Conditions joined by OR; at least two."""

    parts: tuple[Node, ...]


Node = Name | Literal | Arithmetic | Negative | Compare | Between | Among | Like | Blank | Not | All | Any


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below `node`, in the order written."""
    match node:
        case Name() | Literal():
            return ()
        case Arithmetic(first=first, steps=steps):
            return (first, *(operand for _, operand in steps))
        case Compare(left=left, right=right):
            return (left, right)
        case Between(operand=operand, low=low, high=high):
            return (operand, low, high)
        case Among(operand=operand, items=items):
            return (operand, *items)
        case All(parts=parts) | Any(parts=parts):
            return parts
        case Negative(operand=operand) | Like(operand=operand) | Blank(operand=operand) | Not(operand=operand):
            return (operand,)


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, `node` first."""
    yield node
    for child in children(node):
        yield from walk(child)
