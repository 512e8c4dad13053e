"""Whether bytes of what was erased are still to leave the files; kept in a store's header, so that it is noted with the erasing itself."""

from __future__ import annotations

import sqlite3
from typing import Final

DONE: Final = 0  # nothing to do
DUE: Final = 1  # the file must be rewritten
WRITTEN: Final = 2  # it is rewritten, and the -wal file must be folded into it


def note_scrub(tx: sqlite3.Connection) -> None:
    """Note that bytes of what this transaction erases must leave the files."""
    tx.execute(f"PRAGMA user_version = {DUE}")


def state_of(connection: sqlite3.Connection) -> int:
    """Return which of these a store is in."""
    (state,) = connection.execute("PRAGMA user_version").fetchone()
    return int(state)
