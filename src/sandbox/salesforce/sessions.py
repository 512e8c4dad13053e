"""Sessions: who gets one, how long it is good, and what becomes of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.salesforce.refusals import Refused

LIFE = timedelta(hours=2)
DIRECT = "sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedApp:
    """The app that integrations log in with: its consumer key and secret, and what JWTs for it are signed with.

    `certificate` is a certificate or a public key in PEM; without one no JWT is good. `run_as` is false for an app
    that has no user for client credentials, `approved` for one that no user was approved for.
    """

    consumer_key: str = "sandbox"
    consumer_secret: str = "sandbox"
    certificate: str | None = None
    run_as: bool = True
    approved: bool = True


@dataclass(slots=True, kw_only=True)
class Session:
    """A session of a user, good until `until` and for `calls` further calls of the data API (None: any number)."""

    user_id: str
    until: datetime
    calls: int | None = None


@dataclass(slots=True, kw_only=True)
class Sessions:
    """The sessions of an org. `direct` is a token that is good without a login, until it is shut out.

    `life` and `calls` are those of the sessions that are opened from now on.
    """

    app: ConnectedApp = field(default_factory=ConnectedApp)
    my_domain: str = "practice.my"
    life: timedelta = LIFE
    calls: int | None = None
    direct: str | None = DIRECT
    opened: int = 0
    _open: dict[str, Session] = field(default_factory=dict)

    def open(self, user_id: str, org_id: str, now: datetime) -> str:
        """Open a session of a user; its token."""
        token = f"{org_id[:15]}!AQ{secrets.token_urlsafe(66)}"
        self._open[token] = Session(user_id=user_id, until=now + self.life, calls=self.calls)
        self.opened += 1
        return token

    def user_of(self, token: str | None, now: datetime, *, integration_user: str) -> str:
        """Whose session it is. Raises Refused (401 INVALID_SESSION_ID) if it is none, or no longer."""
        if token is not None and token == self.direct:
            return integration_user
        session = self._open.get(token or "")
        if session is None or now >= session.until or session.calls == 0:
            self.close(token)
            raise Refused("INVALID_SESSION_ID", "Session expired or invalid", status=401)
        if session.calls is not None:
            session.calls -= 1
        return session.user_id

    def is_open(self, token: str) -> bool:
        """Whether a login gave this token, and it was not closed since."""
        return token in self._open

    def close(self, token: str | None) -> None:
        """Let a token be worth nothing from now on."""
        self._open.pop(token or "", None)

    def close_all(self) -> int:
        """End all sessions that logins opened, and shut out the direct one; how many there were."""
        count = len(self._open) + (self.direct is not None)
        self._open.clear()
        self.direct = None
        return count

    def signature(self, text: str) -> str:
        """What proves to the app that an answer with `text` came from here."""
        return base64.b64encode(hmac.digest(self.app.consumer_secret.encode(), text.encode(), hashlib.sha256)).decode()

    def shown(self) -> dict[str, object]:
        """How sessions are given out, as JSON."""
        return {
            "open": len(self._open),
            "opened": self.opened,
            "life_s": self.life.total_seconds(),
            "calls": self.calls,
            "direct": self.direct,
        }
