"""Starts the program as a process that need not import it anew: a server that has loaded it forks for each start.

Most of what a short command costs is loading; the tests start hundreds. What a process does, and how it ends, is the same. Tests of
starting itself, of terminals and of environments start the program from nothing.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, NoReturn

from sync.agreement.load import agreement_of
from sync.cli.app import main
from sync.cli.practice_files import AGREEMENTS, shipped

LOADED = ("sync.cli.program", "sync.cli.reports", "sync.cli.practice", "sync.act", "sync.wiring", "sandbox.practice")
SHORTEST_LOOK_S, LONGEST_LOOK_S = 0.002, 0.05


@dataclass(frozen=True, kw_only=True)
class Started:
    """A process of the program; whoever started it must see it end."""

    pid: int
    folder: TemporaryDirectory[str]

    def poll(self) -> int | None:
        """Return how it ended, as a shell counts: below 0 for a signal; None while it runs."""
        return _asked({"ended": self.pid})

    def wait(self, within_s: float) -> int:
        """Wait for its end; a process that takes longer is killed, and TimeoutExpired raised."""
        give_up, look = monotonic() + within_s, SHORTEST_LOOK_S
        while (code := self.poll()) is None:
            if monotonic() > give_up:
                self.send_signal(signal.SIGKILL)
                raise subprocess.TimeoutExpired("leadpact", within_s)
            sleep(look)
            look = min(2 * look, LONGEST_LOOK_S)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def said(self, stream: str) -> str:
        """Return what was written to `stdout` or `stderr`."""
        return (Path(self.folder.name) / stream).read_text(encoding="utf-8", errors="replace")


def start(arguments: Sequence[str], cwd: Path | None = None) -> Started:
    """Start the program with `arguments` in the environment of this process."""
    folder = TemporaryDirectory()
    order = {"arguments": list(arguments), "cwd": str(cwd or Path.cwd()), "env": dict(os.environ), "folder": folder.name}
    pid = _asked(order)
    assert pid is not None
    return Started(pid=pid, folder=folder)


def run(arguments: Sequence[str], cwd: Path | None, within_s: float) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    started = start(arguments, cwd)
    with started.folder:
        code = started.wait(within_s)
        return subprocess.CompletedProcess(["leadpact", *arguments], code, started.said("stdout"), started.said("stderr"))


@cache
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(server.communicate)
    return server


def _asked(order: object) -> int | None:
    server = _server()
    assert server.stdin is not None and server.stdout is not None
    print(json.dumps(order), file=server.stdin, flush=True)
    answer = json.loads(server.stdout.readline())
    return None if answer is None else int(answer)


def serve() -> None:
    """Load the program, then fork for each order until nobody asks any more; what still runs is killed."""
    for name in LOADED:
        import_module(name)
    for name in AGREEMENTS:
        agreement_of(shipped(name), file=name)  # its calendars are compiled once
    gc.freeze()
    codes: dict[int, int | None] = {}  # of each process; None while it runs
    for line in sys.stdin:
        order = json.loads(line)
        answer = _ended(order["ended"], codes) if "ended" in order else _forked(order, codes)
        print(json.dumps(answer), flush=True)
    for pid in [pid for pid in codes if _ended(pid, codes) is None]:
        os.kill(pid, signal.SIGKILL)


def _ended(pid: int, codes: dict[int, int | None]) -> int | None:
    if codes[pid] is None:
        found, status = os.waitpid(pid, os.WNOHANG)
        codes[pid] = os.waitstatus_to_exitcode(status) if found else None
    return codes[pid]


def _forked(order: Mapping[str, Any], codes: dict[int, int | None]) -> int:
    pid = os.fork()
    if pid == 0:
        _become(order)
    codes[pid] = None
    return pid


def _become(order: Mapping[str, Any]) -> NoReturn:
    """Be what a process of the program is right after it was loaded; whatever ends it ends the process."""
    folder = Path(order["folder"])
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    for number, file in ((0, Path(os.devnull)), (1, folder / "stdout"), (2, folder / "stderr")):
        os.dup2(os.open(file, os.O_RDONLY if number == 0 else os.O_CREAT | os.O_WRONLY | os.O_APPEND), number)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - these are the process's own
    sys.argv = ["leadpact", *order["arguments"]]
    main()
    sys.exit()


if __name__ == "__main__":
    serve()
