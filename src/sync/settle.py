"""Writes of which only reading tells whether they stand: those just sent, and those of a run that was killed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from connectors.changes import Change
from connectors.records import Record, RecordKey
from sync.journal import Entry, Event, what_reading_tells
from sync.send import Part, Sender
from sync.steps import Step
from sync.store.journal import UNDO, Journal
from sync.store.ledger import Ledger
from sync.store.mirror import Mirror
from sync.store.plans import Plans

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A step of which something was sent, or may have been: its intents in order."""

    step: Step
    intents: tuple[Entry, ...]

    @property
    def before(self) -> Values:
        """What the record held at first, of all fields that any part writes."""
        held: dict[str, str | None] = {}
        for part in reversed(self.intents):
            held |= part.before or {}
        return held

    @property
    def after(self) -> Values:
        """What it shall hold once all parts are done."""
        return self._upto(len(self.intents))

    def rest(self, held: Values) -> tuple[Entry, ...]:
        """Return the parts that are missing where a record holds what it does between two of them; none elsewhere."""
        if what_reading_tells(self.before, self.after, held) is not Event.OVERWRITTEN:
            return ()
        for done in range(1, len(self.intents)):
            if what_reading_tells({}, self._upto(done), held) is Event.VERIFIED:
                return self.intents[done:]
        return ()

    def _upto(self, parts: int) -> Values:
        held = dict(self.before)
        for part in self.intents[:parts]:
            held |= part.after or {}
        return held


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What reading told about one step."""

    step: Step
    event: Event


def left_open(journal: Journal, plans: Plans) -> list[Tried]:
    """Return the steps of earlier runs that nobody knows the end of."""
    found = []
    for plan, entries in groupby(journal.unsettled(), key=lambda entry: entry.place.plan):
        steps = dict(enumerate(plans.steps(plan)))
        for position, parts in groupby(entries, key=lambda entry: entry.place.position):
            found.append(Tried(step=steps[position], intents=tuple(parts)))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Reads back for one run."""

    sender: Sender
    mirror: Mirror
    ledger: Ledger
    owner_crm: str | None = None  # that says who owns leads: owner ids are its own; None: the one of the record

    def settle(self, tried: Sequence[Tried]) -> list[Settled]:
        """Read the records of steps back and note what stands; finish those that were cut off between two parts.

        Who was given a lead of a pool is entered into the ledger once the lead is theirs.
        """
        held = self._held(tried)
        cut_off = [(one, rest) for one in tried if (rest := one.rest(held.get(one.step.record, {})))]
        for one, rest in cut_off:
            self._finish(one.step, rest)
        if cut_off:
            held |= self._held([one for one, _ in cut_off])
        return [self._note(one, held.get(one.step.record)) for one in tried]

    def _held(self, tried: Iterable[Tried]) -> dict[RecordKey, Values]:
        records = [one.step.record for one in tried]
        return {record.key: record.values for record in read_now(self.sender, self.mirror, records)}

    def _finish(self, step: Step, rest: Iterable[Entry]) -> None:
        for part in rest:
            change = Change(record=step.record, values=part.after or {})
            if self.sender.send([Part(place=part.place, change=change)])[part.place] is not Event.DONE:
                return

    def _note(self, tried: Tried, held: Values | None) -> Settled:
        event = what_reading_tells(tried.before, tried.after, held) if held is not None else Event.OVERWRITTEN
        said = "the record is gone, or was merged into another" if held is None else None
        journal, now = self.sender.journal, self.sender.now
        journal.note(self.sender.run_id, [Entry(place=one.place, event=event, at=now, said=said) for one in tried.intents])
        if event is Event.VERIFIED and tried.step.given is not None:
            place = tried.intents[-1].place
            self.ledger.enter(place, tried.step.given, crm=self.owner_crm or tried.step.record.crm, lead=tried.step.lead, at=now)
        if event is Event.VERIFIED and tried.step.action == UNDO:
            self.ledger.undone(tried.step.lead, finding=tried.step.finding, rung=tried.step.rung, at=now)
        return Settled(step=tried.step, event=event)


def read_now(sender: Sender, mirror: Mirror, records: Iterable[RecordKey]) -> Iterator[Record]:
    """Read records as they are now into the mirror, and yield those that are there."""
    wanted = sorted(set(records))
    for crm, group in groupby(wanted, key=lambda key: key.crm):
        for page in sender.writers[crm].read_now(list(group)):
            mirror.save_page(crm, page, seen_at=sender.now)
            yield from page.records
