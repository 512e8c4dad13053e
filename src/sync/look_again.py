"""Reads everything about some leads anew, right before they are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.protocol import WritingConnector
from connectors.records import RecordKey
from sync.again import Again
from sync.derived import Derived
from sync.known import Known
from sync.offboard import Offboarding
from sync.plan import Planner
from sync.route import Routing
from sync.rows import LeadRows
from sync.seats import open_seats

_TOLD_BY = timedelta(seconds=1)  # a CRM tells its time in whole seconds, and what happened in fractions of one


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAgain:
    """What a run looks at again, and by what it judges what it sees."""

    known: Known
    writers: Mapping[str, WritingConnector]  # by CRM
    closed: Mapping[str, Mapping[str, str]]  # CRM -> streams that our credentials may not read
    planner: Planner | Offboarding
    routing: Routing = field(default_factory=lambda: Routing(seats={}))  # territories and accounts; who may get leads is looked up anew

    def read(self, leads: Iterable[str], *, now: datetime, by_association: bool = True) -> Again:
        """Read the persons of `leads` and their activities by association, in every CRM that holds one; return the leads as they are.

        Not `by_association` the activities are left out, for what moves nobody. What the CRM tells has happened, though its clock be
        ahead of ours: a call is no less made for being dated after `now`.
        """
        wanted = sorted(set(leads))
        people = self.known.reader.persons(wanted)
        for crm, writer in self.writers.items():
            theirs = [key for key in people if key.crm == crm]
            self._read_persons(writer, theirs, now=now)
            if by_association and theirs:
                self._read_activities(writer, theirs, now=now)
        return self._again(self.kept(wanted), max([now, *self._read_upto()]))

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

    def _again(self, rows: Mapping[str, LeadRows], now: datetime) -> Again:
        seats = open_seats(self.known.roster, self.planner.terms, now)
        return Again(rows=rows, planner=replace(self.planner, now=now, derive=Derived()), routing=replace(self.routing, seats=seats))

    def kept(self, leads: Sequence[str]) -> dict[str, LeadRows]:
        """Return leads as the mirror has them, by key; no CRM is asked."""
        within = self.planner.agreement.touches.bulk_within
        return {rows.lead: rows for rows in self.known.reader.leads(upto=None, bulk_within=within, keys=leads)}
