"""What commands that write have in common: how a run is told, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync.act import Acted
    from sync.carry_out import Tally
    from sync.journal import Event
    from sync.outbox import Posted
    from sync.steps import Step

EXIT_HELD, EXIT_FAILED = 3, 4
SHOWN = 20  # steps that did not simply happen


def tell_what_was_done(acted: Acted) -> None:
    """Say on standard error what a run wrote, what it left and why, and what to do next."""
    from sync.plain import plain

    for line in _lines(acted):
        typer.echo(plain(line), err=True)


def exit_code_of(acted: Acted) -> int:
    """Return 3 where a limit or a stop held something back, 4 where something that was sent does not stand, or a CRM stopped the run.

    What an earlier run had begun, and this one tried to finish in vain, was sent by this one.
    """
    from sync.journal import Event

    if acted.trips or acted.tally.stopped:
        return EXIT_HELD
    is_unfinished = any(acted.earlier.events[event] for event in (Event.REFUSED, Event.LATER))
    return EXIT_FAILED if acted.tally.failed or acted.tally.stopped_by is not None or is_unfinished else 0


def _lines(acted: Acted) -> Iterator[str]:
    from sync.journal import Event

    yield from _of_earlier_runs(acted.earlier)
    tally, events = acted.tally, acted.tally.events
    counts = f"{events[Event.VERIFIED]} written and read back, {events[Event.SKIPPED]} skipped, {tally.failed} failed"
    yield f"run {acted.run_id}: {counts}{f', {tally.left} not tried' if tally.left else ''}"
    yield from map(_told, tally.told[:SHOWN])
    if (more := len(tally.told) - SHOWN) > 0:
        yield f"  and {more} more: leadpact show {acted.run_id}"
    if tally.stopped_by is not None:
        yield f"stopped: {tally.stopped_by}"
        yield f"  fix: {tally.stopped_by.fix}; what was not written stays planned: run again"
    for rule, told in sorted(acted.trips.items()):
        yield f"held, {rule}: {told}"
    yield from _messages(acted.posted)
    if acted.plan is not None:
        yield f"  this very plan can pass all the same: leadpact apply {acted.plan}"
        yield f"  or never: leadpact drop {acted.plan} --reason …; until then its leads are not planned again for that rule"
    if acted.tally.stopped:
        yield f"{acted.tally.stopped} of the skipped were stopped meanwhile: leadpact held"


def _messages(posted: Posted) -> Iterator[str]:
    """Yield how many messages went to people; one that did not arrive changes no exit code."""
    from sync.messages import State

    counts = {state: posted.states[state] for state in (State.SENT, State.FAILED, State.UNKNOWN, State.PENDING) if posted.states[state]}
    words = {State.PENDING: "waiting"}
    if counts:
        yield f"messages: {', '.join(f'{count} {words.get(state, state.value)}' for state, count in counts.items())}"
    for target, said in posted.failures:
        yield f"  {target}: {said}; see leadpact notify"


def _of_earlier_runs(earlier: Tally) -> Iterator[str]:
    """Yield what did not last of what earlier runs wrote, or was left open by them."""
    if earlier.told:
        yield f"of earlier runs: {len(earlier.told)} writes did not last, or were not finished"
        yield from map(_told, earlier.told[:SHOWN])


def _told(one: tuple[Step, Event, str | None]) -> str:
    step, event, said = one
    return f"  {step.lead}: {step.action} {event.value.replace('_', ' ')}{f': {said}' if said else ''}"
