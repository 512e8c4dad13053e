"""`python -m sandbox`: serve a portal file until told to stop."""

from __future__ import annotations

import argparse
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.clock import END, FIRST
from sandbox.keeping import begin, reopen
from sandbox.limits import limits_asked
from sandbox.lines import BadLines
from sandbox.load import load, load_both, load_org
from sandbox.portal import Portal, Store
from sandbox.practice import Practice, make_app
from sandbox.salesforce.org import Org
from sandbox.server import Secured, Server, listen, secure, url_of
from sandbox.state_file import UnusableState
from sandbox.switches import LONGEST_LAG_S


class _Announcing(Server):
    """Says on standard output, a line a port, that it answers."""

    def __init__(self, practice: Practice, sock: socket.socket, secured: Secured | None) -> None:
        super().__init__(make_app(practice), secured=secured)
        self._names = [
            f"practice {name}" for name, held in (("HubSpot", practice.portal), ("Salesforce", practice.org)) if held is not None
        ]
        self._urls = [url_of(sock), *([] if secured is None else [url_of(secured.socket, scheme="https")])]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        sys.stdout.writelines(f"{' and '.join(self._names)} at {url}\n" for url in self._urls)
        sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Serve; 0 after a stop, 2 with a message for a file or a port that is of no use."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.now is None and not (asked.state and asked.state.exists()):
        parser.error("--now is required, but for a --state FILE that is there: that one goes on at the time it was left")
    if asked.state is not None and asked.crm != "hubspot":
        parser.error("--state keeps a practice HubSpot alone: leave it out, or name --crm hubspot")
    try:
        practice = _practice(asked)
    except UnusableState as error:
        return _failed(str(error), "name another file with --state; one that is there is served without --load")
    except OSError as error:
        return _failed(f"{asked.load} cannot be read: {error.strerror}", "name a portal file with --load")
    except BadLines as error:
        return _failed(str(error), "mend these lines (docs/reference/portal-file.md)")
    try:
        return _serve(practice, asked)
    finally:
        if practice.portal is not None:
            practice.portal.close()


def _serve(practice: Practice, asked: argparse.Namespace) -> int:
    """Serve until a stop."""
    try:
        sock = listen(asked.port)
    except OSError as error:
        return _failed(f"port {asked.port} cannot be used: {error.strerror}", "choose another with --port, or 0 for a free one")
    try:
        secured = None if asked.tls_port is None else secure(asked.tls_port)
    except OSError as error:
        sock.close()
        return _failed(f"port {asked.tls_port} cannot be used: {error.strerror}", "choose another with --tls-port, or 0 for a free one")
    if secured is not None and asked.tls_cert_out is not None:
        asked.tls_cert_out.write_bytes(secured.certificate.pem)
    with suppress(KeyboardInterrupt):  # how a stop with Ctrl+C ends, once the last call is answered
        _Announcing(practice, sock, secured).run(sockets=[sock])
    return 0


def _practice(asked: argparse.Namespace) -> Practice:
    """What was asked for: a portal, an org, or both under one clock."""
    portal, org = _held(asked)
    if portal is not None:
        portal.changes.lag = asked.index_lag
    limits = limits_asked(enforced=asked.limits, burst=asked.burst, daily=asked.daily, search_per_s=asked.search_per_second)
    return Practice(portal=portal, org=org, token=asked.token, limits=limits)


def _held(asked: argparse.Namespace) -> tuple[Portal | None, Org | None]:
    if asked.crm == "hubspot":
        return _portal(asked), None
    if asked.crm == "salesforce":
        return None, Org(asked.now, live=asked.live) if asked.load is None else load_org(asked.load, now=asked.now, live=asked.live)
    if asked.load is not None:
        return load_both(asked.load, now=asked.now, live=asked.live)
    portal = Portal(asked.now, live=asked.live)
    return portal, Org(asked.now, clock=portal.clock)


def _portal(asked: argparse.Namespace) -> Portal:
    """The portal that was asked for: of a state file, of a portal file, or empty."""
    if asked.state is None:
        return _fresh(asked)
    if asked.state.exists() and asked.load is None:
        return reopen(asked.state, now=asked.now, live=asked.live)
    return begin(asked.state, lambda kept: _fresh(asked, kept))


def _fresh(asked: argparse.Namespace, store: Store | None = None) -> Portal:
    if asked.load is None:
        return Portal(asked.now, live=asked.live, store=store)
    return load(asked.load, now=asked.now, live=asked.live, store=store)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A practice HubSpot, a practice Salesforce, or both, on loopback."
    )
    parser.add_argument("--crm", choices=("hubspot", "salesforce", "both"), default="hubspot", help="what to serve (default hubspot)")
    parser.add_argument("--load", type=Path, metavar="FILE", help="portal file to serve; an empty portal without it")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the portal in this file; one that is there is served again")
    parser.add_argument(
        "--index-lag", type=_lag, default=timedelta(), metavar="SECONDS", help="how long the search index takes to get a change"
    )
    parser.add_argument("--port", type=int, default=8080, help="port on 127.0.0.1; 0 takes a free one (default 8080)")
    parser.add_argument("--tls-port", type=int, metavar="PORT", help="a port on 127.0.0.1 that speaks TLS; 0 takes a free one")
    parser.add_argument("--tls-cert-out", type=Path, metavar="FILE", help="write the certificate of that port, for clients to trust")
    parser.add_argument("--now", type=_moment, metavar="ISO", help="the portal's time, such as 2026-11-20T15:00Z")
    parser.add_argument("--live", action="store_true", help="let the portal's time run instead of standing still")
    parser.add_argument("--token", default="sandbox", help="bearer token it accepts (default sandbox)")
    parser.add_argument("--limits", action="store_true", help="refuse calls beyond HubSpot's limits")
    for name, told in (("--burst", "calls in ten seconds"), ("--daily", "calls a day"), ("--search-per-second", "searches a second")):
        parser.add_argument(name, type=_count, metavar="N", help=f"{told}; enforces limits")
    return parser


def _lag(text: str) -> timedelta:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_LAG_S:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0 to {LONGEST_LAG_S}")
    return timedelta(seconds=seconds)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is no number from 0 on")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no moment such as 2026-11-20T15:00Z") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not FIRST <= moment < END:
        raise argparse.ArgumentTypeError(f"{text} is not in the years 1971 to 2199")
    return moment


def _failed(message: str, fix: str) -> int:
    sys.stderr.write(f"error: {message}\n  fix: {fix}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
