"""OAuth: access tokens for a refresh token or a code, and what becomes of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.hubspot.answers import Json, error_body, portal_of
from sandbox.tokens import LIFE, GrantRefused, Tokens


async def token(request: Request) -> Response:
    """Grant an access token that lasts 1800 s of the portal's time. Source: crm-facts, HubSpot, section 1.12."""
    tokens = _tokens(request)
    try:
        granted = tokens.grant(await _form(request), portal_of(request).clock.now())
    except GrantRefused as refused:
        return Json(error_body(request.scope, _refusal(refused)), 400)
    return Json(
        {
            "access_token": granted.token,
            "refresh_token": tokens.app.refresh_token,
            "expires_in": int(LIFE.total_seconds()),
            "token_type": "bearer",
            "token_use": "access_token",
            **_app(request),
        }
    )


async def introspection(request: Request) -> Response:
    """Tell what the `token` of the form is, and whether it is good."""
    shown = (await _form(request)).get("token", "")
    told = _tokens(request).told_of(shown, portal_of(request).clock.now())
    if not told["active"]:
        return Json(told)
    app = {"client_id": _tokens(request).app.client_id, "app_id": portal_of(request).account.app_id}
    return Json({"token": shown, "token_type": "bearer", **told, **app, **_app(request)})


async def revocation(request: Request) -> Response:
    """Make the `token` of the form worthless; one that is not known is no error, as RFC 7009 asks."""
    _tokens(request).revoke((await _form(request)).get("token", ""))
    return Response(status_code=200)


def _app(request: Request) -> dict[str, Any]:
    return {"hub_id": portal_of(request).account.portal_id, "user_id": 1, "scopes": sorted(_tokens(request).scopes)}


def _refusal(refused: GrantRefused) -> dict[str, str]:
    text = str(refused)
    return {"error": refused.error, "error_description": text, "status": refused.status, "message": text}


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _tokens(request: Request) -> Tokens:
    tokens = request.app.state.tokens
    assert isinstance(tokens, Tokens)
    return tokens


ROUTES = [
    Route("/oauth/token", token, methods=["POST"]),
    Route("/oauth/token/introspect", introspection, methods=["POST"]),
    Route("/oauth/token/revoke", revocation, methods=["POST"]),
]
