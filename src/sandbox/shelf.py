"""Where the records of one kind are kept: what every shelf offers, and the one in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from typing import Protocol

from sandbox.clock import as_millis
from sandbox.record import Record

Moment = tuple[int, int]  # when a record was last changed, in milliseconds since 1970, and its id


class Shelf(Protocol):
    """The records of one kind, by id, with the order of their last changes.

    Whoever changes a record that stands on a shelf says so with `changing` beforehand.
    """

    def get(self, id_: int) -> Record | None:
        """The record `id_`, live or archived; the same object until `put` replaces it or the request ends."""

    def put(self, record: Record) -> None:
        """Take in a record whose id is not there."""

    def remove(self, record: Record) -> None:
        """Take a record out."""

    def changing(self, record: Record) -> None:
        """Note that `record` is about to change."""

    def count(self) -> int:
        """How many are live."""

    def live(self) -> Iterator[Record]:
        """The live ones by id, to be read only."""

    def page(self, start: int, limit: int) -> list[Record]:
        """Up to `limit` live ones with ids from `start` on."""

    def between(self, low: int, high: int) -> Sequence[int]:
        """Ids of the live ones last changed from `low` to `high`, ascending."""

    def count_between(self, low: int, high: int) -> int:
        """How many those are."""

    def moments(self, low: int, high: int, *, falling: bool, most: int) -> list[Moment]:
        """The first `most` of those, oldest or newest change first."""

    def holder(self, name: str, value: str) -> int | None:
        """The id of the live record whose identifying property `name` is `value`, a text in lower case."""

    def hold(self, name: str, value: str, id_: int | None) -> None:
        """Let `id_` be the holder; None: nobody."""

    def merge(self, gone: int, into: int | None) -> None:
        """Note that the id `gone` leads to `into`; None: it does not lead anywhere any more."""

    def archived(self) -> dict[int, int]:
        """When each archived one was archived, in milliseconds since 1970."""

    def merged(self) -> dict[int, int]:
        """Where the ids of those that were merged away lead."""

    def last_id(self) -> int:
        """The largest id a record ever had; 0 without any."""


class MemoryShelf:
    """A shelf in memory. The order of changes is worked out when it is first asked for."""

    def __init__(self, modified: str) -> None:
        self._modified = modified  # name of the property with the moment of the last change
        self._by_id: dict[int, Record] = {}
        self._live: list[int] = []
        self._holders: dict[tuple[str, str], int] = {}
        self._moments: list[Moment] | None = None
        self._moment_of: dict[int, int] = {}
        self._stale: set[int] = set()

    def get(self, id_: int) -> Record | None:
        """The record `id_`, live or archived."""
        return self._by_id.get(id_)

    def put(self, record: Record) -> None:
        """Take in a record whose id is not there."""
        self._by_id[record.id] = record
        self._stale.add(record.id)
        if record.archived_at is not None:
            return
        if self._live and self._live[-1] > record.id:
            insort(self._live, record.id)
        else:
            self._live.append(record.id)

    def remove(self, record: Record) -> None:
        """Take a record out."""
        del self._by_id[record.id]
        self._stale.add(record.id)
        if record.archived_at is None:
            self._live.pop(bisect_left(self._live, record.id))

    def changing(self, record: Record) -> None:
        """Note that `record` is about to change."""
        self._stale.add(record.id)

    def count(self) -> int:
        """How many are live."""
        return len(self._live)

    def live(self) -> Iterator[Record]:
        """The live ones by id."""
        return (self._by_id[id_] for id_ in self._live)

    def page(self, start: int, limit: int) -> list[Record]:
        """Up to `limit` live ones with ids from `start` on."""
        at = bisect_left(self._live, start)
        return [self._by_id[id_] for id_ in self._live[at : at + limit]]

    def between(self, low: int, high: int) -> Sequence[int]:
        """Ids of the live ones last changed from `low` to `high`, ascending."""
        moments = self._in_order()
        start, stop = _bounds(moments, low, high)
        return list(self._live) if stop - start == len(moments) else sorted(id_ for _, id_ in moments[start:stop])

    def count_between(self, low: int, high: int) -> int:
        """How many those are."""
        start, stop = _bounds(self._in_order(), low, high)
        return stop - start

    def moments(self, low: int, high: int, *, falling: bool, most: int) -> list[Moment]:
        """The first `most` of those, oldest or newest change first."""
        moments = self._in_order()
        start, stop = _bounds(moments, low, high)
        return moments[max(start, stop - most) : stop][::-1] if falling else moments[start : min(stop, start + most)]

    def holder(self, name: str, value: str) -> int | None:
        """The id of the live record whose identifying property `name` is `value`."""
        return self._holders.get((name, value))

    def hold(self, name: str, value: str, id_: int | None) -> None:
        """Let `id_` be the holder; None: nobody."""
        if id_ is None:
            self._holders.pop((name, value), None)
        else:
            self._holders[name, value] = id_

    def merge(self, gone: int, into: int | None) -> None:
        """Nothing to keep beside what the collection holds."""

    def archived(self) -> dict[int, int]:
        """None: a shelf in memory begins empty."""
        return {}

    def merged(self) -> dict[int, int]:
        """None: a shelf in memory begins empty."""
        return {}

    def last_id(self) -> int:
        """0: a shelf in memory begins empty."""
        return 0

    def _in_order(self) -> list[Moment]:
        """Moments of all live records, those of the changed ones brought up to date."""
        if self._moments is None or len(self._stale) * 10 > len(self._live):
            self._moment_of = {id_: self._changed(id_) for id_ in self._live}
            self._moments = sorted((at, id_) for id_, at in self._moment_of.items())
        else:
            for id_ in self._stale:
                self._move(self._moments, id_)
        self._stale.clear()
        return self._moments

    def _move(self, moments: list[Moment], id_: int) -> None:
        if (before := self._moment_of.pop(id_, None)) is not None:
            moments.pop(bisect_left(moments, (before, id_)))
        if (record := self._by_id.get(id_)) is not None and record.archived_at is None:
            self._moment_of[id_] = self._changed(id_)
            insort(moments, (self._moment_of[id_], id_))

    def _changed(self, id_: int) -> int:
        return as_millis(self._by_id[id_].properties[self._modified])


def _bounds(moments: list[Moment], low: int, high: int) -> tuple[int, int]:
    start = bisect_left(moments, (low, -1))
    return start, max(start, bisect_right(moments, (high + 1, -1)))
