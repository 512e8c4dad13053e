"""A store that another process holds, for tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

_HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sync.store.lock import hold_store, this_process

with hold_store(Path(sys.argv[1]), this_process("leadpact sync", since=datetime(2026, 11, 20, 9, tzinfo=UTC))):
    print("held", flush=True)
    sys.stdin.read()
"""

_WRITE = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], isolation_level=None) as store:
    store.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    sys.stdin.read()
"""


def run_that_holds(store: Path) -> AbstractContextManager[subprocess.Popen[str]]:
    """Let another process hold the store as a run does, until its standard input is closed or the block ends."""
    return _holding(_HOLD, store)


def program_that_writes(store: Path) -> AbstractContextManager[subprocess.Popen[str]]:
    """Let another process, which knows nothing of our locks, leave a write transaction open in the store."""
    return _holding(_WRITE, store)


@contextmanager
def _holding(program: str, store: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", program, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
