"""What an event may tell: no secret, no e-mail address, no control character, and not at any length. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from structlog.typing import EventDict

from sync.plain import plain

ADDRESS, SECRET = "[address]", "[secret]"
LONGEST = 2000  # letters of one value; an answer of a CRM can be a page
_READ = 10 * LONGEST  # what is longer is not worth the search: it is cut anyway
SHORTEST = 8  # letters of a secret that is looked for anywhere: a shorter one is part of many words

_SECRET_KEY = re.compile(r"token|secret|passw|passphrase|authoriz|cookie|session_?id|(private|api|consumer)_?key|credential", re.I)
_ADDRESS = re.compile(r"[\w.!#$%'*+^~-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,}", re.I)
_SECRETS = (
    re.compile(r"\bpat-[a-z]{2,3}\d*-[\w-]{8,}", re.I),  # HubSpot's
    re.compile(r"\b00D\w{9,15}!\S+"),  # a session of Salesforce
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),  # a JWT
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.S),
    re.compile(r"(?<=\bBearer )\S+", re.I),
    re.compile(r"(?<=://)[^/\s@]+(?=@)"),  # user and password of a URL
)


@dataclass(frozen=True, slots=True)
class Safe:
    """Makes events safe to tell; `secrets` are values that are replaced wherever they stand."""

    secrets: Collection[str] = ()
    _known: re.Pattern[str] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = sorted({secret for secret in self.secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        object.__setattr__(self, "_known", re.compile("|".join(map(re.escape, known))) if known else None)

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """Return the event with every value made safe: structlog's shape of a processor."""
        return {self.text(key): self._value(key, value) for key, value in event.items()}

    def text(self, text: str, *, keep_lines: bool = False) -> str:
        """Return a text without secrets, addresses and control characters, cut at LONGEST."""
        text = text[:_READ]
        if self._known is not None:
            text = self._known.sub(SECRET, text)
        for pattern in _SECRETS:
            text = pattern.sub(SECRET, text)
        text = plain(_ADDRESS.sub(ADDRESS, text), keep_lines=keep_lines)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

    def _value(self, key: str, value: object) -> object:
        match value:
            case None | bool() | int() | float():
                return value if not _SECRET_KEY.search(key) or value is None else SECRET
            case _ if _SECRET_KEY.search(key):
                return SECRET
            case Mapping():
                return {self.text(str(name)): self._value(str(name), one) for name, one in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._value(key, one) for one in value]
            case _:
                return self.text(str(value), keep_lines=key == "exception")
