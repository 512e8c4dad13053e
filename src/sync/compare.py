"""Compares the store with one CRM, part by part, and heals it: ids, values and links of open leads, writes of ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from connectors.protocol import WritingConnector
from connectors.records import Activity, Page, Record, RecordKey
from sync.drift import UNTOLD, Drift, Held, What, changed_fields, missed, sorted_out, value_drifts
from sync.pull import Progress
from sync.read_back import Changes, gather
from sync.reversals import Signs, Written, what_followed, who
from sync.same_value import same_value
from sync.shrunken import refuse_if_too_many_erased
from sync.store.mirror import Mirror
from sync.store.reconciled import Part
from sync.store.standing import Standing, Stood

AT_ONCE = 500  # rows that are looked up together
PERSONS_AT_ONCE = 200  # whose values and activities are read before that is noted
OPEN_LEADS, WRITES = "open leads", "writes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """One CRM, and what its records are compared with. Pages are saved without a cursor: a pull beside this one loses nothing."""

    connector: WritingConnector
    mirror: Mirror
    standing: Standing
    signs: Signs
    seen_at: datetime  # the CRM's time as the run began
    written_within: timedelta
    keep: Callable[[Part], None]  # notes how far a part is
    tell: Callable[[Progress], None]

    @property
    def crm(self) -> str:
        """The CRM's name."""
        return self.connector.crm

    def part(self, part: Part) -> Part:
        """Do a part, or the rest of one that was begun."""
        match part.name:
            case name if name == OPEN_LEADS:
                done = self._open_leads(part)
            case name if name == WRITES:
                done = self._writes(part)
            case _:
                done = self._ids(part)
        return replace(done, state="done")

    # --- ids

    def _ids(self, part: Part) -> Part:
        """Compare every id of a stream, and look up what stands on one side alone."""
        stream, kind, upto = part.name, self.connector.kinds()[part.name], self._upto(part.name)
        total, listed = self.mirror.live(self.crm, kind), 0

        def ids() -> Iterator[str]:
            nonlocal listed
            for some in self.connector.live_ids(stream):
                listed += len(some)
                self._tell(part, listed, total)
                yield from some

        differ = self.mirror.not_among(self.crm, kind, ids())
        nowhere: list[RecordKey] = []
        for page in self._looked_up(stream, [*differ.missing_in_crm, *differ.unknown_here]):
            found = sorted_out(part.drift, self._differences(page, frozenset(differ.unknown_here), upto))
            nowhere += page.erased
            self._save(replace(page, erased=()))
            part = replace(part, drift=found)
            self.keep(part)
        if nowhere:
            refuse_if_too_many_erased(f"{self.crm}/{stream}", nowhere=len(nowhere), held=total, accepted=())
            self._save(Page(stream=stream, began_at=self.seen_at, erased=tuple(nowhere), cursor=None, last=False))
        self._tell(part, listed, listed)
        erased = (Drift(what=What.ERASED, key=key, why=UNTOLD) for key in nowhere)
        return replace(part, rows=listed, drift=sorted_out(part.drift, erased))

    def _differences(self, page: Page, unknown: frozenset[str], upto: datetime) -> Iterator[Drift]:
        rows: list[Record | Activity] = [*page.records, *page.activities]
        held = self.standing.held(row.key for row in rows)
        for row in rows:
            if row.key.id in unknown and (drift := missed(row, held.get(row.key), upto=upto)) is not None:
                yield drift
        known = self.standing.held([*(key for key, _ in page.gone), *(merge.gone for merge in page.merged)])
        for key, at in page.gone:
            if key in known and known[key].is_live and (at is None or at < upto):
                yield Drift(what=What.DELETED, key=key, why=UNTOLD)
        for merge in page.merged:
            if merge.gone in known and known[merge.gone].is_live and (merge.at is None or merge.at < upto):
                yield Drift(what=What.MERGED, key=merge.gone, why=UNTOLD)

    # --- open leads

    def _open_leads(self, part: Part) -> Part:
        """Read the values and activities of each person of an open lead again."""
        total = self.standing.count_open_persons(self.crm)
        while persons := self.standing.open_persons(self.crm, after=part.upto, most=PERSONS_AT_ONCE):
            drifts = [*self._values(persons), *self._links(persons)]
            part = replace(part, rows=part.rows + len(persons), drift=sorted_out(part.drift, drifts), upto=persons[-1])
            self.keep(part)
            self._tell(part, part.rows, max(total, part.rows))
        return part

    def _values(self, persons: Sequence[RecordKey]) -> list[Drift]:
        upto = {stream: self._upto(stream) for stream in self.connector.kinds()}  # first: a pull beside this one may come in between
        pages = [page for kind, ids in _by_kind(persons) for page in self._looked_up(self._stream_of(kind), ids)]
        held = self.standing.held(record.key for page in pages for record in page.records)
        differs: dict[RecordKey, tuple[str, ...]] = {}
        for page in pages:
            for record in page.records:
                if fields := changed_fields(record, held.get(record.key), upto=upto[page.stream]):
                    differs[record.key] = fields
        found = self._explained(differs, held)
        for page in pages:
            self._save(replace(page, erased=()))  # who can be found nowhere is found by the ids
        return found

    def _explained(self, differs: dict[RecordKey, tuple[str, ...]], held: dict[RecordKey, Held]) -> list[Drift]:
        """Read those that differ with their histories, which are saved first: they tell when and by whom."""
        records, histories = self._read_now(list(differs))
        return [
            drift
            for key, record in records.items()
            for drift in value_drifts(record, held[key], differs[key], histories.get(key, {}), self.signs)
        ]

    def _links(self, persons: Sequence[RecordKey]) -> list[Drift]:
        drifts: list[Drift] = []
        asked, streams = frozenset(persons), self.mirror.streams(self.crm)
        upto = {stream: self._upto(stream) for stream in streams}
        for page in self.connector.evidence(persons, without=[stream for stream, state in streams.items() if state.error is not None]):
            new = self.standing.unlinked(page.links)
            young = {activity.key for activity in page.activities if activity.changed_at >= upto.get(page.stream, self.seen_at)}
            drifts += [
                Drift(what=What.LINK, key=key, why=SILENT_LINK)
                for link in new
                if young.isdisjoint((link.left, link.right))
                for key in (link.left, link.right)
                if key in asked
            ]
            self._save(page)
        return drifts

    # --- writes

    def _writes(self, part: Part) -> Part:
        """Read the records that leadpact wrote lately, and tell which values of ours do not stand, and who replaced them."""
        stood = self.standing.stood(self.crm, since=self.seen_at - self.written_within)
        behind = [one for one in stood if part.upto is None or one.record > part.upto]
        records = sorted({one.record for one in behind})
        for start in range(0, len(records), PERSONS_AT_ONCE):
            some = records[start : start + PERSONS_AT_ONCE]
            ours = [one for one in behind if some[0] <= one.record <= some[-1]]
            drifts = self._not_standing(some, ours)
            part = replace(part, rows=part.rows + len(ours), drift=sorted_out(part.drift, drifts), upto=some[-1])
            self.keep(part)
            self._tell(part, part.rows, len(stood))
        return part

    def _not_standing(self, records: Sequence[RecordKey], ours: Sequence[Stood]) -> list[Drift]:
        there: dict[RecordKey, Record] = {}
        for kind, ids in _by_kind(records):
            pages = list(self._looked_up(self._stream_of(kind), ids))
            there |= {record.key: record for page in pages for record in page.records}
        gone = [one for one in ours if one.record not in there]
        changed = [one for one in ours if one.record in there and _differs(one, there[one.record])]
        _, histories = self._read_now(sorted({one.record for one in changed}))
        return [
            *(
                Drift(what=What.WRITE, key=one.record, field=one.field, why="the record is gone, or was merged into another")
                for one in gone
            ),
            *(Drift(what=What.WRITE, key=one.record, field=one.field, why=self._whose(one, histories)) for one in changed),
        ]

    def _whose(self, one: Stood, histories: Changes) -> str:
        written = Written(field=one.field, before=one.before, values=(one.after,), since=one.at)
        change = what_followed(written, histories.get(one.record, {}).get(one.field, ()), self.signs)
        return f"replaced by {who(change, self.signs)}" if change is not None else "replaced; its history does not tell by whom"

    # --- reading

    def _read_now(self, keys: Sequence[RecordKey]) -> tuple[dict[RecordKey, Record], Changes]:
        records: dict[RecordKey, Record] = {}
        histories: Changes = defaultdict(dict)
        for page in self.connector.read_now(keys) if keys else ():
            records |= {record.key: record for record in page.records}
            gather(page, histories)
            self._save(replace(page, erased=()))
        return records, histories

    def _looked_up(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        for start in range(0, len(ids), AT_ONCE):
            yield from self.connector.look_up(stream, ids[start : start + AT_ONCE])

    def _stream_of(self, kind: str) -> str:
        return next(stream for stream, theirs in self.connector.kinds().items() if theirs == kind)

    def _upto(self, stream: str) -> datetime:
        """Return up to when a stream was read; what changed later is news, and no drift."""
        state = self.mirror.streams(self.crm).get(stream)
        return state.upto if state is not None and state.upto is not None else self.seen_at

    def _save(self, page: Page) -> None:
        self.mirror.save_page(self.crm, page, seen_at=self.seen_at)

    def _tell(self, part: Part, rows: int, total: int) -> None:
        self.tell(Progress(work=f"{self.crm} {part.name}, reconciled", rows=rows, total=total, done=rows >= total))


SILENT_LINK = "associated without a new time of change"


def _by_kind(keys: Sequence[RecordKey]) -> Iterator[tuple[str, list[str]]]:
    for kind, some in groupby(sorted(keys, key=lambda key: key.kind), key=lambda key: key.kind):
        yield kind, [key.id for key in some]


def _differs(one: Stood, record: Record) -> bool:
    """Whether a field holds something else than we wrote; of a list or campaign the record does not tell."""
    return one.field in record.values and not same_value(record.values[one.field], one.after)
