"""Signals become events: the first request to stop lets a write batch end, the second, or the end of the time for it, does not."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from sync.daemon.events import Event, Reload, Stop

STOP = (signal.SIGTERM, signal.SIGINT)


class StoppedAtOnce(BaseException):
    """The process ends where it stands; whatever is open is closed on the way out, and what was not committed is rolled back."""


@dataclass(slots=True, kw_only=True)
class Signals:
    """Hears the signals of this process."""

    put: Callable[[Event], None]  # must be safe in a signal handler, as SimpleQueue's is
    stop_within_s: float
    is_stopping: bool = False
    is_at_once: bool = False

    def hear(self, number: int, _: FrameType | None) -> None:
        """Take a signal."""
        if number == signal.SIGHUP:
            self.put(Reload())
        elif number == signal.SIGALRM or self.is_stopping:
            self.is_at_once = True
            raise StoppedAtOnce
        else:
            self.is_stopping = True
            signal.setitimer(signal.ITIMER_REAL, self.stop_within_s)
            self.put(Stop())


@contextmanager
def heard(signals: Signals) -> Iterator[None]:
    """Hear signals until the end of the block; then they do what they did before."""
    before = {number: signal.signal(number, signals.hear) for number in (*STOP, signal.SIGHUP, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
