"""Who owned a lead when, and who was assigned in a cycle. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sync.facts import OwnerSet
from sync.judge.cycles import Cycle
from sync.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An owner taking the lead within a cycle, until somebody else (or nobody) owns it."""

    owner: str
    at: datetime
    until: datetime | None  # None: still, or until the cycle closed
    name: str  # natural key of the fact
    source: str


def owned_within(timeline: Timeline, members: frozenset[str]) -> Timeline:
    """Return the timeline as if nobody but `members` had ever owned the lead."""
    facts = (replace(f, owner=None) if isinstance(f, OwnerSet) and f.owner not in members else f for f in timeline.facts)
    return replace(timeline, facts=tuple(facts))


def find_assignments(timeline: Timeline, cycle: Cycle) -> tuple[Assignment, ...]:
    """Return who was assigned in `cycle`, in order."""
    assignments: list[Assignment] = []
    holder: OwnerSet | None = None
    for fact in timeline.facts:
        if not isinstance(fact, OwnerSet) or _comes_too_late(fact, cycle) or fact.owner == (holder.owner if holder else None):
            continue
        if holder is not None and holder.owner is not None and fact.at >= cycle.opened_at:
            assignments.append(_assignment(holder, cycle, until=fact.at))
        holder = fact
    if holder is not None and holder.owner is not None:
        assignments.append(_assignment(holder, cycle, until=None))
    return tuple(a for a in assignments if a.until is None or a.until > cycle.opened_at)


def _comes_too_late(fact: OwnerSet, cycle: Cycle) -> bool:
    """Whether an owner was set when the cycle was closing (the closing write often sets one) or later."""
    return cycle.closed_at is not None and fact.at >= cycle.closed_at and fact.at > cycle.opened_at


def _assignment(fact: OwnerSet, cycle: Cycle, *, until: datetime | None) -> Assignment:
    return Assignment(
        owner=fact.owner or "", at=max(fact.at, cycle.opened_at), until=until, name=f"{cycle.name}|{fact.name}", source=fact.source
    )


def owner_at(timeline: Timeline, at: datetime) -> str | None:
    """Return who owned the lead at `at` (inclusive); None if nobody did."""
    owner = None
    for fact in timeline.facts:
        if fact.at > at:
            break
        if isinstance(fact, OwnerSet):
            owner = fact.owner
    return owner


def was_owned(timeline: Timeline, since: datetime, upto: datetime) -> bool:
    """Whether anybody owned the lead at any moment from `since` to `upto`, both included."""
    taken = any(isinstance(fact, OwnerSet) and fact.owner is not None and since < fact.at <= upto for fact in timeline.facts)
    return taken or owner_at(timeline, since) is not None
