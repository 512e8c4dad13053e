"""Which members of a pool may get leads at a moment, and what keeps the others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sync.agreement.criteria import Criterion
from sync.agreement.model import Pool
from sync.caps import NO_CAPS, Caps, Load
from sync.history import local_text
from sync.roster import Member, Roster
from sync.route import Book, PoolRules, Routing, Seat, Sticky
from sync.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A member of a pool at one moment, whatever the lead."""

    person: str
    owner: str | None  # id in the CRM that says who owns leads; None: has none there
    weight: float
    away: str | None  # why they get no lead now, though they are a member
    shift_at: str | None  # off shift, and nothing else: when they are on again
    territory: Criterion | None
    at_most: Caps


def standings(terms: Terms, pool: str, now: datetime) -> tuple[Standing, ...]:
    """Return how each member of a pool stands, in the roster's order."""
    return tuple(_standing(member, terms, pool, now) for member in terms.roster.members(pool))


def _standing(member: Member, terms: Terms, pool: str, now: datetime) -> Standing:
    owner = terms.roster.people[member.person].ids.get(terms.authority.owner)
    away = why_not_there(terms, member.person, now)
    shift_at = None if away is not None or owner is None else _off_shift(terms, pool, owner, now)
    return Standing(
        person=member.person,
        owner=owner,
        weight=member.weight,
        away=away if shift_at is None else f"off shift until {shift_at}",
        shift_at=shift_at,
        territory=member.territory,
        at_most=member.at_most,
    )


def why_not_there(terms: Terms, person: str, now: datetime) -> str | None:
    """Say why somebody of the roster can be given nothing at `now`; None if they are there."""
    crm = terms.authority.owner
    known = terms.roster.people[person]
    owner, zone = known.ids.get(crm), terms.agreement_at(now).zone
    if owner is None:
        return f"has no id in {crm}"
    if owner in terms.crms[crm].gone:
        return f"inactive in {crm}"
    away = [absence.upto for absence in known.absences if absence.since <= now < absence.upto]
    return f"absent until {local_text(max(away), zone)}" if away else None


def is_there(terms: Terms, owner: str, now: datetime) -> bool:
    """Whether an owner of the CRM that says who owns leads can be given some: somebody, active and not absent."""
    crm = terms.authority.owner
    if terms.is_unassigned(crm, owner) or owner in terms.crms[crm].gone:
        return False
    person = terms.roster.person_of(crm, owner)
    return person is None or not terms.roster.absent(person.name, now)


def _off_shift(terms: Terms, pool: str, owner: str, now: datetime) -> str | None:
    agreement = terms.agreement_at(now)
    if not pool_of(terms, pool, now).only_on_shift:
        return None
    calendar = terms.calendar_of(terms.authority.owner, owner, agreement)
    return None if calendar.is_open(now) else local_text(calendar.next_opening(now), agreement.zone)


def pool_of(terms: Terms, pool: str, now: datetime) -> Pool:
    """Return what the agreement in force says of a pool; of one that it does not name, what holds by default."""
    return terms.agreement_at(now).pools.get(pool) or Pool(name=pool, calendar=None)


def open_seats(roster: Roster, terms: Terms, now: datetime) -> dict[str, tuple[Seat, ...]]:
    """Return per pool the members who may get leads at `now`, whatever the lead, in the roster's order."""
    return {pool: tuple(_seats(standings(terms, pool, now))) for pool in roster.pools}


def _seats(members: tuple[Standing, ...]) -> Iterator[Seat]:
    for member in members:
        if member.owner is not None and member.away is None:
            yield Seat(owner=member.owner, weight=member.weight)


def routing_at(
    terms: Terms, now: datetime, *, book: Book, loads: Mapping[tuple[str, str], Load], accounts: Callable[[str], Sticky | None]
) -> Routing:
    """Return what gives leads at `now`: by the roster and the agreement in force, what is owed, and what each member has."""
    pools = terms.roster.pools
    return Routing(
        seats=open_seats(terms.roster, terms, now),
        book=book,
        rules={pool: _rules(terms, pool, now) for pool in pools},
        loads=dict(loads),
        accounts=accounts,
    )


def _rules(terms: Terms, pool: str, now: datetime) -> PoolRules:
    members = [(member.owner, member) for member in standings(terms, pool, now) if member.owner is not None]
    fallback = pool_of(terms, pool, now).fallback
    return PoolRules(
        territories={owner: member.territory for owner, member in members if member.territory is not None},
        at_most={owner: member.at_most for owner, member in members if member.at_most != NO_CAPS},
        off_shift={owner: member.shift_at for owner, member in members if member.shift_at is not None},
        fallback=fallback if fallback in terms.roster.pools else None,
        fallback_owner=_fallback_owner(terms, fallback, now),
    )


def _fallback_owner(terms: Terms, fallback: str | None, now: datetime) -> str | None:
    """Return the owner id of a person who gets what nobody of a pool can take; None for a pool, and for who is not there."""
    person = terms.roster.people.get(fallback or "")
    if person is None or fallback in terms.roster.pools or why_not_there(terms, person.name, now) is not None:
        return None
    return person.ids[terms.authority.owner]
