"""What every call passes first: it is read whole and written into the log, and its answer gets the org's date."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.calls import Call, CallLog
from sandbox.clock import Clock
from sandbox.salesforce.paths import is_about_tokens, is_write
from sandbox.wire import http_date, replayed, whole_body

_BODILESS = ("GET", "HEAD", "DELETE")


class Gate:
    """The log of all calls to `app`; what stands behind it finds the path as asked and the call in the scope."""

    def __init__(self, app: ASGIApp, *, clock: Clock, calls: CallLog) -> None:
        self._app = app
        self._clock = clock
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] in _BODILESS:
            await self._serve(scope, b"", receive, send)
        elif (body := await whole_body(receive)) is not None:
            await self._serve(scope, body, replayed(body, receive), send)

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        call = self._enter(scope, body)
        date = (b"date", http_date(call.at.replace(microsecond=0)))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                message["headers"] = [*message["headers"], date]
            else:
                call.response_bytes += len(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, answer)

    def _enter(self, scope: Scope, body: bytes) -> Call:
        method, path = scope["method"], scope["path"]
        call = self._calls.enter(
            (method, path, scope["query_string"].decode("latin-1")),
            at=self._clock.now(),
            is_write=is_write(method, path, body),
            body=body,
            private=is_about_tokens(path),
        )
        scope["asked"], scope["call"] = path, call
        return call
