"""Saves one page of what a CRM said, with its cursor, and marks the leads that it changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import orjson

from connectors.records import FieldDefinition, Page, RecordKey, Vocabulary
from sync.store.erase import erase_persons, without_erased
from sync.store.forget import erase_forgotten
from sync.store.keys import as_json, known_ids, object_ids
from sync.store.mark_leads import News, mark_all, mark_owners, mark_page, mark_unknown, newest_rows
from sync.store.moments import to_ms, to_ms_if_known
from sync.store.save_activities import save_activities
from sync.store.save_links import LinkedPage, save_links
from sync.store.save_merges import save_merges, with_survivors
from sync.store.save_people import save_people
from sync.store.save_records import Tracked, save_changes, save_records
from sync.store.to_link import link_fields, note_relinked


def save_page(tx: sqlite3.Connection, crm: str, page: Page, *, words: Vocabulary | None, seen_at: int) -> None:
    """Save a page inside a transaction, as `Mirror.save_page` says; `words` of a CRM that has no leads are None."""
    persons = [key for key in page.erased if words is not None and key.kind in words.persons]
    own = frozenset(words.own_fields.values()) if words is not None else frozenset()
    news = News(before=newest_rows(tx), seen_at=seen_at, link_fields=link_fields(tx, words), own_fields=own)
    page, ids = _what_is_kept(tx, page, seen_at)
    upto = _upto(tx, crm, page.stream)
    _save_rows(tx, page, ids, news, upto=upto)
    news.owners.update(save_people(tx, crm, page, seen_at))
    retold = _save_definitions(tx, page.definitions)
    went = _mark_gone(tx, [*page.gone, *((key, None) for key in page.erased if key not in persons)], upto)
    news.objects.update(went)
    news.relinked.update(went)
    save_merges(tx, page.merged, told_kinds=page.linked_kinds, news=news)
    erase_persons(tx, persons, at=seen_at)
    if words is not None:
        erase_forgotten(tx, words, page.records, ids, at=seen_at)
        _mark_leads(tx, words, news, page, retold=retold, first_reading=upto is None)
    if page.cursor is not None:
        _save_cursor(tx, crm, page)


def _what_is_kept(tx: sqlite3.Connection, page: Page, seen_at: int) -> tuple[Page, dict[RecordKey, int]]:
    """Return the page without whom the store must not know again, merged records under those that stand, and the row ids of its keys."""
    ids = object_ids(tx, _named_keys(page))
    kept = without_erased(tx, page, ids, seen_at=seen_at)
    survived = with_survivors(tx, kept, ids)
    if survived is not kept:
        ids |= object_ids(tx, _named_keys(survived) - ids.keys())
    return survived, ids


def _save_rows(tx: sqlite3.Connection, page: Page, ids: dict[RecordKey, int], news: News, *, upto: int | None) -> None:
    """Save records, activities, changes and links; `upto` is None while the stream is read for the first time."""
    new_rows = save_records(tx, page.records, ids, news, _tracked(tx, page)) | save_activities(tx, page.activities, ids, news)
    save_changes(tx, page.changes, ids, seen_at=news.seen_at)
    linked = LinkedPage(
        rows={ids[key] for key in _row_keys(page)},
        newest_before=news.before.object,
        new_rows=new_rows,
        kinds=page.linked_kinds,
        first_reading=upto is None,
        seen_at=news.seen_at,
    )
    news.unlinked.extend(save_links(tx, page.links, ids, linked))


def _mark_leads(tx: sqlite3.Connection, words: Vocabulary, news: News, page: Page, *, retold: bool, first_reading: bool) -> None:
    note_relinked(tx, words, news.relinked)
    mark_page(tx, words, news, why=page.stream)
    mark_owners(tx, words, news.owners, since=news.seen_at)
    if retold:
        mark_all(tx, [words], why="definitions")
    if first_reading and page.last:
        mark_unknown(tx)


def _row_keys(page: Page) -> set[RecordKey]:
    return {record.key for record in page.records} | {activity.key for activity in page.activities}


def _named_keys(page: Page) -> set[RecordKey]:
    return _row_keys(page).union((change.record for change in page.changes), *((link.left, link.right) for link in page.links))


def _tracked(tx: sqlite3.Connection, page: Page) -> Tracked:
    """Return the fields of the page's records of which a stream tells each change."""
    return _tracked_fields(tx) if page.records else frozenset()


def _tracked_fields(tx: sqlite3.Connection) -> Tracked:
    return set(tx.execute("SELECT crm, kind, name FROM definition WHERE tracked = 1"))


def _upto(tx: sqlite3.Connection, crm: str, stream: str) -> int | None:
    row = tx.execute("SELECT upto FROM stream WHERE crm = ? AND name = ?", (crm, stream)).fetchone()
    return row[0] if row else None


def _save_definitions(tx: sqlite3.Connection, definitions: Sequence[FieldDefinition]) -> bool:
    """Put the fields of each kind in the place of those that were known: a page holds all of a kind.

    Return whether other fields are tracked now: how their histories are read changes with it.
    """
    before = _tracked_fields(tx)
    tx.executemany("DELETE FROM definition WHERE crm = ? AND kind = ?", {(one.crm, one.kind) for one in definitions})
    tx.executemany(
        "INSERT OR REPLACE INTO definition (crm, kind, name, label, type, options, read_only, tracked) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (d.crm, d.kind, d.name, d.label, d.type, _json([asdict(option) for option in d.options]), int(d.read_only), int(d.tracked))
            for d in definitions
        ),
    )
    return _tracked_fields(tx) != before


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _mark_gone(tx: sqlite3.Connection, gone: Sequence[tuple[RecordKey, datetime | None]], upto: int | None) -> dict[int, int]:
    """Note when rows went; return the row ids of those that were there until now, with that moment.

    What we never held is not noted, and what went earlier keeps its time. Where the CRM does not say when, it is the moment at
    which the row was last known to be there (`upto`, when its stream was last read; ms): no later clock may run on it.
    """
    if not gone:
        return {}
    ids = known_ids(tx, (key for key, _ in gone))
    told = {ids[key]: None if at is None else to_ms(at) for key, at in gone if key in ids}
    rows = tx.execute(
        """
        SELECT id, seen_at FROM record WHERE gone_at IS NULL AND id IN (SELECT value FROM json_each(:ids))
        UNION ALL SELECT id, seen_at FROM activity WHERE gone_at IS NULL AND id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": as_json(told)},
    )
    went: dict[int, int] = {}
    for id_, seen_at in rows:
        at = told[id_]
        went[id_] = max(seen_at, upto or 0) if at is None else at
    for table in ("record", "activity"):
        tx.executemany(f"UPDATE {table} SET gone_at = ? WHERE id = ?", ((at, id_) for id_, at in went.items()))
    return went


def _save_cursor(tx: sqlite3.Connection, crm: str, page: Page) -> None:
    """Move the cursor; the last page also moves `upto` (never back) and clears the error."""
    tx.execute(
        """
        INSERT INTO stream (crm, name, cursor, upto, total) VALUES (:crm, :stream, :cursor, :upto, :total)
        ON CONFLICT (crm, name) DO UPDATE SET
            cursor = excluded.cursor,
            upto = CASE WHEN excluded.upto IS NULL THEN upto ELSE max(ifnull(upto, 0), excluded.upto) END,
            total = ifnull(excluded.total, total),
            error = CASE WHEN excluded.upto IS NULL THEN error END,
            error_at = CASE WHEN excluded.upto IS NULL THEN error_at END
        """,
        {
            "crm": crm,
            "stream": page.stream,
            "cursor": page.cursor,
            "upto": to_ms_if_known(page.began_at) if page.last else None,
            "total": page.live,
        },
    )
