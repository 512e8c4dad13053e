"""Store rows -> terms: what the CRM calls things, who its owners are, how far each stream was read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.memberships import is_membership
from connectors.records import FieldDefinition, Owner, Team, Vocabulary
from sync.roster import Roster
from sync.route import Seat
from sync.terms import CrmTerms, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The people of one CRM account."""

    owners: tuple[Owner, ...]
    teams: tuple[Team, ...]
    gone: Mapping[str, tuple[datetime | None, datetime]]  # owner id -> last seen active (None: never), first seen gone


def crm_terms(
    vocabulary: Vocabulary,
    *,
    definitions: Iterable[FieldDefinition],
    staff: Staff,
    upto: Mapping[str, datetime],
    own_app: str | None,
) -> CrmTerms:
    """Return the terms of one CRM from its field definitions and its people; teams by the names that a roster uses."""
    known = {(definition.kind, definition.name): definition for definition in definitions}
    people = staff.owners
    team_names = {team.id: team.name for team in staff.teams}
    ladder = known.get((vocabulary.person, vocabulary.ladder or ""))
    stages = known.get((vocabulary.deal, vocabulary.deal_stage))
    return CrmTerms(
        vocabulary=vocabulary,
        ladder={option.value.casefold(): place for place, option in enumerate(sorted(ladder.options, key=lambda o: o.order))}
        if ladder
        else {},
        closed_stages=frozenset(option.value for option in stages.options if option.closed) if stages else frozenset(),
        queues=frozenset(owner.id for owner in people if owner.is_queue),
        teams={owner.id: team_names.get(owner.teams[0], owner.teams[0]) for owner in people if owner.teams},
        names={owner.id: owner.name for owner in people},
        emails={owner.id: owner.email.casefold() for owner in people if owner.email},
        gone=dict(staff.gone),
        labels={key: {option.value: option.label for option in one.options} for key, one in known.items() if one.options},
        lists=tuple(one for one in known.values() if is_membership(one.name)),
        upto=dict(upto),
        own_app=own_app,
    )


def open_seats(roster: Roster, terms: Terms, now: datetime) -> dict[str, tuple[Seat, ...]]:
    """Return per pool the members who are active in the CRM that says who owns leads, and not absent at `now`, in the roster's order."""
    return {pool: tuple(_open_seats(roster, terms, pool, now)) for pool in roster.pools}


def _open_seats(roster: Roster, terms: Terms, pool: str, now: datetime) -> Iterator[Seat]:
    crm = terms.authority.owner
    for member in roster.members(pool):
        owner = roster.people[member.person].ids.get(crm)
        if owner is not None and owner not in terms.crms[crm].gone and not roster.absent(member.person, now):
            yield Seat(owner=owner, weight=member.weight)
