"""What changed in a portal, in order, and how it was before: what an index that lags still shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.record import Record

_KEPT = 20_000  # changes that are told one by one; whoever missed more begins anew

Key = tuple[str, int]  # kind and id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One change that the index has not got yet."""

    at: datetime
    key: Key
    before: Record | None  # None: there was no live record


class Changes:
    """The changes of a portal's records and associations.

    `lag` is how long the search index takes to get one, by the portal's clock; without any lag nothing is
    kept. `count` grows with every change, and whenever the index gets one.
    """

    def __init__(self, clock: Clock) -> None:
        self.lag = timedelta()
        self._clock = clock
        self._told: list[Key] = []
        self._let_go = 0  # how many are told no more
        self._waiting: deque[_Change] = deque()
        self._of: dict[str, dict[int, deque[_Change]]] = {}

    @property
    def count(self) -> int:
        """How much has been told so far."""
        return self._let_go + len(self._told)

    def note(self, kind: str, id_: int, record: Record | None) -> None:
        """Note that `record` is about to change; None: that it is about to be made."""
        self._tell((kind, id_))
        if not self.lag:
            return
        at, queue = self._clock.now(), self._of.setdefault(kind, {}).setdefault(id_, deque())
        if queue and queue[-1].at == at:
            return
        before = record.as_found() if record is not None and record.archived_at is None else None
        change = _Change(at=at, key=(kind, id_), before=before)
        queue.append(change)
        self._waiting.append(change)

    def catch_up(self) -> None:
        """Let the index get what is older than its lag."""
        horizon = self._clock.now() - self.lag
        while self._waiting and self._waiting[0].at <= horizon:
            kind, id_ = key = self._waiting.popleft().key
            queue = self._of[kind][id_]
            queue.popleft()
            if not queue:
                del self._of[kind][id_]
            self._tell(key)

    def hidden(self, kind: str) -> Mapping[int, Record | None]:
        """The records of `kind` whose last change the index has not got: as it has them, None where it has none."""
        return {id_: queue[0].before for id_, queue in self._of.get(kind, {}).items()}

    def since(self, count: int) -> set[Key] | None:
        """What was told after the first `count`; None if that is no longer known."""
        return set(self._told[count - self._let_go :]) if count >= self._let_go else None

    def _tell(self, key: Key) -> None:
        self._told.append(key)
        if len(self._told) > _KEPT:
            self._let_go += _KEPT // 2
            del self._told[: _KEPT // 2]
