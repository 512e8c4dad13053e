"""Faults of the practice Salesforce: what a rule asks for, done to a call in the shapes of Salesforce."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import Rule
from sandbox.salesforce.answers import page, refusal
from sandbox.salesforce.checks import Checks
from sandbox.salesforce.refusals import Refused
from sandbox.spoiling import answer_of, reset, spoil

_SAID: dict[int, tuple[str, str]] = {
    400: ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support"),
}
_PAGES = {
    420: ("Setting things up", "We are setting things up for you."),
    429: ("Too Many Requests", ""),
    502: ("Bad Gateway", ""),
    503: ("Down for Maintenance", "We are down for maintenance. Sorry for the inconvenience."),
    504: ("Gateway Time-out", ""),
}


class Faulting:
    """`app`, but what a rule chooses goes wrong. A refusal by a fault comes before the door, as that of the edge does."""

    def __init__(self, app: ASGIApp, *, checks: Checks) -> None:
        self._app = app
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, well or not."""
        rule = self._checks.faults.fire(scope["method"], scope["asked"])
        if rule is None:
            await self._app(scope, receive, send)
            return
        scope["call"].fault = rule.name
        if rule.status is not None:
            await self._told(rule, rule.status, scope)(scope, receive, send)
        elif rule.fault == "reset_before":
            await reset(scope, receive)
        else:
            if rule.fault == "lost_cursor":
                self._checks.cursors.lose_all()
            await spoil(await answer_of(self._app, scope, receive), rule, scope, receive, send)

    def _told(self, rule: Rule, status: int, scope: Scope) -> Response:
        """The answer with a status: JSON of the API, or a page of what stands before it. Source: crm-facts, Salesforce, section 8."""
        answer = _answer(rule, status)
        if answer.media_type != "text/html" and status != 406:
            name, value = self._checks.daily.header(scope["call"].at)
            answer.headers[name.decode()] = value.decode()
        if rule.retry_after is not None:
            answer.headers["Retry-After"] = str(rule.retry_after)
        return answer


def _answer(rule: Rule, status: int) -> Response:
    if rule.code is not None or status in _SAID:
        code, message = _SAID.get(status, ("UNKNOWN_EXCEPTION", ""))
        message = message if rule.code in (None, code) else rule.code.replace("_", " ").lower()
        fields = () if (rule.code or code) == "UNABLE_TO_LOCK_ROW" else None
        return refusal(Refused(rule.code or code, rule.message or message, status=status, fields=fields))
    return page(status, *_PAGES[status]) if status in _PAGES else Response(status_code=status)
