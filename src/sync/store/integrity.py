"""Whether the file of a store is sound, as SQLite sees it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sync.store.errors import StoreCorrupt, in_our_words


def refuse_if_damaged(path: Path) -> None:
    """Look through the whole store once, beside whoever writes to it; StoreCorrupt if it is damaged.

    Takes about as long as reading the file. For a start that is followed by days of use; a store that is not there yet is sound.
    """
    if path.exists() and path.stat().st_size and _first_flaw(path, "quick_check") is not None:
        raise StoreCorrupt(path)


def flaw_in(path: Path) -> str | None:
    """Return what is wrong with a file that nobody writes to, indexes included; None if nothing is."""
    return _first_flaw(path, "integrity_check")


def _first_flaw(path: Path, check: str) -> str | None:
    with in_our_words(path):
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                (told,) = connection.execute(f"PRAGMA {check}(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if (error.sqlite_errorcode & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                return str(error)
            raise
    return None if told == "ok" else str(told)
