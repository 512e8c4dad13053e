"""Routing that is worked out only once somebody is to be given a lead: most ticks give nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sync.agreement.criteria import Criterion
from sync.assign import Ground, gather_routing
from sync.route import Given, Routing, Sticky, everywhere
from sync.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What gives leads at a moment, and what it began with."""

    routing: Routing
    owed: Mapping[str, Mapping[str, float]]  # pool -> owner -> leads, before the first was given
    unsaved: int  # turns of people in it that the ledger does not know


class LazyRouting:
    """Gives leads like `Routing`."""

    def __init__(self, ground: Ground, terms: Terms, now: datetime) -> None:
        self._ground, self._terms, self._now = ground, terms, now

    @property
    def begun(self) -> Gathered | None:
        """What was gathered, if it had to be."""
        return self.__dict__.get("_gathered")

    @cached_property
    def _gathered(self) -> Gathered:
        routing, unsaved = gather_routing(self._ground, self._terms, self._now)
        owed = {pool: dict(routing.book.owed.get(pool, {})) for pool in routing.seats}
        return Gathered(routing=routing, owed=owed, unsaved=len(unsaved))

    def give(
        self,
        pool: str | None,
        *,
        failed: Collection[str],
        takes_turn: bool,
        fits: Callable[[Criterion], bool] = everywhere,
        sticky: Sticky | None = None,
    ) -> Given | None:
        """Return who gets the next lead of a pool; None if nobody is left."""
        return self._gathered.routing.give(pool, failed=failed, takes_turn=takes_turn, fits=fits, sticky=sticky)

    def nobody_because(self, pool: str | None, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> str:
        """Say why nobody is left."""
        return self._gathered.routing.nobody_because(pool, failed=failed, fits=fits)

    def waits_for_shift(self, pool: str | None, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> bool:
        """Whether somebody may get the lead once they are on shift."""
        return self._gathered.routing.waits_for_shift(pool, failed=failed, fits=fits)

    def account_of(self, domain: str) -> Sticky | None:
        """Return whose the company with a domain is, if it is somebody's."""
        return self._gathered.routing.account_of(domain)
