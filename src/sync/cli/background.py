"""A sandbox as a process of its own, for as long as a command needs it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.errors import SyncError

STARTS_WITHIN_S = 120.0
LOOK_EVERY_S = 0.05


@contextmanager
def background_sandbox(folder: Path, *, leads: int, seed: int, crm: str) -> Iterator[Path]:
    """Run `leadpact sandbox` on a free port and yield the config that points at it; it ends with the block."""
    config = folder / "config.toml"
    command = [
        sys.executable,
        "-m",
        "sync",
        "sandbox",
        "--port",
        "0",
        "--leads",
        str(leads),
        "--seed",
        str(seed),
        "--crm",
        crm,
        "--config-out",
        str(folder),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait_for(config, process)
        yield config
    finally:
        process.terminate()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _wait_for(config: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the files are there, which is when the port answers."""
    give_up = time.monotonic() + STARTS_WITHIN_S
    while not config.exists():
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
            raise SyncError(f"the sandbox did not start: {said}", fix="try `leadpact sandbox --port 0` to see it alone")
        if time.monotonic() > give_up:
            raise SyncError("the sandbox did not start in two minutes", fix="try fewer people: `leadpact demo --leads 100`")
        time.sleep(LOOK_EVERY_S)
