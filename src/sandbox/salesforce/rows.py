"""The rows of one object, found fast by id, by a reference and in the order of a time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]  # field -> value as JSON has it; a field that is not there is null
ORDERED = ("SystemModstamp", "CreatedDate", "LastModifiedDate")
_FEW = 64  # changed rows that are put into their places one by one


class Ordered:
    """The ids of rows in the order of one of their times, then of the id."""

    def __init__(self, field: str, rows: dict[str, Row]) -> None:
        self._field = field
        self._rows = rows
        self._keys: list[tuple[str, str]] = []
        self._placed: dict[str, tuple[str, str]] = {}
        self._moved: set[str] = set(rows)

    def changed(self, id_: str) -> None:
        """Note that a row came, changed or went."""
        self._moved.add(id_)

    def between(self, start: str, stop: str) -> list[str]:
        """The ids of rows whose time is from `start` up to `stop` (without it)."""
        self._settle()
        first = bisect_left(self._keys, (start, ""))
        last = bisect_left(self._keys, (stop, ""), lo=first)
        return [id_ for _, id_ in self._keys[first:last]]

    def _settle(self) -> None:
        if len(self._moved) > _FEW:
            self._sort_all()
        for id_ in self._moved:
            self._place(id_)
        self._moved.clear()

    def _sort_all(self) -> None:
        for id_ in self._moved:
            self._placed.pop(id_, None)
            if id_ in self._rows:
                self._placed[id_] = self._key(id_)
        self._keys = sorted(self._placed.values())
        self._moved.clear()

    def _place(self, id_: str) -> None:
        if old := self._placed.pop(id_, None):
            del self._keys[bisect_left(self._keys, old)]
        if id_ in self._rows:
            self._placed[id_] = key = self._key(id_)
            insort(self._keys, key)

    def _key(self, id_: str) -> tuple[str, str]:
        return (self._rows[id_].get(self._field) or "", id_)


class Table:
    """The rows of one object. A row is never changed in place: `put` takes a new one."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._ordered: dict[str, Ordered] = {}
        self._holders: dict[str, dict[str, set[str]]] = {}

    def get(self, id_: str | None) -> Row | None:
        """The row with this id."""
        return None if id_ is None else self.rows.get(id_)

    def put(self, id_: str, row: Row | None) -> Row | None:
        """Take in a row (None: take it out) in the place of what was there, which is returned."""
        old = self.rows.pop(id_, None) if row is None else self.rows.get(id_)
        if row is not None:
            self.rows[id_] = row
        for ordered in self._ordered.values():
            ordered.changed(id_)
        for field, holders in self._holders.items():
            _move(holders, id_, old.get(field) if old else None, row.get(field) if row else None)
        return old

    def ordered(self, field: str) -> Ordered:
        """The rows in the order of one of the times of ORDERED."""
        if field not in self._ordered:
            self._ordered[field] = Ordered(field, self.rows)
        return self._ordered[field]

    def holding(self, field: str, value: str) -> list[str]:
        """The ids, sorted, of rows whose reference `field` is `value`."""
        if field not in self._holders:
            holders: dict[str, set[str]] = {}
            self._holders[field] = holders
            for id_, row in self.rows.items():
                _move(holders, id_, None, row.get(field))
        return sorted(self._holders[field].get(value, ()))

    def children(self, field: str, value: str) -> Iterator[Row]:
        """The rows whose reference `field` is `value`, by id."""
        return (self.rows[id_] for id_ in self.holding(field, value))


def _move(holders: dict[str, set[str]], id_: str, old: str | None, new: str | None) -> None:
    if old == new:
        return
    if old is not None:
        holders[old].discard(id_)
    if new is not None:
        holders.setdefault(new, set()).add(id_)
