"""Save the persons, companies and deals of a page, with their histories."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import orjson

from connectors.records import FieldChange, Record, RecordKey
from sync.store.keys import as_json
from sync.store.mark_leads import News
from sync.store.moments import to_ms, to_ms_if_known


class _Row(NamedTuple):
    """A row of `record`, in the order of its columns."""

    id: int
    created_at: int
    changed_at: int
    seen_at: int
    gone_at: int | None
    field_values: str


_Change = tuple[int, str, str | None, int, int | None, str | None, str | None, str | None, int, str | None]
"""A row of `field_change`, in the order of its columns but for the id: record, field, value, at, since, source, ..."""
Tracked = Set[tuple[str, str, str]]  # CRM, kind, field: a stream of histories tells each change


class _Unexplained(NamedTuple):
    """A value that the history sent with its record does not end in."""

    record: int
    field: str
    value: str | None
    since: int  # when it was last seen otherwise, else when the record was created


def save_records(
    tx: sqlite3.Connection, records: Sequence[Record], ids: Mapping[RecordKey, int], news: News, tracked: Tracked = frozenset()
) -> frozenset[int]:
    """Save current values and what is new of the histories, tell it to `news`; return the row ids seen for the first time.

    A record older than the stored one changes nothing but adds its history; of two with one
    `changed_at` the later to arrive wins. A record that says nothing new keeps its `seen_at`. A field that is `tracked` is never
    observed: a stream of its own tells how it changed.
    """
    if not records:
        return frozenset()
    named = [id_ for record in records if (id_ := ids[record.key]) <= news.before.object]
    stored = _stored(tx, named) if named else {}
    known = frozenset(stored)
    fresh: dict[int, _Row] = {}
    unexplained: list[_Unexplained] = []
    for record in records:
        before = stored.get(ids[record.key])
        after = _row(record, ids[record.key], before, news.seen_at)
        if before and after.changed_at < before.changed_at:
            continue
        unexplained += _unexplained(record, after, before, tracked)
        if before is None or after._replace(seen_at=before.seen_at) != before:
            fresh[after.id] = stored[after.id] = after
            _tell(news, record, after, before)
    told = _told((one for record in records for history in record.history.values() for one in history), ids, news.seen_at)
    _add_changes(tx, told if not known else _unknown_ones(tx, known, told))
    if unexplained:
        _add_changes(tx, _observed(tx, unexplained, news.seen_at))
    _put(tx, fresh.values())
    return frozenset(fresh) - known


def _tell(news: News, record: Record, after: _Row, before: _Row | None) -> None:
    """Tell whether a lead is to be judged, or linked, again."""
    if before is None or _says_news(record, after, before, news.own_fields):
        news.objects[after.id] = max(after.created_at, after.gone_at or 0)
    if news.link_fields and (before is None or _links_otherwise(record, after, before, news.link_fields)):
        news.relinked.add(after.id)


def _put(tx: sqlite3.Connection, rows: Iterable[_Row]) -> None:
    tx.executemany(
        """
        INSERT INTO record (id, created_at, changed_at, seen_at, gone_at, field_values) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            created_at = excluded.created_at, changed_at = excluded.changed_at, seen_at = excluded.seen_at,
            gone_at = excluded.gone_at, field_values = excluded.field_values,
            merged_into = CASE WHEN excluded.gone_at IS NOT NULL THEN merged_into END, erased_at = NULL
        """,
        rows,
    )


def save_changes(tx: sqlite3.Connection, changes: Sequence[FieldChange], ids: Mapping[RecordKey, int], *, seen_at: int) -> None:
    """Save what a stream of histories tells of records, of those too that no stream has brought yet."""
    if changes:
        told = _told(changes, ids, seen_at)
        records = {one[0] for one in told}
        _add_changes(tx, _unknown_ones(tx, records, told))
        _settle_observed(tx, records)


def _says_news(record: Record, after: _Row, before: _Row, own_fields: frozenset[str]) -> bool:
    """Whether a judgement can rest on what changed; on fields of our own none does.

    That a record was touched is news only of values without history: they may be younger than they were thought to be.
    """
    own = own_fields - record.history.keys()
    touched = _judged(after, own)._replace(seen_at=before.seen_at, changed_at=before.changed_at) == _judged(before, own)
    return not touched or any(value for field, value in record.values.items() if field not in record.history and field not in own)


def _judged(row: _Row, own: Set[str]) -> _Row:
    """Return a row without fields of our own."""
    if not own:
        return row
    values = {field: value for field, value in orjson.loads(row.field_values).items() if field not in own}
    return row._replace(field_values=orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode())


def _links_otherwise(record: Record, after: _Row, before: _Row, fields: frozenset[str]) -> bool:
    """Whether a person's record may be another lead's now: what links it changed, or it went, came back, or was none."""
    if before.gone_at is not None or after.gone_at is not None:
        return True
    values_before = orjson.loads(before.field_values)
    return any(values_before.get(field) != record.values.get(field) for field in fields)


def still_gone_at(told: int | None, before: int | None, *, served_at: int) -> int | None:
    """Return when a row went: as told now, else as known before, unless it was served or changed after that: then it is there again."""
    return told if told is not None or before is None or served_at > before else before


def _stored(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, _Row]:
    rows = tx.execute(
        """
        SELECT id, created_at, changed_at, seen_at, gone_at, field_values FROM record
        WHERE id IN (SELECT value FROM json_each(?))
        """,
        (as_json(ids),),
    )
    return {row[0]: _Row(*row) for row in rows}


def _row(record: Record, id_: int, before: _Row | None, seen_at: int) -> _Row:
    changed_at = to_ms(record.changed_at)
    return _Row(
        id=id_,
        created_at=to_ms(record.created_at),
        changed_at=changed_at,
        seen_at=seen_at,
        gone_at=still_gone_at(to_ms_if_known(record.archived_at), before.gone_at if before else None, served_at=max(changed_at, seen_at)),
        field_values=orjson.dumps(dict(record.values), option=orjson.OPT_SORT_KEYS).decode(),
    )


def _unexplained(record: Record, after: _Row, before: _Row | None, tracked: Tracked) -> Iterator[_Unexplained]:
    """Yield the fields that were asked for with history and hold a value that it does not end in."""
    asked = [(name, told) for name, told in record.history.items() if (record.key.crm, record.key.kind, name) not in tracked]
    if not asked:
        return
    values_before = _values_before(record, after, before)
    for field, history in asked:
        value = _blank(record.values.get(field))
        value_before = _blank(values_before.get(field))
        told = _blank(history[-1].value) if history else None
        if value == told and (history or value == value_before):
            continue
        seen_otherwise = before is not None and field in values_before and value_before != value
        since = before.seen_at if before and seen_otherwise else after.created_at
        yield _Unexplained(record=after.id, field=field, value=value, since=since)


def _values_before(record: Record, after: _Row, before: _Row | None) -> Mapping[str, str | None]:
    """Return what was held of a record; mostly what it holds now."""
    if before is None:
        return {}
    return record.values if before.field_values == after.field_values else orjson.loads(before.field_values)


def _blank(value: str | None) -> str | None:
    return value or None


def _told(changes: Iterable[FieldChange], ids: Mapping[RecordKey, int], seen_at: int) -> list[_Change]:
    return [
        (
            ids[one.record],
            one.field,
            one.value or None,
            to_ms(one.at),
            to_ms_if_known(one.since),
            one.source,
            one.source_id,
            one.actor,
            seen_at,
            one.before or None,
        )
        for one in changes
    ]


def _unknown_ones(tx: sqlite3.Connection, records: Iterable[int], told: Sequence[_Change]) -> list[_Change]:
    """Leave out what is known already: a CRM tells a record's whole history each time, and mostly nothing new."""
    rows = tx.execute(
        "SELECT record, field, value, at FROM field_change WHERE record IN (SELECT value FROM json_each(?))", (as_json(records),)
    )
    known = set(rows)
    return [change for change in told if change[:4] not in known]


def _observed(tx: sqlite3.Connection, unexplained: Sequence[_Unexplained], seen_at: int) -> Iterator[_Change]:
    """Yield a change seen between two pulls for each value that no change known so far ends in."""
    newest = _newest_changes(tx, {value.record for value in unexplained})
    for record, field, value, since in unexplained:
        known_value, known_at = newest.get((record, field), (None, since))
        if value != known_value:
            yield (record, field, value, seen_at, min(max(since, known_at), seen_at), None, None, None, seen_at, None)


def _newest_changes(tx: sqlite3.Connection, records: set[int]) -> dict[tuple[int, str], tuple[str | None, int]]:
    rows = tx.execute(
        "SELECT record, field, value, at FROM field_change WHERE record IN (SELECT value FROM json_each(?)) ORDER BY at, id",
        (as_json(records),),
    )
    return {(record, field): (value, at) for record, field, value, at in rows}


def _settle_observed(tx: sqlite3.Connection, records: Iterable[int]) -> None:
    """Let what was only observed of `records` be what it were if their histories had been read first."""
    tx.execute(
        f"DELETE FROM field_change AS seen {_ONLY_SEEN} AND EXISTS (SELECT 1 {_TOLD_MEANWHILE} AND value IS seen.value)",
        (as_json(records),),
    )
    tx.execute(
        f"UPDATE field_change AS seen SET since = (SELECT max(at) {_TOLD_MEANWHILE}) {_ONLY_SEEN} AND EXISTS (SELECT 1 {_TOLD_MEANWHILE})",
        (as_json(records),),
    )


_ONLY_SEEN = "WHERE seen.since IS NOT NULL AND seen.record IN (SELECT value FROM json_each(?))"
_TOLD_MEANWHILE = """
    FROM field_change AS told WHERE told.record = seen.record AND told.field = seen.field AND told.since IS NULL
    AND told.at BETWEEN seen.since AND seen.at
"""


def _add_changes(tx: sqlite3.Connection, changes: Iterable[_Change]) -> None:
    tx.executemany(
        """
        INSERT INTO field_change (record, field, value, at, since, source, source_id, actor, seen_at, value_before)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
        changes,
    )
