"""One writer a store: a run holds the store's lock for its life, and says who it is."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import structlog
from filelock import FileLock, Timeout

from sync.private_files import PRIVATE, write_whole
from sync.store.errors import DaemonRuns, StoreBusy, in_our_words
from sync.store.guest import refuse_if_root_is_a_guest

WAIT = timedelta(seconds=10)  # for another run to end


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a store."""

    command: str  # as it was typed, without options: leadpact sync
    pid: int
    host: str
    since: datetime

    def __str__(self) -> str:
        return f"`{self.command}`, process {self.pid} on {self.host}, since {self.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def this_process(command: str, *, since: datetime) -> Holder:
    """Say who this process is."""
    return Holder(command=command, pid=os.getpid(), host=socket.gethostname(), since=since)


@contextmanager
def hold_store(path: Path, holder: Holder, *, wait: timedelta = WAIT) -> Iterator[None]:
    """Hold the store at `path` against every other run; readers need no lock.

    The lock is the operating system's, on the file `….lock`: it is free once its holder has died, however it died. Who holds it
    stands in `….holder`, for people to read. If another run holds it, that is told once; raises StoreBusy, which names it, if
    it has not ended after `wait`, and StoreOfAnother to a root whose files would lock the store's user out.
    """
    refuse_if_root_is_a_guest(path)
    lock = FileLock(_beside(path, "lock"), mode=PRIVATE)
    with in_our_words(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _acquire(lock, path, wait)
    try:
        with in_our_words(path):
            write_whole(_beside(path, "holder"), [orjson.dumps(asdict(holder))])
        yield
    finally:
        try:  # before the lock is free: the next holder writes its own name there
            _beside(path, "holder").unlink(missing_ok=True)
        finally:
            lock.release()


@contextmanager
def hold_daemon(path: Path) -> Iterator[None]:
    """Be the one daemon of the store at `path`, for life; raises DaemonRuns where there is one already, and StoreOfAnother."""
    refuse_if_root_is_a_guest(path)
    lock = FileLock(_beside(path, "daemon.lock"), mode=PRIVATE)
    with in_our_words(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise DaemonRuns(path) from None
    try:
        yield
    finally:
        lock.release()


def holder_of(path: Path) -> Holder | None:
    """Return who was last seen to hold the store; None where nobody says so, or who did is dead."""
    try:
        told = orjson.loads(_beside(path, "holder").read_bytes())
        holder = Holder(**told | {"since": datetime.fromisoformat(told["since"])})
    except (OSError, ValueError, TypeError, KeyError):  # not there, or not ours
        return None
    return holder if holder.host != socket.gethostname() or _is_alive(holder.pid) else None


def _acquire(lock: FileLock, path: Path, wait: timedelta) -> None:
    try:
        lock.acquire(timeout=0)
        return
    except Timeout:
        told = str(holder_of(path) or "another leadpact run")
        if not wait:
            raise StoreBusy(path, holder=told) from None
        structlog.get_logger().warning("waiting_for_store", store=str(path), held_by=told, at_most_s=wait.total_seconds())
    try:
        lock.acquire(timeout=wait.total_seconds())
    except Timeout:
        raise StoreBusy(path, holder=str(holder_of(path) or "another leadpact run")) from None


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}.{suffix}")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
