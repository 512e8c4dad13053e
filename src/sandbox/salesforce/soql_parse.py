"""SOQL -> tree: recursive descent. What it does not know is refused with its place. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sandbox.salesforce.dates import DATE_WORDS
from sandbox.salesforce.refusals import Refused
from sandbox.salesforce.soql_tokens import Token, malformed, tokens
from sandbox.salesforce.soql_tree import (
    AllFields,
    Both,
    Call,
    Children,
    Column,
    Comparison,
    Condition,
    DateWord,
    Either,
    Includes,
    Literal,
    Membership,
    Not,
    Operand,
    Order,
    Path,
    Query,
    TypeOf,
)

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"})
DATE_PARTS = frozenset(
    {"CALENDAR_YEAR", "CALENDAR_QUARTER", "CALENDAR_MONTH", "DAY_IN_MONTH", "DAY_IN_WEEK", "DAY_IN_YEAR", "DAY_ONLY", "HOUR_IN_DAY"}
)
LABELS = frozenset({"TOLABEL", "FORMAT"})
LONGEST, LONGEST_TEXT, MOST_OFFSET = 100_000, 4_000, 2_000  # characters, characters, rows. Source: crm-facts, Salesforce, section 3
_DEEPEST = 50
_CLAUSES = ("FROM", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL", "USING", "UPDATE")
_SIGNS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

_T = TypeVar("_T")


def parse(soql: str) -> Query:
    """The tree of a query. Raises Refused: MALFORMED_QUERY, NUMBER_OUTSIDE_VALID_RANGE."""
    if len(soql) > LONGEST:
        raise Refused("QUERY_TOO_COMPLICATED", f"SOQL statements cannot be longer than {LONGEST} characters.")
    parser = _Parser(soql)
    query = parser.query()
    parser.end()
    return query


def parse_condition(text: str) -> Condition:
    """The tree of what can stand behind WHERE. Raises Refused."""
    parser = _Parser(text)
    condition = parser.condition()
    parser.end()
    return condition


class _Parser:
    def __init__(self, soql: str) -> None:
        self._soql = soql
        self._tokens = tokens(soql)
        self._next = 0
        self._depth = 0

    # --- the whole

    def query(self) -> Query:
        self._word("SELECT")
        select = self._list(self._column)
        self._word("FROM")
        source = self._name()
        alias = self._alias()
        where = self.condition() if self._take("WHERE") else None
        group_by, having = self._groups()
        order_by = self._list(self._order) if self._take("ORDER") and self._word("BY") else ()
        limit = self._count() if self._take("LIMIT") else None
        offset = self._count() if self._take("OFFSET") else 0
        if offset > MOST_OFFSET:
            raise Refused("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}")
        return Query(
            text=self._soql,
            select=select,
            source=source,
            alias=alias,
            where=where,
            group_by=group_by,
            having=having,
            order_by=order_by,
            limit=limit,
            offset=offset,
        )

    def end(self) -> None:
        if self._peek.sort != "end":
            raise self._unexpected()

    def _alias(self) -> str | None:
        self._take("AS")
        if self._peek.sort == "name" and not self._peek.is_word(*_CLAUSES):
            return self._name().text
        return None

    def _groups(self) -> tuple[tuple[Operand, ...], Condition | None]:
        if not self._take("GROUP"):
            return (), None
        self._word("BY")
        groups = self._list(self._operand)
        return groups, self.condition() if self._take("HAVING") else None

    # --- SELECT

    def _column(self) -> Column | AllFields | TypeOf | Children:
        if self._peek.text == "(":
            return self._children()
        if self._peek.is_word("TYPEOF"):
            return self._typeof()
        if self._peek.is_word("FIELDS") and self._ahead.text == "(":
            return self._all_fields()
        operand = self._operand()
        alias = None
        if self._peek.sort == "name" and not self._peek.is_word(*_CLAUSES):
            alias = self._name().text
        return Column(operand, alias)

    def _children(self) -> Children:
        self._sign("(")
        query = self._deeper(self.query)
        self._sign(")")
        return Children(query)

    def _all_fields(self) -> AllFields:
        at = self._advance().at
        self._sign("(")
        which = self._name()
        if not which.is_word("ALL", "STANDARD", "CUSTOM"):
            raise malformed(self._soql, which.at, f"unexpected token: '{which.text}'")
        self._sign(")")
        return AllFields(which.text.upper(), at)

    def _typeof(self) -> TypeOf:
        at = self._advance().at
        relation = self._name().text
        whens = []
        while self._take("WHEN"):
            name = self._name().text
            self._word("THEN")
            whens.append((name, self._list(self._path)))
        otherwise = self._list(self._path) if self._take("ELSE") else ()
        self._word("END")
        if not whens:
            raise malformed(self._soql, at, "unexpected token: 'TYPEOF'")
        return TypeOf(relation, tuple(whens), otherwise, at)

    def _operand(self) -> Operand:
        if self._ahead.text != "(":
            return self._path()
        token = self._advance()
        function = token.text.upper()
        if token.sort != "name" or function not in AGGREGATES | DATE_PARTS | LABELS:
            raise malformed(self._soql, token.at, f"unexpected token: '{token.text}'")
        self._sign("(")
        path = None if self._peek.text == ")" and function == "COUNT" else self._path()
        self._sign(")")
        return Call(function, path, token.at)

    def _path(self) -> Path:
        token = self._name()
        return Path(tuple(token.text.split(".")), token.at)

    # --- conditions

    def condition(self) -> Condition:
        return self._deeper(self._junction)

    def _junction(self) -> Condition:
        parts = [self._term()]
        word = self._peek.text.upper() if self._peek.is_word("AND", "OR") else None
        while word and self._take(word):
            parts.append(self._term())
        if self._peek.is_word("AND", "OR"):
            raise self._unexpected()  # AND beside OR needs parentheses
        if len(parts) == 1:
            return parts[0]
        return Both(tuple(parts)) if word == "AND" else Either(tuple(parts))

    def _term(self) -> Condition:
        if self._take("NOT"):
            return Not(self._deeper(self._term))
        if self._peek.text == "(":
            self._advance()
            inner = self.condition()
            self._sign(")")
            return inner
        return self._predicate(self._operand())

    def _predicate(self, operand: Operand) -> Condition:
        token = self._advance()
        if token.text in _SIGNS and token.sort == "sign":
            return Comparison(operand, _SIGNS[token.text], self._literal())
        if token.is_word("LIKE"):
            return Comparison(operand, "LIKE", self._text())
        if token.is_word("INCLUDES", "EXCLUDES"):
            self._sign("(")
            values = self._list(self._text)
            self._sign(")")
            return Includes(operand, token.is_word("EXCLUDES"), values)
        negated = token.is_word("NOT")
        if negated:
            token = self._advance()
        if token.is_word("IN"):
            return Membership(operand, negated, self._members())
        raise malformed(self._soql, token.at, f"unexpected token: '{token.text}'")

    def _members(self) -> tuple[Literal, ...] | Query:
        self._sign("(")
        members: tuple[Literal, ...] | Query
        members = self._deeper(self.query) if self._peek.is_word("SELECT") else self._list(self._literal)
        self._sign(")")
        return members

    def _literal(self) -> Literal:
        token = self._advance()
        if token.sort == "text":
            return self._not_too_long(token)
        if token.sort in ("moment", "date", "number") or token.is_word("NULL", "TRUE", "FALSE"):
            return token
        name, _, n = token.text.upper().partition(":")
        if token.sort == "name" and name in DATE_WORDS and bool(n) == DATE_WORDS[name]:
            return DateWord(name, int(n) if n else None, token.at)
        raise malformed(self._soql, token.at, f"unexpected token: '{token.text}'")

    def _text(self) -> Token:
        if self._peek.sort != "text":
            raise self._unexpected()
        return self._not_too_long(self._advance())

    def _not_too_long(self, token: Token) -> Token:
        if len(token.text) > LONGEST_TEXT + 2:
            raise malformed(self._soql, token.at, f"the maximum length of a string is {LONGEST_TEXT} characters")
        return token

    def _order(self) -> Order:
        operand = self._operand()
        descending = self._take("DESC")
        if not descending:
            self._take("ASC")
        nulls_last = False
        if self._take("NULLS"):
            nulls_last = self._take("LAST")
            if not nulls_last:
                self._word("FIRST")
        return Order(operand, descending, nulls_last)

    # --- tokens

    @property
    def _peek(self) -> Token:
        return self._tokens[self._next]

    @property
    def _ahead(self) -> Token:
        return self._tokens[min(self._next + 1, len(self._tokens) - 1)]

    def _advance(self) -> Token:
        token = self._peek
        if token.sort == "end":
            raise self._unexpected()
        self._next += 1
        return token

    def _take(self, word: str) -> bool:
        if self._peek.is_word(word):
            self._next += 1
            return True
        return False

    def _word(self, word: str) -> bool:
        if not self._take(word):
            raise self._unexpected()
        return True

    def _sign(self, sign: str) -> None:
        if self._peek.sort != "sign" or self._peek.text != sign:
            raise self._unexpected()
        self._next += 1

    def _name(self) -> Token:
        if self._peek.sort != "name" or ":" in self._peek.text:
            raise self._unexpected()
        return self._advance()

    def _count(self) -> int:
        if self._peek.sort != "number" or not self._peek.text.isdigit():
            raise self._unexpected()
        return int(self._advance().text)

    def _list(self, one: Callable[[], _T]) -> tuple[_T, ...]:
        found = [one()]
        while self._peek.text == "," and self._peek.sort == "sign":
            self._next += 1
            found.append(one())
        return tuple(found)

    def _deeper(self, part: Callable[[], _T]) -> _T:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._unexpected()
        found = part()
        self._depth -= 1
        return found

    def _unexpected(self) -> Refused:
        token = self._peek
        shown = "<EOF>" if token.sort == "end" else token.text
        return malformed(self._soql, token.at, f"unexpected token: '{shown}'")
