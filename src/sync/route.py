"""Who gets the next lead of a pool: weighted round robin over those who could get it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One member of a pool who may get a lead now."""

    owner: str  # the CRM's owner id
    weight: float  # above 0; 2 gets twice as many as 1


def next_owner(seats: Sequence[Seat], *, owed: Mapping[str, float]) -> str:
    """Return the seat whose share of this lead and all before is overdue soonest; ties go to the one named first in the roster.

    `owed` is what each was owed before this lead. As long as the seats stay the same, everybody has at all times within one lead of
    its share. Source: R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32 (1980).
    """
    if len(seats) == 1:
        return seats[0].owner
    whole = sum(seat.weight for seat in seats)
    slack = 1 / (2 * len(seats) - 2)
    behind = {seat.owner: owed.get(seat.owner, 0.0) + seat.weight / whole for seat in seats}
    entitled = [seat for seat in seats if behind[seat.owner] >= slack] or seats
    return min(entitled, key=lambda seat: (1 - slack - behind[seat.owner]) / seat.weight).owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One lead of a pool: who could have got it, and who did."""

    pool: str
    seats: tuple[Seat, ...]
    owner: str


@dataclass(slots=True)
class Book:
    """What the members of each pool are owed: their share of the leads that they could have got, less those that they got.

    Whoever is away is owed nothing for what came meanwhile, so nobody who joins or comes back is flooded.
    """

    owed: defaultdict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))  # pool -> owner -> leads

    def count(self, given: Given) -> None:
        """Enter a lead that was given."""
        owed, whole = self.owed[given.pool], sum(seat.weight for seat in given.seats)
        for seat in given.seats:
            owed[seat.owner] = owed.get(seat.owner, 0.0) + seat.weight / whole
        owed[given.owner] = owed.get(given.owner, 0.0) - 1

    def next(self, pool: str, seats: Sequence[Seat], *, failed: Collection[str]) -> Given | None:
        """Choose who gets the next lead; None if nobody is left. Who has `failed` this lead never gets it, and is owed nothing for it."""
        could = tuple(seat for seat in seats if seat.owner not in failed)
        return Given(pool=pool, seats=could, owner=next_owner(could, owed=self.owed[pool])) if could else None


@dataclass(slots=True)
class Routing:
    """Gives the leads of a plan to those who are owed most; on a copy, never the ledger itself."""

    seats: Mapping[str, tuple[Seat, ...]]  # pool -> seats, in the roster's order
    book: Book = field(default_factory=Book)

    def give(self, pool: str | None, *, failed: Collection[str], takes_turn: bool) -> Given | None:
        """Return who gets the next lead; count it, if it takes a turn: a lead that will not be moved takes nobody's."""
        given = self.book.next(pool or "", self.seats.get(pool or "", ()), failed=failed)
        if given is not None and takes_turn:
            self.book.count(given)
        return given
