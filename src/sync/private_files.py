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
