"""A daemon beside a practice CRM whose clock is moved: started, waited for, and killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sync.daemon.heartbeat import Heartbeat, read_heartbeat
from tests.flow import warm
from tests.flow.enforcing import Enforced

WITHIN_S, LOOK_S = 120.0, 0.02
KIB = 1024
CONFIG = """
[http]
enabled = false

[daemon]
poll = "1 second"
calm_poll = "1 second"
nightly_at = "{nightly_at}"
"""


@dataclass(kw_only=True)
class Served:
    """Serves an account; `kept_up_at` are the moments of the CRM at which everything was read and judged."""

    one: Enforced
    process: warm.Started | None = None
    kept_up_at: list[datetime] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # by those that ended
    kills: int = 0

    def start(self) -> None:
        """Start a daemon, if none runs."""
        if self.process is None:
            self.process = warm.start(["daemon", "--config", str(self.one.files / "config.toml")])

    def kill(self) -> None:
        """End it as a power cut does, if it runs."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self._ended(-signal.SIGKILL)
            self.kills += 1

    def stop(self) -> None:
        """End it as a service manager does, if it runs."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self._ended(0)

    def _ended(self, code: int) -> None:
        process, self.process = self.process, None
        assert process is not None
        with process.folder:
            assert process.wait(WITHIN_S) == code, process.said("stderr")
            self.said.append(process.said("stderr"))

    def keep_up(self) -> None:
        """Wait until all that is so now was read and judged: by polls that began later, as one on its way saw some of it before."""
        now = self.now()
        self._read_after(now)
        self.one.world.people.rest(1)
        self._read_after(self.now())
        self.kept_up_at.append(now)

    def _read_after(self, moment: datetime) -> None:
        self.until(lambda: self._has_read(moment), f"{moment} was to be judged")

    def until(self, found: Callable[[], object], what: str) -> None:
        """Wait until something is so, while the daemon runs."""
        give_up = time.monotonic() + WITHIN_S
        process = self.process
        assert process is not None
        while not found():
            ended = process.poll()
            assert ended is None and time.monotonic() < give_up, f"{what} in vain ({ended}): {process.said('stderr')[-4000:]}"
            time.sleep(LOOK_S)

    def _has_read(self, moment: datetime) -> bool:
        beat = self.beat()
        if beat is None or beat.ticked_at is None or beat.ticked_at < moment or not beat.crms:
            return False
        return all(crm.read_at is not None and crm.read_at >= moment for crm in beat.crms.values())

    def beat(self) -> Heartbeat | None:
        """Return what the daemon that runs said last."""
        beat = read_heartbeat(self.one.files / "leadpact.db")
        return beat if beat is not None and self.process is not None and beat.pid == self.process.pid else None

    def now(self) -> datetime:
        """Return the CRM's time."""
        return datetime.fromisoformat(self.one.world.people.now())

    def memory_kib(self) -> int:
        """Return how much memory the daemon holds."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


@contextmanager
def serving(one: Enforced, *, nightly_at: str = "off", more: str = "") -> Iterator[Served]:
    """Configure a daemon that looks each second; none is left running at the end."""
    with (one.files / "config.toml").open("a", encoding="utf-8") as config:
        config.write(CONFIG.format(nightly_at=nightly_at) + more)
    served = Served(one=one)
    try:
        yield served
    finally:
        served.kill()
