"""A SOQL text -> tokens with their places. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.salesforce.refusals import Refused

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<moment>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)(?![\w:.]))
  | (?P<date>\d{4}-\d\d-\d\d(?![\w:-]))
  | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?![\w.-]))
  | (?P<text>'(?:[^'\\]|\\.)*')
  | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*(?::\d+)?)
  | (?P<sign><=|>=|!=|<>|[(),=<>])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_BEFORE, _BEHIND = 40, 40  # characters around the place of an error that its message shows


@dataclass(frozen=True, slots=True)
class Token:
    """`sort` is moment, date, number, text, name, sign or end; `at` its place in the query."""

    sort: str
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words (upper case), in any case."""
        return self.sort == "name" and self.text.upper() in words


def tokens(soql: str) -> list[Token]:
    """The tokens of a query, an end token last. Raises Refused for what can be none."""
    found, at = [], 0
    while at < len(soql):
        match = _TOKEN.match(soql, at)
        if match is None:
            raise malformed(soql, at, f"unexpected token: '{_piece(soql, at)}'")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(soql))]


def _piece(soql: str, at: int) -> str:
    return soql[at:].split(maxsplit=1)[0] if soql[at:].strip() else "<EOF>"


def at_place(soql: str, at: int, message: str) -> str:
    """`message` below the part of the query that it is about, as Salesforce shows it."""
    row = soql.count("\n", 0, at) + 1
    column = at - (soql.rfind("\n", 0, at) + 1) + 1
    start = at - _BEFORE if at > 2 * _BEFORE else 0
    shown = re.sub(r"\s", " ", soql[start : at + _BEHIND])
    return f"\n{shown}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}\n{message}"


def malformed(soql: str, at: int, message: str) -> Refused:
    """The refusal of a query that cannot be read, with the place."""
    return Refused("MALFORMED_QUERY", at_place(soql, at, message))


def plain_text(raw: str) -> str:
    """What a quoted text stands for. Raises ValueError for a backslash that means nothing."""
    return _ESCAPE.sub(lambda match: _escaped(match.group(1)), raw[1:-1])


def like_pattern(raw: str) -> re.Pattern[str]:
    r"""What a quoted text matches behind LIKE: % anything, _ one character, \% and \_ themselves; whole and without case.

    Raises ValueError for a backslash that means nothing.
    """
    parts = [_like_part(match) for match in re.finditer(r"\\(u[0-9A-Fa-f]{4}|.)|.", raw[1:-1], re.DOTALL)]
    return re.compile("".join(parts), re.DOTALL | re.IGNORECASE)


def _like_part(match: re.Match[str]) -> str:
    escaped = match.group(1)
    if escaped in ("%", "_"):
        return re.escape(escaped)
    if escaped is not None:
        return re.escape(_escaped(escaped))
    return {"%": ".*", "_": "."}.get(match.group(), re.escape(match.group()))


def _escaped(name: str) -> str:
    if name[0] == "u" and len(name) == 5:
        return chr(int(name[1:], 16))
    if name not in _ESCAPED:
        raise ValueError(f"Illegal escape \\{name}")
    return _ESCAPED[name]
