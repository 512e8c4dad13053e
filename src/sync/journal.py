"""What became of the steps of a plan: the words in which the journal tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.records import RecordKey
from sync.same_value import same_value


class Event(StrEnum):
    """What happened to one write of a step, in the order in which it may happen."""

    SKIPPED = "skipped"  # nothing was sent: what was planned for is not so any more, or somebody stopped it
    INTENDED = "intended"  # noted before it is sent
    DONE = "done"  # the CRM says so
    REFUSED = "refused"
    CHANGED = "changed"  # not written: somebody else changed the record
    LATER = "later"  # not written, for a reason that passes
    UNKNOWN = "unknown"  # sent, and the answer was lost
    VERIFIED = "verified"  # read back
    NOT_WRITTEN = "not_written"  # read back: it never arrived
    OVERWRITTEN = "overwritten"  # read back: it shows what neither we nor the plan had in mind
    PUT_BACK = "put_back"  # it had replaced what somebody wrote right before it, and was taken back
    REVERSED = "reversed"  # read back: something set it back, see `sync.reversals`
    STANDS = "stands"  # read back once more, after the lag of the sync
    MOVED_ON = "moved_on"  # read back once more: somebody, or leadpact itself, went on from there


OPEN = frozenset({Event.INTENDED, Event.UNKNOWN, Event.DONE})  # only reading tells whether it stands
STOOD = frozenset({Event.VERIFIED, Event.STANDS})  # when it was read last
ARRIVED = STOOD | {Event.MOVED_ON, Event.REVERSED}  # was seen to be there, at least for a while
FOR_GOOD = frozenset({Event.REFUSED, Event.CHANGED})  # not written, and not by writing it again


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One write: a step's place in its plan, and its part of the step."""

    plan: int
    position: int
    part: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal."""

    place: Place
    event: Event
    at: datetime
    before: Mapping[str, str | None] | None = None  # of an intent: the fields that it writes; of a reversal: what we had written
    after: Mapping[str, str | None] | None = None  # of a reversal, and of what was put back: what was found in its place
    said: str | None = None
    record: RecordKey | None = None  # what is written; None: the record of the step


def what_stands(entries: Iterable[Entry]) -> dict[Place, Entry]:
    """Return the newest line about each write; `entries` in the order in which they were noted."""
    return {entry.place: entry for entry in entries}


def what_was_written(entries: Iterable[Entry]) -> dict[int, dict[str, str | None]]:
    """Return the values that each step wrote and that were seen to stand, by its place; `entries` in the order in which they were noted."""
    noted = list(entries)
    stands = {place for place, entry in what_stands(noted).items() if entry.event in ARRIVED}
    intents = {entry.place: entry.after or {} for entry in noted if entry.event is Event.INTENDED and entry.place in stands}
    written: dict[int, dict[str, str | None]] = {}
    for place in sorted(intents):
        written.setdefault(place.position, {}).update(intents[place])
    return written


def what_reading_tells(before: Mapping[str, str | None], after: Mapping[str, str | None], now: Mapping[str, str | None]) -> Event:
    """Say what a record that holds `now` tells about a write, in whichever form its CRM tells a value."""
    if all(same_value(now.get(name), value) for name, value in after.items()):
        return Event.VERIFIED
    if all(same_value(now.get(name), value) for name, value in before.items()):
        return Event.NOT_WRITTEN
    return Event.OVERWRITTEN
