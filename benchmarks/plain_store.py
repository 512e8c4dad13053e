"""A store that is only written to: the least that keeping the rows of a page takes.

Nothing is compared with what is there. The row ids are held in a dict. `differences` tells what was written otherwise than by a
pull of ours.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sync.store.database import CACHE_KB, open_store

Row = tuple[Any, ...]


class PlainStore:
    """A new store of one CRM, whose ids `number` tells as numbers."""

    def __init__(self, path: Path, crm: str, number: Callable[[str], int]) -> None:
        open_store(path).close()
        self._crm = crm
        self._number = number
        self._tables = sqlite3.connect(path, isolation_level=None)
        self._tables.execute("PRAGMA synchronous = FULL")
        self._tables.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        self.ids: dict[tuple[str, str], int] = {}

    @contextmanager
    def page(self, stream: str, cursor: str) -> Iterator[None]:
        """Keep what is written meanwhile, with the cursor, in one transaction."""
        self._tables.execute("BEGIN IMMEDIATE")
        yield
        self._tables.execute("INSERT OR REPLACE INTO stream (crm, name, cursor) VALUES (?, ?, ?)", (self._crm, stream, cursor))
        self._tables.execute("COMMIT")

    def name(self, named: Iterable[tuple[str, str]]) -> None:
        """Give row ids to those (kind, id) that have none."""
        new = [key for key in dict.fromkeys(named) if key not in self.ids]
        first = len(self.ids) + 1
        self.ids.update(zip(new, range(first, first + len(new)), strict=True))
        self.insert(
            "object (id, crm, kind, id_number, crm_id)",
            [(first + place, self._crm, kind, self._number(id_), id_) for place, (kind, id_) in enumerate(new)],
        )

    def insert(self, columns: str, rows: Iterable[Row]) -> None:
        """Insert rows whose values are in the order of `columns`: a table with names in brackets."""
        rows = list(rows)
        if rows:
            self._tables.executemany(f"INSERT INTO {columns} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def close(self) -> None:
        self._tables.close()


_SAME = {
    "record": "created_at, changed_at, seen_at, field_values FROM {db}.record AS one JOIN {db}.object AS named ON named.id = one.id",
    "field_change": "field, value, value_before, at, since, source, source_id, actor, seen_at"
    " FROM {db}.field_change AS one JOIN {db}.object AS named ON named.id = one.record",
    "activity": "happened_at, logged_at, changed_at, ends_at, owner, direction, duration_s, source, source_id, marketing, auto_reply,"
    " alike, seen_at FROM {db}.activity AS one JOIN {db}.object AS named ON named.id = one.id",
    "activity_status": "status, at, seen_at FROM {db}.activity_status AS one JOIN {db}.object AS named ON named.id = one.activity",
    "association": "min(named.kind, other.kind), max(named.kind, other.kind), min(named.crm_id, other.crm_id),"
    " max(named.crm_id, other.crm_id), is_primary, linked_at FROM {db}.association AS one JOIN {db}.object AS named ON named.id = one.low"
    " JOIN {db}.object AS other ON other.id = one.high",
}


def differences(ours: Path, plain: Path) -> dict[str, int]:
    """Count by table the rows that only one of the stores holds, whatever row ids they have."""
    tables = sqlite3.connect(ours)
    tables.execute("ATTACH ? AS plain", (str(plain),))
    found = {}
    for table, told in _SAME.items():
        named = "" if table == "association" else "named.kind, named.crm_id, "
        mine, theirs = (f"SELECT {named}{told.format(db=db)}" for db in ("main", "plain"))
        both = (f"{mine} EXCEPT {theirs}", f"{theirs} EXCEPT {mine}")
        found[table] = sum(tables.execute(f"SELECT count(*) FROM ({one})").fetchone()[0] for one in both)
    tables.close()
    return {table: count for table, count in found.items() if count}
