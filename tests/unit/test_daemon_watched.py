"""Who looks whether the daemon is stuck is told by its loop alone."""

from __future__ import annotations

import socket
from pathlib import Path
from threading import Thread

import pytest

from sync.daemon.hints import HintBox
from sync.daemon.service_manager import Manager
from sync.daemon.watched import Watched


@pytest.mark.parametrize("by_the_loop", [True, False])
def test_a_poller_that_gets_on_does_not_hide_a_loop_that_hangs(by_the_loop: bool, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(tmp_path / "notify"))
        door.setblocking(False)
        watched = Watched(hints=HintBox(lambda _: None), manager=Manager(address=str(tmp_path / "notify"), watchdog_s=2.0))
        if by_the_loop:
            watched.lives()
            assert door.recv(4096) == b"WATCHDOG=1"
        else:
            poller = Thread(target=watched.lives)
            poller.start()
            poller.join()
            with pytest.raises(BlockingIOError):
                door.recv(4096)
