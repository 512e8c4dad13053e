"""The daemon's HTTP server as an app: whether it lives, whether it is ready, its metrics, and the webhooks of CRMs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sync.daemon.heartbeat import CrmState, Heartbeat
from sync.web.complaints import Complaints
from sync.web.guard import WEBHOOKS, Guard
from sync.web.hook import Hook
from sync.web.metrics import CONTENT_TYPE, Metrics
from sync.web.settings import ServingSettings
from sync.web.watched import Watched

Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(settings: ServingSettings, watched: Watched, metrics: Metrics, reader: Executor) -> ASGIApp:
    """Return the app; counts are made in `reader`, one at a time, and nothing reads the store where calls are taken in."""
    routes = [
        Route("/healthz", _alive),
        Route("/readyz", _readiness(settings, watched)),
        Route("/metrics", _metrics(metrics, reader)),
    ]
    if settings.webhooks is not None:
        crm = settings.webhooks.crm

        async def account() -> str | None:
            return await asyncio.to_thread(metrics.counts.account, crm)  # not behind a count: deliveries are answered at once

        hook = Hook(settings, settings.webhooks, watched, metrics, account)
        routes.append(Route(f"{WEBHOOKS}{crm}", hook.answer, methods=["POST"]))
    app = Starlette(routes=routes, exception_handlers={Exception: _failing(settings)})
    app.router.redirect_slashes = False
    return Guard(app, settings, metrics)


def why_not_ready(beat: Heartbeat, *, now: datetime, within: timedelta) -> str | None:
    """Say why a daemon does not do its work; None if its last good tick is at most `within` old."""
    if beat.good_at is not None and now - beat.good_at <= within:
        return None
    down = [f"{crm} is down: {pulse.said or 'it gave no reason'}" for crm, pulse in beat.crms.items() if pulse.state is CrmState.DOWN]
    since = "no tick has ended well yet" if beat.good_at is None else f"the last good tick was {_seconds(now - beat.good_at)} ago"
    return "; ".join([f"{since}, {_seconds(within)} are allowed", *filter(None, [beat.trouble]), *down])


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():,.0f} s"


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")


def _readiness(settings: ServingSettings, watched: Watched) -> Endpoint:
    async def ready(_: Request) -> Response:
        why_not = why_not_ready(watched.beat(), now=settings.clock(), within=settings.ready_within)
        return PlainTextResponse("ready\n") if why_not is None else PlainTextResponse(f"not ready: {why_not}\n", status_code=503)

    return ready


def _metrics(metrics: Metrics, reader: Executor) -> Endpoint:
    async def told(_: Request) -> Response:
        text = await asyncio.get_running_loop().run_in_executor(reader, metrics.text)
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    return told


def _failing(settings: ServingSettings) -> Callable[[Request, Exception], Awaitable[Response]]:
    complaints = Complaints(_tell_failed, settings.monotonic)

    async def failed(_: Request, error: Exception) -> Response:
        complaints.add(type(error).__name__)
        return PlainTextResponse("this went wrong here; see the log\n", status_code=500)

    return failed


def _tell_failed(counts: Mapping[str, int]) -> None:
    structlog.get_logger().warning("http_failed", **counts)
