"""Put a backup in the place of a store, which is kept aside; nobody else may use the store meanwhile."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sync.private_files import PRIVATE
from sync.store.backup import backups_of, flush, nightly_backups, room_for_copy
from sync.store.carry_over import carry_over
from sync.store.database import open_store
from sync.store.errors import BackupUnusable, NoBackup, StoreNotOurs, in_our_words
from sync.store.integrity import flaw_in
from sync.store.moments import to_ms
from sync.store.nightly_backup import STAMP, made_at

_SIDE_FILES = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy of the store that can be put in its place."""

    path: Path
    made_at: datetime
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put in the place of a store."""

    backup: Backup
    kept_aside: Path | None  # the store that stood there; None where there was none
    lost: str | None  # why what was written since the backup is not known any more; None: it is


def all_backups(path: Path) -> list[Backup]:
    """Return the backups of the store at `path`, the oldest first: the nightly ones, and those from before migrations."""
    return sorted((_backup(file) for file in (*nightly_backups(path), *backups_of(path))), key=lambda one: one.made_at)


def named_backup(path: Path, text: str) -> Backup:
    """Return the backup that `text` means: `last`, a name, or a path. NoBackup if there is none."""
    known = all_backups(path)
    found = known[-1:] if text == "last" else [one for one in known if text in (one.path.name, str(one.path))]
    if not found and text != "last" and Path(text).is_file():
        return _backup(Path(text))
    if not found:
        raise NoBackup(path, text)
    return found[0]


def restore(path: Path, backup: Backup, *, now: datetime) -> Restored:
    """Put `backup` in the place of the store at `path`.

    What leadpact wrote, told and was told since, it must not forget: it would do it again. It is taken over from the store that is
    replaced. Where that cannot be read, the restored store only observes until a person resumes it, and enforcement begins anew: what
    opened before is backlog, which is never acted on by itself. Raises BackupUnusable, StoreNotOurs, StoreNewer or NoRoomForBackup
    with the store as it was.
    """
    with in_our_words(path):
        if (flaw := flaw_in(backup.path)) is not None:
            raise BackupUnusable(backup.path, why=flaw)
        room_for_copy(backup.path, path.parent)
        with _prepared(path, backup.path) as copy:
            lost = carry_over(path, copy) if path.exists() and path.stat().st_size else "there was no store"
            if lost is not None:
                _only_observe(copy, backup, now)
            aside = _keep_aside(path, now) if path.exists() else None
            copy.replace(path)
        flush(path.parent)
        return Restored(backup=backup, kept_aside=aside, lost=lost)


def _backup(file: Path) -> Backup:
    told = file.stat()
    try:
        at = made_at(file)
    except ValueError:
        at = datetime.fromtimestamp(told.st_mtime, UTC)
    return Backup(path=file, made_at=at, size=told.st_size)


@contextmanager
def _prepared(path: Path, backup: Path) -> Iterator[Path]:
    """Copy a backup beside the store and bring it to the newest schema; what is left of that is gone after the block."""
    copy = path.with_name(f".{path.name}.restoring")
    _remove(copy)
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
        shutil.copyfile(backup, copy)
        try:
            open_store(copy).close()
        except StoreNotOurs:
            raise StoreNotOurs(backup) from None
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # no -wal file that belongs to it under another name
        yield copy
    finally:
        _remove(copy)


def _only_observe(copy: Path, backup: Backup, now: datetime) -> None:
    why = f"restored from a backup of {backup.made_at:%Y-%m-%d %H:%M} UTC; what was written since is not known"
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM enforced")
        connection.execute(
            "INSERT INTO stop (kind, scope, name, at, until, who, why) VALUES ('observe', 'all', '', ?, NULL, 'leadpact restore', ?)",
            (to_ms(now), why),
        )
        connection.execute("COMMIT")


def _keep_aside(path: Path, now: datetime) -> Path:
    """Give the store and its -wal file second names, so that a crash at any moment leaves either store whole; then drop the -wal file."""
    aside = path.with_name(f"{path.name}.replaced-{now.astimezone(UTC):{STAMP}}")
    for end in ("", "-wal"):
        if (file := Path(f"{path}{end}")).exists():
            os.link(file, f"{aside}{end}")
    flush(path.parent)
    for end in _SIDE_FILES:
        Path(f"{path}{end}").unlink(missing_ok=True)
    return aside


def _remove(copy: Path) -> None:
    for file in copy.parent.glob(f"{copy.name}*"):
        file.unlink(missing_ok=True)
