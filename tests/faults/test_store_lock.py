"""One run a store: the next waits, says for whom, and is never held up by the dead."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from structlog.testing import capture_logs

from sync.store.database import open_store, open_store_readonly
from sync.store.errors import StoreBusy, StoreOfAnother
from sync.store.lock import Holder, hold_daemon, hold_store, holder_of, this_process
from sync.store.turnstile import Turnstile
from tests.faults.holding import run_that_holds
from tests.flow.store_values import a_mirror

AT_ONCE = timedelta(milliseconds=60)
LATER = datetime(2026, 11, 20, 10, tzinfo=UTC)
ME = this_process("leadpact sync", since=LATER)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leadpact.db"


def files_beside(path: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}


def test_a_second_run_stops_and_says_who_holds_the_store(path: Path) -> None:
    with (
        run_that_holds(path) as first,
        capture_logs() as told,
        pytest.raises(StoreBusy) as caught,
        hold_store(path, ME, wait=AT_ONCE),
    ):
        pytest.fail("two runs held one store")

    who = f"`leadpact sync`, process {first.pid} on {socket.gethostname()}, since 2026-11-20 09:00:00 UTC"
    assert str(caught.value) == f"the store {path} is held by {who}; what was saved before stands"
    assert caught.value.exit_code == 1
    assert [(line["event"], line["held_by"]) for line in told] == [("waiting_for_store", who)]


def test_a_second_run_goes_on_when_the_first_has_ended(path: Path) -> None:
    with run_that_holds(path) as first:
        threading.Timer(0.3, end, [first]).start()
        with hold_store(path, ME):
            assert holder_of(path) == ME
            assert first.wait(timeout=10) == 0


def end(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        process.stdin.close()


def test_a_run_that_was_killed_holds_nothing_and_its_name_is_not_told(path: Path) -> None:
    with run_that_holds(path) as first:
        first.kill()
        first.wait()
        assert "leadpact.db.holder" in files_beside(path)  # it had no time to tidy up

    assert holder_of(path) is None
    with FileLock(f"{path}.lock"), pytest.raises(StoreBusy, match="held by another leadpact run"), hold_store(path, ME, wait=AT_ONCE):
        pytest.fail("two runs held one store")
    with capture_logs() as told, hold_store(path, ME, wait=AT_ONCE):
        assert holder_of(path) == ME
    assert told == []


def test_who_holds_it_is_for_its_user_alone_and_gone_afterwards(path: Path) -> None:
    with hold_store(path, ME):
        assert files_beside(path) == {"leadpact.db.lock": 0o600, "leadpact.db.holder": 0o600}

    assert files_beside(path) == {"leadpact.db.lock": 0o600}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": 1}', b'{"command":"x","pid":1,"host":"h","since":"soon"}'])
def test_a_holder_that_cannot_be_read_is_nobody(path: Path, content: bytes) -> None:
    Path(f"{path}.holder").write_bytes(content)

    assert holder_of(path) is None


def test_a_holder_on_another_machine_is_believed(path: Path) -> None:
    elsewhere = Holder(command="leadpact sync", pid=2**22 + 1, host="elsewhere", since=LATER)
    with hold_store(path, elsewhere):
        assert holder_of(path) == elsewhere


def test_readers_need_no_lock(path: Path) -> None:
    open_store(path).close()

    with run_that_holds(path), open_store_readonly(path) as store:
        assert a_mirror(store).streams("hubspot") == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lock another user out")
@pytest.mark.parametrize("is_there", [True, False])
def test_root_touches_nothing_beside_the_store_of_another_user(tmp_path: Path, is_there: bool) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    if is_there:
        (theirs / "leadpact.db").touch()
    for place in (theirs, *theirs.iterdir()):
        os.chown(place, 54321, 54321)
    before = files_beside(theirs / "leadpact.db")

    with pytest.raises(StoreOfAnother) as caught, hold_store(theirs / "leadpact.db", ME):
        pytest.fail("root held it")
    with pytest.raises(StoreOfAnother), hold_daemon(theirs / "leadpact.db"):
        pytest.fail("root served it")
    with pytest.raises(StoreOfAnother), Turnstile(theirs / "leadpact.db", wait=AT_ONCE).turn():
        pytest.fail("root wrote beside a run")

    assert str(caught.value).endswith("root's files beside it would lock #54321 out; nothing was done")
    assert caught.value.fix == "run this as #54321: `sudo -u '#54321' leadpact …`"
    assert files_beside(theirs / "leadpact.db") == before
