"""Who gets the next lead of a pool: fair turns over those who could get it, with what each was given kept in a book. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sync.agreement.criteria import Criterion
from sync.caps import Caps, Load
from sync.fair import LineUp, Seat, next_owner

__all__ = ["TURN", "Book", "Given", "PoolRules", "Routing", "Seat", "Sticky", "given_from", "given_told", "next_owner"]

TURN, FALLBACK = "turn", "fallback"
FIRST = ("open deal owner", "account owner", "previous owner")  # by whom a lead goes past the turns


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


class Book:
    """What the members of each pool are owed: their share of the leads that they could have got, less those that they got.

    Whoever is away is owed nothing for what came meanwhile, so nobody who joins or comes back is flooded.
    """

    def __init__(self, owed: Mapping[str, Mapping[str, float]] | None = None) -> None:
        """Begin with what is owed by pool and owner."""
        self._owed = {pool: dict(of) for pool, of in (owed or {}).items()}
        self._lines: dict[str, tuple[Sequence[Seat], LineUp]] = {}  # the line-up of each pool that leads are being given to

    @property
    def owed(self) -> dict[str, dict[str, float]]:
        """What each is owed, by pool and owner."""
        return {pool: self._settled(pool) for pool in {**self._owed, **self._lines}}

    def next(self, pool: str, seats: Sequence[Seat], *, failed: Collection[str]) -> Given | None:
        """Choose who gets the next lead; None if nobody is left. Who has `failed` this lead never gets it, and is owed nothing for it."""
        owner = self._line(pool, seats).next(failed)
        if owner is None:
            return None
        return Given(pool=pool, seats=tuple(seats), owner=owner, without=frozenset(failed), among=len(seats))

    def count(self, given: Given, times: int = 1) -> None:
        """Enter a lead that was given, or so many that were given alike; a negative number takes them back."""
        if not given.seats:
            return
        line = self._lines.get(given.pool)
        if times == 1 and line is not None and line[0] is given.seats and given.owner not in given.without:
            line[1].count(given.owner, given.without)
            return
        owed = self._owed[given.pool] = self._settled(given.pool)
        self._lines.pop(given.pool, None)
        whole = sum(seat.weight for seat in given.could)
        for seat in given.could:
            owed[seat.owner] = owed.get(seat.owner, 0.0) + times * seat.weight / whole
        owed[given.owner] = owed.get(given.owner, 0.0) - times

    def copy(self) -> Book:
        """Return a book of its own with the same entries."""
        return Book(self.owed)

    def _settled(self, pool: str) -> dict[str, float]:
        line = self._lines.get(pool)
        return self._owed.get(pool, {}) | (line[1].owed() if line is not None else {})

    def _line(self, pool: str, seats: Sequence[Seat]) -> LineUp:
        line = self._lines.get(pool)
        if line is None or (line[0] is not seats and line[0] != seats):
            owed = self._owed[pool] = self._settled(pool)
            self._lines[pool] = line = (seats, LineUp(seats, owed))
        return line[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRules:
    """What keeps single leads of a pool from single members, and who gets what nobody can take."""

    territories: Mapping[str, Criterion] = field(default_factory=dict)  # owner -> which leads they get; no entry: all
    at_most: Mapping[str, Caps] = field(default_factory=dict)  # owner -> caps; no entry: none
    fallback: str | None = None  # a pool
    fallback_owner: str | None = None  # somebody who is there, by owner id
    off_shift: Mapping[str, str] = field(default_factory=dict)  # owner -> until when; what only they can take waits, and does not fall back


@dataclass(frozen=True, slots=True, kw_only=True)
class Sticky:
    """Whose a lead is before any pool's turn."""

    owner: str  # id in the CRM that says who owns leads
    by: str  # open deal owner, account owner, previous owner
    of: str  # the record that says so


def everywhere(_territory: Criterion) -> bool:
    """Let a lead of which nothing is known fit into every territory."""
    return True


@dataclass(slots=True)
class Routing:
    """Gives the leads of a plan to those who are owed most; on a copy, never the ledger itself."""

    seats: Mapping[str, Sequence[Seat]]  # pool -> who may get leads now, in the roster's order
    book: Book = field(default_factory=Book)
    rules: Mapping[str, PoolRules] = field(default_factory=dict)  # by pool
    loads: dict[tuple[str, str], Load] = field(default_factory=dict)  # (pool, owner) -> what they have; no entry: nothing
    accounts: Callable[[str], Sticky | None] = lambda _domain: None  # whose the company with a domain is
    _free: dict[str, tuple[Seat, ...]] = field(default_factory=dict)  # pool -> seats below their caps

    def give(
        self,
        pool: str | None,
        *,
        failed: Collection[str],
        takes_turn: bool,
        fits: Callable[[Criterion], bool] = everywhere,
        sticky: Sticky | None = None,
    ) -> Given | None:
        """Return who gets the next lead; count it, if it takes a turn: a lead that will not be moved takes nobody's.

        A `sticky` owner gets it before the pool, and nobody else could have; `fits` says whether it belongs to a territory.
        Where nobody of the pool is left it goes to the pool's fallback, unless somebody of the pool comes on shift again.
        """
        name = pool or ""
        if sticky is not None:
            given: Given | None = Given(pool=name, seats=(Seat(owner=sticky.owner, weight=1),), owner=sticky.owner, by=sticky.by)
        else:
            given = self._turn(name, failed, fits) or self._fallback(name, failed, fits)
        if given is None:
            return None
        if takes_turn:
            self.count(given)
        return given if takes_turn else replace(given, took_turn=False)

    def account_of(self, domain: str) -> Sticky | None:
        """Return whose the company with a domain is, if it is somebody's."""
        return self.accounts(domain)

    def count(self, given: Given) -> None:
        """Enter a lead that was given."""
        self.book.count(given)
        rules = self.rules.get(given.pool)
        if rules is None or given.owner not in rules.at_most:
            return
        key = (given.pool, given.owner)
        self.loads[key] = self.loads.get(key, Load()).one_more()
        if given.pool in self._free and self._is_full(*key):
            self._free[given.pool] = tuple(seat for seat in self._free[given.pool] if seat.owner != given.owner)

    def nobody_because(self, pool: str | None, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> str:
        """Say why nobody of a pool can get a lead, for whom something keeps it from."""
        name = pool or ""
        if (until := self._waits_until(name, failed, fits)) is not None:
            return f"nobody in pool {name} who may get this lead is on shift before {until}"
        whys = [why for seat in self.seats.get(name, ()) for why in (self.obstacle(name, seat.owner, failed=failed, fits=fits),) if why]
        told = ", ".join(f"{whys.count(why)} {why}" for why in dict.fromkeys(whys))
        return f"nobody in pool {pool or '(none)'} is left who may get this lead" + (f" ({told})" if told else "")

    def obstacle(self, pool: str, owner: str, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> str | None:
        """Say what keeps a lead from a member who is there; None if nothing does."""
        if owner in failed:
            return "failed this lead"
        rules = self.rules.get(pool, PoolRules())
        if owner in rules.territories and not fits(rules.territories[owner]):
            return f"territory does not fit: {rules.territories[owner].text}"
        caps = rules.at_most.get(owner)
        return caps.over(self.loads.get((pool, owner), Load())) if caps is not None else None

    def belongs(self, pool: str, owner: str, fits: Callable[[Criterion], bool]) -> bool:
        """Whether a lead belongs to the territory of a member."""
        territories = self.rules[pool].territories if pool in self.rules else {}
        return owner not in territories or fits(territories[owner])

    def _turn(self, pool: str, failed: Collection[str], fits: Callable[[Criterion], bool]) -> Given | None:
        seats = self._free.get(pool)
        if seats is None:
            seats = self._free[pool] = tuple(seat for seat in self.seats.get(pool, ()) if not self._is_full(pool, seat.owner))
        rules = self.rules.get(pool)
        elsewhere = self._elsewhere(rules.territories, fits) if rules is not None and rules.territories else ()
        return self.book.next(pool, seats, failed=frozenset(failed).union(elsewhere))

    def _is_full(self, pool: str, owner: str) -> bool:
        caps = self.rules[pool].at_most.get(owner) if pool in self.rules else None
        return caps is not None and caps.over(self.loads.get((pool, owner), Load())) is not None

    def _elsewhere(self, territories: Mapping[str, Criterion], fits: Callable[[Criterion], bool]) -> Iterator[str]:
        """Yield who has another territory; each is asked about once, however many share it."""
        asked: dict[Criterion, bool] = {}
        for owner, territory in territories.items():
            if territory not in asked:
                asked[territory] = fits(territory)
            if not asked[territory]:
                yield owner

    def _waits_until(self, pool: str, failed: Collection[str], fits: Callable[[Criterion], bool]) -> str | None:
        """Say when somebody comes on shift who may get a lead then; None if nobody does."""
        off = self.rules[pool].off_shift if pool in self.rules else {}
        return next((until for owner, until in off.items() if self.obstacle(pool, owner, failed=failed, fits=fits) is None), None)

    def _fallback(self, pool: str, failed: Collection[str], fits: Callable[[Criterion], bool]) -> Given | None:
        rules = self.rules.get(pool, PoolRules())
        if self._waits_until(pool, failed, fits) is not None:
            return None
        if rules.fallback is not None and (given := self._turn(rules.fallback, failed, fits)) is not None:
            return replace(given, by=FALLBACK)
        if rules.fallback_owner is not None and rules.fallback_owner not in failed:
            return Given(pool=pool, seats=(), owner=rules.fallback_owner, by=FALLBACK)
        return None
