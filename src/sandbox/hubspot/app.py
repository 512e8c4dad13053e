"""The practice HubSpot as an ASGI app: what every call passes, and all of its routes."""

from __future__ import annotations

import uuid
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.calls import CallLog
from sandbox.hubspot import account, answers, associations, batch, lists, objects, owners, schema, search
from sandbox.hubspot.finding import SearchIndex
from sandbox.hubspot.paths import canonical, is_write
from sandbox.limits import Allowance
from sandbox.portal import Portal
from sandbox.refusals import Missing, Refusal

_ROUTES = [
    *batch.ROUTES,
    *search.ROUTES,
    *objects.ROUTES,
    *associations.ROUTES,
    *lists.ROUTES,
    *owners.ROUTES,
    *schema.ROUTES,
    *account.ROUTES,
]
LONGEST_URL = 16_200  # characters of path and query; seen on the wire by others
_DENIED = {"message": "Authentication credentials not found.", "category": "INVALID_AUTHENTICATION"}


class Gate:
    """What every call passes: the log, the token, the version in its path, the headers of its answer.

    Limits would be enforced here, after `Allowance.spend`.
    """

    def __init__(self, app: ASGIApp, *, portal: Portal, token: str, calls: CallLog, allowance: Allowance) -> None:
        self._app = app
        self._portal = portal
        self._bearer = f"Bearer {token}".encode()
        self._calls = calls
        self._allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = scope["path"]
        portal = self._portal
        self._allowance.spend(portal.clock.now(), ZoneInfo(portal.account.time_zone))
        scope["asked"] = asked
        scope["correlation_id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{portal.account.portal_id}/{self._calls.total}"))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"]
                self._calls.note(method, asked, scope["query_string"].decode(), message["status"], is_write=is_write(method, asked))
                message["headers"] = [*message["headers"], *self._headers(scope)]
            await send(message)

        await self._pass(scope, receive, answer)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD") and len(scope["raw_path"]) + len(scope["query_string"]) + 1 > LONGEST_URL:
            await answers.page(414, "URI Too Long")(scope, receive, send)
        elif dict(scope["headers"]).get(b"authorization") != self._bearer:
            body = {"status": "error", "correlationId": scope["correlation_id"], **_DENIED}
            await answers.Json(body, 401)(scope, receive, send)
        elif (path := canonical(scope["asked"])) is None:
            await answers.page(404, "Not Found")(scope, receive, send)
        else:
            await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    def _headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        date = format_datetime(self._portal.clock.now().replace(microsecond=0), usegmt=True)
        headers = [(b"date", date.encode()), (b"x-hubspot-correlation-id", scope["correlation_id"].encode())]
        return headers if scope["asked"].endswith("/search") else headers + self._allowance.headers()


def make_hubspot(portal: Portal, *, token: str, calls: CallLog, allowance: Allowance) -> ASGIApp:
    """The API of `portal` for whoever has `token`."""
    app = Starlette(
        routes=_ROUTES,
        exception_handlers={Refusal: answers.refused, Missing: answers.missing, HTTPException: answers.not_served},
    )
    app.router.redirect_slashes = False
    app.state.portal = portal
    app.state.token = token
    app.state.allowance = allowance
    app.state.searches = SearchIndex()
    return Gate(app, portal=portal, token=token, calls=calls, allowance=allowance)
