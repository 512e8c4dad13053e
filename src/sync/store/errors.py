"""What can be wrong with a store, each with what to do about it.

StoreError
    NoStore          there is none yet
    StoreNotOurs     the file is something else (78)
    StoreNewer       a newer leadpact wrote it (78)
    StoreOutdated    an older leadpact wrote it, and it was opened to read only
    StoreCorrupt     SQLite cannot read it
    StoreBusy        somebody else is writing
    StoreOfAnother   it is another user's, and we are root
    StoreFull        the disk is full
    NoRoomForBackup  the disk has no room for a backup
    BackupDamaged    what was copied of the store is damaged, and so may it be
    BackupUnusable   it cannot be put in the place of the store
    NoBackup         there is none of that name
    NoRoomToScrub    the disk has no room to rewrite the store without what was erased
    MigrationFailed  a migration could not be applied
    StoreUnusable    the file or its folder cannot be opened, read or written
    AccountMismatch  it belongs to another CRM account (78)
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

from sync.errors import SyncError


class StoreError(SyncError):
    """Something about the store's file; what was committed before stands."""


class NoStore(StoreError):
    """Nothing was pulled yet."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"there is no store at {path} yet", fix="make one with `leadpact sync --dry-run`")


class StoreNotOurs(StoreError):
    """The file is not a store of leadpact; it is left as it was."""

    exit_code = 78

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not a leadpact store", fix="name another file as the store in config.toml; leadpact makes it")


class StoreNewer(StoreError):
    """The store has a migration that this version does not know; it is left as it was."""

    exit_code = 78

    def __init__(self, path: Path, *, migration: str) -> None:
        super().__init__(
            f"the store {path} was written by a newer leadpact (migration {migration} is unknown here)",
            fix="upgrade leadpact; or, to stay with this one, put the store from before in its place (docs/how-to/upgrading.md)",
        )


class StoreOutdated(StoreError):
    """The store lacks a migration and was opened to read only."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the store {path} was written by an older leadpact and must be brought up to date first",
            fix="run `leadpact sync --dry-run`; it migrates the store",
        )


class StoreCorrupt(StoreError):
    """SQLite finds the file damaged."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the store {path} is damaged",
            fix=f"put a backup in its place: `leadpact restore` lists them; or move {path} and its -wal and -shm files "
            "away and pull anew with `leadpact sync --dry-run`",
        )


class StoreBusy(StoreError):
    """Another process held the store for longer than we wait."""

    def __init__(self, path: Path, *, holder: str | None = None) -> None:
        who = f"the store {path} is held by {holder}" if holder else f"another program is writing to the store {path}"
        super().__init__(f"{who}; what was saved before stands", fix="let it finish, or stop it; then run this again")


class StoreOfAnother(StoreError):
    """Root would leave files beside the store that its user cannot open; nothing was touched."""

    def __init__(self, path: Path, *, user: str) -> None:
        super().__init__(
            f"the store {path} is {user}'s, and root's files beside it would lock {user} out; nothing was done",
            fix=f"run this as {user}: `sudo -u '{user}' leadpact …`",
        )


class DaemonRuns(StoreError):
    """Another daemon serves the store."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"a daemon serves the store {path} already",
            fix="see how it is: leadpact status; one daemon serves one store, and it must be stopped before `leadpact restore`",
        )


class StoreFull(StoreError):
    """No room for what was to be saved; the transaction was rolled back."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the disk that holds the store {path} is full; what was saved before stands, what was being saved is left out whole",
            fix="free some space and run this again; it goes on where it stopped",
        )


class NoRoomForBackup(StoreError):
    """There is no room to copy the store, as it must be before a migration; it is left as it was."""

    def __init__(self, path: Path, *, needed: int) -> None:
        super().__init__(
            f"the disk has no room for a backup of the store {path}; nothing was changed",
            fix=f"free {needed // 1_000_000 + 1} MB beside it and run this again",
        )


class BackupDamaged(StoreError):
    """A copy of the store did not pass its check, and was removed; the older ones stay."""

    def __init__(self, path: Path, *, why: str) -> None:
        super().__init__(
            f"a copy of the store {path} is damaged ({why}), and so may the store be; the older backups were kept",
            fix="stop what writes to it and run `leadpact restore`, which lists the backups",
        )


class BackupUnusable(StoreError):
    """A backup cannot be restored; the store stands as it was."""

    def __init__(self, backup: Path, *, why: str) -> None:
        super().__init__(
            f"the backup {backup} is damaged ({why}); the store is as it was", fix="choose another: `leadpact restore` lists them"
        )


class NoBackup(StoreError):
    """There is no such backup."""

    exit_code = 64

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(f"the store {path} has no backup `{name}`", fix="`leadpact restore` lists them; `last` is the newest")


class NoRoomToScrub(StoreError):
    """Persons were erased, and there is no room to rewrite the file without their bytes; it is done by the next run that can."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"persons were erased from the store {path}, and the disk has no room to rewrite its file without what was held of them",
            fix="free as much space as the store takes and run this again",
        )


class MigrationFailed(StoreError):
    """A migration could not be applied; the store stays as it was."""

    def __init__(self, path: Path, *, why: str, backup: Path | None) -> None:
        kept = f"; a backup of it is {backup}" if backup else ""
        super().__init__(
            f"the store {path} could not be migrated ({why}); it is as it was{kept}",
            fix="go back to the leadpact that wrote it, and report this with the sentence above",
        )


class StoreUnusable(StoreError):
    """The operating system does not let us at the file."""

    def __init__(self, path: Path, *, why: str | None) -> None:
        super().__init__(
            f"the store {path} cannot be used: {why or 'unknown reason'}",
            fix="give this user read and write access to the file and its folder, or name another file as the store in config.toml",
        )


class AccountMismatch(StoreError):
    """One store holds at most one account of each CRM."""

    exit_code = 78

    def __init__(self, *, crm: str, bound: str, given: str) -> None:
        super().__init__(
            f"this store belongs to {crm} account {bound}, and the credentials are for account {given}",
            fix="use the credentials of that account, or name another file as the store in config.toml",
        )


_PRIMARY_CODE = 0xFF  # an extended result code holds the primary one in its low byte


@contextmanager
def in_our_words(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system say about the store's files into a StoreError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        ours = _said_by_sqlite(path, error)
        if ours is None:
            raise
        raise ours from error
    except OSError as error:
        raise StoreFull(path) if error.errno in (ENOSPC, EDQUOT) else StoreUnusable(path, why=error.strerror) from error


def _said_by_sqlite(path: Path, error: sqlite3.DatabaseError) -> StoreError | None:
    """Name the condition; None for a mistake of our own, such as a broken constraint."""
    match getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(path)
        case sqlite3.SQLITE_FULL:
            return StoreFull(path)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreCorrupt(path)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_IOERR if _is_disk_full(path):  # no room for the index of the -wal
            return StoreFull(path)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_IOERR:
            return StoreUnusable(path, why=str(error))
    return None


def _is_disk_full(path: Path) -> bool:
    try:
        return os.statvfs(path.parent).f_bavail == 0
    except OSError:
        return False
