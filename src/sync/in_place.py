"""A file of the user's own, written anew where it stands: whole or not at all, with its mode and its owner."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from sync.errors import SyncError
from sync.private_files import PRIVATE


class FileChanged(SyncError):
    """The file is no longer what was read; it is left as it is."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was changed by somebody else meanwhile, and was left as it is", fix="look at it, then run this again")


class FileBusy(SyncError):
    """Another program is about to write the file, or was killed when it was."""

    def __init__(self, path: Path, *, aside: Path) -> None:
        super().__init__(
            f"{path} is just being written by another leadpact, or one was killed while it wrote; the file was left as it is",
            fix=f"run this again; if nobody else writes, remove {aside} first",
        )


class FileNotWritable(SyncError):
    """The operating system does not let us write the file with its mode and its owner; it is left as it is."""

    def __init__(self, path: Path, *, why: str) -> None:
        super().__init__(
            f"{path} cannot be written ({why}), and was left as it is", fix="check the rights and the disk of it and its folder"
        )


def write_in_place(path: Path, content: bytes, *, seen: bytes) -> None:
    """Write `content` to a file that holds `seen`; behind a link where it is one.

    Who reads it meanwhile sees the old file or the new one, also after a crash. Of two that write at once the second is refused. Raises
    FileChanged, FileBusy or FileNotWritable; then the old file stands.
    """
    real = path.resolve()
    aside = real.with_name(f".{real.name}.new")
    try:
        if real.exists() and not os.access(real, os.W_OK):
            raise FileNotWritable(path, why="it is there to be read only")
        handle = _open_aside(path, aside)
        try:
            _fill(handle, real, content, seen=seen, path=path)
            _make_alike(aside, real)
            aside.replace(real)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        _sync_folder(real.parent)
    except OSError as error:
        raise FileNotWritable(path, why=(error.strerror or "an error of the system").lower()) from None


def _open_aside(path: Path, aside: Path) -> int:
    try:
        return os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise FileBusy(path, aside=aside) from None


def _fill(handle: int, real: Path, content: bytes, *, seen: bytes, path: Path) -> None:
    with os.fdopen(handle, "wb") as file:
        if real.read_bytes() != seen:
            raise FileChanged(path)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _make_alike(aside: Path, real: Path) -> None:
    """Give `aside` the owner, group, mode and attributes of `real`, and the time of now."""
    its, ours = real.stat(), aside.stat()
    if (its.st_uid, its.st_gid) != (ours.st_uid, ours.st_gid):
        os.chown(aside, its.st_uid, its.st_gid)
    shutil.copystat(real, aside)
    os.utime(aside)


def _sync_folder(folder: Path) -> None:
    """Have the new name outlive a crash; the file stands also where the file system cannot be asked for that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
