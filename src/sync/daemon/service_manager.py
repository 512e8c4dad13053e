"""Tells the service manager how the daemon is, by the datagrams of sd_notify(3); says nothing where none listens."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Manager:
    """The service manager that started this process.

    Source of the protocol: systemd's public manual pages sd_notify(3) and sd_watchdog_enabled(3).
    """

    address: str | None = None  # of its socket; one that begins with @ is in the abstract namespace
    watchdog_s: float | None = None  # how long it waits for a sign of life before it kills us
    _fed_at: float = field(default=0.0, init=False)
    _status: str = field(default="", init=False)

    @classmethod
    def of(cls, env: Mapping[str, str], *, pid: int) -> Manager:
        """Return the manager that `env` names; a watchdog meant for another process is none of ours."""
        for_us = env.get("WATCHDOG_PID") in (None, str(pid))
        usec = env.get("WATCHDOG_USEC", "") if for_us else ""
        return cls(address=env.get("NOTIFY_SOCKET") or None, watchdog_s=int(usec) / 1_000_000 if usec.isdecimal() and int(usec) else None)

    @property
    def longest_pause_s(self) -> float | None:
        """How long the loop may rest at most, to be in time for the watchdog; None where there is none."""
        return None if self.watchdog_s is None else self.watchdog_s / 2

    def ready(self) -> None:
        """Say that start, or a reload, is done."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Say that the files are read anew; READY follows, also where they are refused."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Say in a line what goes on, where it is another line than before."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text.replace(chr(10), ' ')}")

    def feed(self) -> None:
        """Tell the watchdog that the loop makes progress; often enough, not at each call."""
        pause_s, now = self.longest_pause_s, time.monotonic()
        if pause_s is not None and now - self._fed_at >= pause_s / 2:
            self._fed_at = now
            self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if self.address is None:
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
                door.sendto(text.encode(), address)
        except OSError as error:
            log.warning("manager_not_told", why=error.strerror or str(error))


def manager_of_this_process() -> Manager:
    """Return the service manager of this process; children are not to speak to it."""
    manager = Manager.of(os.environ, pid=os.getpid())
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        os.environ.pop(name, None)
    return manager
