"""The limits at the door: every call is counted, and one too many is answered 429."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.hubspot.answers import Json
from sandbox.hubspot.bearer import bearer
from sandbox.hubspot.paths import is_about_tokens, is_association_batch
from sandbox.limits import Allowance, Form, Lane, Policy
from sandbox.portal import Portal
from sandbox.tokens import Tokens


class Limiting:
    """`app` within the limits of `allowance`; answers tell what is left of them."""

    def __init__(self, app: ASGIApp, *, portal: Portal, allowance: Allowance, tokens: Tokens) -> None:
        self._app = app
        self._portal = portal
        self._allowance = allowance
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, or refuse it. Calls for tokens have no limit here."""
        if is_about_tokens(scope["asked"]):
            await self._app(scope, receive, send)
            return
        is_oauth = self._tokens.is_oauth(bearer(scope))
        lane = _lane(scope["asked"], is_oauth=is_oauth)
        call, zone = scope["call"], ZoneInfo(self._portal.account.time_zone)
        call.limited = policy = self._allowance.spend(lane, call.at, zone, daily=not is_oauth)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._allowance.headers(lane, oauth=is_oauth)]
            await send(message)

        limits = self._allowance.limits
        served = self._app if policy is None else too_many(scope, policy, limits.form, limits.retry_after)
        await served(scope, receive, answer)


def _lane(path: str, *, is_oauth: bool) -> Lane:
    if path.endswith("/search"):
        return "search"
    if is_association_batch(path):
        return "associations"
    return "oauth" if is_oauth else "private"


def too_many(scope: Scope, policy: Policy, form: Form, retry_after_s: int | None) -> Json:
    """A 429, with Retry-After if that is asked for.

    Source: crm-facts, HubSpot, sections 2 and 11.1.
    """
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Json(_body(scope["correlation_id"], policy, _form_of(form, policy)), 429, headers)


def policy_of(path: str) -> Policy:
    """The policy that a call to `path` would first run into."""
    return "SECONDLY" if path.endswith("/search") else "TEN_SECONDLY_ROLLING"


def _form_of(form: Form, policy: Policy) -> Form:
    if form != "as_seen":
        return form
    return "secondly_old" if policy == "SECONDLY" else "policy"


def _body(id_: str, policy: Policy, form: Form) -> dict[str, Any]:
    said = {"status": "error", "message": f"You have reached your {policy.lower()} limit.", "correlationId": id_}
    match form:
        case "secondly_old":
            return said | {"category": "RATE_LIMITS"}
        case "error_type":
            return said | {"errorType": "RATE_LIMIT", "requestId": id_}
    return said | {"errorType": "RATE_LIMIT", "policyName": policy, "groupName": f"publicapi:{policy.lower()}", "requestId": id_}
