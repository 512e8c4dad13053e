"""What a CRM sends by itself when something changes: the words that its webhooks share with whoever takes them in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connectors.records import RecordKey


class Unreadable(Exception):
    """A delivery holds something else than events."""


class Doubt(StrEnum):
    """Why a delivery is not taken to be the CRM's."""

    UNSIGNED = "unsigned"  # it carries no signature, or no time that can be read
    OLD = "old"  # it was signed too long ago, or later than now
    FORGED = "forged"  # its signature is another


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A call as it arrived; nothing of it is parsed."""

    method: str
    url: str  # the whole address that was called from outside
    body: bytes
    signature: str | None
    signed_at: str | None  # as its header says


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened: in which account, and which records it is about."""

    account: str
    records: tuple[RecordKey, ...]


class Webhooks(Protocol):
    """How one CRM signs and writes its webhooks."""

    @property
    def crm(self) -> str:
        """Return the CRM's name."""
        ...

    @property
    def signature_header(self) -> str:
        """Return the header with the signature."""
        ...

    @property
    def time_header(self) -> str:
        """Return the header with the time at which it was signed."""
        ...

    def doubt(self, delivery: Delivery, *, now: datetime) -> Doubt | None:
        """Say why a delivery is not the CRM's; None if it is."""
        ...

    def read(self, body: bytes) -> Sequence[Event]:
        """Read the events of a delivery that is the CRM's; raises Unreadable."""
        ...
