"""The door: a URL that is too long, a token that is not good, a path of no version, a scope that is missing."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.hubspot.answers import page, refusal
from sandbox.hubspot.bearer import bearer
from sandbox.hubspot.paths import canonical, is_write
from sandbox.hubspot.scopes import refuse_if_missing
from sandbox.refusals import Refusal
from sandbox.tokens import SCOPES, Tokens

LONGEST_URL = 16_200  # characters of path and query; seen on the wire by others


class Door:
    """`app` under its canonical paths, for those who may."""

    def __init__(self, app: ASGIApp, *, tokens: Tokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through, or answer it here."""
        try:
            path = self._path(scope)
        except Refusal as said:
            await refusal(scope, said)(scope, receive, send)
            return
        if isinstance(path, Response):
            await path(scope, receive, send)
        else:
            await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    def _path(self, scope: Scope) -> str | Response:
        """The one path that stands for the asked one, or the page that answers it. Raises Refusal."""
        if len(scope["raw_path"]) + len(scope["query_string"]) + 1 > LONGEST_URL:
            return page(414, "URI Too Long")
        path = canonical(scope["asked"])
        if path is None or not path.startswith("/oauth/"):  # tokens are asked for without one
            self._tokens.refuse_if_shut_out(bearer(scope), scope["call"].at)
        if path is None:
            return page(404, "Not Found")
        if self._tokens.scopes is not SCOPES:
            refuse_if_missing(self._tokens.scopes, path, is_write=is_write(scope["method"], scope["asked"]))
        return path
