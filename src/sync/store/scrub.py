"""Take the bytes of what was erased out of the store's files, and out of its backups.

SQLite leaves deleted content in the free parts of its pages; even `PRAGMA secure_delete` leaves copies that were made when
pages were split. Only a rewritten file is free of it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import structlog

from sync.store.backup import backups_of, nightly_backups, replaced_stores
from sync.store.errors import NoRoomToScrub
from sync.store.scrub_state import DONE, DUE, WRITTEN, state_of
from sync.store.tombstones import bury


def scrub_if_due(connection: sqlite3.Connection, path: Path) -> None:
    """Rewrite the store and its backups, if something was erased since that was last done; those before migrations are deleted.

    Takes as long as copying the store. NoRoomToScrub if the disk is too full; then, and while a reader holds on to the old
    state, it stays due, and the next run does it.
    """
    state = state_of(connection)
    if state == DUE:
        _rewrite(connection, path)
    if state != DONE:
        _fold(connection, path)


def _rewrite(connection: sqlite3.Connection, path: Path) -> None:
    for backup in backups_of(path):
        _delete(backup)
    for backup in (*nightly_backups(path), *replaced_stores(path)):
        _rewrite_backup(path, backup)
    structlog.get_logger().info("rewriting_store", store=str(path))
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise NoRoomToScrub(path) from error
        raise
    connection.execute(f"PRAGMA user_version = {WRITTEN}")


def _rewrite_backup(path: Path, backup: Path) -> None:
    """Erase in a nightly backup whoever was erased in the store; one of an older schema, or that cannot be read, is deleted."""
    try:
        if bury(path, backup):
            structlog.get_logger().info("backup_rewritten", backup=str(backup))
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise NoRoomToScrub(path) from error
        _delete(backup)


def _delete(backup: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{backup}{end}").unlink(missing_ok=True)
    structlog.get_logger().warning("backup_deleted", backup=str(backup), why="it held persons that were erased since")


def _fold(connection: sqlite3.Connection, path: Path) -> None:
    """Move all of the -wal file into the store and empty it, unless a reader is in the way."""
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if not busy:
        connection.execute(f"PRAGMA user_version = {DONE}")
    else:
        structlog.get_logger().warning(
            "erased_bytes_remain", store=str(path), why="a reader holds on to the old state; the next run ends it"
        )
