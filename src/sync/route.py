"""Who gets the next lead of a pool: deficit-weighted round robin, replayable from its counts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One member of a pool who may get a lead now."""

    owner: str  # the CRM's owner id
    weight: float  # above 0; 2 gets twice as many as 1


def next_owner(seats: Sequence[Seat], *, received: Mapping[str, int], failed: Collection[str]) -> str | None:
    """Return the seat that is furthest behind its share; ties go to the one named first in the roster.

    `received` counts what each owner got so far; `failed` never gets this lead. None if nobody is left.
    """
    open_seats = [seat for seat in seats if seat.owner not in failed]
    if not open_seats:
        return None
    return min(open_seats, key=lambda seat: (received.get(seat.owner, 0) + 1) / seat.weight).owner
