"""Which records of both CRMs are one person: by what the CRMs themselves say, then by e-mail address. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
NONE: frozenset[str] = frozenset()
NEAREST = 5  # to either side: of many that claim one address, each is in doubt with so many, or all pairs would be held


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person's record as far as it tells whose it is; ids are row ids."""

    id: int
    crm: str
    order: int  # its place among all persons: the first of a lead names it
    email: str | None  # as the CRM holds it
    refers_to: tuple[int, ...] = ()  # records that the CRM says are the same person
    is_live: bool = True
    lead_before: int | None = None  # the record that named its lead until now; None: itself


@dataclass(slots=True)
class Grouping:
    """Who belongs to whose lead, and who may."""

    leads: dict[int, tuple[int, str]] = field(default_factory=dict)  # person -> (record that names the lead, how they were linked)
    doubts: set[tuple[int, int]] = field(default_factory=set)  # (person, record of another lead that claims its address), both ways


def group_persons(persons: Sequence[PersonRecord], *, shared: Collection[str] = ()) -> Grouping:
    """Group records into leads, whatever the order of `persons`.

    What the CRMs refer to is one person. An e-mail address links two groups if exactly two claim it, one in each CRM; if more do, or
    both in one CRM, none is linked, and each is in doubt. Nor is a group that two addresses would link to two others. Addresses of an
    office and those that are `shared` link nobody. A record that is gone claims nothing, but stays in the lead in which it was.

    Grouped again, with the leads that came out as those before, the same comes out. So do parts of `persons`, if nothing ties one of a
    part to one of another: no reference, no address, no lead in which both were.
    """
    claims = _claims(persons, shared)
    kept = _kept(persons, {person.id: person.lead_before for person in persons})
    while True:  # ends: the record that is gone is kept by an earlier one each time, or by the same
        grouping = _group(persons, claims, kept)
        again = _kept(persons, {person: first for person, (first, _) in grouping.leads.items()})
        if again == kept:
            return grouping
        kept = again


def _group(persons: Sequence[PersonRecord], claims: Collection[Sequence[int]], kept: Collection[tuple[int, int]]) -> Grouping:
    families, grouping = _Families(persons), Grouping()
    families.join_all((person.id, other) for person in persons for other in person.refers_to)
    by_reference = {person.id: first for person in persons if (first := families.first(person.id)) != person.id}
    families.join_all(kept)
    families.join_all(_pairs(claims, families).items())
    for claim in claims:
        grouping.doubts.update(_doubts(claim, families))
    for person in persons:
        id_, first = person.id, families.first(person.id)
        if first != id_:
            grouping.leads[id_] = first, "reference" if by_reference.get(id_, id_) == by_reference.get(first, first) else "e-mail"
    return grouping


def _kept(persons: Iterable[PersonRecord], before: Mapping[int, int | None]) -> set[tuple[int, int]]:
    """Return the records that stay together because one of them is gone; `before` tells in whose leads they are, if not in their own."""
    is_live = {person.id: person.is_live for person in persons}
    told = ((person, lead) for person, lead in before.items() if lead is not None and lead != person and lead in is_live)
    return {(person, lead) for person, lead in told if not (is_live[person] and is_live[lead])}


def address_of(email: str | None, shared: Collection[str] = ()) -> str | None:
    """Return an e-mail address in the form in which addresses are compared; None for one that stands for no single person."""
    address = (email or "").strip().casefold()
    name, at, domain = address.rpartition("@")
    if not (at and name and domain) or name in ROLES or address in shared:
        return None
    return address


def _claims(persons: Iterable[PersonRecord], shared: Collection[str]) -> list[list[int]]:
    """Return the records that claim one address, for each that several claim."""
    by_address: dict[str, list[int]] = defaultdict(list)
    for person in persons:
        if person.is_live and (address := address_of(person.email, shared)) is not None:
            by_address[address].append(person.id)
    return [claim for claim in by_address.values() if len(claim) > 1]


def _pairs(claims: Iterable[Sequence[int]], families: _Families) -> dict[int, int]:
    """Return the families that an address links, each to one other."""
    partners: dict[int, int] = {}
    contested: set[int] = set()
    for claim in claims:
        claimants = {families.first(id_) for id_ in claim}
        if len(claimants) == 2 and families.are_apart(*claimants):
            for one, other in permutations(claimants):
                if partners.setdefault(one, other) != other:
                    contested.add(one)
    return {one: other for one, other in partners.items() if contested.isdisjoint((one, other))}


def _doubts(claim: Iterable[int], families: _Families) -> Iterator[tuple[int, int]]:
    """Yield which claimants of an address may be which others, both ways; a lead that has another beside it is in one doubt at least."""
    ranked = sorted(claim, key=families.order)
    for step in range(1, min(NEAREST, len(ranked) - 1) + 1):
        for one, other in zip(ranked, ranked[step:] + ranked[:step], strict=True):
            if families.first(one) != families.first(other):
                yield one, other
                yield other, one


class _Families:
    """Sets of records that grow together, each named by its first record."""

    def __init__(self, persons: Iterable[PersonRecord]) -> None:
        self._order = {person.id: person.order for person in persons}
        crms = {person.crm: frozenset({person.crm}) for person in persons}
        self._crms = {person.id: crms[person.crm] for person in persons if person.is_live}
        self._upper: dict[int, int] = {}

    def order(self, person: int) -> int:
        """Return the place of a record among all."""
        return self._order[person]

    def first(self, person: int) -> int:
        """Return the record that names the family."""
        top = person
        while top in self._upper:
            top = self._upper[top]
        while person != top:
            self._upper[person], person = top, self._upper[person]
        return top

    def are_apart(self, one: int, other: int) -> bool:
        """Whether no CRM has live records of both families."""
        return self._crms.get(one, NONE).isdisjoint(self._crms.get(other, NONE))

    def join_all(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Make one family of the families of each pair."""
        for one, other in pairs:
            self._join(one, other)

    def _join(self, one: int, other: int) -> None:
        upper, lower = sorted((self.first(one), self.first(other)), key=self._order.__getitem__)
        if upper != lower:
            self._upper[lower] = upper
            self._crms[upper] = self._crms.get(upper, NONE) | self._crms.get(lower, NONE)
