"""What every call passes first: it is read whole and written into the log, and its answer gets a date and an id."""

from __future__ import annotations

import uuid
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.calls import Call, CallLog
from sandbox.hubspot.paths import is_about_tokens, is_write
from sandbox.portal import Portal

_BODILESS = ("GET", "HEAD", "DELETE")


class Gate:
    """The log of all calls to `app`; what stands behind it finds the path as asked, the call and its id in the scope."""

    def __init__(self, app: ASGIApp, *, portal: Portal, calls: CallLog) -> None:
        self._app = app
        self._portal = portal
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] in _BODILESS:
            await self._serve(scope, b"", receive, send)
        elif (body := await _whole_body(receive)) is not None:
            await self._serve(scope, body, _replayed(body, receive), send)

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        call = self._enter(scope, body)
        headers = [(b"date", _http_date(call.at.replace(microsecond=0))), (b"x-hubspot-correlation-id", scope["correlation_id"].encode())]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                message["headers"] = [*message["headers"], *headers]
            else:
                call.response_bytes += len(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, answer)

    def _enter(self, scope: Scope, body: bytes) -> Call:
        """Write the call into the log and what is known of it into its scope."""
        method, path = scope["method"], scope["path"]
        call = self._calls.enter(
            (method, path, scope["query_string"].decode("latin-1")),
            at=self._portal.clock.now(),
            is_write=is_write(method, path),
            body=body,
            private=is_about_tokens(path),
        )
        scope["asked"], scope["call"] = path, call
        scope["correlation_id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._portal.account.portal_id}/{call.number}"))
        return call


async def _whole_body(receive: Receive) -> bytes | None:
    """The body of a request; None if the client went away before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """`receive` again from the beginning of a body that was read."""
    held: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return held.pop() if held else await receive()

    return replay


@lru_cache(maxsize=1)  # a clock that stands still has one date for all its calls
def _http_date(now: datetime) -> bytes:
    return format_datetime(now, usegmt=True).encode()
