"""Tells what was refused in one line a minute, however much there was. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

EVERY_S = 60.0


class Complaints:
    """Counts what was refused since it was last told."""

    def __init__(self, tell: Callable[[Mapping[str, int]], None], monotonic: Callable[[], float]) -> None:
        """Have `tell` hear how often each thing was refused; `monotonic` counts seconds and never goes back."""
        self._tell = tell
        self._monotonic = monotonic
        self._untold: Counter[str] = Counter()
        self._told_s: float | None = None

    def add(self, why: str) -> None:
        """Count one more; what came since the last line is told with the first that comes after its minute."""
        self._untold[why] += 1
        now_s = self._monotonic()
        if self._told_s is None or now_s - self._told_s >= EVERY_S:
            self._tell(dict(self._untold))
            self._untold.clear()
            self._told_s = now_s
