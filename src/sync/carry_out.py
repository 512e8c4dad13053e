"""A plan -> changes in the CRMs: looked at again, noted, sent, read back; the only way in which leadpact writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.changes import Change
from connectors.errors import ConnectorError
from connectors.memberships import is_membership
from connectors.records import Record, RecordKey
from sync.again import Again
from sync.along import Along, stay
from sync.beside import NOT_ALONE, goes_with
from sync.joined import read_lost, read_memberships
from sync.journal import FOR_GOOD, STOOD, Entry, Event, Place
from sync.look_again import LookAgain
from sync.same_value import same_value
from sync.send import Part, Sender, replaced
from sync.settle import Settled, Settler
from sync.stamps import STAMP
from sync.steps import Step
from sync.stopping import Gate, Stopping
from sync.store.journal import UNDO
from sync.tried import GONE, Tried, Values

AT_ONCE = 100  # leads that are looked at again before they are written
_NOT_SENT = frozenset({Event.SKIPPED, Event.REFUSED, Event.CHANGED, Event.LATER})


@dataclass(slots=True)
class Tally:
    """What became of the steps of a plan."""

    events: Counter[Event] = field(default_factory=Counter)
    told: list[tuple[Step, Event, str | None]] = field(default_factory=list)  # what did not simply happen
    stand: list[Step] = field(default_factory=list)  # what was written and read back
    waits: dict[int, str | None] = field(default_factory=dict)  # place in the plan -> the CRM's words, of what may be tried again
    left: int = 0  # steps that were not tried at all
    stopped_by: ConnectorError | None = None  # after which nothing more could be written
    stopped: int = 0  # of the skipped: what a pause or a freeze stopped in the middle of the run

    def add(self, step: Step, event: Event, said: str | None = None) -> None:
        """Count one step."""
        self.events[event] += 1
        if event in STOOD:
            self.stand.append(step)
        else:
            self.told.append((step, event, said))

    def add_all(self, settled: Iterable[Settled]) -> None:
        """Count steps that were read back."""
        for one in settled:
            self.add(one.step, one.event, one.said)

    def join(self, other: Tally) -> None:
        """Take in what became of other steps."""
        self.events.update(other.events)
        self.told += other.told
        self.stand += other.stand
        self.stopped += other.stopped
        self.left += other.left
        self.stopped_by = self.stopped_by or other.stopped_by

    @property
    def failed(self) -> int:
        """Steps that were to be carried out and do not stand."""
        return sum(count for event, count in self.events.items() if event not in (*STOOD, Event.SKIPPED))

    def as_json(self) -> dict[str, int]:
        """Return how many steps came to which end, as it is kept with the run."""
        return {event.value: count for event, count in sorted(self.events.items())} | ({"left": self.left} if self.left else {})


Numbered = tuple[int, Step]  # position in the plan


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOut:
    """Carries out the steps of one plan."""

    plan: int
    sender_at: Callable[[datetime], Sender]
    settler_of: Callable[[Sender], Settler]
    look: LookAgain
    along: Along
    stopping: Stopping
    now: Callable[[], datetime]
    goes_on: Callable[[], bool]  # False once whoever runs this was asked to stop: what is left stays planned
    repeat: Callable[[Callable[[], bool]], None]  # calls, with pauses, until there is nothing left to do or it was often enough

    def all(self, steps: Iterable[Numbered], tell: Callable[[int], None]) -> Tally:
        """Carry out steps that nothing blocks, a hundred leads at a time; `tell` hears how many are done.

        What a CRM could not do for a reason that passes is looked at again, and tried again after a pause. An error that ends the run
        for a CRM stops the rest, which stays planned.
        """
        tally, todo = Tally(), list(steps)
        asked = len(todo)

        def try_all() -> bool:
            todo[:] = self._round(tuple(todo), tally, tell)
            return bool(todo) and tally.stopped_by is None and self.goes_on()

        self.repeat(try_all)
        for position, step in todo:
            tally.add(step, Event.LATER, tally.waits[position])
        tally.left = asked - tally.events.total()
        return tally

    def checked(self, steps: Iterable[Numbered]) -> Iterator[tuple[int, Step, str | None]]:
        """Yield steps, each with why it would not be sent now; everything is read again, and nothing is written."""
        for some in in_batches(steps):
            sender = self.sender_at(self.now())
            again = self.look.read((step.lead for _, step in some), now=sender.now)
            for position, step in some:
                yield position, step, self._why_not(step, _record_of(step, again), again, sender)

    def _round(self, steps: Sequence[Numbered], tally: Tally, tell: Callable[[int], None]) -> list[Numbered]:
        """Try steps once; return those that may be tried again."""
        later: list[Numbered] = []
        done = 0
        for some in in_batches(steps):
            if not self.goes_on():
                break
            try:
                self._some(some, tally)
            except ConnectorError as error:
                tally.stopped_by = error
            later += [(position, step) for position, step in some if position in tally.waits]
            if tally.stopped_by is not None:
                break
            done += len(some)
            tell(done)
        return later

    def _some(self, steps: Sequence[Numbered], tally: Tally) -> None:
        now = self.now()
        sender = self.sender_at(now)
        for position, _ in steps:
            tally.waits.pop(position, None)
        steps = list(self._let_pass(steps, sender, tally))
        moves, tasks = any(step.action != STAMP for _, step in steps), self.along.read(steps, sender)
        again = self.look.read((step.lead for _, step in steps), now=now, by_association=moves)
        beside = goes_with(steps)
        seen = self._with_their_lists(list(self._ready(steps, again, sender, tally)), sender, tally)
        ready = list(self._with_their_first(seen, beside, sender, tally))
        parts = {position: self._parts(position, step, record, sender) for position, step, record in ready}
        lost = read_lost(sender.writers, [part.change for mine in parts.values() for part in mine])
        intents = _intend(sender, {position: (step, parts[position]) for position, step, _ in ready}, lost)
        along = self.along.intend([(position, step) for position, step, _ in ready], parts, tasks, sender)
        gate = Gate(stopping=self.stopping, steps={part.place: step for position, step, _ in ready for part in parts[position]})
        events = _send_in_order(sender, {position: mine for position, mine in parts.items() if position not in beside}, gate)
        events |= _send_beside(sender, parts, beside, events)
        tried: dict[int, Tried] = {}
        for position, step, _ in ready:
            told, first = {events[part.place] for part in parts[position]}, parts[position][0].place
            if told - _NOT_SENT:
                failed = {part.place: events[part.place] for part in parts[position] if events[part.place] in FOR_GOOD}
                its, is_done = tuple(along.get(position, ())), told == {Event.DONE}
                goes = tried.get(beside[position]) if position in beside and not is_done else None
                tried[position] = Tried(step=step, intents=intents[position], failed=failed, is_done=is_done, along=its, first=goes)
                continue
            stay(along.get(position, ()), events[first], sender)
            if events[first] is Event.LATER:
                tally.waits[position] = sender.said.get(first)
            else:
                tally.add(step, events[first], sender.said.get(first))
                tally.stopped += first in gate.said
        self._settle(list(tried.values()), sender, tally)
        if sender.ended_by:
            raise sender.ended_by[0]

    def _settle(self, tried: Sequence[Tried], sender: Sender, tally: Tally) -> None:
        """Read back what was sent; what cannot be read is for the next run to settle."""
        try:
            settled = self.settler_of(sender).settle(tried)
        except ConnectorError:
            settled = [Settled(step=one.step, event=Event.UNKNOWN, said="not read back; the next run begins with it") for one in tried]
            tally.add_all(settled)
            raise
        tally.add_all(settled)

    def _let_pass(self, steps: Sequence[Numbered], sender: Sender, tally: Tally) -> Iterator[Numbered]:
        """Yield the steps that nobody stopped meanwhile; note why of the others."""
        why_not, stopped = self.stopping.look(), []
        for position, step in steps:
            if (why := why_not(step)) is None:
                yield position, step
            else:
                stopped.append(Entry(place=Place(self.plan, position), event=Event.SKIPPED, at=sender.now, said=why))
                tally.add(step, Event.SKIPPED, why)
                tally.stopped += 1
        sender.journal.note(sender.run_id, stopped)

    def _ready(self, steps: Sequence[Numbered], again: Again, sender: Sender, tally: Tally) -> Iterator[tuple[int, Step, Record]]:
        """Yield the steps that may be sent, with the record as it is now; note why of the others."""
        skipped = []
        for position, step in steps:
            record = _record_of(step, again)
            why = self._why_not(step, record, again, sender)
            if why is None and record is not None:
                yield position, step, record
            else:
                skipped.append(Entry(place=Place(self.plan, position), event=Event.SKIPPED, at=sender.now, said=why))
                tally.add(step, Event.SKIPPED, why)
        sender.journal.note(sender.run_id, skipped)

    def _with_their_lists(self, ready: Sequence[tuple[int, Step, Record]], sender: Sender, tally: Tally) -> list[tuple[int, Step, Record]]:
        """Return the steps, each record with the lists that it is on; note that a step is refused that joins one closed to us."""
        joined = read_memberships(sender.writers, ((step.record, (write.field for write in step.fields)) for _, step, _ in ready))
        refused = {
            position: step
            for position, step, record in ready
            if record.key.crm in joined.closed and any(is_membership(write.field) for write in step.fields)
        }
        lines = []
        for position, step in refused.items():
            error = joined.closed[step.record.crm]
            lines.append(Entry(place=Place(self.plan, position), event=Event.REFUSED, at=sender.now, said=f"{error}; {error.fix}"))
            tally.add(step, Event.REFUSED, lines[-1].said)
        sender.journal.note(sender.run_id, lines)
        return [
            (position, step, replace(record, values={**record.values, **joined.values.get(record.key, {})}))
            for position, step, record in ready
            if position not in refused
        ]

    def _with_their_first(
        self, ready: Sequence[tuple[int, Step, Record]], beside: Mapping[int, int], sender: Sender, tally: Tally
    ) -> Iterator[tuple[int, Step, Record]]:
        """Yield the steps but those that go with one which is not among them; note that of these."""
        there = {position for position, _, _ in ready}
        alone = [(position, step) for position, step, _ in ready if beside.get(position, position) not in there]
        for _, step in alone:
            tally.add(step, Event.SKIPPED, NOT_ALONE)
        skipped = {position for position, _ in alone}
        lines = [
            Entry(place=Place(self.plan, position), event=Event.SKIPPED, at=sender.now, said=NOT_ALONE) for position in sorted(skipped)
        ]
        sender.journal.note(sender.run_id, lines)
        yield from (one for one in ready if one[0] not in skipped)

    def _why_not(self, step: Step, record: Record | None, again: Again, sender: Sender) -> str | None:
        if record is None:
            return GONE
        writer = sender.writers[record.key.crm]
        grain, told_at = writer.condition_grain, writer.server_now or sender.now  # the CRM dates its changes by its own clock
        if step.action != STAMP and grain is not None and told_at - record.changed_at < grain:
            return "the record changed a moment ago; the next run looks again"
        if step.action != UNDO:
            return again.why_not(step)
        own = [one for one in step.fields if not is_membership(one.field)]
        changed = [one.field for one in own if not same_value(record.values.get(one.field), one.before)]
        return f"{', '.join(changed)} changed since" if changed else None

    def _parts(self, position: int, step: Step, record: Record, sender: Sender) -> list[Part]:
        """Return the changes that a step comes to, in order; who is on a list already, or off it, neither joins nor leaves it."""
        held = record.values
        change = Change(
            record=record.key,
            values={one.field: one.after for one in step.fields if not is_membership(one.field) or held.get(one.field) == one.before},
            unless_changed_since=record.changed_at if step.action != STAMP else None,  # a field that nobody else writes
        )
        ordered = sender.writers[record.key.crm].in_order(change, record.values)
        return [Part(place=Place(self.plan, position, number), change=one) for number, one in enumerate(ordered)]


def in_batches(steps: Iterable[Numbered]) -> Iterator[Sequence[Numbered]]:
    """Cut steps into what is carried out at once: the stamps last, and apart, as a record may be moved and stamped."""
    stamps: list[Numbered] = []
    others: list[Numbered] = []
    for one in steps:
        (stamps if one[1].action == STAMP else others).append(one)
    for some in (others, stamps):
        yield from _together(some)


def _together(steps: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Yield steps, about a hundred at a time; those of one lead, which come in a row, stay together: the first changes what it shows."""
    some: list[Numbered] = []
    for position, step in steps:
        if len(some) >= AT_ONCE and some[-1][1].lead != step.lead:
            yield some
            some = []
        some.append((position, step))
    if some:
        yield some


def _intend(
    sender: Sender, tried: Mapping[int, tuple[Step, Sequence[Part]]], lost: Mapping[RecordKey, Values]
) -> dict[int, tuple[Entry, ...]]:
    """Note all parts of steps before the first is sent, each with what its fields hold until then; the first with what is lost."""
    before: dict[Place, Values] = {}
    for step, parts in tried.values():
        before |= replaced(parts, {write.field: write.before for write in step.fields})
        for first in parts[:1]:
            before[first.place] = {**lost.get(first.change.record, {}), **before[first.place]}
    lines = sender.intend([part for _, parts in tried.values() for part in parts], before)
    noted = {line.place: line for line in lines}
    return {position: tuple(noted[part.place] for part in parts) for position, (_, parts) in tried.items()}


def _record_of(step: Step, again: Again) -> Record | None:
    rows = again.rows.get(step.lead)
    if rows is None:
        return None
    return next((person for person in rows.people if person.key == step.record and person.key not in rows.gone_at), None)


def _send_beside(
    sender: Sender, parts: Mapping[int, Sequence[Part]], beside: Mapping[int, int], events: Mapping[Place, Event]
) -> dict[Place, Event]:
    """Send the steps that go with another one, where that was done; where only reading can tell, so it is of them.

    A lead of which one record was written is finished, so nothing stops the other any more.
    """
    told: dict[Place, Event] = {}
    goes: dict[int, Sequence[Part]] = {}
    for at, mine in ((position, mine) for position, mine in parts.items() if position in beside):
        first = {events[part.place] for part in parts[beside[at]]}
        if first == {Event.DONE}:
            goes[at] = mine
        elif first - _NOT_SENT:
            told |= dict.fromkeys((part.place for part in mine), Event.UNKNOWN)
        else:
            told |= _stay(sender, mine, Event.LATER if Event.LATER in first else Event.SKIPPED)
    return told | _send_in_order(sender, goes)


def _stay(sender: Sender, parts: Iterable[Part], event: Event) -> dict[Place, Event]:
    places = [part.place for part in parts]
    sender.note(places, event, NOT_ALONE)
    return dict.fromkeys(places, event)


def _send_in_order(sender: Sender, parts: Mapping[int, Sequence[Part]], gate: Gate | None = None) -> dict[Place, Event]:
    """Send the first part of each step, then the second of those whose first was done, and so on; a step that was begun is finished."""
    events: dict[Place, Event] = {}
    for number in range(max(map(len, parts.values()), default=0)):
        due = [mine for mine in parts.values() if number < len(mine)]
        before = {mine[number].place: events.get(mine[number - 1].place, Event.DONE) if number else Event.DONE for mine in due}
        sent = [mine[number] for mine in due if before[mine[number].place] is Event.DONE]
        events |= sender.send(sent) if number or gate is None else sender.send(sent, closed_to=gate.closed_to)
        for mine in due:
            place = mine[number].place
            if place not in events:
                events[place] = before[place]
                if before[place] in _NOT_SENT:
                    sender.note([place], before[place], "the part before it was not written")
    return events
