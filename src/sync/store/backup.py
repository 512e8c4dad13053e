"""A copy of the store beside it, made before a migration touches it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

from sync.private_files import PRIVATE
from sync.store.errors import NoRoomForBackup

KEPT = 3  # of the newest migrations
FOLDER = "backups"  # beside the store: where the nightly ones lie


def back_up(path: Path, *, before: str) -> Path:
    """Copy the store as it was last committed, with its -wal file, to `….before-MIGRATION.bak`; return where that is.

    The copy is one file, mode 0600, and stands whole or not at all. NoRoomForBackup if the disk has none.
    Nobody else may write meanwhile; then it is exactly what the migration finds.
    """
    target = path.with_name(f"{path.name}.before-{before}.bak")
    room_for_copy(path, path.parent)
    with copy_aside(path, target) as aside:
        aside.replace(target)
    flush(path.parent)
    return target


@contextmanager
def copy_aside(path: Path, target: Path) -> Iterator[Path]:
    """Copy the store to a file that is put in the place of `target` within the block, or is gone after it.

    NoRoomForBackup if the disk has none.
    """
    aside = target.with_name(f".{target.name}.new")
    aside.unlink(missing_ok=True)
    try:
        _copy(path, aside)
        yield aside
        flush(target.parent)
    except (sqlite3.OperationalError, OSError) as error:
        if _is_full(error):
            raise NoRoomForBackup(path, needed=size_of(path)) from error
        raise
    finally:
        aside.unlink(missing_ok=True)


def room_for_copy(path: Path, folder: Path) -> None:
    """Raise NoRoomForBackup if a copy of the store does not fit into `folder`."""
    if shutil.disk_usage(folder).free < size_of(path):
        raise NoRoomForBackup(path, needed=size_of(path))


def size_of(path: Path) -> int:
    """Return how many bytes the store takes, with its -wal file."""
    return sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())


def backups_of(path: Path) -> list[Path]:
    """Return the backups beside the store, the oldest migration's first."""
    return sorted(path.parent.glob(f"{path.name}.before-*.bak"))


def nightly_backups(path: Path) -> list[Path]:
    """Return the nightly copies of the store at `path`, the oldest first."""
    return sorted((path.parent / FOLDER).glob(f"{path.name}.*.bak"))


def replaced_stores(path: Path) -> list[Path]:
    """Return the stores that stood at `path` before a backup was put in their place, the oldest first."""
    return sorted(file for file in path.parent.glob(f"{path.name}.replaced-*") if not file.name.endswith(("-wal", "-shm")))


def remove_old_backups(path: Path) -> None:
    """Keep the backups of the newest migrations alone."""
    for old in backups_of(path)[:-KEPT]:
        old.unlink(missing_ok=True)


def _copy(path: Path, target: Path) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # else whoever opens the copy makes a -wal file beside it
    flush(target)


def flush(path: Path) -> None:
    """Have the disk hold what was written; of a folder, the names in it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (ENOSPC, EDQUOT)
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
