"""The histories of the records of some leads, and the records as they were at a moment."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import orjson

from connectors.records import FieldChange, Record, RecordKey
from sync.store.keys import as_json
from sync.store.moments import from_ms, from_ms_if_known


class HeldRecord(NamedTuple):
    """A stored person, company or deal."""

    id: int
    key: RecordKey
    created_at: int
    changed_at: int
    gone_at: int | None
    field_values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The changes of one record, cut at the moment asked for."""

    upto: int  # ms, inclusive
    changes: Sequence[FieldChange]  # by (field, at)
    later: Sequence[FieldChange] = ()


def record_of(held: HeldRecord, history: History) -> Record:
    """Build the record as it was; values without history are those of today, and so are all where nothing changed since."""
    values = orjson.loads(held.field_values)
    return Record(
        key=held.key,
        values=values | _last_values(history) if history.later else values,
        created_at=from_ms(held.created_at),
        changed_at=from_ms(min(held.changed_at, history.upto)),
        archived_at=from_ms(held.gone_at) if held.gone_at is not None and held.gone_at <= history.upto else None,
    )


def _last_values(history: History) -> dict[str, str | None]:
    """Return the last value of every field that has history; blank before its first change."""
    values: dict[str, str | None] = dict.fromkeys(change.field for change in history.later)
    values.update((change.field, change.value) for change in history.changes)
    return values


def read_histories(tx: sqlite3.Connection, records: Iterable[HeldRecord], upto: int) -> dict[int, History]:
    """Return the histories of `records`, each by (field, at); empty where none is kept."""
    held = {one.id: one for one in records}
    rows = tx.execute(
        """
        SELECT record, field, value, at, since, source, source_id, actor, value_before FROM field_change
        WHERE record IN (SELECT value FROM json_each(?)) ORDER BY record, field, at, id
        """,
        (as_json(held),),
    ).fetchall()
    unsure = {row[0] for row in rows if row[4] is not None}
    late = {row[0] for row in rows if row[3] > upto}
    told = {record: [_change(held[record].key, row) for row in group] for record, group in groupby(rows, key=itemgetter(0))}
    tracked = _tracked_fields(tx)
    found: dict[int, History] = defaultdict(lambda: History(upto=upto, changes=()))
    for id_, record in held.items():
        changes = told.get(id_, [])
        if id_ in unsure:
            changes = _without_explained(changes)
        fields = tracked.get((record.key.crm, record.key.kind), ())
        if fields or any(change.before is not None for change in changes):
            changes = _from_the_beginning(record, changes, fields)
        if changes:
            found[id_] = _cut(changes, upto) if id_ in late else History(upto=upto, changes=changes)
    return found


def _tracked_fields(tx: sqlite3.Connection) -> dict[tuple[str, str], list[str]]:
    """Return per CRM and kind the fields of which a stream tells each change."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for crm, kind, name in tx.execute("SELECT crm, kind, name FROM definition WHERE tracked = 1 ORDER BY name"):
        found[crm, kind].append(name)
    return found


def _from_the_beginning(held: HeldRecord, changes: Sequence[FieldChange], fields: Iterable[str]) -> list[FieldChange]:
    """Add the values with which a record began: what the oldest change replaced, or of a tracked field that never changed what it holds."""
    values = orjson.loads(held.field_values)
    oldest: dict[str, FieldChange] = {}
    for change in changes:
        oldest.setdefault(change.field, change)
    first = []
    for name in sorted({*fields, *(name for name, change in oldest.items() if change.before is not None)}):
        value = oldest[name].before if name in oldest else values.get(name)
        if value:
            first.append(FieldChange(record=held.key, field=name, value=value, at=from_ms(held.created_at)))
    return sorted([*first, *changes], key=attrgetter("field")) if first else list(changes)


def _cut(changes: Sequence[FieldChange], upto: int) -> History:
    limit = from_ms(upto)
    return History(
        upto=upto,
        changes=[change for change in changes if change.at <= limit],
        later=[change for change in changes if change.at > limit],
    )


def _change(key: RecordKey, row: Sequence[Any]) -> FieldChange:
    _, field_name, value, at, since, source, source_id, actor, before = row
    return FieldChange(
        record=key,
        field=field_name,
        value=value,
        at=from_ms(at),
        since=from_ms_if_known(since),
        before=before,
        source=source,
        source_id=source_id,
        actor=actor,
    )


def _without_explained(changes: list[FieldChange]) -> list[FieldChange]:
    """Leave out what was only observed where the CRM's history has told the moment since."""
    exact = [change for change in changes if change.since is None]
    return [change for change in changes if change.since is None or not any(_explains(one, change) for one in exact)]


def _explains(exact: FieldChange, observed: FieldChange) -> bool:
    if observed.since is None or (exact.field, exact.value) != (observed.field, observed.value):
        return False
    return observed.since <= exact.at <= observed.at
