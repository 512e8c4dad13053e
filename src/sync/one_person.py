"""Which records of both CRMs are one person: by what the CRMs themselves say, then by e-mail address. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

ROLES = frozenset(
    (
        *("abuse", "accounting", "accounts", "admin", "billing", "careers", "contact", "enquiries", "hello", "help", "hr", "info"),
        *("inquiries", "jobs", "kontakt", "mail", "marketing", "no-reply", "noreply", "office", "orders", "postmaster", "press"),
        *("purchasing", "reception", "sales", "service", "support", "team", "webmaster"),
    )
)
"""What stands before the @ in addresses of an office, not of a person."""


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person's record as far as it tells whose it is; ids are row ids."""

    id: int
    crm: str
    order: tuple[int, int, str]  # among all persons: the first of a lead names it
    email: str | None  # as the CRM holds it
    refers_to: tuple[int, ...] = ()  # records that the CRM says are the same person
    is_live: bool = True
    lead_before: int | None = None  # the record that named its lead until now; None: itself


@dataclass(slots=True)
class Grouping:
    """Who belongs to whose lead, and who may."""

    leads: dict[int, tuple[int, str]] = field(default_factory=dict)  # person -> (record that names the lead, how they were linked)
    doubts: set[tuple[int, int]] = field(default_factory=set)  # (person, record of another lead that claims the same address), both ways


def group_persons(persons: Sequence[PersonRecord], *, shared: Collection[str] = ()) -> Grouping:
    """Group records into leads.

    What the CRMs refer to is one person. An e-mail address links two groups if exactly two claim it, one in each CRM; if more do, or
    both in one CRM, none is linked, and each is in doubt. Addresses of an office and those that are `shared` link nobody. A record
    that is gone claims nothing, but stays where it was.
    """
    families = _Families(persons)
    grouping, known = Grouping(), {person.id for person in persons}
    for person in persons:
        for other in person.refers_to:
            families.join(person.id, other)
        if not person.is_live and person.lead_before in known:
            families.join(person.id, person.lead_before)
    by_reference = {person.id: families.first(person.id) for person in persons}
    for claim in _claims(persons, shared).values():
        _settle(claim, families, grouping)
    for person in persons:
        first = families.first(person.id)
        if first != person.id:
            grouping.leads[person.id] = (first, "reference" if by_reference[person.id] == by_reference[first] else "e-mail")
    return grouping


def address_of(email: str | None, shared: Collection[str] = ()) -> str | None:
    """Return an e-mail address in the form in which addresses are compared; None for one that stands for no single person."""
    address = (email or "").strip().casefold()
    name, at, domain = address.rpartition("@")
    if not (at and name and domain) or name in ROLES or address in shared:
        return None
    return address


def _claims(persons: Iterable[PersonRecord], shared: Collection[str]) -> Mapping[str, list[PersonRecord]]:
    claims: dict[str, list[PersonRecord]] = defaultdict(list)
    for person in persons:
        if person.is_live and (address := address_of(person.email, shared)) is not None:
            claims[address].append(person)
    return {address: claimed for address, claimed in claims.items() if len(claimed) > 1}


def _settle(claim: Sequence[PersonRecord], families: _Families, grouping: Grouping) -> None:
    """Link the families of those who claim one address, or note that they are in doubt."""
    of_family: dict[int, list[PersonRecord]] = defaultdict(list)
    for person in claim:
        of_family[families.first(person.id)].append(person)
    if len(of_family) < 2:
        return
    crms = [families.crms(first) for first in of_family]
    if len(of_family) == 2 and crms[0].isdisjoint(crms[1]):
        families.join(*of_family)
        return
    for ours, theirs in permutations(of_family.values(), 2):
        grouping.doubts |= {(person.id, other.id) for person in ours for other in theirs}


class _Families:
    """Sets of records that grow together, each named by its first record."""

    def __init__(self, persons: Iterable[PersonRecord]) -> None:
        self._order = {person.id: person.order for person in persons}
        self._crms = {person.id: frozenset({person.crm}) for person in persons}
        self._upper: dict[int, int] = {}

    def first(self, person: int) -> int:
        """Return the record that names the family."""
        top = person
        while top in self._upper:
            top = self._upper[top]
        while person != top:
            self._upper[person], person = top, self._upper[person]
        return top

    def crms(self, first: int) -> frozenset[str]:
        """Return the CRMs in which the family has records."""
        return self._crms[first]

    def join(self, one: int, other: int) -> None:
        """Make two families one."""
        upper, lower = sorted((self.first(one), self.first(other)), key=self._order.__getitem__)
        if upper != lower:
            self._upper[lower] = upper
            self._crms[upper] |= self._crms[lower]
