"""Which version of the agreement is in force, and why one is not. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from sync.agreement.model import Agreement

SIDES = frozenset({"marketing", "sales"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the agreement, as the store keeps it."""

    hash: str
    effective: datetime
    expires_at: datetime | None
    seen_at: datetime
    signed_sides: frozenset[str]  # sides that signed this very text
    text: str = ""

    def holds_at(self, at: datetime) -> bool:
        """Whether both sides signed it and `at` lies in its time; it takes effect at `effective` and is over at `expires_at`."""
        return self.signed_sides >= SIDES and self.effective <= at and (self.expires_at is None or at < self.expires_at)


def content_hash(document: Mapping[str, Any]) -> str:
    """Return the hash that signatures are about: SHA-256, 64 hex digits, over the keys as written.

    Comments, spaces, the order of keys and the signatures themselves do not count; a default that is not written does not either.
    """
    return sha256(canonical(content_of(document)).encode()).hexdigest()


def content_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an agreement that is signed: all but the signatures."""
    return {key: value for key, value in document.items() if key != "signature"}


def canonical(value: object) -> str:
    """Return the one text of a value of TOML: two have the same if, and only if, a signature sees no difference."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=iso_text)


def version_of(agreement: Agreement, *, seen_at: datetime) -> Version:
    """Return what the store keeps of an agreement that was first seen, with these signatures, at `seen_at`."""
    return Version(
        hash=agreement.hash,
        effective=agreement.effective,
        expires_at=agreement.expires_at,
        seen_at=seen_at,
        signed_sides=signed_sides(agreement),
        text=agreement.text,
    )


def signed_sides(agreement: Agreement) -> frozenset[str]:
    """Return the sides whose signature is for this very text."""
    return frozenset(signature.side for signature in agreement.signatures if signature.hash == agreement.hash)


def in_force(versions: Iterable[Version], at: datetime) -> Version | None:
    """Return the version that judges what starts at `at`: of those that hold then, the one that took effect last.

    Of two that took effect together it is the one seen last. None where none holds: then the current file
    judges, `provisional`.
    """
    holding = [version for version in versions if version.holds_at(at)]
    return max(holding, key=lambda version: (version.effective, version.seen_at, version.hash), default=None)


def why_not_enforcing(agreement: Agreement, at: datetime) -> str | None:
    """Say why nothing may be written on the strength of `agreement` at `at`; None if it is in force."""
    unsigned = sorted(SIDES - signed_sides(agreement))
    elsewhere = sorted({signature.side for signature in agreement.signatures} & set(unsigned))
    if elsewhere:
        return f"the signature of {' and '.join(elsewhere)} is for another text"
    if unsigned:
        return f"not signed by {' and '.join(unsigned)}"
    if at < agreement.effective:
        return f"not effective before {_local_day(agreement, agreement.effective)}"
    if agreement.expires_at is not None and at >= agreement.expires_at:
        return f"expired at the end of {_local_day(agreement, agreement.expires_at - timedelta(days=1))}"
    return None


def _local_day(agreement: Agreement, at: datetime) -> str:
    return at.astimezone(agreement.zone).date().isoformat()


def iso_text(value: object) -> str:
    """Return a day or a moment of TOML as JSON holds it; TypeError for anything else."""
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no type of TOML")
