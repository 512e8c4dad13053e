"""What the history of a field tells about a write of ours: what it replaced unseen, and who took it back. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from connectors.records import FieldChange, RecordKey
from sync.history import local_text
from sync.same_value import same_value

REVERSED_WITHIN = timedelta(hours=24)  # who sets a field back later has a reason of their own
COUNTED_FOR = timedelta(days=30)  # after that a field is tried again
TOO_OFTEN = 2  # reversals of one field of one record
CLOCKS_DIFFER = timedelta(minutes=1)  # so much earlier than our note the CRM may date what came after it
_WORDS = {"AUTOMATION_PLATFORM": "workflow", "INTEGRATION": "app", "API": "app", "SALESFORCE": "the Salesforce sync", "IMPORT": "import"}
_NO_TRACE = "something that leaves no trace in the field's history"

Values = Mapping[str, str | None]
Histories = Mapping[str, Sequence[FieldChange]]  # field -> its changes, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """By what the histories of one CRM tell who made a change."""

    own: str | None = None  # id of leadpact's app or user; None: its changes are known by value and time alone
    by_hand: frozenset[str] = frozenset()  # sources of a person's changes; none where the CRM does not tell them apart

    def is_own(self, change: FieldChange) -> bool:
        """Whether leadpact made a change."""
        return self.own is not None and change.source_id == self.own

    def is_by_a_person(self, change: FieldChange) -> bool:
        """Whether a person made a change, as far as can be told: where the CRM does not say, everybody else is taken for one."""
        return change.source in self.by_hand if self.by_hand else not self.is_own(change)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One field that we wrote."""

    field: str
    before: str | None  # what was seen there before
    values: tuple[str | None, ...]  # what was written, one after the other; at least one
    since: datetime  # when it was noted, before the record was read for the last time


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """A field that something set back, and who or what did."""

    field: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed:
    """One reversal as the journal keeps it."""

    record: RecordKey
    field: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fought:
    """A field of a record that somebody keeps setting back."""

    by: str
    times: int
    last_at: datetime


def lost_edit(written: Written, history: Sequence[FieldChange], signs: Signs) -> FieldChange | None:
    """Return the newest change of somebody else that a write of ours replaced without having seen it; None if there is none.

    Looked through are the changes before our last one, back to what we had seen. What is older than our note was seen.
    """
    place = _place_of_last(written, history, signs)
    new = [change for change in history[: place or 0] if change.at >= written.since - CLOCKS_DIFFER]
    earlier = list(written.values[:-1])
    while new:
        change = new.pop()
        may_be_ours = signs.own is None or signs.is_own(change)
        if earlier and may_be_ours and same_value(change.value, earlier[-1]):
            earlier.pop()
        elif same_value(change.value, written.before) and not _has_begun(earlier, new):
            return None
        elif not signs.is_own(change):
            return change
    return None


def _has_begun(earlier: Sequence[str | None], before: Sequence[FieldChange]) -> bool:
    """Whether an earlier value of ours stands further back: what came after that came while we were writing."""
    return bool(earlier) and any(same_value(change.value, earlier[-1]) for change in before)


def reversal_of(written: Written, held: str | None, history: Sequence[FieldChange], signs: Signs) -> Reversal | None:
    """Return who took a write back; None where it stands, and where a person went on from there.

    A field was set back if it holds what it held before, or if no person replaced our value, within a day of our writing.
    Where the history does not tell, only a field that holds what it held before was.
    """
    if same_value(held, written.values[-1]):
        return None
    change = what_followed(written, history, signs)
    if change is None:
        return Reversal(field=written.field, by=_NO_TRACE) if same_value(held, written.before) else None
    if change.at - written.since > REVERSED_WITHIN:
        return None
    is_back = same_value(change.value, written.before)
    return Reversal(field=written.field, by=who(change, signs)) if is_back or not signs.is_by_a_person(change) else None


def what_followed(written: Written, history: Sequence[FieldChange], signs: Signs) -> FieldChange | None:
    """Return the change that replaced our last value; None if none did, or the history does not show ours."""
    place = _place_of_last(written, history, signs)
    return history[place + 1] if place is not None and place + 1 < len(history) else None


def has_arrived(written: Written, history: Sequence[FieldChange], signs: Signs) -> bool:
    """Whether the history shows our last value."""
    return _place_of_last(written, history, signs) is not None


def _place_of_last(written: Written, history: Sequence[FieldChange], signs: Signs) -> int | None:
    """Return where our last value stands: the newest that is ours by its source, else the newest of that value."""
    since = written.since - CLOCKS_DIFFER
    places = [n for n, change in enumerate(history) if change.at >= since and same_value(change.value, written.values[-1])]
    own = [n for n in places if signs.is_own(history[n])]
    return next(reversed(own or places), None)


def who(change: FieldChange, signs: Signs) -> str:
    """Name who or what made a change: `workflow 123`, `user 77`, `an automation that runs as leadpact's own user`."""
    if signs.is_own(change):
        return "an automation that runs as leadpact itself"
    if change.source in signs.by_hand or (change.source is None and change.actor):
        return f"user {change.actor}" if change.actor else "a user"
    word = _WORDS.get(change.source or "", change.source or "somebody")
    return f"{word} {change.source_id}" if change.source_id else word


def each_left_alone(
    record: RecordKey, fields: Iterable[str], fought: Mapping[tuple[RecordKey, str], Fought], zone: tzinfo
) -> Iterator[str]:
    """Yield of the fields of a record why they are not written, of those that somebody keeps setting back."""
    for field in fields:
        if (one := fought.get((record, field))) is not None:
            yield left_alone(field, one, zone)


def left_alone(field: str, fought: Fought, zone: tzinfo) -> str:
    """Say why a field is not written any more."""
    times = "twice" if fought.times == TOO_OFTEN else f"{fought.times} times"
    return f"{fought.by} set {field} back {times}, seen last on {local_text(fought.last_at, zone)}: leadpact leaves it alone"


def fought_over(reversed_: Iterable[Reversed]) -> dict[tuple[RecordKey, str], Fought]:
    """Return the fields that were set back too often to be written again, by record and field."""
    found: dict[tuple[RecordKey, str], list[Reversed]] = defaultdict(list)
    for one in sorted(reversed_, key=lambda one: one.at):
        found[one.record, one.field].append(one)
    return {place: Fought(by=ones[-1].by, times=len(ones), last_at=ones[-1].at) for place, ones in found.items() if len(ones) >= TOO_OFTEN}
