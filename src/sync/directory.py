"""Who a recipient is: address, name, hours and zone, by roster and CRM; and where the CRM shows a lead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from connectors.records import RecordKey
from sync.agreement.calendar import Calendar
from sync.agreement.model import Agreement
from sync.daily import Reader
from sync.judge.findings import Side
from sync.messages import MANAGER, MARKETING, OWNER, PERSONS, TEAM, Recipient
from sync.roster import Person, Roster
from sync.superiors import Superior, address_of, manager_of, superior_in, who_reads
from sync.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Looks people up in roster and CRM, by the agreement in force."""

    roster: Roster
    terms: Terms
    agreement: Agreement
    now: datetime  # at which somebody may be away
    pages: Mapping[str, Mapping[str, str]]  # CRM -> kind of record -> where people open one: its id follows

    def page(self, lead: str | None) -> str | None:
        """Return where the CRM shows a lead; None where it does not say."""
        if lead is None:
            return None
        key = RecordKey.parse(lead)
        pages = self.pages.get(key.crm, {})
        return f"{pages[key.kind]}{key.id}" if key.kind in pages and key.id.isascii() and key.id.isalnum() else None

    def email(self, recipient: Recipient) -> str | None:
        """Return the address of who is told: the roster's word, else the CRM's."""
        owner = self._owner(recipient)
        if owner is None or recipient.role not in PERSONS:
            return None
        if recipient.role == MANAGER:
            manager = self._manager(*owner)
            return address_of(self.terms, manager) if manager is not None else None
        person = self.roster.person_of(*owner)
        return address_of(self.terms, superior_in(person)) if person is not None else self.terms.crms[owner[0]].emails.get(owner[1])

    def name(self, recipient: Recipient) -> str | None:
        """Return the name of the owner whom a message is about."""
        owner = self._owner(recipient)
        return self.terms.crms[owner[0]].names.get(owner[1]) if owner is not None else None

    def calendar(self, recipient: Recipient) -> Calendar:
        """Return the hours of who is told: a person's own, else the agreement's default."""
        person = self._person(recipient)
        return self._hours(person) if person is not None else self.agreement.calendars["default"]

    def zone(self, recipient: Recipient) -> tzinfo:
        """Return the zone in which a person reads moments; of everybody else the agreement's."""
        person = self._person(recipient)
        return ZoneInfo(self._hours(person).zone) if person is not None else self.agreement.zone

    def team(self, crm: str, owner: str | None) -> str | None:
        """Return the team of an owner."""
        return self.terms.team_of(crm, owner) if crm in self.terms.crms else None

    def readers(self, words: Iterable[str]) -> Iterator[Reader]:
        """Yield whom words of the agreement mean where no lead is spoken of: people of the roster, and places that many read."""
        default = self.agreement.calendars["default"]
        for word in words:
            match word:
                case "owner":
                    yield from (self._reader(OWNER, person, [person]) for person in self.roster.people.values() if self._id(person))
                case "manager":
                    yield from self._managers()
                case "team":
                    yield from self._teams()
                case _:
                    side = Side.MARKETING if word == MARKETING else None
                    yield Reader(recipient=Recipient(role=word), calendar=default, owners=None, side=side)

    def _managers(self) -> Iterator[Reader]:
        """Yield the managers of the roster; each is named by the first of those who report to them, as any message to them is."""
        people = self.roster.people.values()
        for manager in people:
            if reports := [person for person in people if person.manager == manager.name and self._id(person)]:
                yield replace(self._reader(MANAGER, reports[0], reports), calendar=self._hours(manager))

    def _teams(self) -> Iterator[Reader]:
        people = [person for person in self.roster.people.values() if self._id(person)]
        for team in sorted({person.team for person in people if person.team}):
            theirs = [person for person in people if person.team == team]
            reader = self._reader(OWNER, theirs[0], theirs)
            yield replace(reader, recipient=Recipient(role=f"{TEAM} {team}"), calendar=self.agreement.calendars["default"])

    def _reader(self, role: str, of: Person, whose: list[Person]) -> Reader:
        owners = frozenset(f"{crm}/{id_}" for person in whose for crm, id_ in person.ids.items())
        return Reader(recipient=Recipient(role=role, of=self._id(of)), calendar=self._hours(of), owners=owners)

    def _id(self, person: Person) -> str:
        """Return a person's id in a connected CRM, the one whose owners are believed first; empty for none."""
        crms = sorted(self.terms.crms, key=lambda crm: (crm != self.terms.authority.owner, crm))
        return next((f"{crm}/{person.ids[crm]}" for crm in crms if crm in person.ids), "")

    def _hours(self, person: Person) -> Calendar:
        calendars = self.agreement.calendars
        return person.hours or calendars.get(person.calendar or "default", calendars["default"])

    def _owner(self, recipient: Recipient) -> tuple[str, str] | None:
        crm, _, owner = recipient.of.partition("/")
        return (crm, owner) if owner and crm in self.terms.crms else None

    def _person(self, recipient: Recipient) -> Person | None:
        """Return who is told, if the roster knows them."""
        owner = self._owner(recipient)
        if owner is None or recipient.role not in PERSONS:
            return None
        if recipient.role == MANAGER:
            return manager.person if (manager := self._manager(*owner)) is not None else None
        return self.roster.person_of(*owner)

    def _manager(self, crm: str, owner: str) -> Superior | None:
        """Return who is told as the manager of an owner: while they are away the next above them who is there and has an address."""
        manager = manager_of(self.terms, owner, of=crm)
        return who_reads(self.terms, manager, self.now) if manager is not None else None
