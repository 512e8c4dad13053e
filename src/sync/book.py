"""What the members of each pool are owed, lead by lead. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.fair import LineUp, Seat

TURN = "turn"
_MOST_LINES = 64  # line-ups of a pool that are kept ready: one for each way in which its territories fit a lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One lead of a pool: who could have got it, and who did."""

    pool: str
    seats: tuple[Seat, ...]  # in the roster's order; none: it went to somebody by name, and takes nobody's turn
    owner: str
    without: frozenset[str] = frozenset()  # of the seats, the owners who could not get this very lead
    by: str = TURN  # or why it went past the turns: open deal owner, account owner, previous owner, fallback
    took_turn: bool = True  # False: planned, but held back by more than mode and agreement
    among: int = 0  # seats of the whole line-up; 0: these

    @property
    def could(self) -> tuple[Seat, ...]:
        """Who could have got it."""
        return tuple(seat for seat in self.seats if seat.owner not in self.without) if self.without else self.seats


def given_told(given: Given) -> dict[str, Any]:
    """Return a turn as plans keep it: {"pool", "seats": [{"owner", "weight"}], "owner"} and what is not as usual."""
    told: dict[str, Any] = {
        "pool": given.pool,
        "seats": [{"owner": seat.owner, "weight": seat.weight} for seat in given.could],
        "owner": given.owner,
    }
    if given.by != TURN:
        told["by"] = given.by
    if not given.took_turn:
        told["took_turn"] = False
    if len(given.could) != (given.among or len(given.seats)):
        told["among"] = given.among or len(given.seats)
    return told


def given_from(told: Mapping[str, Any]) -> Given:
    """Read what `given_told` wrote."""
    return Given(
        pool=told["pool"],
        seats=tuple(Seat(**seat) for seat in told["seats"]),
        owner=told["owner"],
        by=told.get("by", TURN),
        took_turn=told.get("took_turn", True),
        among=told.get("among", 0),
    )


@dataclass(slots=True)
class _Line:
    seats: tuple[Seat, ...]
    line: LineUp
    shared: tuple[str, ...] = ()  # owners of other lines of the pool too: what they are owed is noted when another line is used


@dataclass(slots=True)
class _Lines:
    """The line-ups of one pool; of an owner in several of them the one that is in use knows what they are owed, else the notes."""

    owed: dict[str, float] = field(default_factory=dict)  # notes
    lines: dict[int, _Line] = field(default_factory=dict)  # by identity of their seats
    used: _Line | None = None

    def line(self, seats: tuple[Seat, ...]) -> LineUp:
        """Return the line-up of some seats, up to date."""
        if self.used is not None and self.used.seats is seats:
            return self.used.line
        self._note()
        known = self.lines.get(id(seats))
        if known is None:
            known = self._begin(seats)
        for owner in known.shared:
            known.line.correct(owner, self.owed.get(owner, 0.0))
        self.used = known
        return known.line

    def settled(self) -> dict[str, float]:
        """Return what each is owed."""
        owed = dict(self.owed)
        for one in self.lines.values():
            theirs = one.line.owed()
            owed |= theirs if one is self.used else {owner: theirs[owner] for owner in theirs.keys() - set(one.shared)}
        return owed

    def settle(self) -> dict[str, float]:
        """Note what each is owed, and forget all line-ups; return the notes."""
        self.owed, self.lines, self.used = self.settled(), {}, None
        return self.owed

    def _note(self) -> None:
        if self.used is not None:
            self.owed.update((owner, self.used.line.owed_to(owner)) for owner in self.used.shared)
            self.used = None

    def _begin(self, seats: tuple[Seat, ...]) -> _Line:
        self.owed = self.settled()
        if len(self.lines) >= _MOST_LINES:
            self.lines = {}
        begun = self.lines[id(seats)] = _Line(seats=seats, line=LineUp(seats, self.owed))
        times = Counter(seat.owner for one in self.lines.values() for seat in one.seats)
        for one in self.lines.values():
            one.shared = tuple(seat.owner for seat in one.seats if times[seat.owner] > 1)
        return begun


class Book:
    """What the members of each pool are owed: their share of the leads that they could have got, less those that they got.

    Whoever is away is owed nothing for what came meanwhile, so nobody who joins or comes back is flooded.
    """

    def __init__(self, owed: Mapping[str, Mapping[str, float]] | None = None) -> None:
        """Begin with what is owed by pool and owner."""
        self._pools = {pool: _Lines(owed=dict(of)) for pool, of in (owed or {}).items()}

    @property
    def owed(self) -> dict[str, dict[str, float]]:
        """What each is owed, by pool and owner."""
        return {pool: lines.settled() for pool, lines in self._pools.items()}

    def next(self, pool: str, seats: tuple[Seat, ...], *, failed: Collection[str]) -> Given | None:
        """Choose who gets the next lead; None if nobody is left. Who has `failed` this lead never gets it, and is owed nothing for it.

        The same tuple of seats is best given again and again: it is looked through once.
        """
        owner = self._pools.setdefault(pool, _Lines()).line(seats).next(failed)
        if owner is None:
            return None
        return Given(pool=pool, seats=seats, owner=owner, without=frozenset(failed), among=len(seats))

    def count(self, given: Given, times: int = 1) -> None:
        """Enter a lead that was given, or so many that were given alike; a negative number takes them back."""
        if not given.seats:
            return
        lines = self._pools.setdefault(given.pool, _Lines())
        if times == 1 and id(given.seats) in lines.lines and given.owner not in given.without:
            lines.line(given.seats).count(given.owner, given.without)
            return
        owed, whole = lines.settle(), sum(seat.weight for seat in given.could)
        for seat in given.could:
            owed[seat.owner] = owed.get(seat.owner, 0.0) + times * seat.weight / whole
        owed[given.owner] = owed.get(given.owner, 0.0) - times

    def copy(self) -> Book:
        """Return a book of its own with the same entries."""
        return Book(self.owed)
