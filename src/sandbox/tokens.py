"""Who may call: the private app's token, and the OAuth app with the tokens it was granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import as_text
from sandbox.refusals import Refusal

LIFE = timedelta(seconds=1800)
_CRM = ("contacts", "companies", "deals", "leads")
_NAMES = (
    *(f"crm.{area}.{name}.{right}" for area in ("objects", "schemas") for name in _CRM for right in ("read", "write")),
    "crm.objects.owners.read",
    "crm.objects.users.read",
    "crm.lists.read",
    "crm.lists.write",
    "tickets",
    "sales-email-read",
    "settings.users.teams.read",
    "oauth",
)
SCOPES = frozenset(_NAMES)  # that the practice portal knows; a token has all of them until it is told otherwise


class GrantRefused(Exception):
    """An OAuth request that gets no token: its error code, HubSpot's status word, and why."""

    def __init__(self, error: str, status: str, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """An access token, and when it ends by the portal's clock."""

    token: str
    expires_at: datetime


@dataclass(slots=True, kw_only=True)
class OAuthApp:
    """The OAuth app that the account installed: what it shows to get tokens. `code` is None once it was
    used, `refresh_token` once it was revoked."""

    client_id: str = "practice-client"
    client_secret: str = "practice-secret"
    refresh_token: str | None = "practice-refresh"
    code: str | None = "practice-code"


@dataclass(slots=True, kw_only=True)
class Tokens:
    """The tokens that open the door, and the scopes of both apps."""

    private: str
    scopes: frozenset[str] = SCOPES
    is_revoked: bool = False  # the private app's token
    app: OAuthApp = field(default_factory=OAuthApp)
    _access: dict[str, Granted] = field(default_factory=dict)
    _granted: int = 0

    def is_oauth(self, token: str | None) -> bool:
        """Whether an OAuth app shows this token, good or past."""
        return token in self._access

    def refuse_if_shut_out(self, token: str | None, now: datetime) -> None:
        """Refuse (401) every token but the private app's and those granted in the last 1800 s.

        Source: crm-facts, HubSpot, sections 1.12 and 11.10; the body of an expired one: airbytehq/airbyte, issue 74726.
        """
        if token == self.private and not self.is_revoked:
            return
        granted = self._access.get(token or "")
        if granted is None:
            raise Refusal("Authentication credentials not found.", status=401, category="INVALID_AUTHENTICATION")
        if now >= granted.expires_at:
            past_s = int((now - granted.expires_at).total_seconds())
            raise Refusal(
                f"The OAuth token used to make this call expired {past_s} second(s) ago.",
                status=401,
                category="EXPIRED_AUTHENTICATION",
                context={"expire time": [as_text(granted.expires_at)]},
            )

    def grant(self, form: Mapping[str, str], now: datetime) -> Granted:
        """Give an access token for a refresh token, or for a code, which is used up by it. Raises GrantRefused."""
        self._refuse_if_stranger(form)
        match form.get("grant_type"):
            case "refresh_token" if form.get("refresh_token", "") == self.app.refresh_token:
                pass
            case "refresh_token":
                raise GrantRefused("invalid_grant", "BAD_REFRESH_TOKEN", "missing or invalid refresh token")
            case "authorization_code" if form.get("code", "") == self.app.code:
                self.app.code = None
            case "authorization_code":
                raise GrantRefused("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
            case _:
                raise GrantRefused("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type")
        self._granted += 1
        granted = Granted(token=f"practice-access-{self._granted}", expires_at=now + LIFE)
        self._access[granted.token] = granted
        return granted

    def _refuse_if_stranger(self, form: Mapping[str, str]) -> None:
        if form.get("client_id") != self.app.client_id:
            raise GrantRefused("invalid_client", "BAD_CLIENT_ID", "missing or invalid client id")
        if form.get("client_secret") != self.app.client_secret:
            raise GrantRefused("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")

    def told_of(self, token: str, now: datetime) -> dict[str, Any]:
        """What an introspection tells of a token: its use and whether it is good."""
        if token == self.app.refresh_token:
            return {"active": True, "token_use": "refresh_token"}
        granted = self._access.get(token)
        if granted is None:
            return {"active": False}
        left_s = max(int((granted.expires_at - now).total_seconds()), 0)
        return {"active": left_s > 0, "token_use": "access_token", "expires_in": left_s}

    def revoke(self, token: str) -> None:
        """Make a token of the OAuth app worthless; what a refresh token had been used for stays good until it expires."""
        self._access.pop(token, None)
        if token == self.app.refresh_token:
            self.app.refresh_token = None
