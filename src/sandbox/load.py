"""A portal file, one JSON object a line -> a portal, an org, or both.

A line with "attributes" is Salesforce's, every other is HubSpot's.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import orjson

from sandbox.lines import BadLines, problem
from sandbox.planting import plant
from sandbox.portal import Portal, Store
from sandbox.salesforce.org import Org


def load(path: Path, *, now: datetime, live: bool = False, store: Store | None = None) -> Portal:
    """The portal that a file describes; blank lines and Salesforce's are skipped.

    Raises OSError if the file cannot be read, and BadLines with every problem as
    `file:line: key: found …, expected …`.
    """
    portal = Portal(now, live=live, store=store)
    with _all_problems() as problems:
        _load_portal(portal, path, problems)
    return portal


def load_org(path: Path, *, now: datetime, live: bool = False) -> Org:
    """The org that a file describes; blank lines and HubSpot's are skipped. Raises as `load` does."""
    org = Org(now, live=live)
    with _all_problems() as problems:
        _load_org(org, _FileLines(path, lambda line: not _is_hubspots(line)), problems)
    return org


def load_both(path: Path, *, now: datetime, live: bool = False) -> tuple[Portal, Org]:
    """The portal and the org, under one clock, that a file describes; blank lines are skipped. Raises as `load` does."""
    portal = Portal(now, live=live)
    org = Org(now, clock=portal.clock)
    with _all_problems() as problems:
        _load_portal(portal, path, problems)
        _load_org(org, _FileLines(path, _is_salesforces), problems)
    return portal, org


def _load_portal(portal: Portal, path: Path, problems: list[str]) -> None:
    lines = _FileLines(path, lambda line: not _is_salesforces(line))
    try:
        plant(portal, lines)
    except BadLines as error:
        problems += error.problems
    problems += lines.problems


def _load_org(org: Org, lines: _FileLines, problems: list[str]) -> None:
    try:
        org.plant_placed(lines)
    except BadLines as error:
        problems += error.problems
    problems += lines.problems


@contextmanager
def _all_problems() -> Iterator[list[str]]:
    problems: list[str] = []
    yield problems
    if problems:
        raise BadLines(sorted(set(problems), key=_place))


def _is_salesforces(line: object) -> bool:
    return isinstance(line, dict) and "attributes" in line


def _is_hubspots(line: object) -> bool:
    return isinstance(line, dict) and "object" in line and "attributes" not in line


class _FileLines:
    """The lines of a file that are JSON and wanted, with the place of each; read anew each time."""

    def __init__(self, path: Path, is_wanted: Callable[[object], bool]) -> None:
        self._path = path
        self._is_wanted = is_wanted
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
                    read = orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    self.problems.append(problem(where, line.decode("utf-8", "replace").strip(), f"one JSON object ({error})"))
                    continue
                if self._is_wanted(read):
                    yield where, read


def _place(text: str) -> tuple[int, str]:
    number = text.split(": ", 1)[0].rpartition(":")[2]
    return (int(number) if number.isdigit() else 0, text)
