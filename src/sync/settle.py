"""Writes of which only reading tells whether they stand: those just sent, and those of a run that was killed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.changes import Change
from connectors.records import RecordKey
from sync.along import Went, settle_tasks
from sync.beside import STANDS_NOT
from sync.journal import FOR_GOOD, Entry, Event, Place, what_reading_tells
from sync.read_back import read_tried
from sync.reversals import Signs, who
from sync.send import Part, Sender, replaced
from sync.steps import Step
from sync.store.journal import UNDO
from sync.store.ledger import Ledger, Turn
from sync.store.mirror import Mirror
from sync.tried import Seen, Tried, Values, Verdict, as_it_was, lost_edits, verdict_on

ROUNDS = 3  # of putting back what was lost; an edit that is lost by then is for the next run
_NOT_SENT = frozenset({*FOR_GOOD, Event.LATER})
_WENT_ON = "the record was changed before the rest could be written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What reading told about one step."""

    step: Step
    event: Event
    said: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """What is kept of one step."""

    settled: Settled
    lines: Sequence[Entry] = ()
    stands: Entry | None = None  # the intent of its last part, where it was written


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Reads back for one run."""

    sender: Sender
    mirror: Mirror
    ledger: Ledger
    owner_crm: str | None = None  # that says who owns leads: owner ids are its own; None: the one of the record
    signs: Mapping[str, Signs] = field(default_factory=dict)  # by CRM

    def settle(self, tried: Sequence[Tried]) -> list[Settled]:
        """Read the records of steps back and note what stands; finish those that were cut off between two parts.

        What a part cleared for another one that failed is set again as it was. What somebody wrote right before us, unseen, is put
        back, and what else the step wrote there is taken back. Who was given a lead of a pool is entered into the ledger once the lead
        is theirs. The step of a lead's second record follows once that of the first stands; where it does not, nothing is written.
        """
        alone, beside = [one for one in tried if one.first is None], [one for one in tried if one.first is not None]
        return self._settle(alone) + (self._settle(self._due(beside)) if beside else [])

    def _due(self, beside: Sequence[Tried]) -> list[Tried]:
        """Say of steps that go with another one whether that stands, now that it is settled."""
        firsts = [one.first for one in beside if one.first is not None]
        seen = read_tried(self.sender, self.mirror, firsts)
        stand = {
            one.at for one in firsts if one.step.record in seen and what_reading_tells({}, one.after, _values(seen, one)) is Event.VERIFIED
        }
        return [replace(one, is_due=one.first is not None and one.first.at in stand) for one in beside]

    def _settle(self, tried: Sequence[Tried]) -> list[Settled]:
        seen = read_tried(self.sender, self.mirror, tried)
        finished = [self._finish(one, rest) if (rest := one.rest(_values(seen, one))) else one for one in tried]
        ended = [self._restore(one) if one.to_restore else one for one in finished]
        seen |= self._read_again(ended, tried)
        for _ in range(ROUNDS):
            before, ended = ended, [self._put_back(one, seen.get(one.step.record)) for one in ended]
            if not (again := self._read_again(ended, before)):
                break
            seen |= again
        ends = [self._end(one, seen.get(one.step.record)) for one in ended]
        self._keep(ends)
        return self._pass_on(ended, [end.settled for end in ends])

    def _read_again(self, now: Sequence[Tried], before: Sequence[Tried]) -> dict[RecordKey, Seen]:
        touched = [one for one, was in zip(now, before, strict=True) if one is not was]
        return read_tried(self.sender, self.mirror, touched) if touched else {}

    def _finish(self, tried: Tried, rest: Iterable[Entry]) -> Tried:
        """Send the parts that are missing, up to the first that fails; what is missing then has failed. A lost answer is read after."""
        missing = list(rest)
        while missing:
            event = self._send(tried.step, missing[0])
            if event is Event.UNKNOWN and not self._shows(tried, missing[0]):
                event = Event.LATER
                self.sender.note([missing[0].place], event, "it did not arrive")
            if event in _NOT_SENT:
                self.sender.note([part.place for part in missing[1:]], event, "the part before it was not written")
                return replace(tried, failed={**tried.failed, **{part.place: event for part in missing}})
            missing.pop(0)
        return replace(tried)

    def _shows(self, tried: Tried, part: Entry) -> bool:
        values = _values(read_tried(self.sender, self.mirror, [tried]), tried)
        return what_reading_tells({}, part.after or {}, values) is Event.VERIFIED

    def _restore(self, tried: Tried) -> Tried:
        """Set what was cleared as it was, as a part of its own; where that fails too, the next run does it."""
        last, values = tried.last_place, tried.to_restore
        place = Place(last.plan, last.position, last.part + 1)
        part = Part(place=place, change=Change(record=tried.step.record, values=values))
        (intent,) = self.sender.intend([part], {place: dict.fromkeys(values)})
        return self._finish(replace(tried, intents=(*tried.intents, intent)), [intent])

    def _put_back(self, tried: Tried, seen: Seen | None) -> Tried:
        """Note and send what puts a lost edit back; whether it arrived is for the next reading to tell."""
        record, signs = tried.step.record, self._signs(tried)
        if seen is None or self.sender.writers[record.crm].condition_grain is not None or not tried.counted:
            return tried
        if _is_not_taken_back(tried) or not (lost := lost_edits(tried, seen, signs)):
            return tried  # nothing was lost, or the CRM does not take it back
        values = {**as_it_was(tried, seen), **{name: change.value for name, change in lost.items()}}
        why = f"written right before: {', '.join(f'{name} by {who(change, signs)}' for name, change in lost.items())}"
        ordered = self.sender.writers[record.crm].in_order(Change(record=record, values=values), seen.values)
        last = tried.last_place
        parts = [Part(place=Place(last.plan, last.position, last.part + n), change=one) for n, one in enumerate(ordered, start=1)]
        intents = self.sender.intend(parts, replaced(parts, seen.values), said=why)
        return self._finish(replace(tried, intents=(*tried.intents, *intents)), intents)

    def _send(self, step: Step, part: Entry) -> Event:
        change = Change(record=step.record, values=part.after or {})
        return self.sender.send([Part(place=part.place, change=change)])[part.place]

    def _signs(self, tried: Tried) -> Signs:
        return self.signs.get(tried.step.record.crm, Signs())

    def _end(self, tried: Tried, seen: Seen | None) -> _End:
        place, failed = next(iter(tried.failed.items()), (None, None))
        if seen is not None and tried.to_restore and failed is not None:  # it stays open
            return _End(settled=Settled(step=tried.step, event=failed, said=self._said_at(place)))
        if taking_back := [part for part in tried.intents if part.said is not None]:
            return self._end_of_taking_back(tried, seen, taking_back)
        verdict = verdict_on(tried, seen, self._signs(tried))
        if verdict.event is Event.NOT_WRITTEN and tried.first is not None and not tried.is_due:
            verdict = Verdict(event=Event.SKIPPED, said=STANDS_NOT)
        if failed is Event.LATER and tried.is_restored and verdict.event is Event.VERIFIED:
            return self._end_of_restoring(tried, self._said_at(place))
        if tried.put_off.difference(self.sender.said) and verdict.event is not Event.VERIFIED:
            return self._end_of_giving_up(tried)
        settled = Settled(step=tried.step, event=verdict.event, said=verdict.said)
        if failed is not None and verdict.event is Event.VERIFIED:
            settled = Settled(step=tried.step, event=failed, said=self._said_at(place))
        return _End(
            settled=settled,
            lines=lines_of(verdict, tried, seen, self.sender.now),
            stands=tried.counted[-1] if verdict.event is Event.VERIFIED and tried.counted else None,
        )

    def _end_of_giving_up(self, tried: Tried) -> _End:
        """Note that what was put off is not written any more: somebody went on from what stood."""
        lines = [Entry(place=place, event=Event.NOT_WRITTEN, at=self.sender.now, said=_WENT_ON) for place in sorted(tried.put_off)]
        return _End(settled=Settled(step=tried.step, event=Event.MOVED_ON, said=_WENT_ON), lines=lines)

    def _end_of_restoring(self, tried: Tried, said: str | None) -> _End:
        """Note that nothing of a step stands whose rest failed for a reason that passes: it is planned anew."""
        lines = [Entry(place=part.place, event=Event.NOT_WRITTEN, at=self.sender.now, said=said) for part in tried.intents]
        return _End(settled=Settled(step=tried.step, event=Event.LATER, said=said), lines=lines)

    def _said_at(self, place: Place | None) -> str | None:
        """Return the CRM's words about a part of this run, or why it was not sent."""
        return None if place is None else self.sender.said.get(place)

    def _keep(self, ends: Sequence[_End]) -> None:
        """Note what stands; before, so that none is forgotten, enter the turns that leads took, and give back those that are undone."""
        now, stand = self.sender.now, [(end.settled.step, end.stands) for end in ends if end.stands is not None]
        turns = [
            Turn(place=stands.place, given=step.given, crm=self.owner_crm or step.record.crm, lead=step.lead)
            for step, stands in stand
            if step.given is not None
        ]
        self.ledger.enter(turns, at=now)
        for step, stands in stand:
            if step.action == UNDO:
                self.ledger.undone(step.lead, finding=step.finding, rung=step.rung, at=now)
            elif step.action == "return":
                self.ledger.give_back(step.lead, why="returned", since=stands.at, at=now)
        self.sender.journal.note(self.sender.run_id, [line for end in ends for line in end.lines])

    def _pass_on(self, tried: Sequence[Tried], settled: Sequence[Settled]) -> list[Settled]:
        """Let the tasks that go along follow; a step stands once they do, too."""
        went = [
            Went(record=one.step.record, event=end.event, lines=one.along) for one, end in zip(tried, settled, strict=True) if one.along
        ]
        told = settle_tasks(went, self.sender) if went else {}
        return [_with_tasks(end, [told[line.place] for line in one.along]) for one, end in zip(tried, settled, strict=True)]

    def _end_of_taking_back(self, tried: Tried, seen: Seen | None, taking_back: Sequence[Entry]) -> _End:
        found = {name: value for part in taking_back for name, value in (part.after or {}).items()}
        is_back = seen is not None and what_reading_tells({}, found, seen.values) is Event.VERIFIED
        event, why = Event.PUT_BACK if is_back else Event.OVERWRITTEN, taking_back[-1].said
        if not is_back and tried.failed.get(taking_back[-1].place) is Event.LATER:  # it stays open
            return _End(settled=Settled(step=tried.step, event=Event.LATER, said=why))
        words = next((said for part in taking_back if part.place in tried.failed and (said := self.sender.said.get(part.place))), None)
        if not is_back and words is not None:
            why = f"{why}; not put back: {words}"
        ours = replace(tried, intents=tried.writes).after
        lines = [Entry(place=place, event=event, at=self.sender.now, said=why) for place in tried.places]
        lines[-1] = replace(lines[-1], before={name: ours.get(name) for name in found}, after=found)
        end = Event.VERIFIED if is_back else Event.OVERWRITTEN
        lines += [Entry(place=part.place, event=end, at=self.sender.now) for part in tried.takes_back]
        return _End(settled=Settled(step=tried.step, event=event, said=why), lines=lines)


def _is_not_taken_back(tried: Tried) -> bool:
    """Whether the CRM refused what was to put a lost edit back."""
    return any(part.said is not None and tried.failed.get(part.place) in FOR_GOOD for part in tried.intents)


def _values(seen: Mapping[RecordKey, Seen], tried: Tried) -> Values:
    one = seen.get(tried.step.record)
    return one.values if one is not None else {}


def lines_of(verdict: Verdict, tried: Tried, seen: Seen | None, at: datetime) -> list[Entry]:
    """Return the lines that keep a verdict; the last part's tells of a reversal what we had written and what stands in its place."""
    lines = [Entry(place=place, event=verdict.event, at=at, said=verdict.said) for place in tried.places]
    if names := [one.field for one in verdict.reversals]:
        held = seen.values if seen is not None else {}
        before, after = {name: tried.after[name] for name in names}, {name: held.get(name) for name in names}
        lines[-1] = replace(lines[-1], before=before, after=after)
    return lines


def _with_tasks(end: Settled, told: Iterable[tuple[Event, str | None]]) -> Settled:
    """Return what became of a step with its tasks: one that could not be passed on is told of a step that stands."""
    bad = next(((event, said) for event, said in told if event in (Event.REFUSED, Event.LATER, Event.NOT_WRITTEN)), None)
    return end if bad is None or end.event is not Event.VERIFIED else Settled(step=end.step, event=bad[0], said=bad[1])
