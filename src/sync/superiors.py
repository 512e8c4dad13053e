"""Who an owner's manager is, by roster and CRM, and who stands in for a manager who is away. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sync.roster import Person
from sync.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Superior:
    """A manager, or whoever else gets what is escalated."""

    ids: Mapping[str, str]  # crm -> owner id
    person: Person | None  # None: only a CRM knows them


def superior_in(person: Person) -> Superior:
    """Return a person of the roster."""
    return Superior(ids=person.ids, person=person)


def manager_of(terms: Terms, owner: str, *, of: str) -> Superior | None:
    """Return the manager of an owner of the CRM `of`: the roster's word, else that of `of`, else another CRM's; None if nobody says."""
    person = terms.roster.person_of(of, owner)
    if person is not None and person.manager is not None:
        return superior_in(terms.roster.people[person.manager])
    for crm in sorted(terms.crms, key=lambda one: (one != of, one)):
        told = terms.crms[crm].managers.get(terms.owner_in(crm, owner, of=of))
        if told is not None:
            known = terms.roster.person_of(crm, told)
            return superior_in(known) if known is not None else Superior(ids={crm: told}, person=None)
    return None


def above(terms: Terms, superior: Superior) -> Iterator[Superior]:
    """Yield the manager of a manager, that one's manager, and so on; nobody twice."""
    met = [superior]
    while (one := _next(terms, met[-1])) is not None and one not in met:
        yield one
        met.append(one)


def _next(terms: Terms, superior: Superior) -> Superior | None:
    person = superior.person
    if person is not None and person.manager is not None:
        return superior_in(terms.roster.people[person.manager])
    return next((found for crm, id_ in superior.ids.items() if crm in terms.crms and (found := manager_of(terms, id_, of=crm))), None)


def away_until(superior: Superior, now: datetime) -> datetime | None:
    """Return until when somebody is absent; None if they are there, or nobody says."""
    away = superior.person.absences if superior.person is not None else ()
    return max((one.upto for one in away if one.since <= now < one.upto), default=None)


def id_in(terms: Terms, superior: Superior, crm: str) -> str | None:
    """Return the id that somebody has in a CRM: the roster's, else by their address; None if they have none there."""
    if (known := superior.ids.get(crm)) is not None:
        return known
    address = address_of(terms, superior)
    same = sorted(owner for owner, email in terms.crms[crm].emails.items() if email and email == address)
    return next(iter(same), None)


def address_of(terms: Terms, superior: Superior) -> str | None:
    """Return the e-mail address of somebody: the roster's, else that of a CRM in which they are active."""
    if superior.person is not None and superior.person.email:
        return superior.person.email
    known = (terms.crms[crm].emails.get(id_) for crm, id_ in superior.ids.items() if crm in terms.crms and id_ not in terms.crms[crm].gone)
    return next(filter(None, known), None)


def who_reads(terms: Terms, manager: Superior, now: datetime) -> Superior:
    """Return who is told what a manager is to know: the manager; of one who is away the next above who is there and has an address."""
    if away_until(manager, now) is None:
        return manager
    there = (one for one in above(terms, manager) if away_until(one, now) is None and address_of(terms, one) is not None)
    return next(there, manager)
