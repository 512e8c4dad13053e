"""The practice CRMs as one app, and a server that runs it on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.limits import Limits
from sandbox.portal import Portal
from sandbox.practice import Practice, make_app
from sandbox.salesforce.org import Org
from sandbox.tls import Certificate

HOST = "127.0.0.1"
START_S = 10.0  # a server that has not begun by then never will
STOP_S = 3  # what is still being answered by then, as a slow answer is, is broken off


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


def url_of(sock: socket.socket, *, scheme: str = "http") -> str:
    """The base URL of a server on `sock`."""
    host, port = sock.getsockname()[:2]
    return f"{scheme}://{host}:{port}"


class _Connection(H11Protocol):
    """A connection that the app finds in the state of its calls, so that a fault can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def shutdown(self) -> None:
        """End at once where nothing is being answered: a client's last word over TLS is not waited for."""
        super().shutdown()
        if self.transport.is_closing():
            self.transport.abort()


def settings(app: ASGIApp, *, tls: ssl.SSLContext | None = None) -> uvicorn.Config:
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
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """A socket that speaks TLS, and what clients are to trust for it."""

    socket: socket.socket
    certificate: Certificate


class Server(uvicorn.Server):
    """Serves an app on a socket, and on a `secured` one too if there is one, in the same loop."""

    def __init__(self, app: ASGIApp, *, secured: Secured | None = None) -> None:
        super().__init__(settings(app))
        self._secured = secured
        self._tls = None if secured is None else uvicorn.Server(settings(app, tls=secured.certificate.context()))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start both."""
        if self._tls is not None and self._secured is not None:
            self._tls.config.load()
            self._tls.lifespan = self._tls.config.lifespan_class(self._tls.config)
            await self._tls.startup(sockets=[self._secured.socket])
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop both."""
        if self._tls is not None and self._secured is not None:
            await self._tls.shutdown(sockets=[self._secured.socket])
        await super().shutdown(sockets)


def secure(port: int) -> Secured:
    """A socket on loopback with a certificate of its own. Raises OSError if the port is in use."""
    return Secured(socket=listen(port), certificate=Certificate("practice.my.salesforce.com"))


class Served:
    """What is served, in a thread of its own, while the `with` block runs."""

    def __init__(self, practice: Practice, *, port: int, tls_port: int | None = None) -> None:
        self._practice = practice
        self.token = practice.token
        self._socket = listen(port)
        self.url = url_of(self._socket)
        self._secured = None if tls_port is None else self._secure(tls_port)
        self._server = Server(make_app(practice), secured=self._secured)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def _secure(self, port: int) -> Secured:
        try:
            return secure(port)
        except OSError:
            self._socket.close()
            raise

    @property
    def portal(self) -> Portal:
        """The portal that is served."""
        assert self._practice.portal is not None
        return self._practice.portal

    @property
    def org(self) -> Org:
        """The org that is served."""
        assert self._practice.org is not None
        return self._practice.org

    @property
    def tls_url(self) -> str:
        """The base URL of the TLS port."""
        assert self._secured is not None
        return url_of(self._secured.socket, scheme="https")

    @property
    def certificate(self) -> bytes:
        """The certificate of the TLS port, in PEM."""
        assert self._secured is not None
        return self._secured.certificate.pem

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
        """Stop, let go of the ports, and of the file that the portal may be kept in."""
        self._server.should_exit = True
        self._thread.join(START_S)
        self._socket.close()
        if self._secured is not None:
            self._secured.socket.close()
        if self._practice.portal is not None:
            self._practice.portal.close()


def serve(
    portal: Portal | None = None,
    *,
    port: int = 0,
    token: str = "sandbox",
    limits: Limits | None = None,
    org: Org | None = None,
    tls_port: int | None = None,
) -> Served:
    """Serve a portal, an org or both on loopback for as long as a `with` block runs; with `tls_port` (0: a free one) over TLS too.

    Raises OSError if a port is in use.
    """
    return Served(Practice(portal=portal, org=org, token=token, limits=limits), port=port, tls_port=tls_port)
