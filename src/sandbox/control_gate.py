"""The control paths of the gate: faults, and HubSpot's limits, token with its scopes, OAuth app."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.checked import BadOrder, checked
from sandbox.control import Handler, bad, body_of, from_here
from sandbox.faults import Faults, Rule
from sandbox.hubspot.app import Checks
from sandbox.limits import Limits
from sandbox.tokens import SCOPES

_Text = Annotated[str, Field(min_length=1)]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TokenOrder(_Order):
    """What becomes of the private app's token: its scopes, or all `without` some; and whether it is revoked."""

    scopes: list[_Text] | None = None
    without: list[_Text] | None = None
    revoked: bool | None = None


class OAuthOrder(_Order):
    """What the OAuth app shows from now on; what is not given stays."""

    client_id: _Text | None = None
    client_secret: _Text | None = None
    refresh_token: _Text | None = None
    code: _Text | None = None


_LIMITS, _RULES, _TOKEN, _OAUTH = TypeAdapter(Limits), TypeAdapter(list[Rule]), TypeAdapter(TokenOrder), TypeAdapter(OAuthOrder)


async def limits(request: Request) -> Response:
    """Tell the limits, what was spent of them, and how many calls each policy refused."""
    allowance = _checks(request).allowance
    return JSONResponse({"limits": allowance.limits.model_dump(), "spent": allowance.spent(), "refused": dict(allowance.refused)})


async def set_limits(request: Request) -> Response:
    """Set the limits that the body names; the others stay."""
    allowance = _checks(request).allowance
    body = await _object(request)
    allowance.limits = checked(_LIMITS, allowance.limits.model_dump() | body)
    return await limits(request)


async def faults(request: Request) -> Response:
    """Tell the rules in force, and how often each fired."""
    return JSONResponse({"faults": _faults(request).shown()})


async def add_faults(request: Request) -> Response:
    """Add a rule or a list of them: all or none."""
    body = await body_of(request)
    _faults(request).add(checked(_RULES, body if isinstance(body, list) else [body]))
    return await faults(request)


async def clear_faults(request: Request) -> Response:
    """Let nothing go wrong any more."""
    _faults(request).clear()
    return await faults(request)


async def token(request: Request) -> Response:
    """Tell the scopes, and whether the token is revoked."""
    tokens = _checks(request).tokens
    return JSONResponse({"scopes": sorted(tokens.scopes), "revoked": tokens.is_revoked})


async def set_token(request: Request) -> Response:
    """Give the apps other scopes, or revoke the token."""
    tokens = _checks(request).tokens
    order = checked(_TOKEN, await body_of(request))
    if unknown := sorted({*(order.scopes or ()), *(order.without or ())} - SCOPES):
        raise BadOrder([f"{scope}: expected one of {', '.join(sorted(SCOPES))}" for scope in unknown])
    if order.scopes is not None or order.without is not None:
        wanted = (SCOPES if order.scopes is None else frozenset(order.scopes)) - frozenset(order.without or ())
        tokens.scopes = SCOPES if wanted == SCOPES else wanted
    if order.revoked is not None:
        tokens.is_revoked = order.revoked
    return await token(request)


async def oauth(request: Request) -> Response:
    """Tell what the OAuth app shows to get tokens."""
    return JSONResponse(asdict(_checks(request).tokens.app))


async def set_oauth(request: Request) -> Response:
    """Let it show something else; this is also how a new code, or a refresh token after a revocation, is had."""
    tokens = _checks(request).tokens
    order = checked(_OAUTH, await body_of(request))
    tokens.app = replace(tokens.app, **order.model_dump(exclude_none=True))
    return await oauth(request)


def _faults(request: Request) -> Faults:
    faults = request.app.state.faults
    assert isinstance(faults, Faults)
    return faults


def _checks(request: Request) -> Checks:
    checks = request.app.state.checks
    assert isinstance(checks, Checks)
    return checks


async def _object(request: Request) -> dict[str, Any]:
    body = await body_of(request)
    if not isinstance(body, dict):
        raise BadOrder(["expected a JSON object"])
    return body


def ordered(handler: Handler) -> Handler:
    """`handler`, for callers on this machine alone; an order that is no good is refused with all that is wrong with it."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except BadOrder as error:
            return bad(error.problems)

    return from_here(answered)


SHARED = [
    Route("/faults", ordered(faults), methods=["GET"]),
    Route("/faults", ordered(add_faults), methods=["POST"]),
    Route("/faults", ordered(clear_faults), methods=["DELETE"]),
]
OF_HUBSPOT = [
    Route("/limits", ordered(limits), methods=["GET"]),
    Route("/limits", ordered(set_limits), methods=["POST"]),
    Route("/token", ordered(token), methods=["GET"]),
    Route("/token", ordered(set_token), methods=["POST"]),
    Route("/oauth", ordered(oauth), methods=["GET"]),
    Route("/oauth", ordered(set_oauth), methods=["POST"]),
]
