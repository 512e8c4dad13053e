"""Who works on leads: people, their hours and absences, pools and placeholders. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync.agreement.calendar import Calendar
from sync.agreement.criteria import Criterion
from sync.agreement.model import Agreement
from sync.caps import NO_CAPS, Caps


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A time in which a person does not work: from `since` up to `upto`, which is not part of it."""

    since: datetime
    upto: datetime
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can own leads, by the ids that the CRMs know them by."""

    name: str
    email: str | None  # lower case
    ids: Mapping[str, str]  # crm -> owner id
    manager: str | None  # name of another person
    team: str | None
    calendar: str | None  # name of a calendar of the agreement
    hours: Calendar | None  # own hours; they beat `calendar`
    absences: tuple[Absence, ...]  # by `since`


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person's part in a pool."""

    person: str
    weight: float
    territory: Criterion | None = None  # which leads they get; None: all
    at_most: Caps = NO_CAPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All people, pools and placeholders; an empty roster is valid and knows nobody."""

    people: Mapping[str, Person] = field(default_factory=dict)  # by name
    pools: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    placeholders: Mapping[str, frozenset[str]] = field(default_factory=dict)  # crm -> owner ids that stand for nobody
    shared_mailboxes: frozenset[str] = frozenset()  # addresses that belong to no single person, lower case
    by_id: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (crm, owner id) -> name
    text: str = field(default="", compare=False)  # the file as it was read

    def person_of(self, crm: str, owner_id: str) -> Person | None:
        """Return who has this owner id; None for somebody the roster does not know."""
        name = self.by_id.get((crm, owner_id))
        return self.people[name] if name is not None else None

    def calendar_of(self, crm: str, owner_id: str, agreement: Agreement) -> Calendar:
        """Return the working hours of an owner: their own, else the named calendar, else the agreement's default."""
        person = self.person_of(crm, owner_id)
        if person is None:
            return agreement.calendars["default"]
        if person.hours is not None:
            return person.hours
        return agreement.calendars.get(person.calendar or "default", agreement.calendars["default"])

    def is_placeholder(self, crm: str, owner_id: str) -> bool:
        """Whether this owner id stands for nobody."""
        return owner_id in self.placeholders.get(crm, frozenset())

    def with_nobody(self, owner_ids: Mapping[str, str]) -> Roster:
        """Return the roster in which these owner ids, by CRM, stand for nobody too."""
        crms = self.placeholders.keys() | owner_ids.keys()
        more = {crm: {owner_ids[crm]} if crm in owner_ids else set() for crm in crms}
        return replace(self, placeholders={crm: self.placeholders.get(crm, frozenset()) | more[crm] for crm in crms})

    def team_of(self, crm: str, owner_id: str) -> str | None:
        """Return the team of an owner; None where the roster names none."""
        person = self.person_of(crm, owner_id)
        return person.team if person is not None else None

    def members(self, pool: str) -> tuple[Member, ...]:
        """Return the members of a pool in the order written; none for an unknown pool."""
        return self.pools.get(pool, ())

    def absent(self, person: str, at: datetime) -> bool:
        """Whether a person of the roster is away at `at`."""
        known = self.people.get(person)
        return known is not None and any(away.since <= at < away.upto for away in known.absences)


def member_ids(roster: Roster, crm: str, pool: str) -> frozenset[str]:
    """Return the owner ids that the members of a pool have in one CRM."""
    ids = (roster.people[member.person].ids.get(crm) for member in roster.members(pool))
    return frozenset(owner for owner in ids if owner is not None)
