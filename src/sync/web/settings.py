"""What the server needs to know to serve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors.webhooks import Webhooks

READY_WITHIN = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How much of its callers the server puts up with."""

    per_s: float = 100.0  # calls, in the long run; webhooks apart from the others
    at_once: int = 200
    body_s: float = 5.0  # for the body of a call
    most_open: int = 400  # connections; who connects beyond is cut off
    call_s: float = 15.0  # from its beginning, or the last answer, a connection has to bring a whole call and take its answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingSettings:
    """Where the server listens, whom it answers, and where the store is that it tells of."""

    host: str
    port: int  # 0: a free one
    is_local: bool  # reached from this machine alone
    store: Path
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    token: SecretStr | None = None
    public_url: str | None = None  # under which it is called from outside
    webhooks: Webhooks | None = None  # None: none are taken in
    ready_within: timedelta = READY_WITHIN  # of the last good tick it is ready; three polls are right
    patience: Patience = Patience()

    @property
    def local_hosts(self) -> frozenset[str]:
        """The names under which this machine is asked by itself."""
        return frozenset({"localhost", "127.0.0.1", "[::1]", _bracketed(self.host)})

    @property
    def public_host(self) -> str | None:
        """The name under which it is asked from outside."""
        return urlsplit(self.public_url).hostname if self.public_url is not None else None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
