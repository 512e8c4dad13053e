"""A command that the daemon starts as a process of its own, so that its loop goes on, and its memory is given back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Child:
    """At most one process of `leadpact` at a time."""

    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def runs(self) -> bool:
        """Whether one was started whose end was not heard of yet."""
        return self._process is not None

    def start(self, arguments: Sequence[str]) -> None:
        """Start a command; what it says to standard output is nobody's."""
        command = (sys.executable, "-m", "sync", *arguments)
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def ended(self) -> int | None:
        """Return the exit code of one that has ended, once; None while it runs, or where none does."""
        code = self._process.poll() if self._process is not None else None
        if code is not None:
            self._process = None
        return code

    def stop(self, within_s: float) -> None:
        """End it, where it runs."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
