"""Handoffs whose leads leadpact assigns: what they need for it, and who would not hear of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sync.agreement.flaws import Flaw, error, note, warning
from sync.agreement.lines import Path
from sync.agreement.model import LEADPACT, Agreement, Assigned, Clock, Handoff, StartWord
from sync.agreement.spans import Unit


def assigning_flaws(agreement: Agreement) -> Iterator[Flaw]:
    """What is wrong with each handoff that leaves it to leadpact to name the first owner, in the order in which they are written."""
    for handoff in agreement.handoffs:
        if handoff.assigned_by == LEADPACT:
            yield from _needed(handoff, agreement)
            yield from _off_shift(handoff, agreement)


def _needed(handoff: Handoff, agreement: Agreement) -> Iterator[Flaw]:
    path: Path = ("handoff", handoff.name)
    if handoff.pool is None:
        yield error(
            (*path, "assigned_by"),
            "leadpact has nobody to choose from: the handoff has no pool",
            fix="give it a `pool`, or take the key out",
        )
    if not _asking(handoff, agreement):
        what = "no lead is ever assigned: no clock promises an owner from the handoff on"
        yield error((*path, "assigned_by"), what, fix='add a [[clock]] with starts = "handoff" and kept_by = "assigned"')
    if "owner" not in handoff.tell:
        what = "who is given a lead is not told: `tell` does not name the owner"
        yield warning((*path, "tell"), what, fix='add "owner"')
    if handoff.ownership == "pool":
        what = "a lead that somebody outside the pool has is not assigned: it is taken from nobody before its promise is broken"
        yield note(
            (*path, "ownership"), what, fix="leave it if such leads come without an owner; else give the clock a ladder with `reassign`"
        )


def _off_shift(handoff: Handoff, agreement: Agreement) -> Iterator[Flaw]:
    """A pool that waits for a shift, under a promise whose time runs on meanwhile."""
    pool = agreement.pools.get(handoff.pool or "")
    if pool is None or not pool.only_on_shift:
        return
    for clock in _asking(handoff, agreement):
        if clock.within.unit is Unit.WALL:
            what = f"`{clock.within.text}` is wall time, and pool {pool.name} gets no lead while it is closed: by night it is broken"
            yield warning(("clock", clock.name, "within"), what, fix="write it in business time, or take `only_on_shift` out of the pool")


def _asking(handoff: Handoff, agreement: Agreement) -> list[Clock]:
    """Return the clocks that promise the handoff's leads an owner."""
    theirs = (clock for clock in agreement.clocks if clock.handoff in (None, handoff.name))
    return [clock for clock in theirs if clock.starts is StartWord.HANDOFF and Assigned() in clock.kept_by]
