"""Which records of both CRMs are one person: by what the CRMs themselves say, then by e-mail address. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, permutations, product

ROLES = frozenset(
    (
        *("abuse", "accounting", "accounts", "admin", "billing", "careers", "contact", "enquiries", "hello", "help", "hr", "info"),
        *("inquiries", "jobs", "kontakt", "mail", "marketing", "no-reply", "noreply", "office", "orders", "postmaster", "press"),
        *("purchasing", "reception", "sales", "service", "support", "team", "webmaster"),
    )
)
"""What stands before the @ in addresses of an office, not of a person."""


Claim = dict[int, list[int]]  # first record of a family -> those of its records that claim an address


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
    """Group records into leads, whatever the order of `persons`.

    What the CRMs refer to is one person. An e-mail address links two groups if exactly two claim it, one in each CRM; if more do, or
    both in one CRM, none is linked, and each is in doubt. Nor is a group that two addresses would link to two others. Addresses of an
    office and those that are `shared` link nobody. A record that is gone claims nothing, but stays in the lead in which it was.
    """
    families, grouping = _Families(persons), Grouping()
    families.join_all((person.id, other) for person in persons for other in person.refers_to)
    by_reference = {person.id: families.first(person.id) for person in persons}
    families.join_all(_kept(persons))
    pairs, unclear = _sort_out(list(_claims(persons, shared, families)), families)
    families.join_all(pairs)
    for claim in unclear:
        for one, other in permutations(claim, 2):
            if families.first(one) != families.first(other):
                grouping.doubts.update(product(claim[one], claim[other]))
    for person in persons:
        first = families.first(person.id)
        if first != person.id:
            grouping.leads[person.id] = (first, "reference" if by_reference[person.id] == by_reference[first] else "e-mail")
    return grouping


def _kept(persons: Sequence[PersonRecord]) -> Iterator[tuple[int, int]]:
    """Yield the records that stay together because one of them is gone."""
    live = {person.id: person.is_live for person in persons}
    for person in persons:
        before = person.lead_before
        if before in live and not (person.is_live and live[before]):
            yield person.id, before


def address_of(email: str | None, shared: Collection[str] = ()) -> str | None:
    """Return an e-mail address in the form in which addresses are compared; None for one that stands for no single person."""
    address = (email or "").strip().casefold()
    name, at, domain = address.rpartition("@")
    if not (at and name and domain) or name in ROLES or address in shared:
        return None
    return address


def _claims(persons: Iterable[PersonRecord], shared: Collection[str], families: _Families) -> Iterator[Claim]:
    """Yield the families that claim one address, where several do."""
    by_address: dict[str, list[int]] = defaultdict(list)
    for person in persons:
        if person.is_live and (address := address_of(person.email, shared)) is not None:
            by_address[address].append(person.id)
    for claimed in by_address.values():
        if len(claimed) > 1:
            of_family: Claim = defaultdict(list)
            for id_ in claimed:
                of_family[families.first(id_)].append(id_)
            if len(of_family) > 1:
                yield of_family


def _sort_out(claims: Sequence[Claim], families: _Families) -> tuple[list[tuple[int, int]], list[Claim]]:
    """Return the pairs of families that one address links, and the claims that link nobody."""
    pairs = {(min(claim), max(claim)) for claim in claims if len(claim) == 2 and families.are_apart(*claim)}
    sought = Counter(chain.from_iterable(pairs))
    clear = {pair for pair in pairs if sought[pair[0]] == sought[pair[1]] == 1}
    return sorted(clear), [claim for claim in claims if len(claim) > 2 or (min(claim), max(claim)) not in clear]


class _Families:
    """Sets of records that grow together, each named by its first record."""

    def __init__(self, persons: Iterable[PersonRecord]) -> None:
        self._order = {person.id: person.order for person in persons}
        self._crms = {person.id: frozenset({person.crm} if person.is_live else ()) for person in persons}
        self._upper: dict[int, int] = {}

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
        return self._crms[one].isdisjoint(self._crms[other])

    def join_all(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Make one family of the families of each pair."""
        for one, other in pairs:
            self._join(one, other)

    def _join(self, one: int, other: int) -> None:
        upper, lower = sorted((self.first(one), self.first(other)), key=self._order.__getitem__)
        if upper != lower:
            self._upper[lower] = upper
            self._crms[upper] |= self._crms[lower]
