"""What wakes the daemon: each comes through one queue, from a signal, a poller, or the HTTP server. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.records import RecordKey, Usage
from sync.lint import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a poller is to read: these persons, or what changed; if `whole` in all streams, with owners and definitions."""

    persons: tuple[RecordKey, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What came of an order."""

    crm: str
    order: Order
    facts: Facts | None = None  # as they are now; None where it failed
    closed: Mapping[str, str] = field(default_factory=dict)  # streams that were tried and are closed to us, and why
    read: frozenset[str] = frozenset()  # streams that were read
    server_now: datetime | None = None  # by the CRM's clock, when it ended
    rows: int = 0  # that were told
    usage: Usage | None = None  # what the connector was called for so far
    error: Exception | None = None  # a ConnectorError, StoreError or LimitReached


@dataclass(frozen=True, slots=True, kw_only=True)
class Hinted:
    """Somebody said that something changed in a CRM: it stands in the box of hints."""

    crm: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody asks the daemon to end."""


@dataclass(frozen=True, slots=True)
class Reload:
    """Somebody asks it to read its files anew."""


@dataclass(frozen=True, slots=True)
class Crashed:
    """A thread of the daemon met an error of ours."""

    error: BaseException


Event = Polled | Hinted | Stop | Reload | Crashed
