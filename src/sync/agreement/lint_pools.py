"""Pools whose rules name nobody, or twice the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sync.agreement.flaws import Flaw, warning
from sync.agreement.lines import Path
from sync.agreement.model import Agreement, Pool
from sync.problems import choose_fix
from sync.roster import Roster


def pool_flaws(agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """What is wrong with each pool, in the order in which they are written."""
    for pool in agreement.pools.values():
        yield from _fallback(pool, roster)
        repeated = [word for number, word in enumerate(pool.first) if word in pool.first[:number]]
        if repeated:
            yield warning(("pool", pool.name, "first"), f"`{repeated[0]}` stands twice", fix="take one of them out")


def _fallback(pool: Pool, roster: Roster) -> Iterator[Flaw]:
    path: Path = ("pool", pool.name, "fallback")
    if pool.fallback is None:
        return
    if pool.fallback == pool.name:
        yield warning(path, "the pool falls back to itself", fix="name a person or another pool of the roster")
    elif pool.fallback not in roster.people and pool.fallback not in roster.pools:
        known = [*roster.people, *roster.pools]
        fix = choose_fix(pool.fallback, known, otherwise="name a person or another pool of the roster")
        yield warning(path, f"`{pool.fallback}` is neither a person nor a pool of the roster: such leads stay where they are", fix=fix)
