"""Plans that a limit holds: which of their moves wait, when they may be let pass, and what is said where they may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sync.carry_out import Numbered
from sync.errors import UsageError
from sync.ladder import MOVES
from sync.steps import Step
from sync.store.held import Held, HeldPlan
from sync.store.journal import UNDO

AFRESH = "its leads are judged afresh by the next run: leadpact sync"


def waits_in(trips: Mapping[str, str], step: Step) -> bool:
    """Whether a step is a move of a rule that went beyond a limit."""
    return step.action in (*MOVES, UNDO) and step.rule in trips


def parted(steps: Iterable[Numbered], trips: Mapping[str, str]) -> tuple[list[Numbered], dict[str, str]]:
    """Part the steps that nothing but a limit holds back: those that go on, and the limits of the rules of which a move waits."""
    free: list[Numbered] = []
    waiting: set[str] = set()
    for position, step in steps:
        if waits_in(trips, step):
            waiting.add(step.rule)
        else:
            free.append((position, step))
    return free, {rule: told for rule, told in trips.items() if rule in waiting}


def refuse_if_ended(held: HeldPlan, now: datetime, *, by: str | None = None) -> None:
    """Raise UsageError for a held plan that was carried out (but for the run `by`), dropped, or expired by `now`."""
    if held.applied_by not in (None, by):
        raise UsageError(
            f"plan {held.plan} was carried out by run {held.applied_by}", fix=f"see what it did: leadpact show {held.applied_by}"
        )
    if (dropped := held.dropped) is not None:
        when = dropped.at.isoformat(timespec="seconds")
        raise UsageError(f"plan {held.plan} was dropped by {dropped.who} at {when}: {dropped.why}", fix=AFRESH)
    if now >= held.until:
        raise UsageError(f"plan {held.plan} was held until {held.until.isoformat(timespec='seconds')}", fix=AFRESH)


def refuse_if_undone_already(held: Held, steps: Iterable[Step], now: datetime) -> None:
    """Raise UsageError where a held plan already waits to take one of `steps` back."""
    latches = held.latches(now)
    for step in steps:
        latch = latches.get((step.rule, step.lead))
        if latch is not None and latch.undoes:
            fix = f"let it pass: leadpact apply {latch.plan}, or drop it: leadpact drop {latch.plan} --reason …"
            raise UsageError(f"that {step.lead} is put back waits in plan {latch.plan} already", fix=fix)
