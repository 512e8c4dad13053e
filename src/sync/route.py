"""Who gets the next lead of a pool: weighted round robin that stays within one lead of every share. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One member of a pool who may get a lead now."""

    owner: str  # the CRM's owner id
    weight: float  # above 0; 2 gets twice as many as 1


def next_owner(seats: Sequence[Seat], *, received: Mapping[str, int], failed: Collection[str]) -> str | None:
    """Return the seat whose share will be overdue soonest; ties go to the one named first in the roster.

    `received` counts what each owner got so far; `failed` never gets this lead. None if nobody is left.
    As long as nobody failed, every seat has at all times within one lead of its share.
    Source: R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32 (1980).
    """
    open_seats = [seat for seat in seats if seat.owner not in failed]
    if len(open_seats) < 2:
        return open_seats[0].owner if open_seats else None
    whole = sum(seat.weight for seat in open_seats)
    leads = sum(received.get(seat.owner, 0) for seat in open_seats) + 1
    slack = 1 / (2 * len(open_seats) - 2)
    behind = {seat.owner: leads * seat.weight / whole - received.get(seat.owner, 0) for seat in open_seats}
    entitled = [seat for seat in open_seats if behind[seat.owner] >= slack] or open_seats
    return min(entitled, key=lambda seat: (1 - slack - behind[seat.owner]) / seat.weight).owner
