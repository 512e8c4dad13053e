"""Whether the turns of a pool are what its ledger makes them: each given again, and each member's share beside what they got. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync.fair import next_owner
from sync.route import FALLBACK, TURN, Book, Given

SAME = 1e-6  # sums of shares in another order differ by less


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a member of a pool got, and what they should have got."""

    owner: str
    received: int
    share: float  # of the leads that they could have got, by weight

    @property
    def difference(self) -> float:
        """How much more they got."""
        return self.received - self.share


def shares(turns: Iterable[Given]) -> tuple[Share, ...]:
    """Return what each got of the turns that stand, by owner id; a lead that could have gone to nobody else is a share of one."""
    received: dict[str, int] = {}
    share: dict[str, float] = {}
    for given in turns:
        if not given.seats:
            continue
        received[given.owner] = received.get(given.owner, 0) + 1
        whole = sum(seat.weight for seat in given.could)
        for seat in given.could:
            share[seat.owner] = share.get(seat.owner, 0.0) + seat.weight / whole
    return tuple(Share(owner=owner, received=received.get(owner, 0), share=share.get(owner, 0.0)) for owner in sorted({*received, *share}))


def wrong_turns(pool: str, owed: Mapping[str, float], steps: Iterable[tuple[int, Given]]) -> Iterator[str]:
    """Yield what the rule would have done otherwise in one plan that began with `owed`; `steps` are all turns of the plan, by position."""
    book = Book({pool: owed})
    for position, given in steps:
        if given.pool != pool or not given.seats:
            continue
        if given.by in (TURN, FALLBACK):
            expected = next_owner(given.could, owed=book.owed.get(pool, {}), among=given.among)
            if expected != given.owner:
                yield f"step {position} gave a lead to {given.owner}, whose turn it was not: it was {expected}'s"
        if given.took_turn:
            book.count(given)


def wrong_book(noted: Mapping[str, float], replayed: Mapping[str, float]) -> str | None:
    """Say whose balance at the beginning of a plan is not what the ledger makes it; None if all are."""
    for owner in sorted({*noted, *replayed}):
        was, is_ = noted.get(owner, 0.0), replayed.get(owner, 0.0)
        if abs(was - is_) > SAME:
            return f"{owner} was taken to be owed {was:.3f}; the ledger makes it {is_:.3f}"
    return None


def wrong_entry(entry: Given, planned: Given | None) -> str | None:
    """Say how an entry differs from the step that it was entered for; None if it does not."""
    if planned is None:
        return "no step of its plan gave that lead away"
    told = (entry.pool, entry.owner, entry.by, entry.could)
    return None if told == (planned.pool, planned.owner, planned.by, planned.could) else "its step gave that lead otherwise"
