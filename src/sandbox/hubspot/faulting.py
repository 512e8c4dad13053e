"""Faults at the door: what a rule asks for, done to a call."""

from __future__ import annotations

from dataclasses import replace

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import Faults, Rule
from sandbox.hubspot.answers import page, refusal
from sandbox.hubspot.limiting import policy_of, too_many
from sandbox.limits import Allowance
from sandbox.refusals import Refusal
from sandbox.spoiling import answer_of, reset, spoil

_MIGRATION_S = 2  # where the rule does not say
_JSON = {
    401: Refusal("Authentication credentials not found.", status=401, category="INVALID_AUTHENTICATION"),
    403: Refusal("This app hasn't been granted all required scopes to make this call.", status=403, category="MISSING_SCOPES"),
    423: Refusal("This resource is locked by another call.", status=423, category=None),
    477: Refusal("The account is being moved to another hosting location.", status=477, category=None),
    500: Refusal("internal error", status=500, category=None),
}
_PAGES = {404: "Not Found", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out", 524: "A timeout occurred"}


class Faulting:
    """`app`, but what a rule of `faults` chooses goes wrong. A refusal by a fault comes before the door, as a gateway's does."""

    def __init__(self, app: ASGIApp, *, faults: Faults, allowance: Allowance) -> None:
        self._app = app
        self._faults = faults
        self._allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, well or not."""
        rule = self._faults.fire(scope["method"], scope["asked"])
        if rule is None:
            await self._app(scope, receive, send)
            return
        scope["call"].fault = rule.name
        if rule.status is not None:
            await self._told(rule, rule.status, scope)(scope, receive, send)
        elif rule.fault == "reset_before":
            await reset(scope, receive)
        else:
            await self._spoiled(rule, scope, receive, send)

    def _told(self, rule: Rule, status: int, scope: Scope) -> Response:
        """The answer with a status, as HubSpot or the gateway before it sends it. Source: crm-facts, HubSpot, sections 2 and 5."""
        if status == 429:
            return too_many(scope, policy_of(scope["asked"]), rule.form or self._allowance.limits.form, rule.retry_after)
        answer = refusal(scope, _JSON[status]) if status in _JSON else page(status, _PAGES[status])
        wait_s = rule.retry_after if rule.retry_after is not None or status != 477 else _MIGRATION_S
        if wait_s is not None:
            answer.headers["Retry-After"] = str(wait_s)
        return answer

    async def _spoiled(self, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the work, and then spoil its answer."""
        said = await answer_of(self._app, scope, receive)
        if rule.fault == "stale_search":
            said = replace(said, body=_without_results(said.body))
        await spoil(said, rule, scope, receive, send)


def _without_results(body: bytes) -> bytes:
    """A search's answer whose total counts records that it does not show. Source: crm-facts, HubSpot, section 11.3."""
    found = orjson.loads(body)
    return orjson.dumps({"total": found["total"], "results": []}) if "total" in found else body
