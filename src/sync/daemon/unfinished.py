"""What a tick leaves to the next one: what it had no time for, and what had to wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync.carry_out import Numbered, Tally
from sync.context import Context
from sync.journal import Event
from sync.ladder import REMIND
from sync.stamps import STAMP

WRITES_FOR_S = 60.0
WAITING = "waiting"  # why a lead is judged again: something about it is still to be done


@dataclass(slots=True)
class Unreached:
    """Leads that are to be stamped, or somebody reminded of, once every CRM was read; broken promises are looked at anyway."""

    leads: set[str] = field(default_factory=set)

    def take_up(self, run: Context, *, now: datetime) -> None:
        """Have them judged again."""
        if self.leads:
            run.known.dirty.mark(self.leads, WAITING, now=now)
            self.leads.clear()


def for_a_while(run: Context) -> Context:
    """Return a run that begins no further batch after a minute: while it writes nothing else is judged, however slow a CRM is."""
    until_s = run.waiting.monotonic() + WRITES_FOR_S
    return replace(run, goes_on=lambda: run.goes_on() and run.waiting.monotonic() < until_s)


def undone(steps: Iterable[Numbered], tally: Tally) -> frozenset[str]:
    """Return the leads of the steps that were not tried, and of the stamps that may be tried again: no other news has them judged again."""
    told = {(step.record, step.action) for step, event, _ in tally.told if event is not Event.LATER or step.action != STAMP}
    tried = told | {(step.record, step.action) for step in tally.stand}
    return frozenset(step.lead for _, step in steps if step.action != REMIND and (step.record, step.action) not in tried)


def waiting(steps: Iterable[Numbered]) -> set[str]:
    """Return the leads that are to be stamped, or that somebody is to be reminded of."""
    return {step.lead for _, step in steps if step.action in (STAMP, REMIND)}
