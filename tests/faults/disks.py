"""Small disks that can be filled, and made read-only, for tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, *, kb: int) -> Iterator[Path]:
    """Mount a disk of `kb` in memory and yield its folder; the test is skipped where we may not mount."""
    folder.mkdir()
    if os.geteuid() != 0 or not _mount("-t", "tmpfs", "-o", f"size={kb}k,mode=700", "tmpfs", str(folder)):
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def resize(folder: Path, *, kb: int) -> None:
    assert _mount("-o", f"remount,size={kb}k", str(folder))


def make_read_only(folder: Path) -> None:
    assert _mount("-o", "remount,ro", str(folder))


def fill(folder: Path, *, leave_kb: int = 0) -> Path:
    """Leave no more than `leave_kb` free; return the file that takes the rest."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        free = os.statvfs(folder)
        for _ in range(free.f_bavail * free.f_frsize // 1024 - leave_kb):
            file.write(bytes(1024))
    return ballast


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
