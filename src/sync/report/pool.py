"""Who gets the next lead of a pool and why not the others, and what its ledger adds up to, as people and machines read it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from sync.caps import Caps, Load
from sync.replay import Share
from sync.route import TURN

NEXT = "gets the next lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How a member of a pool stands to the next lead."""

    person: str
    owner: str | None
    weight: float
    owed: float  # leads, before the next
    load: Load
    at_most: Caps
    why: str | None  # what keeps the lead from them; None: nothing but that it is another's turn
    is_next: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """Who gets the next lead of a pool, or one certain lead."""

    pool: str
    lead: str | None  # None: a lead that fits everywhere, and that nobody failed
    owner: str | None  # None: nobody
    by: str | None  # turn, fallback, open deal owner, account owner, previous owner
    why: str | None  # why nobody, or why it goes past the turns
    members: tuple[Place, ...]


def next_lines(told: Next, names: Mapping[str, str]) -> Iterator[str]:
    """Yield who gets it in a line, and a line a member."""
    what = f"pool {told.pool}, lead {told.lead}" if told.lead is not None else f"pool {told.pool}, the next lead"
    how = "" if told.by == TURN else f" ({told.by})"
    yield f"{what}: {names.get(told.owner, told.owner)}{how}" if told.owner is not None else f"{what}: nobody"
    if told.why is not None:
        yield f"  {told.why}"
    rows = [("member", "weight", "owed", "has", "")]
    rows += [(one.person, f"{one.weight:g}", f"{one.owed:+.2f}", _load_text(one), _standing_text(one)) for one in told.members]
    yield from _columns(rows)


def _standing_text(one: Place) -> str:
    return NEXT if one.is_next else one.why or "another's turn"


def _load_text(one: Place) -> str:
    """Return what counts for a cap, such as `owned 3 of 40`."""
    caps = [(cap.name, getattr(one.at_most, cap.name)) for cap in fields(one.at_most)]
    return ", ".join(f"{name} {getattr(one.load, name)} of {cap}" for name, cap in caps if cap is not None)


def next_json(told: Next, names: Mapping[str, str]) -> str:
    """Return the same for machines."""
    document = asdict(told) | {"name": names.get(told.owner or "")}
    return json.dumps(document, ensure_ascii=False, indent=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What the ledger of a pool adds up to, and what of it is not what the rule makes it."""

    pool: str
    entries: int
    given_back: int
    unprovable: int  # entries of plans that do not tell what was owed: of an older version, or made by hand
    shares: tuple[Share, ...]
    wrong: tuple[str, ...]


def replayed_lines(told: Replayed, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what was proved, a line a member, and what is wrong."""
    yield f"pool {told.pool}: {told.entries} turns, {told.given_back} of them given back"
    rows = [("member", "received", "share", "difference")]
    rows += [(names.get(one.owner, one.owner), str(one.received), f"{one.share:.2f}", f"{one.difference:+.2f}") for one in told.shares]
    yield from _columns(rows)
    if told.unprovable:
        yield f"{told.unprovable} turns were given by plans that do not tell what was owed then; they count, and cannot be given again"
    yield from (f"wrong: {one}" for one in told.wrong)
    yield "Not every turn is what the ledger makes it." if told.wrong else "Every turn is what the ledger makes it."


def replayed_json(told: Replayed, names: Mapping[str, str]) -> str:
    """Return the same for machines."""
    members = [asdict(one) | {"name": names.get(one.owner), "difference": one.difference} for one in told.shares]
    document = {name: value for name, value in asdict(told).items() if name != "shares"} | {"members": members}
    return json.dumps(document, ensure_ascii=False, indent=2)


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    yield from ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
