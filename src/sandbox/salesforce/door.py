"""The door: a URI that is too long, a host that is none, a version, a session, an API that is switched off, a day that is spent."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.salesforce.answers import page, refusal, too_long
from sandbox.salesforce.checks import Checks
from sandbox.salesforce.org import Org
from sandbox.salesforce.paths import DATA, is_about_tokens, is_too_long, split
from sandbox.salesforce.refusals import Refused, no_such_resource

_LOGIN_HOSTS = ("login.salesforce.com", "test.salesforce.com")
_BEARER = "bearer "


class Door:
    """`app` under paths without their version, for those who may."""

    def __init__(self, app: ASGIApp, *, org: Org, checks: Checks) -> None:
        self._app = app
        self._org = org
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through, or answer it here."""
        headers: list[tuple[bytes, bytes]] = []
        try:
            inner = self._inner(scope, headers)
        except Refused as said:
            inner = refusal(said)
            if said.status == 401:
                inner.headers["WWW-Authenticate"] = "Token"

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        if isinstance(inner, Response):
            await inner(scope, receive, answer)
        else:
            await self._app(inner, receive, answer)

    def _inner(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> Scope | Response:
        """The scope under its canonical path, or the page that answers it; `headers` get what every answer tells.

        Raises Refused.
        """
        if is_too_long(scope["raw_path"], scope["query_string"]):
            return too_long()
        if not self._is_host(host_of(scope)):
            return page(404, "URL No Longer Exists")
        path = scope["asked"].rstrip("/")
        if is_about_tokens(path) or path == DATA:
            return {**scope, "path": path}
        if (found := split(path)) is None:
            raise no_such_resource()
        version, rest = found
        user_id = self._admit(scope)
        now = scope["call"].at
        allowed = self._checks.daily.spend(now)
        headers.append(self._checks.daily.header(now))
        if not allowed:
            scope["call"].limited = "DAILY"
            raise Refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        return {**scope, "path": rest or "/", "version": version, "user_id": user_id}

    def _is_host(self, host: str) -> bool:
        """Whether a host of Salesforce's is this org's; any other name is one of this machine."""
        return not host.endswith(".salesforce.com") or host in (*_LOGIN_HOSTS, f"{self._checks.sessions.my_domain}.salesforce.com")

    def _admit(self, scope: Scope) -> str:
        """Whose session it is. Raises Refused."""
        user_id = self._checks.sessions.user_of(bearer(scope), scope["call"].at, integration_user=self._org.integration_user)
        if self._org.api_disabled:
            raise Refused("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner", status=403)
        return user_id


def bearer(scope: Scope) -> str | None:
    """The token that a call shows: `Bearer` or, as older clients write, `OAuth` before it."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            kind, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if kind.lower() in ("bearer", "oauth") else None
    return None


def host_of(scope: Scope) -> str:
    """The host that was asked, in lower case, with its port unless that is the one of https."""
    return next((value.decode("latin-1").lower().removesuffix(":443") for name, value in scope["headers"] if name == b"host"), "")
