"""What stands before every answer: how many are answered, under which name, and to whom."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.web.allowance import Allowance, bears, is_asked_as
from sync.web.metrics import Metrics
from sync.web.settings import ServingSettings

WEBHOOKS = "/webhooks/"
PATHS = ("/healthz", "/readyz", "/metrics")
CLOSE = {"Connection": "close"}  # what is left of a call that is refused is not read


class Guard:
    """Refuses before the app is asked: floods (429), strange names (421), whoever has no token (401)."""

    def __init__(self, app: ASGIApp, settings: ServingSettings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._hook = f"{WEBHOOKS}{settings.webhooks.crm}" if settings.webhooks is not None else None
        patience = settings.patience
        self._allowances = {is_hook: Allowance(per_s=patience.per_s, at_once=patience.at_once) for is_hook in (True, False)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, and count it by path and code."""
        path = scope["path"]
        known = path if path in (*PATHS, self._hook) else "other"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(known, message["status"])
            await send(message)

        refusal = self._refusal(Headers(scope=scope), is_hook=path == self._hook)
        await (refusal or self._app)(scope, receive, counted)

    def _refusal(self, headers: Headers, *, is_hook: bool) -> Response | None:
        """Return why a call is not answered; webhooks prove by their signature who sends them."""
        if not self._allowances[is_hook].takes(self._settings.monotonic()):
            return PlainTextResponse("too many calls\n", status_code=429, headers={"Retry-After": "1", **CLOSE})
        if is_hook:
            return None
        if self._settings.is_local and not is_asked_as(headers.get("host"), self._settings.local_hosts):
            return PlainTextResponse("ask this machine by its own name\n", status_code=421, headers=CLOSE)
        token = self._settings.token
        if token is not None and not bears(headers.get("authorization"), token.get_secret_value()):
            return PlainTextResponse("a token is needed\n", status_code=401, headers={"WWW-Authenticate": "Bearer", **CLOSE})
        return None
