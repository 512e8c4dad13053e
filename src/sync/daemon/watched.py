"""The daemon as its HTTP server sees it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from threading import get_ident

from sync.config import Config
from sync.daemon.daemon import Daemon
from sync.daemon.heartbeat import Heartbeat
from sync.daemon.hints import HintBox
from sync.daemon.service_manager import Manager
from sync.web.serving import Serving as Server
from sync.web.settings import READY_WITHIN
from sync.web.watched import Hints
from sync.wiring import serving_settings

SERVER_ENDS_WITHIN_S = 3.0


@dataclass(slots=True, kw_only=True)
class Watched:
    """The daemon as the server sees it, from another thread, and those who look whether it is stuck."""

    hints: HintBox
    manager: Manager
    loop: int = field(default_factory=get_ident)  # the thread that makes it
    daemon: Daemon | None = None
    server: Server | None = None

    def beat(self) -> Heartbeat:
        """Return how the daemon is now."""
        assert self.daemon is not None, "the server is started after the daemon was put together"
        return self.daemon.pulse

    def now(self) -> datetime:
        """Return the daemon's time, which may be the CRMs'."""
        assert self.daemon is not None, "the server is started after the daemon was put together"
        return self.daemon.now()

    def hint(self, crm: str, hints: Hints) -> None:
        """Take note of what changed in a CRM."""
        self.hints.put(crm, hints)

    def lives(self) -> None:
        """Give a sign of life from within a tick that takes long; what another thread gets on with says nothing of the loop."""
        if get_ident() != self.loop:
            return
        self.manager.feed()
        if self.daemon is not None:
            self.daemon.beat()

    def ticked(self, seconds: float, good: bool) -> None:
        """Count a tick."""
        if self.server is not None:
            self.server.observe_tick(seconds, good=good)


def listen(stack: ExitStack, config: Config, watched: Watched) -> None:
    """Serve health, metrics and webhooks, where the config wants them; raises CannotListen."""
    if not config.http.enabled:
        return
    ready_within = max(READY_WITHIN, 3 * config.daemon.poll)
    watched.server = Server(serving_settings(config, clock=watched.now, ready_within=ready_within), watched)
    watched.server.start()
    stack.callback(watched.server.stop, within_s=SERVER_ENDS_WITHIN_S)
