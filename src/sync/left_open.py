"""The steps that earlier runs left open: their end is unknown, or a part of them is still to be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from sync.along import is_along
from sync.beside import goes_with
from sync.journal import FOR_GOOD, OPEN, Entry, Event
from sync.ladder import MOVES
from sync.steps import Step
from sync.store.journal import Journal, Unsettled
from sync.store.plans import Chosen, Plans
from sync.tried import At, Tried, restores

_NOT_SENT = frozenset({*FOR_GOOD, Event.LATER})
_NEVER_SENT = frozenset({Event.LATER, Event.NOT_WRITTEN})


def left_open(journal: Journal, plans: Plans) -> list[Tried]:
    """Return the steps of earlier runs that nobody knows the end of."""
    parts = journal.unsettled()
    told = {one.intent.place: one for one in parts}
    found = [_tried(one.step, [told[intent.place] for intent in one.intents]) for one in tried_of((one.intent for one in parts), plans)]
    firsts = _firsts(found, journal, plans)
    return [replace(one, first=firsts.get(one.at)) for one in found]


def _firsts(found: Sequence[Tried], journal: Journal, plans: Plans) -> dict[At, Tried]:
    """Return of each step that goes with the one of its lead's other record the latter, by the place of the former."""
    goes: dict[At, At] = {}
    for plan, group in groupby((one for one in found if one.step.action in MOVES), key=lambda one: one.last_place.plan):
        leads = frozenset(one.step.lead for one in group)
        beside = goes_with(plans.numbered(plan, Chosen(keys=leads, actions=frozenset(MOVES))))
        goes |= {(plan, second): (plan, first) for second, first in beside.items()}
    wanted = {one.at: goes[one.at] for one in found if one.at in goes}
    firsts = {one.at: one for one in tried_of(journal.intents(set(wanted.values())), plans)}
    return {second: firsts[first] for second, first in wanted.items() if first in firsts}


def _tried(step: Step, parts: Sequence[Unsettled]) -> Tried:
    """Tell the parts of a step from the tasks that go along with it; an escalation is nothing but a task.

    A part that was left for later can still be written, unless what was cleared for it was set again.
    """
    tasks = {one.intent.place for one in parts if step.fields and is_along(one.intent)}
    own = [one for one in parts if one.intent.place not in tasks]
    later = [one.intent for one in own if one.newest is Event.LATER]
    is_due_whole = all(one.newest in _NEVER_SENT for one in own)
    is_open = is_due_whole or any(one.newest in OPEN for one in parts)
    is_given_up = not is_due_whole and any(restores(one.intent, part) for one in own for part in later)
    return Tried(
        step=step,
        intents=tuple(one.intent for one in own),
        along=tuple(one.intent for one in parts if one.intent.place in tasks and one.newest in OPEN),
        failed={one.intent.place: one.newest for one in own if one.newest in (_NOT_SENT if is_given_up else FOR_GOOD)},
        put_off=frozenset() if is_open else frozenset(part.place for part in later),
    )


def tried_of(intents: Iterable[Entry], plans: Plans) -> Iterator[Tried]:
    """Yield the steps that some intents, sorted by place, are of."""
    for plan, group in groupby(intents, key=lambda entry: entry.place.plan):
        parts = {place: tuple(some) for place, some in groupby(group, key=lambda entry: entry.place.position)}
        for place, step in plans.numbered(plan, Chosen(places=frozenset(parts))):
            yield Tried(step=step, intents=parts[place])
