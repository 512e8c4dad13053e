"""Take the bytes of what was erased out of the store's files, and out of the backups beside it.

SQLite leaves deleted content in the free parts of its pages; even `PRAGMA secure_delete` leaves copies that were made when
pages were split. Only a rewritten file is free of it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import structlog

from sync.store.backup import backups_of
from sync.store.errors import NoRoomToScrub

# Kept in the header of the store, so that it is noted in the transaction that erases.
_DONE, _DUE, _WRITTEN = 0, 1, 2  # nothing to do; rewrite the store; it is rewritten, and the -wal file must be folded into it


def note_scrub(tx: sqlite3.Connection) -> None:
    """Note that bytes of what this transaction erases must leave the files."""
    tx.execute(f"PRAGMA user_version = {_DUE}")


def scrub_if_due(connection: sqlite3.Connection, path: Path) -> None:
    """Rewrite the store and delete its backups, if something was erased since that was last done.

    Takes as long as copying the store. NoRoomToScrub if the disk is too full; then, and while a reader holds on to the old
    state, it stays due, and the next run does it.
    """
    (state,) = connection.execute("PRAGMA user_version").fetchone()
    if state == _DUE:
        _rewrite(connection, path)
    if state != _DONE:
        _fold(connection, path)


def _rewrite(connection: sqlite3.Connection, path: Path) -> None:
    for backup in backups_of(path):
        backup.unlink(missing_ok=True)
        structlog.get_logger().warning("backup_deleted", backup=str(backup), why="it held persons that were erased since")
    structlog.get_logger().info("rewriting_store", store=str(path))
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise NoRoomToScrub(path) from error
        raise
    connection.execute(f"PRAGMA user_version = {_WRITTEN}")


def _fold(connection: sqlite3.Connection, path: Path) -> None:
    """Move all of the -wal file into the store and empty it, unless a reader is in the way."""
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if not busy:
        connection.execute(f"PRAGMA user_version = {_DONE}")
    else:
        structlog.get_logger().warning(
            "erased_bytes_remain", store=str(path), why="a reader holds on to the old state; the next run ends it"
        )
