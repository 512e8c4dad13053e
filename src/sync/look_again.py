"""Reads everything about some leads anew, right before they are written, and judges them again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.protocol import WritingConnector
from connectors.records import RecordKey
from sync.fresh import Promised, why_not_now
from sync.judge.judge import judge_lead
from sync.known import Known
from sync.offboard import Offboarding
from sync.plan import Planner
from sync.route import Routing
from sync.rows import LeadRows
from sync.seats import is_there, open_seats
from sync.steps import Step

_TOLD_BY = timedelta(seconds=1)  # a CRM tells its time in whole seconds, and what happened in fractions of one


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAgain:
    """What a run looks at again, and by what it judges."""

    known: Known
    writers: Mapping[str, WritingConnector]  # by CRM
    closed: Mapping[str, Mapping[str, str]]  # CRM -> streams that our credentials may not read
    planner: Planner | Offboarding
    routing: Routing = field(default_factory=lambda: Routing(seats={}))  # territories and accounts; who may get leads is looked up anew

    def read(self, leads: Iterable[str], *, now: datetime, by_association: bool = True) -> dict[str, LeadRows]:
        """Read the persons of `leads` and their activities by association, in every CRM that holds one; return the leads, by key.

        Not `by_association` the activities are left out, for what moves nobody. A lead that was merged into another, or erased, is not
        among them.
        """
        wanted = sorted(set(leads))
        people = [person.key for rows in self._rows(wanted).values() for person in rows.people]
        for crm, writer in self.writers.items():
            theirs = [key for key in people if key.crm == crm]
            self._read_persons(writer, theirs, now=now)
            if by_association and theirs:
                self._read_activities(writer, theirs, now=now)
        return self._rows(wanted)

    def _read_persons(self, writer: WritingConnector, persons: Sequence[RecordKey], *, now: datetime) -> None:
        if not persons:
            return
        for page in writer.read_now(persons):
            self.known.mirror.save_page(writer.crm, page, seen_at=now)

    def _read_activities(self, writer: WritingConnector, persons: Sequence[RecordKey], *, now: datetime) -> None:
        for page in writer.evidence(persons, without=self.closed.get(writer.crm, {})):
            self.known.mirror.save_page(writer.crm, page, seen_at=now)

    def _read_upto(self) -> Iterator[datetime]:
        """Yield the time up to which each CRM was read, by its own clock."""
        yield from (writer.server_now + _TOLD_BY for writer in self.writers.values() if writer.server_now is not None)

    def kept(self, leads: Sequence[str]) -> dict[str, LeadRows]:
        """Return leads as the mirror has them, by key; no CRM is asked."""
        return self._rows(leads)

    def _rows(self, leads: Sequence[str]) -> dict[str, LeadRows]:
        within = self.planner.agreement.touches.bulk_within
        return {rows.lead: rows for rows in self.known.reader.leads(upto=None, bulk_within=within, keys=leads)}

    def why_not(self, step: Step, rows: LeadRows | None, *, now: datetime) -> str | None:
        """Say why a step must not be carried out now; None if it may.

        What the CRM tells has happened, though its clock be ahead of ours: a call is no less made for being dated after `now`.
        """
        if rows is None:
            return "the lead is gone, or was merged into another"
        terms, now = self.planner.terms, max([now, *self._read_upto()])
        findings = judge_lead(rows, terms, now).findings
        routing = replace(self.routing, seats=open_seats(self.known.roster, terms, now))
        router = Promised(step.given, routing, lambda owner: is_there(terms, owner, now))
        asked = replace(self.planner, now=now, routing=router).steps(rows, findings)
        days = terms.crms[step.record.crm].vocabulary.own_fields.get("return_on")
        return why_not_now(step, asked, findings, moving=(days,) if days is not None else ())
