"""Read a chunk of leads with a handful of statements, whatever its size."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, FieldChange, Record, RecordKey, StatusChange, Vocabulary
from sync.rows import LeadRows
from sync.store.alike import AlikeCounts
from sync.store.keys import as_json, key_order, known_ids
from sync.store.moments import from_ms, from_ms_if_known
from sync.store.save_activities import ActivityRow, select_activities


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one reading of leads asks for."""

    words: Vocabulary
    upto: int  # ms, inclusive
    alike: AlikeCounts


class HeldRecord(NamedTuple):
    """A stored person, company or deal."""

    id: int
    key: RecordKey
    created_at: int
    changed_at: int
    gone_at: int | None
    field_values: str


@dataclass(slots=True, kw_only=True)
class _Links:
    """The row ids that one person is linked to."""

    companies: list[int] = field(default_factory=list)
    primary_company: int | None = None
    deals: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)  # activities, once they are in the mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """The changes of one record, cut at the moment asked for."""

    upto: int  # ms, inclusive
    changes: Sequence[FieldChange]  # by (field, at)
    later: Sequence[FieldChange] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Everything that was read for a chunk, by row id."""

    links: Mapping[int, _Links]
    records: Mapping[int, Record]
    histories: Mapping[int, _History]
    activities: Mapping[int, Activity]
    alike: Mapping[int, int]


_KINDS = {kind.value: kind for kind in ActivityKind}
_STATUSES = {status.value: status for status in ActivityStatus}
_DIRECTIONS = {direction.value: direction for direction in Direction}

IS_ITS_OWN = "(record.merged_into IS NULL OR record.gone_at > ?) AND record.erased_at IS NULL"
"""Whether a record is one of its own, and no other's, at a moment (ms); one that was erased since is none at any moment."""

_HELD = """
    SELECT object.id, object.crm, object.kind, object.crm_id, record.created_at, record.changed_at, record.gone_at, record.field_values
    FROM object CROSS JOIN record ON record.id = object.id
"""


def people_after(tx: sqlite3.Connection, asked: Asked, after: tuple[int, str], *, limit: int) -> list[HeldRecord]:
    """Return the next persons behind the id (as number, as text) `after`, in key order."""
    rows = tx.execute(
        f"""{_HELD}
        WHERE object.crm = ? AND object.kind = ? AND (object.id_number, object.crm_id) > (?, ?) AND record.created_at <= ? AND {IS_ITS_OWN}
        ORDER BY object.id_number, object.crm_id LIMIT ?
        """,
        (asked.words.crm, asked.words.person, *after, asked.upto, asked.upto, limit),
    )
    return [_held(row) for row in rows]


def people_named(tx: sqlite3.Connection, asked: Asked, keys: Iterable[RecordKey]) -> list[HeldRecord]:
    """Return the persons with these keys that are known, in key order."""
    return _held_by_id(tx, known_ids(tx, keys).values(), asked.upto)


def people_with(tx: sqlite3.Connection, asked: Asked, ids: Iterable[int]) -> list[HeldRecord]:
    """Return the persons with these row ids, in key order."""
    return _held_by_id(tx, ids, asked.upto)


def read_chunk(tx: sqlite3.Connection, asked: Asked, people: Sequence[HeldRecord]) -> list[LeadRows]:
    """Return the leads of `people`, in their order."""
    links = _links(tx, [person.id for person in people], asked)
    beside = _held_by_id(tx, {id_ for of_one in links.values() for id_ in (*of_one.companies, *of_one.deals)}, asked.upto)
    histories = _histories(tx, (*people, *beside), asked.upto)
    rows = [
        row for row in select_activities(tx, {id_ for of_one in links.values() for id_ in of_one.others}) if row.logged_at <= asked.upto
    ]
    chunk = _Chunk(
        links=links,
        records={held.id: _record(held, histories[held.id]) for held in (*people, *beside)},
        histories=histories,
        activities=_activities(tx, rows, asked.upto),
        alike=asked.alike.of(tx, [(row.id, row.alike, row.logged_at) for row in rows if row.alike is not None]),
    )
    return [_lead(person.id, chunk) for person in people]


def _lead(person: int, chunk: _Chunk) -> LeadRows:
    links = chunk.links[person]
    record = chunk.records[person]
    company = _company(links, chunk.records)
    deals = _by_key(links.deals, chunk.records)
    held = _by_key((person, *((company,) if company else ()), *deals), chunk.records)
    activities = sorted((chunk.activities[id_] for id_ in links.others if id_ in chunk.activities), key=_activity_order)
    return LeadRows(
        lead=str(record.key),
        people=(record,),
        company=chunk.records[company] if company else None,
        deals=tuple(chunk.records[id_] for id_ in deals),
        changes=tuple(chain.from_iterable(chunk.histories[id_].changes for id_ in held)),
        activities=tuple(activities),
        alike={chunk.activities[id_].key: chunk.alike[id_] for id_ in links.others if id_ in chunk.alike},
        gone_at={one.key: one.archived_at for one in map(chunk.records.__getitem__, held) if one.archived_at},
    )


def _company(links: _Links, records: Mapping[int, Record]) -> int | None:
    """Choose the primary company, else the one with the smallest key."""
    if links.primary_company in records:
        return links.primary_company
    return next(iter(_by_key(links.companies, records)), None)


def _by_key(ids: Sequence[int], records: Mapping[int, Record]) -> list[int]:
    known = [id_ for id_ in ids if id_ in records]
    return known if len(known) < 2 else sorted(known, key=lambda id_: key_order(records[id_].key))


def _activity_order(activity: Activity) -> tuple[object, ...]:
    return (activity.happened_at, key_order(activity.key))


def _links(tx: sqlite3.Connection, people: Sequence[int], asked: Asked) -> dict[int, _Links]:
    """Return what each person is linked to at the moment asked for."""
    rows = tx.execute(
        """
        SELECT link.person, link.other, link.is_primary, object.kind FROM (
            SELECT low AS person, high AS other, is_primary, linked_at, unlinked_at FROM association
            WHERE low IN (SELECT value FROM json_each(:people))
            UNION ALL
            SELECT high, low, is_primary, linked_at, unlinked_at FROM association
            WHERE high IN (SELECT value FROM json_each(:people))
        ) AS link CROSS JOIN object ON object.id = link.other
        WHERE (link.linked_at IS NULL OR link.linked_at <= :upto) AND (link.unlinked_at IS NULL OR link.unlinked_at > :upto)
        """,
        {"people": as_json(people), "upto": asked.upto},
    )
    found: dict[int, _Links] = defaultdict(_Links)
    for person, other, is_primary, kind in rows:
        links = found[person]
        if kind == asked.words.company:
            links.companies.append(other)
            links.primary_company = other if is_primary else links.primary_company
        elif kind == asked.words.deal:
            links.deals.append(other)
        else:
            links.others.append(other)
    return found


def _held_by_id(tx: sqlite3.Connection, ids: Iterable[int], upto: int) -> list[HeldRecord]:
    rows = tx.execute(
        f"{_HELD} WHERE object.id IN (SELECT value FROM json_each(?)) AND record.created_at <= ? AND {IS_ITS_OWN}",
        (as_json(ids), upto, upto),
    )
    return sorted((_held(row) for row in rows), key=lambda held: key_order(held.key))


def _held(row: Sequence[Any]) -> HeldRecord:
    id_, crm, kind, crm_id, *rest = row
    return HeldRecord(id_, RecordKey(crm, kind, crm_id), *rest)


def _record(held: HeldRecord, history: _History) -> Record:
    """Build the record as it was; values without history are those of today, and so are all where nothing changed since."""
    values = orjson.loads(held.field_values)
    return Record(
        key=held.key,
        values=values | _last_values(history) if history.later else values,
        created_at=from_ms(held.created_at),
        changed_at=from_ms(min(held.changed_at, history.upto)),
        archived_at=from_ms(held.gone_at) if held.gone_at is not None and held.gone_at <= history.upto else None,
    )


def _last_values(history: _History) -> dict[str, str | None]:
    """Return the last value of every field that has history; blank before its first change."""
    values: dict[str, str | None] = dict.fromkeys(change.field for change in history.later)
    values.update((change.field, change.value) for change in history.changes)
    return values


def _histories(tx: sqlite3.Connection, records: Iterable[HeldRecord], upto: int) -> dict[int, _History]:
    """Return the histories of `records`, each by (field, at); empty where none is kept."""
    keys = {held.id: held.key for held in records}
    rows = tx.execute(
        """
        SELECT record, field, value, at, since, source, source_id, actor FROM field_change
        WHERE record IN (SELECT value FROM json_each(?)) ORDER BY record, field, at, id
        """,
        (as_json(keys),),
    ).fetchall()
    unsure = {row[0] for row in rows if row[4] is not None}
    late = {row[0] for row in rows if row[3] > upto}
    found: dict[int, _History] = defaultdict(lambda: _History(upto=upto, changes=()))
    for record, group in groupby(rows, key=itemgetter(0)):
        key = keys[record]
        changes = [_change(key, row) for row in group]
        if record in unsure:
            changes = _without_explained(changes)
        found[record] = _cut(changes, upto) if record in late else _History(upto=upto, changes=changes)
    return found


def _cut(changes: Sequence[FieldChange], upto: int) -> _History:
    limit = from_ms(upto)
    return _History(
        upto=upto,
        changes=[change for change in changes if change.at <= limit],
        later=[change for change in changes if change.at > limit],
    )


def _change(key: RecordKey, row: Sequence[Any]) -> FieldChange:
    _, field_name, value, at, since, source, source_id, actor = row
    return FieldChange(
        record=key,
        field=field_name,
        value=value,
        at=from_ms(at),
        since=from_ms_if_known(since),
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


def _activities(tx: sqlite3.Connection, rows: Sequence[ActivityRow], upto: int) -> dict[int, Activity]:
    """Return the activities of `rows` with the statuses they had by `upto`."""
    keys = _keys(tx, (row.id for row in rows))
    statuses: dict[int, list[StatusChange]] = defaultdict(list)
    told = tx.execute(
        """
        SELECT activity, status, at FROM activity_status
        WHERE activity IN (SELECT value FROM json_each(?)) AND at <= ? ORDER BY activity, at, id
        """,
        (as_json(keys), upto),
    )
    for activity, status, at in told:
        known = statuses[activity]
        change = StatusChange(status=_STATUSES[status] if status else None, at=from_ms(at))
        if not known or known[-1].status != change.status:
            known.append(change)
    return {row.id: _activity(row, keys[row.id], statuses[row.id], upto) for row in rows}


def _keys(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, RecordKey]:
    rows = tx.execute("SELECT id, crm, kind, crm_id FROM object WHERE id IN (SELECT value FROM json_each(?))", (as_json(ids),))
    return {id_: RecordKey(crm, kind, crm_id) for id_, crm, kind, crm_id in rows}


def _activity(row: ActivityRow, key: RecordKey, statuses: Sequence[StatusChange], upto: int) -> Activity:
    gone_at = row.gone_at if row.gone_at is not None and row.gone_at <= upto else None
    return Activity(
        key=key,
        kind=_KINDS[row.kind],
        happened_at=from_ms(row.happened_at),
        logged_at=from_ms(row.logged_at),
        changed_at=from_ms(min(row.changed_at, upto)),
        ends_at=from_ms_if_known(row.ends_at),
        owner=row.owner,
        direction=_DIRECTIONS[row.direction] if row.direction else None,
        statuses=tuple(statuses),
        duration_s=row.duration_s,
        source=row.source,
        source_id=row.source_id,
        sequence=row.sequence,
        marketing=bool(row.marketing),
        auto_reply=bool(row.auto_reply),
        alike=row.alike,
        archived_at=from_ms_if_known(gone_at),
    )
