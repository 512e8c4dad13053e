"""A log of every call the practice CRM answered."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 100_000  # calls; older ones are only counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One answered call; `number` counts from 1, `path` is as it was asked, without its query."""

    number: int
    method: str
    path: str
    query: str
    status: int
    is_write: bool


class CallLog:
    """The calls so far, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self.total = 0
        self.writes = 0

    def note(self, method: str, path: str, query: str, status: int, *, is_write: bool) -> None:
        """Add one call; a refused write counts as a write too."""
        self.total += 1
        self.writes += is_write
        self._calls.append(Call(number=self.total, method=method, path=path, query=query, status=status, is_write=is_write))

    def since(self, number: int) -> list[dict[str, Any]]:
        """The calls after the one of this number, as plain values."""
        return [asdict(call) for call in self._calls if call.number > number]
