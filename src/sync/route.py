"""Who gets the next lead of a pool: fair turns over those who could get it, with what each was given kept in a book. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sync.agreement.criteria import Criterion
from sync.book import TURN, Book, Given, given_from, given_told
from sync.caps import Caps, Load
from sync.fair import Seat, next_owner

__all__ = ["FALLBACK", "FIRST", "TURN", "Book", "Given", "PoolRules", "Routing", "Seat", "Sticky", "given_from", "given_told", "next_owner"]

Seats = tuple[Seat, ...]
FALLBACK = "fallback"
FIRST = ("open deal owner", "account owner", "previous owner")  # by whom a lead goes past the turns


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
    _here: dict[tuple[str, frozenset[Criterion]], tuple[Seats, Seats]] = field(default_factory=dict)  # of those, where some do not fit

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

    def waits_for_shift(self, pool: str | None, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> bool:
        """Whether somebody of a pool may get a lead once they are on shift, so that it waits for them."""
        return self._waits_until(pool or "", failed, fits) is not None

    def obstacle(self, pool: str, owner: str, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> str | None:
        """Say what keeps a lead from a member who is there; None if nothing does."""
        if owner in failed:
            return "had this lead already"
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
        if rules is not None and rules.territories:
            seats = self._of_territory(pool, seats, rules.territories, fits)
        return self.book.next(pool, seats, failed=failed)

    def _is_full(self, pool: str, owner: str) -> bool:
        caps = self.rules[pool].at_most.get(owner) if pool in self.rules else None
        return caps is not None and caps.over(self.loads.get((pool, owner), Load())) is not None

    def _of_territory(
        self, pool: str, seats: tuple[Seat, ...], territories: Mapping[str, Criterion], fits: Callable[[Criterion], bool]
    ) -> tuple[Seat, ...]:
        """Return the seats of those to whose territory a lead belongs; each territory is asked once, however many share it."""
        elsewhere = frozenset(one for one in dict.fromkeys(territories.values()) if not fits(one))
        key = (pool, elsewhere)
        known = self._here.get(key)
        if known is None or known[0] is not seats:
            here = tuple(seat for seat in seats if territories.get(seat.owner) not in elsewhere)
            self._here[key] = known = (seats, here)
        return known[1]

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
