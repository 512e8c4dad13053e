"""The practice CRM as one app, and a server that runs it on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from types import TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import control, control_gate
from sandbox.hubspot.app import Checks, make_hubspot
from sandbox.limits import Allowance, Limits
from sandbox.portal import Portal
from sandbox.tokens import Tokens

HOST = "127.0.0.1"
START_S = 10.0  # a server that has not begun by then never will
STOP_S = 3  # what is still being answered by then, as a slow answer is, is broken off


def make_app(portal: Portal, *, token: str, limits: Limits | None = None) -> ASGIApp:
    """HubSpot's API of `portal` for the bearer `token`, and the control path under `/_sandbox/`."""
    checks = Checks(allowance=Allowance(limits or Limits()), tokens=Tokens(private=token))
    levers = Starlette(routes=[Mount("/_sandbox", routes=[*control.ROUTES, *control_gate.ROUTES])])
    levers.state.portal = portal
    levers.state.checks = checks
    hubspot = make_hubspot(portal, checks)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (levers if scope["path"].startswith("/_sandbox/") else hubspot)(scope, receive, send)

    return _Saving(app, portal=portal)


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


class _Connection(H11Protocol):
    """A connection that the app finds in the state of its calls, so that a fault can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def settings(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn runs it: quiet, without a Date header of its own, and trusting no header about who calls."""
    return uvicorn.Config(
        app,
        http=_Connection,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        date_header=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=STOP_S,
    )


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
