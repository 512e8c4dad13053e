"""Turns of a pool that somebody else than leadpact took: leads that a person or a workflow gave to its members. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sync.agreement.criteria import Criterion
from sync.facts import OwnerSet
from sync.judge.cycles import find_cycles
from sync.roster import member_ids
from sync.route import Given, Seat
from sync.rows import LeadRows
from sync.seats import standings
from sync.terms import Terms
from sync.timeline import Timeline, build_timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleTurn:
    """A lead of a pool that somebody else than leadpact gave to a member of it."""

    given: Given
    lead: str
    at: datetime
    source: str  # natural key of the change, and the pool


def people_turns(rows: LeadRows, terms: Terms, *, since: datetime, now: datetime, ours: Callable[[OwnerSet], bool]) -> Iterator[PeopleTurn]:
    """Yield each change of owner to a member of a handoff's pool, during a passage of the lead, at or after `since`.

    `ours` says whether leadpact made a change. Who could have got the lead is told by the roster of now, for the moment of the change.
    """
    agreement = terms.agreement_at(now)
    timeline = build_timeline(rows, agreement, terms, now=now)
    for handoff in agreement.handoffs:
        members = member_ids(terms.roster, timeline.crm, handoff.pool or "")
        passages = find_cycles(timeline, handoff, agreement, now) if members else ()
        for fact in _passed_on(timeline):
            if fact.owner in members and fact.at >= since and not ours(fact) and any(one.holds(fact.at) for one in passages):
                yield _turn(fact, handoff.pool or "", timeline, terms)


def _passed_on(timeline: Timeline) -> Iterator[OwnerSet]:
    """Yield the changes by which the lead came to another owner."""
    before: str | None = None
    for fact in timeline.facts:
        if isinstance(fact, OwnerSet):
            if fact.owner is not None and fact.owner != before:
                yield fact
            before = fact.owner


def _turn(fact: OwnerSet, pool: str, timeline: Timeline, terms: Terms) -> PeopleTurn:
    owner = terms.owner_in(terms.authority.owner, fact.owner or "", of=timeline.crm)
    given = Given(pool=pool, seats=tuple(_could(fact.at, pool, timeline, terms)), owner=owner, by="people")
    return PeopleTurn(given=given, lead=timeline.lead, at=fact.at, source=f"{fact.name}|{pool}")


def _could(at: datetime, pool: str, timeline: Timeline, terms: Terms) -> Iterator[Seat]:
    agreement, values = terms.agreement_at(at), timeline.values

    def belongs(territory: Criterion) -> bool:
        known = agreement.fields.keys()
        return territory.fields <= known and territory.truth(values.at(territory.fields, at)) is True

    for member in standings(terms, pool, at):
        if member.owner is not None and member.away is None and (member.territory is None or belongs(member.territory)):
            yield Seat(owner=member.owner, weight=member.weight)
