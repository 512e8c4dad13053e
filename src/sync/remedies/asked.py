"""One remedy that is asked for a lead, and the field writes that it comes to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connectors.records import Record
from sync.agreement.model import Agreement
from sync.authority import speaking
from sync.confusion import is_carried_on
from sync.judge.findings import Finding
from sync.ladder import Due
from sync.route import Given
from sync.rows import LeadRows
from sync.steps import FieldWrite
from sync.terms import Terms
from sync.timeline import Timeline


class Router(Protocol):
    """Chooses who gets a lead."""

    def give(self, pool: str | None, *, failed: Collection[str], takes_turn: bool) -> Given | None:
        """Return who gets the next lead of a pool, and who could have; None if nobody is left. It need not take their turn."""
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

    def written(self, crm: str) -> Record:
        """Return the record that is written where `crm` has the last word: a live one that no other carries on, if there is one."""
        rows = self.lead.rows
        live = [person for person in rows.people if person.key not in rows.gone_at]
        return min(speaking(live or rows.people, crm), key=lambda person: is_carried_on(person, self.terms))
