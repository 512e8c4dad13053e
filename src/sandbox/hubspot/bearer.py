"""The token that a call shows."""

from __future__ import annotations

from starlette.types import Scope

_BEARER = b"Bearer "


def bearer(scope: Scope) -> str | None:
    """What stands behind `Bearer` and exactly one space; None without it. Source: crm-facts, HubSpot, section 11.10."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return value[len(_BEARER) :].decode("latin-1") if value.startswith(_BEARER) else None
    return None
