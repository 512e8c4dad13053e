"""Looks once more at writes that stood, once the CRMs have told each other: does it last, and if not, who took it back?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.records import RecordKey
from sync.journal import Event, Place, what_reading_tells
from sync.read_back import read_tried
from sync.reversals import Signs
from sync.send import Sender
from sync.settle import Settled, lines_of
from sync.store.mirror import Mirror
from sync.tried import GONE, Seen, Tried, Verdict, by_whom, reversals_in

AT_ONCE = 500  # steps whose records are read together


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLook:
    """Looks for one run."""

    sender: Sender
    mirror: Mirror
    signs: Mapping[str, Signs]  # by CRM
    last_written: Mapping[tuple[RecordKey, str], Place]  # the newest write of each field

    def all(self, tried: Sequence[Tried]) -> list[Settled]:
        """Read the records of steps that stood, and note of each whether it stands, was reversed, or was moved on from."""
        settled: list[Settled] = []
        for start in range(0, len(tried), AT_ONCE):
            some = tried[start : start + AT_ONCE]
            seen = read_tried(self.sender, self.mirror, some)
            settled += self._note([(one, seen.get(one.step.record)) for one in some])
        return settled

    def _note(self, read: Sequence[tuple[Tried, Seen | None]]) -> list[Settled]:
        told = [(tried, seen, self._verdict(tried, seen)) for tried, seen in read]
        lines = [line for tried, seen, verdict in told for line in lines_of(verdict, tried, seen, self.sender.now)]
        self.sender.journal.note(self.sender.run_id, lines)
        return [Settled(step=tried.step, event=verdict.event, said=verdict.said) for tried, _, verdict in told]

    def _verdict(self, tried: Tried, seen: Seen | None) -> Verdict:
        if seen is None:
            return Verdict(event=Event.MOVED_ON, said=GONE)
        ours = self._not_written_again(tried, tried.after)
        if not ours:
            return Verdict(event=Event.MOVED_ON, said="leadpact wrote it again")
        if found := reversals_in(tried, seen, self.signs[tried.step.record.crm], ours):
            return Verdict(event=Event.REVERSED, reversals=found, said=by_whom(found))
        stands = what_reading_tells({}, {name: tried.after[name] for name in ours}, seen.values) is Event.VERIFIED
        return Verdict(event=Event.STANDS if stands else Event.MOVED_ON)

    def _not_written_again(self, tried: Tried, names: Iterable[str]) -> Collection[str]:
        record = tried.step.record
        return [name for name in names if self.last_written.get((record, name), tried.places[-1]) in tried.places]
