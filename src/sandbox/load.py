"""A portal file, one JSON object a line -> a portal."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import orjson

from sandbox.lines import BadLines, problem
from sandbox.planting import plant
from sandbox.portal import Portal, Store


def load(path: Path, *, now: datetime, live: bool = False, store: Store | None = None) -> Portal:
    """The portal that a file describes; blank lines are skipped.

    Raises OSError if the file cannot be read, and BadLines with every problem as
    `file:line: key: found …, expected …`.
    """
    portal = Portal(now, live=live, store=store)
    lines = _FileLines(path)
    problems: list[str] = []
    try:
        plant(portal, lines)
    except BadLines as error:
        problems = error.problems
    if found := sorted({*lines.problems, *problems}, key=_place):
        raise BadLines(found)
    return portal


class _FileLines:
    """The lines of a file that are JSON, with the place of each; read anew each time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problems: list[str] = []

    def __iter__(self) -> Iterator[tuple[str, object]]:
        self.problems = []
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                where = f"{self._path}:{number}"
                line = line.removeprefix(BOM_UTF8)  # noqa: PLW2901 - only the first can have one
                if not line.strip():
                    continue
                try:
                    yield where, orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    self.problems.append(problem(where, line.decode("utf-8", "replace").strip(), f"one JSON object ({error})"))


def _place(text: str) -> tuple[int, str]:
    number = text.split(": ", 1)[0].rpartition(":")[2]
    return (int(number) if number.isdigit() else 0, text)
