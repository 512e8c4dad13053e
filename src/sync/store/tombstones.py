"""Erase in a copy of the store whoever was erased or forgotten in the store since the copy was made."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from connectors.records import RecordKey
from sync.store.erase import erase_rows
from sync.store.keys import known_ids
from sync.store.scrub_state import DONE, state_of

_STONES = """
    SELECT object.crm, object.kind, object.crm_id, record.erased_at, record.forgotten_at
    FROM record JOIN object ON object.id = record.id WHERE record.erased_at IS NOT NULL
"""


def bury(store: Path, copy: Path) -> bool:
    """Erase in `copy` those of whom `store` keeps a tombstone, and take their bytes out of it; return whether there were any.

    Tombstones of those who are forgotten go along. Both must have the newest schema; sqlite3.DatabaseError where the copy has not.
    """
    with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as source:
        stones = {RecordKey(*row[:3]): (row[3], row[4]) for row in source.execute(_STONES)}
        hashes, salts = (source.execute(f"SELECT * FROM {table}").fetchall() for table in ("forgotten", "salt"))
    with closing(sqlite3.connect(copy, isolation_level=None)) as tx:
        tx.execute("PRAGMA foreign_keys = ON")
        tx.execute("BEGIN IMMEDIATE")
        _take_over(tx, salts, hashes)
        erased = 0
        for key, id_ in known_ids(tx, stones).items():
            at, forgotten_at = stones[key]
            erased += erase_rows(tx, [id_], at=at)
            tx.execute("UPDATE record SET forgotten_at = ? WHERE id = ? AND forgotten_at IS NOT ?", (forgotten_at, id_, forgotten_at))
        tx.execute("COMMIT")
        rewrite_if_due(tx)
    return erased > 0


def rewrite_if_due(copy: sqlite3.Connection) -> None:
    """Take the bytes of what was erased out of a copy that nobody else uses."""
    if state_of(copy) != DONE:
        copy.execute("VACUUM")
        copy.execute(f"PRAGMA user_version = {DONE}")


def _take_over(tx: sqlite3.Connection, salts: list[tuple[int, bytes]], hashes: list[tuple[bytes, int]]) -> None:
    tx.executemany("INSERT INTO salt (id, salt) VALUES (?, ?) ON CONFLICT DO UPDATE SET salt = excluded.salt", salts)
    tx.executemany("INSERT INTO forgotten (hash, at) VALUES (?, ?) ON CONFLICT DO NOTHING", hashes)
