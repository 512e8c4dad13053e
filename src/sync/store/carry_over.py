"""Take over from the store that is replaced what only it knows: what was written, told, decided and promised since the backup was made.

The mirror is not taken over: the CRMs tell it again. Nor are findings: they are judged anew.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sync.store.tombstones import bury

MIRROR = frozenset(
    (
        *("account", "record", "field_change", "activity", "activity_status", "association", "member", "doubt", "tie", "to_link"),
        *("owner", "team", "definition", "stream", "live", "linked_by", "reconciled"),
        *("finding", "finding_version", "lead_state", "dirty", "judged_by"),
    )
)
"""Tables that are not taken over. Whatever a migration adds is, unless it is named here."""

_TABLES = "SELECT name FROM old.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_sqlite_migrations'"
_NEWEST_RUN = "SELECT id, name FROM main.run ORDER BY id DESC LIMIT 1"
_SCHEMA = "SELECT name, sql FROM {of}.sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%sqlite_%' ORDER BY name"


def carry_over(old: Path, copy: Path) -> str | None:
    """Take over into `copy`, a backup in the newest schema that nobody uses, what the store `old` knows; return why not, None if all was.

    All or nothing. Both must be of one line: the newest run of the backup is one of the store's too.
    """
    try:
        with closing(sqlite3.connect(copy.absolute().as_uri(), uri=True, isolation_level=None)) as tx:
            tx.execute("ATTACH ? AS old", (f"{old.absolute().as_uri()}?mode=ro",))
            if (why := _misfit(tx)) is not None:
                return why
            _take_over(tx)
        bury(old, copy)
    except sqlite3.DatabaseError as error:
        return f"it cannot be read ({error})"
    return None


def _misfit(tx: sqlite3.Connection) -> str | None:
    """Say why rows of one store cannot stand in the other."""
    if tx.execute(_SCHEMA.format(of="main")).fetchall() != tx.execute(_SCHEMA.format(of="old")).fetchall():
        return "it has another schema"
    newest = tx.execute(_NEWEST_RUN).fetchone()
    if newest is not None and tx.execute("SELECT 1 FROM old.run WHERE (id, name) = (?, ?)", newest).fetchone() is None:
        return "the backup is not of it"
    return None


def _take_over(tx: sqlite3.Connection) -> None:
    """Put the rows of the old store in the place of those of the copy: rows are added there and never numbered anew."""
    tx.execute("BEGIN IMMEDIATE")
    try:
        tx.execute("INSERT OR IGNORE INTO main.object SELECT * FROM old.object")
        tx.execute("DELETE FROM main.enforced")  # the one table of which rows go
        for (table,) in tx.execute(_TABLES).fetchall():
            if table not in MIRROR and table != "object":
                tx.execute(f"INSERT OR REPLACE INTO main.{table} SELECT * FROM old.{table}")
        if (broken := tx.execute("PRAGMA main.foreign_key_check").fetchone()) is not None:
            raise sqlite3.DatabaseError(f"a row of {broken[0]} names one that is not there")
        tx.execute("COMMIT")
    except sqlite3.DatabaseError:
        if tx.in_transaction:
            tx.execute("ROLLBACK")
        raise
