"""The practice CRM as one app, and a server that runs it on loopback."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import control
from sandbox.calls import CallLog
from sandbox.hubspot.app import make_hubspot
from sandbox.limits import Allowance, Limits
from sandbox.portal import Portal

HOST = "127.0.0.1"
START_S = 10.0  # a server that has not begun by then never will


def make_app(portal: Portal, *, token: str, limits: Limits | None = None) -> Starlette:
    """HubSpot's API of `portal` for the bearer `token`, and the control path under `/_sandbox/`."""
    calls, allowance = CallLog(), Allowance(limits=limits or Limits())
    hubspot = make_hubspot(portal, token=token, calls=calls, allowance=allowance)
    app = Starlette(
        routes=[Mount("/_sandbox", routes=control.ROUTES), Mount("/", app=hubspot)],
        middleware=[Middleware(_Saving, portal=portal), Middleware(GZipMiddleware, minimum_size=500, compresslevel=3)],
    )
    app.state.portal = portal
    app.state.calls = calls
    return app


class _Saving:
    """Saves the portal before an answer goes out, so that what was answered is kept."""

    def __init__(self, app: ASGIApp, *, portal: Portal) -> None:
        self._app = app
        self._portal = portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one call on."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._portal.save()
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._portal.save()  # what was done is kept too where no answer went out


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes a free one. Raises OSError if the port is in use."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
    except OSError:
        sock.close()
        raise
    return sock


def url_of(sock: socket.socket) -> str:
    """The base URL of a server on `sock`."""
    host, port = sock.getsockname()[:2]
    return f"http://{host}:{port}"


def settings(app: Starlette) -> uvicorn.Config:
    """How uvicorn runs it: quiet, and without a Date header of its own."""
    return uvicorn.Config(app, log_level="warning", access_log=False, date_header=False, server_header=False, lifespan="off")


class Served:
    """A portal that is served, in a thread of its own, while the `with` block runs."""

    def __init__(self, portal: Portal, *, port: int, token: str, limits: Limits | None = None) -> None:
        self.portal = portal
        self.token = token
        self._socket = listen(port)
        self.url = url_of(self._socket)
        self._server = uvicorn.Server(settings(make_app(portal, token=token, limits=limits)))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Served:
        """Start, and come back once it answers. Raises TimeoutError if it does not."""
        self._thread.start()
        give_up_s = time.monotonic() + START_S
        while not self._server.started:
            if time.monotonic() > give_up_s or not self._thread.is_alive():
                raise TimeoutError(f"the practice CRM at {self.url} did not start")
            time.sleep(0.005)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop, let go of the port, and of the file that the portal may be kept in."""
        self._server.should_exit = True
        self._thread.join(START_S)
        self._socket.close()
        self.portal.close()


def serve(portal: Portal, *, port: int = 0, token: str = "sandbox", limits: Limits | None = None) -> Served:
    """Serve `portal` on loopback for as long as a `with` block runs. Raises OSError if the port is in use."""
    return Served(portal, port=port, token=token, limits=limits)
