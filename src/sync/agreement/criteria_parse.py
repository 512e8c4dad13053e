"""Reads the text of a criterion into its tree; what is not named here is refused. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import ParseError

from sync.agreement.criteria_text import ALLOWED, conjunct_texts, read_tokens
from sync.agreement.criteria_tree import All, Among, Any, Arithmetic, Between, Blank, Compare, Like, Literal, Name, Negative, Node, Not
from sync.agreement.criteria_types import CriterionError, read_day

_COMPARISONS: dict[type[exp.Expr], str] = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_CONDITIONS = (*_COMPARISONS, exp.In, exp.Like, exp.Between, exp.Is, exp.Not, exp.And, exp.Or)
_LARGEST_WHOLE = 2**63 - 1  # SQLite reads larger ones as reals


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A criterion's tree, and the conditions its outermost AND joins: nodes and texts, in pairs."""

    tree: Node
    conjuncts: tuple[tuple[Node, str], ...]


def parse_criterion(text: str) -> Parsed:
    """Read `text`, an SQL condition in SQLite's spelling; raises CriterionError."""
    tokens = read_tokens(text)
    try:
        tree = _Reader(text, tokens).read()
    except RecursionError:  # the nesting counted beforehand leaves room; whoever calls us may have used it up
        raise CriterionError(
            "the criterion is nested too deep", position=0, found=tokens[0].text, fix="move parts of it to [define]"
        ) from None
    if not isinstance(tree, All):
        return Parsed(tree=tree, conjuncts=((tree, text.strip()),))
    return Parsed(tree=tree, conjuncts=tuple(zip(tree.parts, conjunct_texts(text, tokens), strict=True)))


class _Reader:
    """Turns sqlglot's nodes into ours, by exact type: a type that is not listed is refused."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._index = {token.start: index for index, token in enumerate(tokens)}
        self._readers: dict[type[exp.Expr], Callable[..., Node]] = {
            exp.Paren: lambda node: self._node(node.this),
            exp.Column: self._name,
            exp.Literal: self._literal,
            exp.Boolean: lambda node: Literal(at=self._at(node), value=bool(node.this)),
            exp.Cast: self._date,
            exp.Neg: lambda node: Negative(at=self._at(node), operand=self._operand(node.this)),
            exp.And: self._joined,
            exp.Or: self._joined,
            exp.Not: self._not,
            exp.Between: self._between,
            exp.In: self._among,
            exp.Like: self._like,
            exp.Is: self._blank,
            exp.Alias: self._side_by_side,
            **dict.fromkeys(_COMPARISONS, self._compare),
            **dict.fromkeys(_ARITHMETIC, self._arithmetic),
        }

    def read(self) -> Node:
        try:
            statements = SQLite().parser().parse(list(self._tokens), self._text)
        except ParseError as error:
            raise self._syntax_error(error) from None
        if len(statements) != 1 or statements[0] is None:
            raise CriterionError("the criterion is no condition", position=0, found=self._text[:20], fix=f"use {ALLOWED}")
        self._place_booleans(statements[0])
        return self._node(statements[0])

    def _place_booleans(self, tree: exp.Expr) -> None:
        """Give TRUE and FALSE their offsets, the only leaves that come without."""
        words = [token for token in self._tokens if token.token_type in {TokenType.TRUE, TokenType.FALSE}]
        for node, token in zip(tree.find_all(exp.Boolean, bfs=False), words, strict=False):
            node.meta["start"] = token.start

    def _node(self, node: exp.Expr) -> Node:
        reader = self._readers.get(type(node))
        return reader(node) if reader else self._refuse(node)

    def _operand(self, node: exp.Expr) -> Node:
        """An operand; a condition only in parentheses, as SQL's dialects disagree on `a = b < c`."""
        if isinstance(node, _CONDITIONS):
            self._refuse(node, "a condition is compared as if it were a value", "put it in parentheses, or join the two with AND")
        if isinstance(node, exp.Null):
            self._refuse(node, "nothing equals NULL, not even NULL", "write IS NULL or IS NOT NULL")
        return self._node(node)

    def _name(self, node: exp.Column) -> Node:
        quoted = isinstance(node.this, exp.Identifier) and bool(node.this.args.get("quoted"))
        if not all(isinstance(part, exp.Identifier) for part in node.parts):
            self._refuse(node)
        return Name(at=self._at(node), name=".".join(part.name for part in node.parts), quoted=quoted)

    def _literal(self, node: exp.Literal) -> Node:
        at, written = self._at(node), str(node.this)
        if node.is_string:
            return Literal(at=at, value=written)
        number = float(written)
        if number in (float("inf"), float("-inf")):
            self._refuse(node, "the number is too large", "write a smaller number")
        whole = written.isdecimal() and int(written) <= _LARGEST_WHOLE
        return Literal(at=at, value=int(written) if whole else number)

    def _date(self, node: exp.Cast) -> Node:
        """DATE '2026-01-31', which the parser hands over as a cast; a real cast is refused."""
        at = self._at(node)
        index = self._index.get(at, 0)
        if index == 0 or self._tokens[index - 1].token_type is not TokenType.DATE or not isinstance(node.this, exp.Literal):
            self._refuse(node, "casts are not allowed in a criterion", "declare the field's type under [fields]")
        day = read_day(str(node.this.this))
        if day is None:
            self._refuse(node, f"`{node.this.this}` is no day", "write it as DATE '2026-01-31'")
        return Literal(at=self._tokens[index - 1].start, value=day)

    def _joined(self, node: exp.Expr) -> Node:
        parts = tuple(self._node(part) for part in _chain(node, type(node)))
        make = All if isinstance(node, exp.And) else Any
        return make(at=parts[0].at, parts=parts)

    def _arithmetic(self, node: exp.Expr) -> Node:
        steps: list[tuple[str, Node]] = []
        while type(node) in _ARITHMETIC:
            steps.append((_ARITHMETIC[type(node)], self._operand(node.expression)))
            node = node.this
        first = self._operand(node)
        return Arithmetic(at=first.at, first=first, steps=tuple(reversed(steps)))

    def _compare(self, node: exp.Expr) -> Node:
        left, right = self._operand(node.this), self._operand(node.expression)
        return Compare(at=left.at, operator=_COMPARISONS[type(node)], left=left, right=right)

    def _between(self, node: exp.Between, *, negated: bool = False) -> Node:
        if node.args.get("symmetric"):
            self._refuse(node, "BETWEEN SYMMETRIC is not allowed in a criterion", "write the lower end first")
        operand, low, high = (self._operand(node.args[key]) for key in ("this", "low", "high"))
        return Between(at=operand.at, operand=operand, low=low, high=high, negated=negated)

    def _among(self, node: exp.In, *, negated: bool = False) -> Node:
        operand = self._operand(node.this)
        if any(node.args.get(key) for key in ("query", "unnest", "field")):
            self._refuse(node, "IN takes a list of values, nothing else", "write the values: IN ('US', 'CA')")
        items = tuple(self._operand(item) for item in node.expressions)
        if not items:
            self._refuse(node, "the list after IN is empty", "write at least one value")
        return Among(at=operand.at, operand=operand, items=items, negated=negated)

    def _like(self, node: exp.Like, *, negated: bool = False) -> Node:
        pattern = node.expression
        if not isinstance(pattern, exp.Literal) or not pattern.is_string:
            self._refuse(node, "LIKE takes one text as its pattern", "write it in single quotes: LIKE '%operations%'")
        operand = self._operand(node.this)
        return Like(at=operand.at, operand=operand, pattern=str(pattern.this), negated=negated != bool(node.args.get("negate")))

    def _blank(self, node: exp.Is, *, negated: bool = False) -> Node:
        if type(node.expression) is not exp.Null:
            self._refuse(node, "IS is only for NULL", "write IS NULL or IS NOT NULL; a boolean stands alone: flag, NOT flag")
        operand = self._operand(node.this)
        return Blank(at=operand.at, operand=operand, negated=negated)

    def _not(self, node: exp.Not) -> Node:
        """NOTs over a condition, the last of which may be that of NOT IN, NOT LIKE, NOT BETWEEN, IS NOT NULL.

        The parser makes one kind of node of both; they differ for a blank, so the words tell them apart.
        """
        nots, inner = 1, node.this
        while isinstance(inner, exp.Not):
            nots, inner = nots + 1, inner.this
        negatable: dict[type[exp.Expr], Callable[..., Node]] = {
            exp.In: self._among,
            exp.Like: self._like,
            exp.Between: self._between,
            exp.Is: self._blank,
        }
        within = type(inner) in negatable and self._nots_before(inner) < nots
        tree = negatable[type(inner)](inner, negated=True) if within else self._node(inner)
        for _ in range(nots - within):
            tree = Not(at=tree.at, operand=tree)
        return tree

    def _nots_before(self, condition: exp.Expr) -> int:
        """How many NOTs stand before the whole of `condition`."""
        leftmost, openers = condition, 0
        while not isinstance(leftmost, exp.Column | exp.Literal | exp.Boolean) and isinstance(leftmost.this, exp.Expr):
            openers += isinstance(leftmost, exp.Paren | exp.Neg)
            leftmost = leftmost.this
        index = self._index.get(self._at(leftmost), 0) - 1
        while openers and index >= 0 and self._tokens[index].token_type in {TokenType.L_PAREN, TokenType.DASH}:
            index, openers = index - 1, openers - 1
        nots = 0
        while index - nots >= 0 and self._tokens[index - nots].token_type is TokenType.NOT:
            nots += 1
        return nots

    def _side_by_side(self, node: exp.Alias) -> NoReturn:
        self._refuse(node.args["alias"], "two values stand side by side", "put a comparison, AND or OR between them")

    def _at(self, node: exp.Expr) -> int:
        """The offset of the node's first word; that of what surrounds it where it has none of its own."""
        current: exp.Expr | None = node
        while current is not None:
            starts = [start for part in current.walk() if (start := part.meta.get("start")) is not None]
            if starts:
                return int(min(starts))
            current = current.parent
        return 0

    def _refuse(self, node: exp.Expr, message: str = "", fix: str = "") -> NoReturn:
        kind = type(node).__name__.lower()
        named = next((token.start for token in self._tokens if token.text.replace("_", "").lower() == kind), None)
        position = self._at(node) if named is None or message else named
        found = next((self._text[token.start : token.end + 1] for token in self._tokens if token.start >= position), "")
        raise CriterionError(
            message or f"`{found}` has no place in a criterion (it reads as SQL's {kind})",
            position=position,
            found=found,
            fix=fix or f"use {ALLOWED}",
        )

    def _syntax_error(self, error: ParseError) -> CriterionError:
        detail = error.errors[0] if error.errors else {}
        found = str(detail.get("highlight") or "")
        lines = self._text.splitlines(keepends=True)[: int(detail.get("line") or 1) - 1]
        position = sum(map(len, lines)) + int(detail.get("col") or 1) - len(found)
        return CriterionError(
            f"the criterion cannot be read at `{found}`",
            position=min(max(position, 0), len(self._text)),
            found=found,
            fix=f"check what stands before and after it; a criterion is made of {ALLOWED}",
        )


def _chain(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """The parts of `a AND b AND c`, left to right; without recursion, a chain may be long."""
    parts: list[exp.Expr] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if type(current) is kind:
            pending += [current.this, current.expression]  # the right one is popped first
        else:
            parts.append(current)
    return parts[::-1]
