"""Two processes that write to one store without a pause: neither keeps the other out."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import pytest

from sync.store.database import open_store, open_store_beside
from sync.store.errors import StoreBusy
from tests.faults.holding import program_that_writes

SLICES = 40  # of each process
_WRITE_ON_AND_ON = """
import sys, time
from pathlib import Path
from sync.store.database import open_store_beside

who, slices = sys.argv[2], int(sys.argv[3])
with open_store_beside(Path(sys.argv[1])) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(slices):
        with store.transaction() as tx:
            tx.execute("INSERT INTO team (crm, crm_id, name) VALUES ('hubspot', (SELECT count(*) FROM team), ?)", (who,))
            time.sleep(0.01)  # work of its own
"""


def test_two_processes_that_write_on_and_on_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "leadpact.db"
    open_store(path).close()

    with ExitStack() as stack:
        writers = [stack.enter_context(writer(path, who)) for who in "ab"]
        for process in writers:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for process in writers:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in writers:
            process.communicate()
        assert [process.returncode for process in writers] == [0, 0]

    with closing(sqlite3.connect(path)) as store:
        order = [who for (who,) in store.execute("SELECT name FROM team ORDER BY CAST(crm_id AS INTEGER)")]
    assert sorted(order) == ["a"] * SLICES + ["b"] * SLICES
    runs = [(who, len(list(some))) for who, some in groupby(order)]
    beside_each_other = runs[1:-1]  # at the ends one writes alone
    assert len(beside_each_other) >= SLICES, runs
    assert max(length for _, length in beside_each_other) <= 5, runs


def writer(path: Path, who: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITE_ON_AND_ON, str(path), who, str(SLICES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_writer_that_was_killed_holds_no_place(tmp_path: Path) -> None:
    path = tmp_path / "leadpact.db"
    open_store(path).close()
    with writer(path, "a") as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.kill()

    with open_store_beside(path) as store, store.transaction() as tx:
        tx.execute("INSERT INTO team (crm, crm_id, name) VALUES ('hubspot', '1', 'b')")


def test_a_program_that_knows_nothing_of_turns_is_waited_for_and_told(tmp_path: Path) -> None:
    path = tmp_path / "leadpact.db"
    open_store(path).close()

    with (
        program_that_writes(path),
        open_store_beside(path, wait=timedelta(milliseconds=50)) as store,
        pytest.raises(StoreBusy) as caught,
        store.transaction(),
    ):
        pytest.fail("two wrote to one store")

    assert str(caught.value) == f"another program is writing to the store {path}; what was saved before stands"
