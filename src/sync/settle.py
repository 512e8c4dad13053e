"""Writes of which only reading tells whether they stand: those just sent, and those of a run that was killed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from connectors.changes import Change
from sync.journal import Entry, Event, Place, what_reading_tells
from sync.read_back import read_back
from sync.reversals import Signs, who
from sync.same_value import same_value
from sync.send import Part, Sender, replaced
from sync.steps import Step
from sync.store.journal import Journal
from sync.store.ledger import Ledger
from sync.store.mirror import Mirror
from sync.store.plans import Chosen, Plans
from sync.tried import Seen, Tried, Values, Verdict, as_it_was, lost_edits, verdict_on

ROUNDS = 4  # of reading back and sending what is missing; what is still open then is left to the next run
_HALF_WAY = "only half of it was accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What reading told about one step."""

    step: Step
    event: Event
    said: str | None = None


def left_open(journal: Journal, plans: Plans) -> list[Tried]:
    """Return the steps of earlier runs that nobody knows the end of."""
    return list(tried_of(journal.unsettled(), plans))


def tried_of(intents: Iterable[Entry], plans: Plans) -> Iterator[Tried]:
    """Yield the steps that some intents, sorted by place, are of."""
    for plan, group in groupby(intents, key=lambda entry: entry.place.plan):
        parts = {place: tuple(some) for place, some in groupby(group, key=lambda entry: entry.place.position)}
        for place, step in plans.numbered(plan, Chosen(places=frozenset(parts))):
            yield Tried(step=step, intents=parts[place])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Reads back for one run."""

    sender: Sender
    mirror: Mirror
    ledger: Ledger
    signs: Mapping[str, Signs]  # by CRM

    def settle(self, tried: Sequence[Tried]) -> list[Settled]:
        """Read the records of steps back and note what stands; finish those that were cut off between two parts.

        What somebody wrote right before us, unseen, is put back, and what else the step wrote there is taken back. Who was given a
        lead of a pool is entered into the ledger once the lead is theirs. What could not be finished stays open: the next run goes on.
        """
        open_, settled = list(tried), []
        for number in range(ROUNDS):
            if not open_ or (number and self.sender.ended_by):
                break
            seen = read_back(self.sender, self.mirror, (one.step.record for one in open_))
            sent = [(one, self._send_on(one, seen.get(one.step.record))) for one in open_]
            settled += [self._note(one, seen.get(one.step.record)) for one, more in sent if more is None]
            open_ = [more for _, more in sent if more is not None]
        return settled + [Settled(step=one.step, event=Event.UNKNOWN, said="not finished; the next run goes on") for one in open_]

    def _send_on(self, tried: Tried, seen: Seen | None) -> Tried | None:
        """Send what is missing; return the step as it was tried then, None if nothing was missing or can be helped."""
        if seen is None:
            return None
        if rest := tried.rest(seen.values):
            return self._finish(tried, rest, seen)
        if self.sender.writers[tried.step.record.crm].condition_grain is not None:
            return None
        lost = lost_edits(tried, seen, self.signs[tried.step.record.crm])
        if not lost:
            return None
        signs = self.signs[tried.step.record.crm]
        back = {**as_it_was(tried, seen), **{name: change.value for name, change in lost.items()}}
        told = ", ".join(f"{name} by {who(change, signs)}" for name, change in lost.items())
        return self._take_back(tried, back, seen, f"written right before: {told}")

    def _finish(self, tried: Tried, rest: Sequence[Entry], seen: Seen) -> Tried | None:
        last = self._send([Part(place=one.place, change=Change(record=tried.step.record, values=one.after or {})) for one in rest])
        if last not in (Event.REFUSED, Event.CHANGED):
            return tried
        if tried.takes_back:
            return None
        back = {name: value for name, value in tried.before.items() if not same_value(value, seen.values.get(name))}
        return self._take_back(tried, back, seen, _HALF_WAY)

    def _take_back(self, tried: Tried, values: Values, seen: Seen, why: str) -> Tried:
        """Note and send what takes a step back; whether it arrived is for the next reading to tell."""
        change, last = Change(record=tried.step.record, values=values), tried.intents[-1].place
        ordered = self.sender.writers[tried.step.record.crm].in_order(change, seen.values)
        parts = [Part(place=Place(last.plan, last.position, last.part + n), change=one) for n, one in enumerate(ordered, start=1)]
        intents = self.sender.intend(parts, replaced(parts, seen.values), said=why)
        self._send(parts)
        return Tried(step=tried.step, intents=(*tried.intents, *intents))

    def _send(self, parts: Iterable[Part]) -> Event:
        """Send parts of one record in their order, up to one that is not done; return what became of the last that was sent."""
        event = Event.DONE
        for part in parts:
            event = self.sender.send([part])[part.place]
            if event is not Event.DONE:
                break
        return event

    def _note(self, tried: Tried, seen: Seen | None) -> Settled:
        if tried.takes_back:
            return self._note_taken_back(tried, seen)
        verdict = verdict_on(tried, seen, self.signs[tried.step.record.crm])
        self.sender.journal.note(self.sender.run_id, lines_of(verdict, tried, seen, self.sender.now))
        if verdict.event is Event.VERIFIED and tried.step.given is not None:
            self.ledger.enter(tried.places[-1], tried.step.given, crm=tried.step.record.crm, lead=tried.step.lead, at=self.sender.now)
        return Settled(step=tried.step, event=verdict.event, said=verdict.said)

    def _note_taken_back(self, tried: Tried, seen: Seen | None) -> Settled:
        found = {name: value for one in tried.takes_back for name, value in (one.after or {}).items()}
        is_back = seen is not None and what_reading_tells({}, found, seen.values) is Event.VERIFIED
        event, why = Event.PUT_BACK if is_back else Event.OVERWRITTEN, tried.takes_back[-1].said
        ours = Tried(step=tried.step, intents=tried.writes).after
        lines = [Entry(place=place, event=event, at=self.sender.now, said=why) for place in tried.places]
        lines[-1] = replace(lines[-1], before={name: ours.get(name) for name in found}, after=found)
        end = Event.VERIFIED if is_back else Event.OVERWRITTEN
        lines += [Entry(place=one.place, event=end, at=self.sender.now) for one in tried.takes_back]
        self.sender.journal.note(self.sender.run_id, lines)
        return Settled(step=tried.step, event=event, said=why)


def lines_of(verdict: Verdict, tried: Tried, seen: Seen | None, at: datetime) -> list[Entry]:
    """Return the lines that keep a verdict; the last part's tells of a reversal what we had written and what stands in its place."""
    lines = [Entry(place=place, event=verdict.event, at=at, said=verdict.said) for place in tried.places]
    if names := [one.field for one in verdict.reversals]:
        held = seen.values if seen is not None else {}
        before, after = {name: tried.after[name] for name in names}, {name: held.get(name) for name in names}
        lines[-1] = replace(lines[-1], before=before, after=after)
    return lines
