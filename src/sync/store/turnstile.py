"""Lets the writers of one store take turns: whoever waits comes before whoever has just written."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path

from sync.private_files import PRIVATE
from sync.store.errors import StoreBusy
from sync.store.guest import refuse_if_root_is_a_guest

LOOK_EVERY_S = 0.002


class Turnstile:
    """Passed once for each transaction that writes.

    SQLite alone has writers try again and again, so that one that writes without a pause keeps all others out. Here a writer takes
    the place behind the one that writes (`….next`), then the store (`….turn`), and frees the place: the one that has just written
    finds the place taken. Both locks are the operating system's, and free once their holder has died. The files stay open: to open
    them for each turn, as filelock does, would cost more than a small transaction.
    """

    def __init__(self, path: Path, *, wait: timedelta) -> None:
        """Guard the store at `path`; nothing is made before the first turn."""
        self._path = path
        self._wait_s = wait.total_seconds()
        self._open: dict[str, int] = {}

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the store against all other writers; StoreBusy if none of them lets go in time, StoreOfAnother as root beside a user's."""
        place, store = self._handle("next"), self._handle("turn")
        self._take(place)
        try:
            self._take(store)
        finally:
            flock(place, LOCK_UN)
        try:
            yield
        finally:
            flock(store, LOCK_UN)

    def close(self) -> None:
        """Let go of the files."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _handle(self, suffix: str) -> int:
        if suffix not in self._open:
            refuse_if_root_is_a_guest(self._path)
            file = self._path.with_name(f"{self._path.name}.{suffix}")
            self._open[suffix] = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        return self._open[suffix]

    def _take(self, handle: int) -> None:
        give_up = time.monotonic() + self._wait_s
        while not _taken(handle):
            if time.monotonic() > give_up:
                raise StoreBusy(self._path)
            time.sleep(LOOK_EVERY_S)


def _taken(handle: int) -> bool:
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True
