"""The text of a criterion before it is parsed: its words, its limits, its conditions as written. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sqlglot import Token, TokenType
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import TokenError

from sync.agreement.criteria_types import CriterionError

LONGEST = 2_000  # characters
DEEPEST = 20  # parentheses, NOTs and signs around one value
ALLOWED = "AND, OR, NOT, = <> < <= > >=, BETWEEN, IN, LIKE, IS NULL, + - * / on numbers, and plain values"

_PREFIXES = {TokenType.NOT, TokenType.DASH, TokenType.PLUS}
_BEFORE_PARENTHESIS = _PREFIXES | {
    TokenType.L_PAREN,
    TokenType.AND,
    TokenType.OR,
    TokenType.IN,
    TokenType.LIKE,
    TokenType.BETWEEN,
    TokenType.COMMA,
    TokenType.STAR,
    TokenType.SLASH,
    TokenType.EQ,
    TokenType.NEQ,
    TokenType.LT,
    TokenType.LTE,
    TokenType.GT,
    TokenType.GTE,
}
_SYMBOLS = _BEFORE_PARENTHESIS | {TokenType.R_PAREN, TokenType.DOT}
_QUOTED = {TokenType.STRING, TokenType.IDENTIFIER}
_NEVER_NAMES = {TokenType.SELECT, TokenType.CASE}  # the parser recurses on them; a field of that name can be quoted


def read_tokens(text: str) -> list[Token]:
    """Cut `text` into words, refusing what no criterion holds before any parser sees it.

    Raises CriterionError for an empty or too long text, an open quote, a comment, a second
    statement, a function call, an operator that no criterion holds, or nesting deeper than 20.
    """
    if len(text) > LONGEST:
        raise CriterionError(
            f"the criterion has {len(text)} characters; at most {LONGEST:,} are read",
            position=LONGEST,
            found=text[LONGEST : LONGEST + 20],
            fix="move parts of it to [define] and use their names",
        )
    try:
        tokens = list(SQLite().tokenize(text))
    except TokenError:
        raise _open_quote(text) from None
    _refuse_if_comment(text, tokens)
    _refuse_if_empty(tokens)
    _refuse_if_several(tokens)
    _refuse_if_call(tokens)
    _refuse_if_foreign(tokens)
    _refuse_if_too_deep(tokens)
    return tokens


def conjunct_texts(text: str, tokens: Sequence[Token]) -> list[str]:
    """The conditions that `text` joins with AND, as written; parentheses around all of it left off."""
    inner = list(tokens)
    while _wrapped(inner):
        inner = inner[1:-1]
    parts: list[list[Token]] = [[]]
    for token, joins in _top_level_ands(inner):
        if joins:
            parts.append([])
        else:
            parts[-1].append(token)
    return [text[part[0].start : part[-1].end + 1] for part in parts if part]


def _top_level_ands(tokens: Sequence[Token]) -> Iterator[tuple[Token, bool]]:
    """Each token, and whether it is an AND that joins two conditions of the outermost level."""
    depth, open_betweens = 0, 0
    for token in tokens:
        depth += _depth_change(token)
        joins = False
        if depth == 0 and token.token_type is TokenType.BETWEEN:
            open_betweens += 1
        elif depth == 0 and token.token_type is TokenType.AND:
            joins = open_betweens == 0
            open_betweens = max(0, open_betweens - 1)
        yield token, joins


def _wrapped(tokens: Sequence[Token]) -> bool:
    """Whether the first parenthesis opens and the last closes the whole of `tokens`."""
    if len(tokens) < 3 or tokens[0].token_type is not TokenType.L_PAREN:
        return False
    depth = 0
    for token in tokens[:-1]:
        depth += _depth_change(token)
        if depth == 0:
            return False
    return True


def _depth_change(token: Token) -> int:
    return (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)


def _open_quote(text: str) -> CriterionError:
    position = max(text.rfind(quote) for quote in "'\"`[/")
    return CriterionError(
        "a quotation mark is opened and never closed",
        position=max(position, 0),
        found=text[max(position, 0) :][:20],
        fix="close it; a quotation mark within a text is doubled: 'it''s'",
    )


def _refuse_if_empty(tokens: Sequence[Token]) -> None:
    if not tokens:
        raise CriterionError("the criterion is empty", position=0, found="", fix="write a condition, such as score >= 60")


def _refuse_if_comment(text: str, tokens: Sequence[Token]) -> None:
    end = 0
    for start, next_end in [*((token.start, token.end + 1) for token in tokens), (len(text), len(text))]:
        gap = text[end:start]
        if gap.strip():
            raise CriterionError(
                "a criterion holds no comments",
                position=end + len(gap) - len(gap.lstrip()),
                found=gap.strip()[:20],
                fix="write the comment in TOML, after a #; put two minus signs apart: 5 - -3",
            )
        end = next_end


def _refuse_if_several(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            raise CriterionError(
                "a criterion is one condition, not several statements", position=token.start, found=";", fix="take out the `;`"
            )


def _refuse_if_call(tokens: Sequence[Token]) -> None:
    for before, token in pairwise(tokens):
        if token.token_type is TokenType.L_PAREN and before.token_type not in _BEFORE_PARENTHESIS:
            word = before.text
            raise CriterionError(
                f"`{word}(` is a function; a criterion holds none",
                position=before.start,
                found=word,
                fix="compare fields with values only; join conditions with AND, OR, NOT",
            )


def _refuse_if_foreign(tokens: Sequence[Token]) -> None:
    for token in tokens:
        kind = token.token_type
        symbol = kind not in _SYMBOLS and kind not in _QUOTED and not (token.text[:1].isalnum() or token.text[:1] in "_$.")
        if symbol or kind in _NEVER_NAMES:
            raise CriterionError(f"a criterion holds no `{token.text}`", position=token.start, found=token.text, fix=f"use {ALLOWED}")


def _refuse_if_too_deep(tokens: Sequence[Token]) -> None:
    for token, depth in zip(tokens, _depths(tokens), strict=True):
        if depth > DEEPEST:
            raise CriterionError(
                f"the criterion is nested more than {DEEPEST} deep",
                position=token.start,
                found=token.text,
                fix="move the inner parts to [define] and use their names",
            )


def _depths(tokens: Sequence[Token]) -> Iterator[int]:
    """How deep the parser recurses at each token: parentheses, NOTs and signs that are open there.

    A NOT or sign right before a parenthesis is counted with it. NOTs are open until the next AND or OR.
    """
    depth, prefixes, previous = 0, 0, TokenType.L_PAREN
    opened: list[tuple[int, int]] = []
    for token in tokens:
        kind = token.token_type
        if kind is TokenType.L_PAREN:
            opened.append((depth, prefixes))
            depth, prefixes = depth + max(1, prefixes), 0
        elif kind is TokenType.R_PAREN and opened:
            depth, prefixes = opened.pop()
        elif kind is TokenType.NOT or (kind in _PREFIXES and previous in _PREFIXES):
            prefixes += 1
        elif kind in {TokenType.AND, TokenType.OR, TokenType.COMMA}:
            prefixes = 0
        previous = kind
        yield depth + prefixes
