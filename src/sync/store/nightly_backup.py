"""Copies of the store in the folder `backups` beside it: made while it is written to, checked, and kept in number."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog

from sync.store.backup import FOLDER, copy_aside, nightly_backups, room_for_copy
from sync.store.errors import BackupDamaged, in_our_words
from sync.store.integrity import flaw_in
from sync.store.tombstones import bury, rewrite_if_due

STAMP = "%Y%m%dT%H%M%SZ"


def made_at(backup: Path) -> datetime:
    """Return when a copy was made, as its name tells; ValueError for another file."""
    return datetime.strptime(backup.name.split(".")[-2], STAMP).replace(tzinfo=UTC)


def back_up_nightly(path: Path, *, at: datetime, keep: int) -> Path:
    """Copy the store as it was last committed, beside whoever writes to it; keep the `keep` newest copies, and return the new one.

    The copy is one file, mode 0600, whole and checked, or not there at all. Raises NoRoomForBackup, or BackupDamaged if what was copied
    is: then the older copies all stay.
    """
    with in_our_words(path):
        folder = path.parent / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / f"{path.name}.{at.astimezone(UTC):{STAMP}}.bak"
        room_for_copy(path, folder)
        with copy_aside(path, target) as aside:
            with closing(sqlite3.connect(aside, isolation_level=None)) as copy:
                rewrite_if_due(copy)  # its free pages would hold what was erased right before
            if (flaw := flaw_in(aside)) is not None:
                raise BackupDamaged(path, why=flaw)
            aside.replace(target)
        bury(path, target)  # who was erased while it was copied; a copy that nobody had seen yet nobody could rewrite
        for old in nightly_backups(path)[:-keep]:
            old.unlink(missing_ok=True)
        structlog.get_logger().info("store_backed_up", backup=str(target))
        return target
