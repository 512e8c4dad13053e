"""One remedy that is asked for a lead, and the field writes that it comes to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.records import Record
from sync.agreement.criteria import Criterion
from sync.agreement.model import Agreement
from sync.authority import speaking
from sync.confusion import is_carried_on
from sync.judge.findings import Finding
from sync.ladder import Due
from sync.route import Given, Sticky, everywhere
from sync.rows import LeadRows
from sync.steps import FieldWrite
from sync.terms import Terms
from sync.timeline import Timeline


class Router(Protocol):
    """Chooses who gets a lead."""

    def give(
        self,
        pool: str | None,
        *,
        failed: Collection[str],
        takes_turn: bool,
        fits: Callable[[Criterion], bool] = everywhere,
        sticky: Sticky | None = None,
    ) -> Given | None:
        """Return who gets the next lead of a pool, and who could have; None if nobody is left. It need not take their turn."""
        ...

    def nobody_because(self, pool: str | None, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> str:
        """Say why nobody is left."""
        ...

    def waits_for_shift(self, pool: str | None, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> bool:
        """Whether somebody may get the lead once they are on shift."""
        ...

    def account_of(self, domain: str) -> Sticky | None:
        """Return whose the company with a domain is, if it is somebody's."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One lead that something is to be done about."""

    rows: LeadRows
    timeline: Timeline
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """The field writes of a remedy to one record, and why one of them cannot be named."""

    record: Record
    fields: tuple[FieldWrite, ...] = ()
    missing: tuple[str, ...] = ()
    given: Given | None = None  # by which turn of the pool
    nobody_left: str | None = None  # the pool in which nobody may get it
    manager: str | None = None  # the owner id of whose task it becomes
    notes: tuple[str, ...] = ()  # what is to be said of them
    also: tuple[Writes, ...] = ()  # to other records of the same lead, together with these


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A remedy that a lead's broken promise asks for, and by what it is worked out."""

    due: Due
    lead: Lead
    agreement: Agreement  # the version in force now
    terms: Terms
    routing: Router
    takes_turn: bool  # False: the step will not be carried out, so nobody's turn in a pool is taken
    now: datetime

    def fits(self, territory: Criterion) -> bool:
        """Whether the lead belongs to a territory."""
        return belongs_to(territory, self.lead, self.agreement, self.now)

    def written(self, crm: str) -> Record:
        """Return the record that is written where `crm` has the last word: a live one that no other carries on, if there is one."""
        return written_record(self.lead.rows, crm, self.terms)


def written_record(rows: LeadRows, crm: str, terms: Terms) -> Record:
    """Return the record of a lead that is written where `crm` has the last word."""
    live = [person for person in rows.people if person.key not in rows.gone_at]
    return min(speaking(live or rows.people, crm), key=lambda person: is_carried_on(person, terms))


def belongs_to(territory: Criterion, lead: Lead, agreement: Agreement, now: datetime) -> bool:
    """Whether a lead belongs to a territory, by what its records hold now; a blank belongs to none that asks for it."""
    known, values = agreement.fields.keys(), lead.timeline.values
    return territory.fields <= known and territory.truth(values.at(territory.fields, now)) is True
