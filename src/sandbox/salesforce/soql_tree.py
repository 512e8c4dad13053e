"""What a SOQL query says, as frozen values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.salesforce.soql_tokens import Token


@dataclass(frozen=True, slots=True)
class Path:
    """A field, behind the relationships that lead to it: `("Owner", "Name")`."""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a field: an aggregate (`path` None for COUNT()), a part of a date, toLabel or FORMAT."""

    function: str  # upper case
    path: Path | None
    at: int


Operand = Path | Call


@dataclass(frozen=True, slots=True)
class Column:
    """A field or function of the SELECT list."""

    operand: Operand
    alias: str | None


@dataclass(frozen=True, slots=True)
class AllFields:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)` or `FIELDS(CUSTOM)`."""

    which: str
    at: int


@dataclass(frozen=True, slots=True)
class TypeOf:
    """`TYPEOF Who WHEN Lead THEN Company ELSE Name END`."""

    relation: str
    whens: tuple[tuple[str, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Children:
    """`(SELECT … FROM Tasks)` in the SELECT list."""

    query: Query


@dataclass(frozen=True, slots=True)
class DateWord:
    """`TODAY`, `LAST_N_DAYS:30`."""

    name: str  # upper case
    n: int | None
    at: int


Literal = Token | DateWord  # a token of sort moment, date, number, text, or a name: null, true, false


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operand op value`; `op` is = != < <= > >= or LIKE."""

    operand: Operand
    op: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """`operand [NOT] IN (…)`, with values or a semi-join."""

    operand: Operand
    negated: bool
    values: tuple[Literal, ...] | Query


@dataclass(frozen=True, slots=True)
class Includes:
    """`operand INCLUDES ('a;b', 'c')`, or EXCLUDES if `negated`."""

    operand: Operand
    negated: bool
    values: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All of `parts`."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of `parts`."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not `part`."""

    part: Condition


Condition = Comparison | Membership | Includes | Both | Either | Not


@dataclass(frozen=True, slots=True)
class Order:
    """One field of ORDER BY."""

    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole query. `source` is an object, in a child query a relationship."""

    text: str
    select: tuple[Column | AllFields | TypeOf | Children, ...]
    source: Token
    alias: str | None
    where: Condition | None
    group_by: tuple[Operand, ...]
    having: Condition | None
    order_by: tuple[Order, ...]
    limit: int | None
    offset: int
