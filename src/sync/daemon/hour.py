"""What a daemon did since it last said so: one line an hour, however busy it was. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Done:
    """What was done in a while."""

    polls: int = 0
    rows: int = 0  # that they told
    ticks: int = 0
    judged: int = 0  # leads
    slowest_s: float = 0.0  # tick
    steps: Counter[str] = field(default_factory=Counter)  # by what became of them

    def values(self) -> dict[str, int | float]:
        """Return it as the values of an event."""
        did = {"polls": self.polls, "rows": self.rows, "ticks": self.ticks, "judged": self.judged, "slowest_s": round(self.slowest_s, 3)}
        return did | {f"steps_{outcome}": count for outcome, count in sorted(self.steps.items())}


@dataclass(slots=True)
class Hour:
    """Counts what is done until it is told."""

    _since: datetime | None = None
    _done: Done = field(default_factory=Done)

    def add_poll(self, rows: int) -> None:
        """Count a poll, and the rows that it told."""
        self._done.polls += 1
        self._done.rows += rows

    def add_tick(self, *, judged: int, took_s: float, steps: Mapping[str, int]) -> None:
        """Count a tick: the leads that it judged, and what became of its steps."""
        self._done.ticks += 1
        self._done.judged += judged
        self._done.slowest_s = max(self._done.slowest_s, took_s)
        self._done.steps.update(steps)

    def told(self, now: datetime) -> Mapping[str, int | float] | None:
        """Return what was done in the hour that is over, and begin anew; None where none is over. A clock that was set back begins one."""
        if self._since is None or now < self._since:
            self._since = now
        if now - self._since < HOUR:
            return None
        did, self._since, self._done = self._done.values(), now, Done()
        return did
