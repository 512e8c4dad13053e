"""One store file: made 0600, told from other files, and opened with its transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlite_utils
import structlog

from sync.store.backup import back_up, remove_old_backups
from sync.store.errors import (
    MigrationFailed,
    NoStore,
    StoreNewer,
    StoreNotOurs,
    StoreOutdated,
    in_our_words,
)
from sync.store.migrations import KNOWN, MIGRATIONS
from sync.store.scrub import scrub_if_due
from sync.store.turnstile import Turnstile

APPLICATION_ID = 0x4C505354  # "LPST", in the header of every store
WAIT = timedelta(seconds=10)  # for another writer; each holds the store for about 2 s
CACHE_KB = 32_000  # of a writer: the inner pages of the indexes of a million rows

_INCREMENTAL = 2  # mode of auto_vacuum in which pages are given back when asked


class Database:
    """An open store. Each public method of a table family is one of its transactions.

    Belongs to the thread that opened it.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, *, wait: timedelta = WAIT) -> None:
        self._connection = connection
        self._turnstile = Turnstile(path, wait=wait)
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; what was not committed is rolled back."""
        self._connection.close()
        self._turnstile.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write, once it is our turn: all of the block stands, or nothing of it."""
        with in_our_words(self.path), self._turnstile.turn(), self._begun("BEGIN IMMEDIATE") as tx:
            yield tx

    @contextmanager
    def scratch(self) -> Iterator[sqlite3.Connection]:
        """Write temporary tables, which this connection alone sees; the store is not locked."""
        with self._begun("BEGIN") as tx:
            yield tx

    @contextmanager
    def _begun(self, begin: str) -> Iterator[sqlite3.Connection]:
        with in_our_words(self.path):
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Read: all statements of the block see the store as at one moment.

        Inside a transaction they see that transaction's own writes.
        """
        with in_our_words(self.path):
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._roll_back()

    def scrub_if_due(self) -> None:
        """Take the bytes of what was erased out of the files; see `scrub`. Not within a transaction."""
        with in_our_words(self.path), self._turnstile.turn():
            scrub_if_due(self._connection, self.path)

    def give_back(self, pages: int, *, pays_from: float) -> int:
        """Give at most so many free pages back to the disk, if they are at least that share of the file; return how many bytes.

        None leave a store that was made before pages could go one by one.
        """
        with in_our_words(self.path), self._turnstile.turn():
            size, free, total, mode = (
                int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_size", "freelist_count", "page_count", "auto_vacuum")
            )
            if mode != _INCREMENTAL or not free or free < total * pays_from:
                return 0
            self._connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
            (left,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            return (free - int(left)) * size

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # some errors end it themselves
            self._connection.execute("ROLLBACK")


def open_store(path: Path, *, wait: timedelta = WAIT) -> Database:
    """Open the store at `path` to read and write; make or migrate it first where that is due.

    Raises StoreNotOurs, StoreNewer or StoreCorrupt with the file untouched; StoreBusy after `wait`.
    """
    with in_our_words(path):
        if _is_blank(path, wait):
            _make(path)
        else:
            _refuse_if_newer(path, wait)
        connection = _connect(path, "rw", wait)
        store = Database(connection, path, wait=wait)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            store.scrub_if_due()
            _migrate(store)
        except BaseException:
            store.close()
            raise
    return store


def open_store_beside(path: Path, *, wait: timedelta = WAIT) -> Database:
    """Open the store at `path` for short transactions beside a run that holds it; nothing is made, migrated or rewritten.

    Raises NoStore where there is none, StoreOutdated where it must be migrated first; StoreBusy after `wait`.
    """
    with in_our_words(path):
        if _is_blank(path, wait):
            raise NoStore(path)
        connection = _connect(path, "rw", wait)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            _refuse_if_unknown_migration(connection, path)
            if MIGRATIONS.pending(_utils(connection)):
                raise StoreOutdated(path)
        except BaseException:
            connection.close()
            raise
    return Database(connection, path, wait=wait)


def open_store_readonly(path: Path, *, wait: timedelta = WAIT) -> Database:
    """Open the store at `path` to read only, beside whoever writes.

    Raises NoStore where there is none, StoreOutdated where it must be migrated first.
    """
    with in_our_words(path):
        if _is_blank(path, wait):
            raise NoStore(path)
        connection = _connect(path, "ro", wait)
        try:
            connection.execute("PRAGMA query_only = ON")
            _refuse_if_unknown_migration(connection, path)
            if MIGRATIONS.pending(_utils(connection)):
                raise StoreOutdated(path)
        except BaseException:
            connection.close()
            raise
    return Database(connection, path, wait=wait)


def _is_blank(path: Path, wait: timedelta) -> bool:
    """Whether there is no store at `path` yet; StoreNotOurs where there is something else.

    An empty file is what a crash leaves between making the file and its first page. Asked through SQLite alone: to close a file that was
    opened without it ends the locks that this process holds on it by other connections, and whoever opens it next takes away its -wal.
    Source: https://www.sqlite.org/howtocorrupt.html, section 2.2.
    """
    try:
        if not path.stat().st_size:
            return True
    except FileNotFoundError:
        return True
    with closing(_connect(path, "ro", wait)) as connection:
        if _application_of(connection) != APPLICATION_ID:
            raise StoreNotOurs(path)
    return False


def _application_of(connection: sqlite3.Connection) -> int | None:
    """Return whose a database says it is; None where it is no database."""
    try:
        (id_,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            return None
        raise
    return int(id_)


def _make(path: Path) -> None:
    """Make the file 0600 under any umask; SQLite gives its -wal and -shm files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    connection = _connect(path, "rw", WAIT)
    try:  # before WAL, so that the id stands in the file itself
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first page: what is freed can be given back bit by bit
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    finally:
        connection.close()


def _refuse_if_newer(path: Path, wait: timedelta) -> None:
    """Look before opening to write: closing a writer folds the -wal file into the store."""
    connection = _connect(path, "ro", wait)
    try:
        _refuse_if_unknown_migration(connection, path)
    finally:
        connection.close()


def _refuse_if_unknown_migration(connection: sqlite3.Connection, path: Path) -> None:
    for migration in MIGRATIONS.applied(_utils(connection)):
        if migration.name not in KNOWN:
            raise StoreNewer(path, migration=migration.name)


def _migrate(store: Database) -> None:
    """Apply what is pending, all or nothing; what an older version left is backed up first."""
    if not MIGRATIONS.pending(_utils(store._connection)):
        return
    with store.transaction() as tx:  # nobody writes from here on; asks again, so that two who start at once migrate once
        tables = _utils(tx)
        pending = MIGRATIONS.pending(tables)
        if not pending:
            return
        backup = back_up(store.path, before=pending[0].name) if MIGRATIONS.applied(tables) else None
        if backup is not None:
            structlog.get_logger().info("store_backed_up", backup=str(backup), before=pending[0].name)
        try:
            MIGRATIONS.apply(tables)
        except sqlite3.DatabaseError as error:
            raise MigrationFailed(store.path, why=str(error), backup=backup) from error
    remove_old_backups(store.path)


def _utils(connection: sqlite3.Connection) -> sqlite_utils.Database:
    return sqlite_utils.Database(connection, execute_plugins=False)


def _connect(path: Path, mode: str, wait: timedelta) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=wait.total_seconds())
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")  # else REPLACE slips past a trigger on DELETE
    return connection
