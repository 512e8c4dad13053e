"""How many calls a second are answered, and whether somebody may ask: the checks before any answer. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

BEARER = "bearer"


@dataclass(slots=True, kw_only=True)
class Allowance:
    """So many calls a second in the long run, and so many at once."""

    per_s: float
    at_once: int
    left: float = 0.0
    upto_s: float | None = None  # when `left` was true; None: nobody called yet

    def takes(self, now_s: float) -> bool:
        """Whether one more call is answered; `now_s` never goes back."""
        grown = self.at_once if self.upto_s is None else self.left + (now_s - self.upto_s) * self.per_s
        self.left, self.upto_s = min(self.at_once, grown), now_s
        if self.left < 1:
            return False
        self.left -= 1
        return True


def is_asked_as(host: str | None, names: frozenset[str]) -> bool:
    """Whether a Host header is one of `names`, with whatever port; another one may be a page that was rebound to this machine."""
    if host is None:
        return False
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.lower() in names


def bears(authorization: str | None, token: str) -> bool:
    """Whether an Authorization header bears `token`; takes as long for a near miss as for a far one."""
    scheme, _, given = (authorization or "").partition(" ")
    return scheme.lower() == BEARER and hmac.compare_digest(given.strip().encode(), token.encode())
