"""What the service manager hears, on a real socket of its kind."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.daemon.service_manager import Manager


@pytest.fixture
def door(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(2)
        yield listening


def test_each_state_is_one_datagram_and_a_status_is_said_once(door: socket.socket) -> None:
    manager = Manager.of({"NOTIFY_SOCKET": str(door.getsockname())}, pid=1)
    manager.ready()
    manager.status("two\nlines")
    manager.status("two\nlines")
    manager.stopping()
    assert [door.recv(500) for _ in range(3)] == [b"READY=1", b"STATUS=two lines", b"STOPPING=1"]


def test_a_reload_tells_the_monotonic_time_in_microseconds(door: socket.socket) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    Manager.of({"NOTIFY_SOCKET": str(door.getsockname())}, pid=1).reloading()
    first, told = door.recv(500).decode().splitlines()
    assert first == "RELOADING=1"
    assert before <= int(told.removeprefix("MONOTONIC_USEC=")) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_the_watchdog_of_this_process_is_fed_but_not_at_each_call(door: socket.socket) -> None:
    manager = Manager.of({"NOTIFY_SOCKET": str(door.getsockname()), "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, pid=1)
    assert manager.longest_pause_s == 30
    for _ in range(100):
        manager.feed()
    manager.ready()
    assert [door.recv(500) for _ in range(2)] == [b"WATCHDOG=1", b"READY=1"]


@pytest.mark.parametrize("env", [{}, {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "2"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "0"}])
def test_a_watchdog_of_somebody_else_or_none_sets_no_pace(env: dict[str, str]) -> None:
    manager = Manager.of(env, pid=1)
    assert manager.longest_pause_s is None
    manager.feed()


def test_an_abstract_socket_is_found() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0leadpact-test-notify")
        listening.settimeout(2)
        Manager(address="@leadpact-test-notify").ready()
        assert listening.recv(500) == b"READY=1"


def test_a_socket_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    Manager(address=str(tmp_path / "gone")).ready()
