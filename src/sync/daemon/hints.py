"""What others said has changed in a CRM, until the loop takes it up: bounded, whoever says how much how fast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from sync.daemon.events import Hinted
from sync.web.watched import Hints


@dataclass(slots=True)
class HintBox:
    """Gathers hints from any thread, and wakes the loop once for all that it has not taken up."""

    wake: Callable[[Hinted], None]
    _lock: Lock = field(default_factory=Lock, init=False)
    _held: dict[str, Hints] = field(default_factory=dict, init=False)

    def put(self, crm: str, hints: Hints) -> None:
        """Add hints about one CRM."""
        if not hints:
            return
        with self._lock:
            is_first = not self._held.get(crm, Hints())
            self._held[crm] = self._held.get(crm, Hints()).plus(hints)
        if is_first:
            self.wake(Hinted(crm=crm))

    def take(self, crm: str) -> Hints:
        """Return what was gathered about one CRM, and hold none of it any more."""
        with self._lock:
            return self._held.pop(crm, Hints())
