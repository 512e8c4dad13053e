"""The first pages of several streams in one call, kept until each stream is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from connectors.errors import Forbidden, Misconfigured
from connectors.salesforce.client import Client
from connectors.salesforce.reading import AT_ONCE, Part, path_of, together
from connectors.salesforce.soql import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a stream asks first from where it stands."""

    stream: str
    cursor: str | None
    query: Query
    count: Query | None = None  # how many live rows there are, where the first page does not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What that was answered."""

    rows: Part
    count: Part | None = None


def open_together(client: Client, openings: Sequence[Opening]) -> list[Opened]:
    """Ask what several streams ask first, in one call; together they hold at most `AT_ONCE` queries."""
    parts = iter(together(client, [path_of(client, query) for one in openings for query in _queries(one)]))
    return [Opened(rows=next(parts), count=next(parts) if one.count is not None else None) for one in openings]


def _queries(opening: Opening) -> list[Query]:
    return [opening.query] if opening.count is None else [opening.query, opening.count]


class Ahead:
    """What was announced to be read, in groups of one call each: the first stream of a group that is read makes it. For threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._groups: dict[tuple[str, str | None], _Group] = {}

    def announce(self, client: Client, openings: Sequence[Opening]) -> None:
        """Take these streams as those that are about to be read, instead of any before."""
        groups = {(one.stream, one.cursor): group for group in _grouped(client, openings) for one in group.openings}
        with self._lock:
            self._groups = groups

    def take(self, stream: str, cursor: str | None) -> Opened | None:
        """Give what the stream's first question was answered, once; None where it must ask itself."""
        with self._lock:
            group = self._groups.pop((stream, cursor), None)
        return group.take(stream) if group is not None else None


class _Group:
    """Streams whose first pages come by one call."""

    def __init__(self, client: Client, openings: Sequence[Opening]) -> None:
        self.openings = openings
        self._client = client
        self._lock = Lock()
        self._opened: dict[str, Opened] | None = None

    def take(self, stream: str) -> Opened | None:
        """Give the stream's answer, and the call's error to the one who makes it; where it failed the others ask themselves."""
        with self._lock:
            if self._opened is None:
                self._opened = {}
                self._opened = self._open()
            opened = self._opened.pop(stream, None)
        return opened if opened is not None and opened.rows.refused is None else None

    def _open(self) -> dict[str, Opened]:
        try:
            opened = open_together(self._client, self.openings)
        except (Misconfigured, Forbidden):  # of the composite call itself: each stream tells what is wrong with its own
            return {}
        return {one.stream: answer for one, answer in zip(self.openings, opened, strict=True)}


def _grouped(client: Client, openings: Sequence[Opening]) -> list[_Group]:
    """Pack the openings into as few calls as their pages need; counts ride along where there is room, the first ones first."""
    calls = -(-len(openings) // AT_ONCE)
    room = calls * AT_ONCE - len(openings)
    counted = {one.stream for one in [one for one in openings if one.count is not None][:room]}
    bins: list[list[Opening]] = [[] for _ in range(calls)]
    sizes = [0] * calls
    for one in sorted(openings, key=lambda one: one.stream not in counted):
        chosen = one if one.stream in counted else Opening(stream=one.stream, cursor=one.cursor, query=one.query)
        size = len(_queries(chosen))
        place = min(range(calls), key=lambda number: sizes[number])
        bins[place].append(chosen)
        sizes[place] += size
    return [_Group(client, group) for group in bins if group]
