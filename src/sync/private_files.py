"""Files that only their owner may read, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

PRIVATE = 0o600


def write_new(path: Path, text: str) -> bool:
    """Create `path` with mode 0600; return False and leave it alone if it exists."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return True


def write_over(path: Path, data: bytes) -> None:
    """Write over the beginning of a file, at once; what is longer than `data` becomes blanks.

    For a file of one block, beside which a full disk has no room for another. Raises OSError, also where there is none.
    """
    with path.open("r+b", buffering=0) as file:
        file.write(data.ljust(path.stat().st_size))


def write_whole(path: Path, chunks: Iterable[bytes]) -> None:
    """Write `path` with mode 0600 aside and rename it: a reader sees the old file or the new one.

    Raises OSError; then the old file stands.
    """
    aside = path.with_name(f".{path.name}.new")
    aside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            file.writelines(chunks)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
