"""Writes of which only reading tells whether they stand: those just sent, and those of a run that was killed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from connectors.changes import Change
from connectors.records import Record, RecordKey
from sync.along import Went, is_along, settle_tasks
from sync.joined import read_memberships
from sync.journal import FOR_GOOD, OPEN, Entry, Event, Place, what_reading_tells
from sync.send import Part, Sender
from sync.steps import Step
from sync.store.journal import UNDO, Journal, Unsettled
from sync.store.ledger import Ledger
from sync.store.mirror import Mirror
from sync.store.plans import Plans

Values = Mapping[str, str | None]
_NOT_SENT = frozenset({*FOR_GOOD, Event.LATER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A step of which something was sent, or may have been: its intents in order, and those of tasks that go along."""

    step: Step
    intents: tuple[Entry, ...]
    failed: Mapping[Place, Event] = field(default_factory=dict)  # parts that were not written and will not be
    along: tuple[Entry, ...] = ()

    @property
    def counted(self) -> tuple[Entry, ...]:
        """The parts that were written, may have been, or still can be."""
        return tuple(part for part in self.intents if part.place not in self.failed)

    @property
    def before(self) -> Values:
        """What the record held at first, of all fields that any part writes."""
        written = {name for part in self.counted for name in part.after or {}}
        held: dict[str, str | None] = {}
        for part in reversed(self.counted):
            held |= {name: value for name, value in (part.before or {}).items() if name in written}
        return held

    @property
    def after(self) -> Values:
        """What it shall hold once all parts are done."""
        return self._upto(len(self.counted))

    @property
    def to_restore(self) -> Values:
        """What was cleared for a part that failed, as it was: it cannot stay blank."""
        set_by_failed = {name for part in self.intents if part.place in self.failed for name, value in (part.after or {}).items() if value}
        before, after = self.before, self.after
        return {name: before[name] for name in sorted(set_by_failed & after.keys()) if not after[name] and before[name]}

    def rest(self, held: Values) -> tuple[Entry, ...]:
        """Return the parts that are missing where a record holds what it does between two of them; none elsewhere."""
        if what_reading_tells(self.before, self.after, held) is not Event.OVERWRITTEN:
            return ()
        for done in range(1, len(self.counted)):
            if what_reading_tells({}, self._upto(done), held) is Event.VERIFIED:
                return self.counted[done:]
        return ()

    def _upto(self, parts: int) -> Values:
        held = dict(self.before)
        for part in self.counted[:parts]:
            held |= part.after or {}
        return held


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What reading told about one step."""

    step: Step
    event: Event
    said: str | None = None


def left_open(journal: Journal, plans: Plans) -> list[Tried]:
    """Return the steps of earlier runs that nobody knows the end of."""
    found = []
    for plan, entries in groupby(journal.unsettled(), key=lambda told: told.intent.place.plan):
        steps = dict(enumerate(plans.steps(plan)))
        for position, parts in groupby(entries, key=lambda told: told.intent.place.position):
            found.append(_tried(steps[position], list(parts)))
    return found


def _tried(step: Step, parts: Sequence[Unsettled]) -> Tried:
    """Tell the parts of a step from the tasks that go along with it; an escalation is nothing but a task."""
    tasks = {one.intent.place for one in parts if step.fields and is_along(one.intent)}
    own = [one for one in parts if one.intent.place not in tasks]
    return Tried(
        step=step,
        intents=tuple(one.intent for one in own),
        along=tuple(one.intent for one in parts if one.intent.place in tasks and one.newest in OPEN),
        failed={one.intent.place: one.newest for one in own if one.newest in _NOT_SENT},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Reads back for one run."""

    sender: Sender
    mirror: Mirror
    ledger: Ledger
    owner_crm: str | None = None  # that says who owns leads: owner ids are its own; None: the one of the record

    def settle(self, tried: Sequence[Tried]) -> list[Settled]:
        """Read the records of steps back and note what stands; finish those that were cut off between two parts.

        What a part cleared for another one that failed is set again as it was. Who was given a lead of a pool is entered into the
        ledger once the lead is theirs.
        """
        held = self._held(tried)
        finished = [self._finish(one, rest) if (rest := one.rest(held.get(one.step.record, {}))) else one for one in tried]
        ended = [self._restore(one) if one.to_restore else one for one in finished]
        if touched := [one for one, before in zip(ended, tried, strict=True) if one is not before]:
            held |= self._held(touched)
        return self._pass_on(ended, [self._note(one, held.get(one.step.record)) for one in ended])

    def _held(self, tried: Sequence[Tried]) -> dict[RecordKey, Values]:
        """Read what records hold, and which of the lists they are on that a step is about."""
        records = {record.key: record.values for record in read_now(self.sender, self.mirror, [one.step.record for one in tried])}
        names = ((one.step.record, (name for part in one.intents for name in part.after or {})) for one in tried)
        on_lists = read_memberships(self.sender.writers, ((record, fields) for record, fields in names if record in records))
        return {key: {**values, **on_lists.get(key, {})} for key, values in records.items()}

    def _finish(self, tried: Tried, rest: Iterable[Entry]) -> Tried:
        """Send the parts that are missing, up to the first that fails; what is missing then has failed."""
        missing = list(rest)
        while missing:
            event = self._send(tried.step, missing[0])
            if event in _NOT_SENT:
                return replace(tried, failed={**tried.failed, **{part.place: event for part in missing}})
            if event is not Event.DONE:
                break
            missing.pop(0)
        return replace(tried)

    def _restore(self, tried: Tried) -> Tried:
        """Set what was cleared as it was, as a part of its own; where that fails too, the next run does it."""
        last, values = max(line.place for line in (*tried.intents, *tried.along)), tried.to_restore
        place = Place(last.plan, last.position, last.part + 1)
        part = Part(place=place, change=Change(record=tried.step.record, values=values))
        (intent,) = self.sender.intend([part], {place: dict.fromkeys(values)})
        event = self._send(tried.step, intent)
        return replace(tried, intents=(*tried.intents, intent), failed={**tried.failed, **({place: event} if event in _NOT_SENT else {})})

    def _send(self, step: Step, part: Entry) -> Event:
        change = Change(record=step.record, values=part.after or {})
        return self.sender.send([Part(place=part.place, change=change)])[part.place]

    def _pass_on(self, tried: Sequence[Tried], settled: Sequence[Settled]) -> list[Settled]:
        """Let the tasks that go along follow; a step stands once they do, too."""
        went = [
            Went(record=one.step.record, event=end.event, lines=one.along) for one, end in zip(tried, settled, strict=True) if one.along
        ]
        told = settle_tasks(went, self.sender) if went else {}
        return [_with_tasks(end, [told[line.place] for line in one.along]) for one, end in zip(tried, settled, strict=True)]

    def _note(self, tried: Tried, held: Values | None) -> Settled:
        if held is not None and tried.to_restore:  # it stays open
            return Settled(step=tried.step, event=next(iter(tried.failed.values())))
        event = what_reading_tells(tried.before, tried.after, held) if held is not None else Event.OVERWRITTEN
        said = "the record is gone, or was merged into another" if held is None else None
        journal, now = self.sender.journal, self.sender.now
        journal.note(self.sender.run_id, [Entry(place=one.place, event=event, at=now, said=said) for one in tried.counted])
        if event is Event.VERIFIED and tried.step.given is not None and tried.counted:
            place = tried.intents[-1].place
            self.ledger.enter(place, tried.step.given, crm=self.owner_crm or tried.step.record.crm, lead=tried.step.lead, at=now)
        if event is Event.VERIFIED and tried.counted:
            self._give_back(tried.step)
        failed = next(iter(tried.failed.values()), None)
        return Settled(step=tried.step, event=failed if failed is not None and event is Event.VERIFIED else event)

    def _give_back(self, step: Step) -> None:
        """Give the turn back that a lead took, where a step undid that, or returned it to Marketing."""
        if step.action == UNDO:
            self.ledger.undone(step.lead, finding=step.finding, rung=step.rung, at=self.sender.now)
        elif step.action == "return":
            self.ledger.give_back(step.lead, why="returned", at=self.sender.now)


def _with_tasks(end: Settled, told: Iterable[tuple[Event, str | None]]) -> Settled:
    """Return what became of a step with its tasks: one that could not be passed on is told of a step that stands."""
    bad = next(((event, said) for event, said in told if event in (Event.REFUSED, Event.LATER, Event.NOT_WRITTEN)), None)
    return end if bad is None or end.event is not Event.VERIFIED else Settled(step=end.step, event=bad[0], said=bad[1])


def read_now(sender: Sender, mirror: Mirror, records: Iterable[RecordKey]) -> Iterator[Record]:
    """Read records as they are now into the mirror, and yield those that are there."""
    wanted = sorted(set(records))
    for crm, group in groupby(wanted, key=lambda key: key.crm):
        for page in sender.writers[crm].read_now(list(group)):
            mirror.save_page(crm, page, seen_at=sender.now)
            yield from page.records
