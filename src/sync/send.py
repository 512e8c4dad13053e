"""Sends changes to their CRMs, batch by batch, and notes what each answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from connectors.changes import Change, Fate, Outcome
from connectors.errors import ConnectorError
from connectors.protocol import WritingConnector
from connectors.records import RecordKey
from sync.journal import Entry, Event, Place
from sync.store.journal import Journal

EVENTS = {
    Fate.DONE: Event.DONE,
    Fate.REFUSED: Event.REFUSED,
    Fate.CHANGED: Event.CHANGED,
    Fate.LATER: Event.LATER,
    Fate.UNKNOWN: Event.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One change to be sent, and the write that it is."""

    place: Place
    change: Change


ClosedTo = Callable[[Iterable[Place]], Mapping[Place, str]]  # which writes must not be sent now, and why


def closed_to_none(_: Iterable[Place]) -> Mapping[Place, str]:
    """Let everything be sent: what was begun is finished."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends for one run; whatever is sent was noted as intended before."""

    writers: Mapping[str, WritingConnector]  # by CRM
    journal: Journal
    run_id: str
    now: datetime

    def intend(self, parts: Iterable[Part], before: Mapping[Place, Mapping[str, str | None]]) -> list[Entry]:
        """Note what will be sent, and what it replaces; return the lines."""
        lines = [
            Entry(place=part.place, event=Event.INTENDED, at=self.now, before=before[part.place], after=part.change.values)
            for part in parts
        ]
        self.journal.note(self.run_id, lines)
        return lines

    def send(self, parts: Sequence[Part], *, closed_to: ClosedTo = closed_to_none) -> dict[Place, Event]:
        """Send changes of different records; return what became of each. What is stopped right before its call is noted as skipped.

        Where a CRM refuses a whole batch, or ends the run, what was not sent is noted as such and the error is raised.
        """
        told: dict[Place, Event] = {}
        in_order = sorted(parts, key=lambda part: part.change.record)
        for crm, group in groupby(in_order, key=lambda part: part.change.record.crm):
            told |= self._send_to(self.writers[crm], list(group), closed_to)
        return told

    def note(self, places: Iterable[Place], event: Event, said: str | None) -> None:
        """Note one thing about several writes."""
        self.journal.note(self.run_id, [Entry(place=place, event=event, at=self.now, said=said) for place in places])

    def _send_to(self, writer: WritingConnector, parts: Sequence[Part], closed_to: ClosedTo) -> dict[Place, Event]:
        places = {part.change.record: part.place for part in parts}
        told: dict[Place, Event] = {}
        try:
            for batch in writer.batches([part.change for part in parts]):
                told |= self._skip(closed_to([places[change.record] for change in batch]))
                if open_now := [change for change in batch if places[change.record] not in told]:
                    told |= self._told(writer.write(open_now), places)
        except ConnectorError as error:
            self.note((place for place in places.values() if place not in told), Event.LATER, str(error))
            raise
        return told

    def _skip(self, closed: Mapping[Place, str]) -> dict[Place, Event]:
        lines = [Entry(place=place, event=Event.SKIPPED, at=self.now, said=why) for place, why in closed.items()]
        if lines:
            self.journal.note(self.run_id, lines)
        return {line.place: line.event for line in lines}

    def _told(self, outcomes: Iterable[Outcome], places: Mapping[RecordKey, Place]) -> dict[Place, Event]:
        lines = [Entry(place=places[one.change.record], event=EVENTS[one.fate], at=self.now, said=one.said) for one in outcomes]
        self.journal.note(self.run_id, lines)
        return {line.place: line.event for line in lines}
