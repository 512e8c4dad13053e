"""`[http]`: where the daemon's own server listens, and who may ask it what. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from sync.config_sections import HubSpotSettings, is_loopback, one_word
from sync.shape import Table, Text, wrong

SHORTEST_TOKEN = 32


def _long_word(value: SecretStr) -> SecretStr:
    """Return a token without the white space around it; refused unseen where it could be guessed."""
    word = one_word(value)
    if len(word.get_secret_value()) < SHORTEST_TOKEN:
        raise wrong(f"at least {SHORTEST_TOKEN} letters, digits and signs", fix="make one with `openssl rand -hex 32`")
    return word


def _own_address(host: str) -> str:
    """Return an address that a server can listen at."""
    try:
        return host if host == "localhost" else str(ip_address(host))
    except ValueError:
        raise wrong("an address of this machine, such as 127.0.0.1 or 0.0.0.0", fix="write its number, not its name") from None


def _public_address(text: str) -> str:
    """Return the address without its last slash; plain http only on this machine."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or parts.username:
        raise wrong(
            "an address such as https://leadpact.example.com", fix="write scheme and host, and the path before /webhooks if it has one"
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise wrong("https", fix="use https://; HubSpot calls no other address")
    return text.rstrip("/")


class HttpSection(Table):
    """`[http]`: the daemon's health, metrics and webhooks; its token stands elsewhere, as it is a secret."""

    enabled: bool = True
    host: Annotated[Text, AfterValidator(_own_address)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8321
    public_url: Annotated[Text, AfterValidator(_public_address)] | None = None
    token: Annotated[SecretStr, AfterValidator(_long_word)] | None = None

    @property
    def is_local(self) -> bool:
        """Whether it can be reached from this machine alone."""
        return is_loopback(self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A key that others ask for."""

    where: str
    expected: str
    fix: str | None = None  # None: give the secret


def missing_beside(http: HttpSection, hubspot: HubSpotSettings | None) -> Iterator[Missing]:
    """Yield what is missing for a server that others reach, and for webhooks."""
    if not http.enabled:
        return
    if not http.is_local and http.token is None:
        yield Missing(where="http.token", expected=f"a token of at least {SHORTEST_TOKEN} signs, as others can reach {http.host}")
    secret = hubspot.client_secret if hubspot is not None else None
    if http.public_url is not None and secret is None:
        yield Missing(where="hubspot.client_secret", expected="the client secret of the HubSpot app, which signs its webhooks")
    if secret is not None and http.public_url is None:
        fix = 'add public_url = "https://…", or take hubspot_client_secret away if no webhooks are to come'
        yield Missing(where="http.public_url", expected="the address at which HubSpot reaches this server, which it signs", fix=fix)
