"""On which line of an agreement's text a key stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sync.shape import key_of

Path = tuple[str | int, ...]
"""Keys from the section down: ("clock", "first_touch", "within"); an entry without a name goes by its number, from 1."""

_HEADER = re.compile(r"\s*(?P<open>\[\[?)(?P<keys>[^\[\]]+)\]\]?\s*(?:#.*)?")
_KEYS = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_ASSIGNED = re.compile(r"""\s*(?P<keys>(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_NAMED = re.compile(r"""\s*name\s*=\s*(?:"(?P<double>[^"\\]*)"|'(?P<single>[^']*)')""")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A header and the lines up to the next one."""

    line: int
    is_list: bool
    keys: Path
    below: tuple[tuple[int, str], ...]


def dotted(path: Path) -> str:
    """The path as one key: `clock.first_touch.within`, `consequence[1].if`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{key_of(step)}" for step in path).removeprefix(".")


def line_of(text: str, path: Path) -> int | None:
    """The line, from 1, on which the deepest key of `path` is written; None if its table is not found.

    Tables that have a [header] are found; those written inline are not.
    """
    count = 0
    for block in _blocks(text.splitlines()):
        if block.is_list and block.keys == path[:1]:
            count += 1
            if len(path) > 1 and path[1] in (_name(block), count):
                return _deepest(block, path[2:])
        elif not block.is_list and block.keys == path[: len(block.keys)]:
            rest = path[len(block.keys) :]
            line = _deepest(block, rest)
            if not rest or line != block.line or len(block.keys) > 1:
                return line
    return None


def _blocks(lines: list[str]) -> Iterator[_Block]:
    headers = [(number, found) for number, line in enumerate(lines, start=1) if (found := _HEADER.fullmatch(line))]
    ends = [number for number, _ in headers[1:]] + [len(lines) + 1]
    for (number, found), end in zip(headers, ends, strict=True):
        below = tuple((at, lines[at - 1]) for at in range(number + 1, end))
        yield _Block(line=number, is_list=found["open"] == "[[", keys=_split(found["keys"]), below=below)


def _split(keys: str) -> Path:
    return tuple(key.strip("\"'") for key in _KEYS.findall(keys))


def _name(block: _Block) -> str | None:
    names = (found["double"] or found["single"] for _, line in block.below if (found := _NAMED.match(line)))
    return next((name.strip() for name in names if name), None)


def _deepest(block: _Block, rest: Path) -> int:
    """The line below the header that says most of `rest`; the header's own if none says anything of it."""
    best, line = 0, block.line
    for number, written in block.below:
        found = _ASSIGNED.match(written)
        keys = _split(found["keys"]) if found else ()
        if len(keys) > best and keys == rest[: len(keys)]:
            best, line = len(keys), number
    return line
