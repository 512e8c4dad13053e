"""Serves from a thread of its own, started and stopped by the daemon; signals stay the main thread's."""

from __future__ import annotations

import asyncio
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync.errors import SyncError
from sync.web.app import make_app
from sync.web.metrics import Metrics
from sync.web.settings import Patience, ServingSettings
from sync.web.watched import Watched

AT_ONCE = 100  # connections; who calls beyond is told 503
IDLE_S = 5
LARGEST_HEAD = 16_384  # bytes
START_S = 10.0


class CannotListen(SyncError):
    """The server's address or port cannot be taken."""

    def __init__(self, *, host: str, port: int, why: str) -> None:
        super().__init__(
            f"the daemon cannot listen at {host} port {port}: {why}",
            fix="set another `port` or `host` in [http] of config.toml, or `enabled = false`; a port in use may be that of another daemon",
        )


class Serving:
    """The daemon's HTTP server."""

    def __init__(self, settings: ServingSettings, watched: Watched) -> None:
        self._settings = settings
        self.metrics = Metrics(settings, watched)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leadpact-counts")
        self._server = _Server(make_app(settings, watched, self.metrics, self._reader), settings.patience)
        self._thread: Thread | None = None
        self._port = settings.port

    @property
    def url(self) -> str:
        """Return the address at which this machine reaches it; with the port that was free, once started."""
        host = self._settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    def start(self) -> None:
        """Listen, and answer from another thread; raises CannotListen, and nothing runs then."""
        sock = self._listen()
        self._port = sock.getsockname()[1]
        self._thread = Thread(target=self._server.run, args=([sock],), name="leadpact-http", daemon=True)
        self._thread.start()
        if not self._server.began.wait(START_S):
            self.stop(within_s=1.0)
            raise CannotListen(host=self._settings.host, port=self._port, why=f"it did not begin within {START_S:.0f} s")
        structlog.get_logger().info("http_started", url=self.url)

    def stop(self, within_s: float) -> bool:
        """Take no more calls and wait for the answers under way; return whether it ended in time. Else it ends with the process."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(within_s / 2)
            self._server.force_exit = True
            self._thread.join(within_s / 2)
        self._reader.shutdown(wait=False, cancel_futures=True)
        return self._thread is None or not self._thread.is_alive()

    def observe_tick(self, seconds: float, *, good: bool) -> None:
        """Count a tick for the metrics; from any thread."""
        self.metrics.ticked(seconds, good=good)

    def _listen(self) -> socket.socket:
        host = self._settings.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, self._settings.port))
            sock.listen()
        except OSError as error:
            sock.close()
            raise CannotListen(host=host, port=self._settings.port, why=error.strerror or str(error)) from error
        return sock


class _Server(uvicorn.Server):
    """Uvicorn, which says when it has begun."""

    def __init__(self, app: ASGIApp, patience: Patience) -> None:
        super().__init__(_config(app, patience))
        self.began = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.began.set()


def _config(app: ASGIApp, patience: Patience) -> uvicorn.Config:
    """Return how uvicorn runs it: quiet, trusting no header about who calls, and reading no more than it must."""
    return uvicorn.Config(
        app,
        http=_hasty(patience),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        headers=[("Cache-Control", "no-store")],
        limit_concurrency=AT_ONCE,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )


def _hasty(patience: Patience) -> type[H11Protocol]:
    """Return the connections that are cut when a call takes too long, whichever part of it is slow, and when there are too many."""

    class Hasty(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            is_one_too_many = len(self.connections) >= patience.most_open
            super().connection_made(transport)
            self._deadline = self.loop.call_later(0.0 if is_one_too_many else patience.call_s, transport.abort)

        def connection_lost(self, exc: Exception | None) -> None:
            self._deadline.cancel()
            super().connection_lost(exc)

        def on_response_complete(self) -> None:
            self._deadline.cancel()
            self._deadline = self.loop.call_later(patience.call_s, self.transport.abort)
            super().on_response_complete()

    return Hasty
