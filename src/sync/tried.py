"""A step of which something was sent, or may have been, and what reading its record tells of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from connectors.records import FieldChange
from sync.journal import Entry, Event, Place, what_reading_tells
from sync.reversals import Reversal, Signs, Written, has_arrived, lost_edit, reversal_of, what_followed, who
from sync.same_value import same_value
from sync.steps import Step

Values = Mapping[str, str | None]
At = tuple[int, int]  # a plan, and the position of a step in it
GONE = "the record is gone, or was merged into another"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A record as it was read back."""

    values: Values
    history: Mapping[str, tuple[FieldChange, ...]] = field(default_factory=dict)  # oldest first; a key where a history is kept


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A step of which something was sent, or may have been: its intents in order, behind them those that take it back.

    What several ask of it is worked out once.
    """

    step: Step
    intents: tuple[Entry, ...]
    failed: Mapping[Place, Event] = field(default_factory=dict)  # parts that were not written and will not be
    is_done: bool = False  # the CRM said that it did all of them
    along: tuple[Entry, ...] = ()  # those of tasks that go with the lead
    first: Tried | None = None  # the step of the lead's other record that it goes with, where it was not simply sent after that
    is_due: bool = False  # that step stands, so all of this one is to be written
    put_off: frozenset[Place] = frozenset()  # what an earlier run left for later of a step whose other parts were seen to stand

    @property
    def at(self) -> At:
        """Which step of which plan it is."""
        return self.last_place.plan, self.last_place.position

    @cached_property
    def last_place(self) -> Place:
        """The last place that any of them has."""
        return max(line.place for line in (*self.intents, *self.along))

    @cached_property
    def counted(self) -> tuple[Entry, ...]:
        """The parts that were written, may have been, or still can be."""
        return tuple(part for part in self.intents if part.place not in self.failed)

    @property
    def writes(self) -> tuple[Entry, ...]:
        """Those of the step itself."""
        return tuple(part for part in self.counted if part.said is None)

    @property
    def takes_back(self) -> tuple[Entry, ...]:
        """Those that take it back, each saying why."""
        return tuple(part for part in self.counted if part.said is not None)

    @property
    def is_restored(self) -> bool:
        """Whether what was cleared for a part that failed was set again, or may have been."""
        return any(restores(part, failed) for failed in self.intents if failed.place in self.failed for part in self.counted)

    @property
    def places(self) -> tuple[Place, ...]:
        """The places of the step itself."""
        return tuple(part.place for part in self.writes)

    @cached_property
    def before(self) -> Values:
        """What the record held at first, of all fields that any part writes."""
        written = {name for part in self.counted for name in part.after or {}}
        held: dict[str, str | None] = {}
        for part in reversed(self.counted):
            held |= {name: value for name, value in (part.before or {}).items() if name in written}
        return held

    @cached_property
    def after(self) -> Values:
        """What it shall hold once all parts are done."""
        return self._upto(len(self.counted))

    @cached_property
    def to_restore(self) -> Values:
        """What was cleared for a part that failed, as it was: it cannot stay blank."""
        set_by_failed = {name for part in self.intents if part.place in self.failed for name, value in (part.after or {}).items() if value}
        before, after = self.before, self.after
        return {name: before[name] for name in sorted(set_by_failed & after.keys()) if not after[name] and before[name]}

    def rest(self, held: Values) -> tuple[Entry, ...]:
        """Return the parts that are missing where a record holds what it does between two of them; all, if they are due; none elsewhere."""
        if self.takes_back:
            return self._rest_of_taking_back(held)
        told = what_reading_tells(self.before, self.after, held)
        if told is not Event.OVERWRITTEN:
            return self.counted if self.is_due and told is Event.NOT_WRITTEN else ()
        for done in range(1, len(self.counted)):
            if what_reading_tells({}, self._upto(done), held) is Event.VERIFIED:
                return self.counted[done:]
        return ()

    def _rest_of_taking_back(self, held: Values) -> tuple[Entry, ...]:
        if what_reading_tells({}, self.after, held) is Event.VERIFIED:
            return ()
        for part in self.takes_back:
            if what_reading_tells({}, part.before or {}, held) is Event.VERIFIED:
                return tuple(one for one in self.counted if one.place >= part.place)
        return ()

    def _upto(self, parts: int) -> Values:
        held = dict(self.before)
        for part in self.counted[:parts]:
            held |= part.after or {}
        return held

    def written(self, name: str) -> Written:
        """Return what was written to one field."""
        parts = [part for part in self.counted if name in (part.after or {})]
        values = tuple((part.after or {})[name] for part in parts)
        return Written(field=name, before=self.before[name], values=values, since=self.counted[0].at)


def restores(part: Entry, other: Entry) -> bool:
    """Whether a part sets again what was cleared for another one: it comes behind it, and writes a field of it."""
    return part.said is None and part.place > other.place and bool((part.after or {}).keys() & (other.after or {}).keys())


def lost_edits(tried: Tried, seen: Seen, signs: Signs) -> dict[str, FieldChange]:
    """Return what somebody wrote unseen right before us, by field, where our value still stands in its place."""
    found = {}
    for name, after in tried.after.items():
        lost = lost_edit(tried.written(name), seen.history.get(name, ()), signs)
        held = seen.values.get(name)
        if lost is not None and same_value(held, after) and not same_value(held, lost.value):
            found[name] = lost
    return found


def as_it_was(tried: Tried, seen: Seen) -> dict[str, str | None]:
    """Return what the fields held before, of those in which our values stand."""
    before = tried.before
    stands = [name for name, after in tried.after.items() if same_value(seen.values.get(name), after)]
    return {name: before[name] for name in stands if not same_value(seen.values.get(name), before[name])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a write."""

    event: Event
    reversals: tuple[Reversal, ...] = ()
    said: str | None = None


def verdict_on(tried: Tried, seen: Seen | None, signs: Signs) -> Verdict:
    """Say what reading its record back tells of a step, and who took it back or wrote over it."""
    if seen is None:
        return Verdict(event=Event.OVERWRITTEN, said=GONE)
    event = what_reading_tells(tried.before, tried.after, seen.values)
    if event is Event.VERIFIED or (event is Event.NOT_WRITTEN and not _arrived(tried, seen, signs)):
        return Verdict(event=event)
    if found := reversals_in(tried, seen, signs, tried.after):
        return Verdict(event=Event.REVERSED, reversals=found, said=by_whom(found))
    return Verdict(event=event, said=", ".join(_writers(tried, seen, signs)) or None)


def reversals_in(tried: Tried, seen: Seen, signs: Signs, names: Iterable[str]) -> tuple[Reversal, ...]:
    """Return which of some fields were set back, and by whom."""
    found = (reversal_of(tried.written(name), seen.values.get(name), seen.history.get(name, ()), signs) for name in names)
    return tuple(one for one in found if one is not None)


def by_whom(found: tuple[Reversal, ...]) -> str:
    """Name who set fields back, each once."""
    return ", ".join(dict.fromkeys(one.by for one in found))


def _arrived(tried: Tried, seen: Seen, signs: Signs) -> bool:
    """Whether a write that a record shows nothing of was done: its history tells, else the CRM's answer."""
    told = [has_arrived(tried.written(name), seen.history[name], signs) for name in tried.after if name in seen.history]
    return any(told) if told else tried.is_done


def _writers(tried: Tried, seen: Seen, signs: Signs) -> Iterator[str]:
    for name, after in tried.after.items():
        change = what_followed(tried.written(name), seen.history.get(name, ()), signs)
        if change is not None and not same_value(seen.values.get(name), after):
            yield f"{name} by {who(change, signs)}"
