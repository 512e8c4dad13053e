"""What time it is for a daemon: what it was when a CRM last told it, and what has passed since by a clock that nobody sets. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MAY_BE_OFF = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """This machine's clocks."""

    now: Callable[[], datetime]  # aware, UTC; may jump
    monotonic: Callable[[], float]  # seconds; goes on evenly, and may stand still while the machine sleeps


@dataclass(slots=True)
class Clock:
    """Tells the time, to any thread.

    A clock of the machine that is set, or that went on while the machine slept, is believed once a CRM has told the time: else
    deadlines would pass, and people be reminded of them, for as long as it takes to set the clock right again.
    """

    machine: Machine
    _known: tuple[datetime, float] = field(init=False)  # a moment, and the monotonic seconds then

    def __post_init__(self) -> None:
        self._known = self.machine.now(), self.machine.monotonic()

    def now(self) -> datetime:
        """Return the time that is gone by."""
        at, at_s = self._known
        return at + timedelta(seconds=self.machine.monotonic() - at_s)

    def learn(self, told: datetime) -> None:
        """Go by this machine's clock from now on, or by the CRM's where that is another time."""
        here = self.machine.now()
        self._known = told if abs(told - here) > MAY_BE_OFF else here, self.machine.monotonic()
