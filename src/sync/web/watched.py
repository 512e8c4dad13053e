"""What the server asks of the daemon, and what it tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from connectors.records import RecordKey
from sync.daemon.heartbeat import Heartbeat

MOST_KEYS = 500  # more are no hint any more: everything is asked for


@dataclass(frozen=True, slots=True)
class Hints:
    """Which records changed, as far as somebody said so; `everything` stands for more than could be named."""

    keys: frozenset[RecordKey] = frozenset()
    everything: bool = False

    @classmethod
    def of(cls, keys: Iterable[RecordKey]) -> Hints:
        """Return the hint that these records changed; of very many it is `everything`, and names none."""
        named = frozenset(keys)
        return cls(named) if len(named) <= MOST_KEYS else cls(everything=True)

    def plus(self, other: Hints) -> Hints:
        """Return both in one, as bounded as each."""
        if self.everything or other.everything:
            return Hints(everything=True)
        return Hints.of(self.keys | other.keys)

    def __bool__(self) -> bool:
        return self.everything or bool(self.keys)


class Watched(Protocol):
    """The daemon, as the server sees it; each call returns at once, and may come from another thread than the daemon's."""

    def beat(self) -> Heartbeat:
        """Return how the daemon is now, from memory."""
        ...

    def hint(self, crm: str, hints: Hints) -> None:
        """Take note that records of `crm` changed: worth a poll before the next one is due."""
        ...
