"""Sends changes to their CRMs, batch by batch, and notes what each answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from connectors.changes import Change, Fate, Outcome
from connectors.errors import ConnectorError, Forbidden
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
    """Sends for one run; whatever is sent was noted as intended before. `ended_by` is what nothing more can be sent after."""

    writers: Mapping[str, WritingConnector]  # by CRM
    journal: Journal
    run_id: str
    now: datetime
    ended_by: list[ConnectorError] = field(default_factory=list)
    said: dict[Place, str | None] = field(default_factory=dict)  # the CRM's own words about what was sent

    def intend(self, parts: Iterable[Part], before: Mapping[Place, Mapping[str, str | None]], *, said: str | None = None) -> list[Entry]:
        """Note what will be sent, and what it replaces; return the lines. `said` is for what takes a write of ours back."""
        lines = [
            Entry(place=part.place, event=Event.INTENDED, at=self.now, before=before[part.place], after=part.change.values, said=said)
            for part in parts
        ]
        self.journal.note(self.run_id, lines)
        return lines

    def send(self, parts: Sequence[Part], *, closed_to: ClosedTo = closed_to_none) -> dict[Place, Event]:
        """Send changes of different records; return what became of each. What is stopped right before its call is noted as skipped.

        What one object's closed door refuses stops no other object. An error that ends the run for its CRM is kept in `ended_by`, and
        what was not sent to that CRM is noted for later.
        """
        told: dict[Place, Event] = {}
        in_order = sorted(parts, key=lambda part: part.change.record)
        for crm, group in groupby(in_order, key=lambda part: part.change.record.crm):
            told |= self._send_to(self.writers[crm], list(group), closed_to)
        return told

    def note(self, places: Iterable[Place], event: Event, said: str | None) -> None:
        """Note one thing about several writes."""
        self._note([Entry(place=place, event=event, at=self.now, said=said) for place in places])

    def _send_to(self, writer: WritingConnector, parts: Sequence[Part], closed_to: ClosedTo) -> dict[Place, Event]:
        places = {part.change.record: part.place for part in parts}
        told: dict[Place, Event] = {}
        try:
            for batch in writer.batches([part.change for part in parts]):
                told |= self._skip(closed_to([places[change.record] for change in batch]))
                if open_now := [change for change in batch if places[change.record] not in told]:
                    told |= self._batch(writer, open_now, places)
        except ConnectorError as error:
            self.ended_by.append(error)
            told |= self._note_all([place for place in places.values() if place not in told], Event.LATER, str(error))
        return told

    def _batch(self, writer: WritingConnector, batch: Sequence[Change], places: Mapping[RecordKey, Place]) -> dict[Place, Event]:
        try:
            return self._told(writer.write(batch), places)
        except Forbidden as error:
            return self._note_all([places[change.record] for change in batch], Event.REFUSED, f"{error}; {error.fix}")

    def _note_all(self, places: Sequence[Place], event: Event, said: str) -> dict[Place, Event]:
        self.note(places, event, said)
        return dict.fromkeys(places, event)

    def _skip(self, closed: Mapping[Place, str]) -> dict[Place, Event]:
        lines = [Entry(place=place, event=Event.SKIPPED, at=self.now, said=why) for place, why in closed.items()]
        if lines:
            self._note(lines)
        return {line.place: line.event for line in lines}

    def _told(self, outcomes: Iterable[Outcome], places: Mapping[RecordKey, Place]) -> dict[Place, Event]:
        lines = [Entry(place=places[one.change.record], event=EVENTS[one.fate], at=self.now, said=one.said) for one in outcomes]
        self._note(lines)
        return {line.place: line.event for line in lines}

    def _note(self, lines: Sequence[Entry]) -> None:
        self.said.update((line.place, line.said) for line in lines)
        self.journal.note(self.run_id, lines)


def replaced(parts: Iterable[Part], held: Mapping[str, str | None]) -> dict[Place, dict[str, str | None]]:
    """Return what the fields of each part hold until it is done, for parts of one record that holds `held` before the first."""
    shown, before = dict(held), {}
    for part in parts:
        before[part.place] = {name: shown.get(name) for name in part.change.values}
        shown |= part.change.values
    return before
