"""The rule of fair routing: whose turn it is, by what each is owed of the leads that they could have got. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

NEAR = 1e-9  # shares that differ by less are one
_FEW = 8  # of so many members one may be passed over without looking at all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One member of a pool who may get a lead now."""

    owner: str  # the CRM's owner id
    weight: float  # above 0; 2 gets twice as many as 1


def next_owner(seats: Sequence[Seat], *, owed: Mapping[str, float], among: int = 0) -> str:
    """Return whose turn it is, of the `seats` that could get this lead; ties go to the one named first in the roster.

    `owed` is what each was owed before this lead, `among` how many seats the line-up has (0: these). It is the seat whose share is
    overdue soonest, of those that are owed enough; where a share is overdue already, or nobody is owed enough, the one that is owed
    most. As long as the seats stay the same, everybody is at all times within one lead of their share (R. Tijdeman, The chairman
    assignment problem, Discrete Mathematics 32, 1980); after any history within 2n - 3 leads (docs/decisions/0014).
    """
    whole = sum(seat.weight for seat in seats)
    behind = [owed.get(seat.owner, 0.0) + seat.weight / whole for seat in seats]
    return seats[_turn(behind, [seat.weight for seat in seats], slack=_slack(among or len(seats)))].owner


def _turn(behind: Sequence[float], weights: Sequence[float], *, slack: float) -> int:
    """Return the place of the seat whose turn it is; `behind` is what each is owed, its share of this lead included."""
    most = max(behind)
    if most >= 1 - slack - NEAR or most < slack - NEAR:
        return next(n for n, owed in enumerate(behind) if owed >= most - NEAR)
    until = [(1 - slack - owed) / weight for owed, weight in zip(behind, weights, strict=True) if owed >= slack - NEAR]
    soonest = min(until) + NEAR
    entitled = (n for n, owed in enumerate(behind) if owed >= slack - NEAR)
    return next(n for n, left in zip(entitled, until, strict=True) if left <= soonest)


def _slack(seats: int) -> float:
    """Return how much a seat must be owed to get a lead, and how much below one lead its share is overdue."""
    return 1 / (2 * seats - 2) if seats > 1 else 0.5


class LineUp:
    """The seats of a pool as long as they stay the same: gives leads by `next_owner`, without looking at each seat every time.

    A share grows by the weight's part in each lead, so it falls due at a known reading of a clock that runs by the leads: the seats wait
    in two heaps, those not owed enough by when they will be, the others by when they are overdue.
    """

    def __init__(self, seats: Sequence[Seat], owed: Mapping[str, float]) -> None:
        """Begin with what each seat is owed; owners without an entry are owed nothing."""
        self._owners = [seat.owner for seat in seats]
        self._weights = [seat.weight for seat in seats]
        self._places = {owner: n for n, owner in enumerate(self._owners)}
        self._whole = sum(self._weights)
        self._slack = _slack(len(seats))
        self._clock = 0.0  # the leads so far, as the share of a weight of one
        self._base = [owed.get(owner, 0.0) for owner in self._owners]  # what is owed, less weight x clock
        self._version = [0] * len(seats)
        self._changed = set(range(len(seats)))  # seats whose place in the heaps is not true any more
        self._early: list[tuple[float, int, int]] = []  # (when owed enough, seat, version)
        self._due: list[tuple[float, int, int]] = []  # (when overdue, seat, version)

    def owed(self) -> dict[str, float]:
        """Return what each seat is owed now."""
        return {owner: self._base[n] + self._weights[n] * self._clock for n, owner in enumerate(self._owners)}

    def owed_to(self, owner: str) -> float:
        """Return what one seat is owed now."""
        n = self._places[owner]
        return self._base[n] + self._weights[n] * self._clock

    def correct(self, owner: str, owed: float) -> None:
        """Take note of what one seat is owed now: it gets leads elsewhere too."""
        n = self._places[owner]
        base = owed - self._weights[n] * self._clock
        if abs(base - self._base[n]) > NEAR:
            self._base[n] = base
            self._changed.add(n)

    def next(self, without: Collection[str] = ()) -> str | None:
        """Return whose turn it is, of those who are not `without`; None if nobody is left. It takes nobody's turn."""
        out = self._out(without)
        if len(out) >= len(self._owners):
            return None
        if _FEW * len(out) > len(self._owners):
            return self._by_looking_at_all(out)
        reading = self._reading(out)
        self._sort_in(reading)
        chosen = self._first_due(reading, out)
        return self._owners[chosen] if chosen is not None else self._by_looking_at_all(out)

    def count(self, owner: str, without: Collection[str] = ()) -> None:
        """Enter a lead that `owner` got, and that those `without` could not have got."""
        out = self._out(without)
        one = self._reading(out) - self._clock  # the share of a weight of one in this lead
        if 2 * len(out) <= len(self._owners):
            self._clock += one
            self._add(out, -one)
        else:
            self._add((n for n in range(len(self._owners)) if n not in out), one)
        self._base[self._places[owner]] -= 1
        self._changed.add(self._places[owner])

    def _add(self, seats: Iterable[int], share: float) -> None:
        for n in seats:
            self._base[n] += self._weights[n] * share
            self._changed.add(n)

    def _out(self, without: Collection[str]) -> set[int]:
        places = self._places
        return {places[owner] for owner in without if owner in places}

    def _reading(self, out: Collection[int]) -> float:
        """Return what the clock shows once the next lead is counted."""
        whole = self._whole
        for n in out:
            whole -= self._weights[n]
        return self._clock + 1 / whole

    def _sort_in(self, reading: float) -> None:
        """Put the seats that changed among the early, and those that are owed enough by then among the due."""
        for n in self._changed:
            self._version[n] += 1
            heappush(self._early, ((self._slack - self._base[n]) / self._weights[n], n, self._version[n]))
        self._changed.clear()
        while self._early and self._early[0][0] <= reading + NEAR:
            _, n, version = heappop(self._early)
            if version == self._version[n]:
                heappush(self._due, (round((1 - self._slack - self._base[n]) / self._weights[n], 9), n, version))

    def _first_due(self, reading: float, out: Collection[int]) -> int | None:
        """Return the seat that is overdue by most, else the one that is overdue soonest, of those that are owed enough."""
        passed, chosen, most = [], None, 0.0
        while self._due and (chosen is None or self._due[0][0] <= reading + NEAR):
            when, n, version = heappop(self._due)
            if version != self._version[n]:
                continue
            passed.append((when, n, version))
            behind = self._base[n] + self._weights[n] * reading
            if n in out or behind < self._slack - NEAR:
                continue
            if chosen is None or behind > most + NEAR or (behind > most - NEAR and n < chosen):
                chosen, most = n, behind
            if when > reading + NEAR:
                break
        for entry in passed:
            heappush(self._due, entry)
        return chosen

    def _by_looking_at_all(self, out: Collection[int]) -> str:
        reading = self._reading(out)
        left = [n for n in range(len(self._owners)) if n not in out]
        weights = [self._weights[n] for n in left]
        behind = [self._base[n] + weight * reading for n, weight in zip(left, weights, strict=True)]
        return self._owners[left[_turn(behind, weights, slack=self._slack)]]
