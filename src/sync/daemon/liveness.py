"""Whether a store's daemon runs, told from its heartbeat and its process."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sync.daemon.heartbeat import Heartbeat, beaten_at, read_heartbeat

ALIVE_WITHIN = timedelta(minutes=3)  # of its last sign of life


class Life(StrEnum):
    """How a daemon is."""

    NONE = "none"  # none has run with this store, or the last one ended as it was told to
    RUNNING = "running"
    STUCK = "stuck"  # its process is there, and gave no sign of life for a while
    DOWN = "down"  # it left a heartbeat, and its process is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """A store's daemon, and what it said last."""

    life: Life
    beat: Heartbeat | None
    seen_at: datetime | None  # its last sign of life, by this machine's clock; its own may be the CRMs'

    @property
    def is_missed(self) -> bool:
        """Whether it ought to run, and does not do its work."""
        return self.life in (Life.STUCK, Life.DOWN)


def daemon_of(store: Path, *, now: datetime, within: timedelta = ALIVE_WITHIN) -> Daemon:
    """Return how the daemon of a store is; of one on another machine only its heartbeat tells."""
    beat, seen_at = read_heartbeat(store), beaten_at(store)
    if beat is None or seen_at is None:
        return Daemon(life=Life.NONE, beat=None, seen_at=None)
    if beat.host == socket.gethostname() and not _is_alive(beat.pid):
        return Daemon(life=Life.DOWN, beat=beat, seen_at=seen_at)
    is_fresh = abs(now - seen_at) <= within  # a sign of life from the future is of before a clock was set back
    return Daemon(life=Life.RUNNING if is_fresh else Life.STUCK, beat=beat, seen_at=seen_at)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
