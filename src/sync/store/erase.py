"""Forget persons that their CRM keeps nothing of: a tombstone stays, under an id that means nothing to anybody else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from connectors.records import Page, RecordKey
from sync.store.keys import as_json, known_ids
from sync.store.moments import FOR_EVER, to_ms
from sync.store.scrub_state import note_scrub
from sync.store.to_link import note_erased


def erase_persons(tx: sqlite3.Connection, persons: Sequence[RecordKey], *, at: int) -> None:
    """Keep nothing of `persons`, nor of what was merged into them: no value, no history, no open link.

    What we never held is not noted. Their activities stay: they hold who of our side did what when, and no longer with whom.
    """
    if persons:
        erase_rows(tx, known_ids(tx, persons).values(), at=at)


def erase_rows(tx: sqlite3.Connection, persons: Iterable[int], *, at: int) -> int:
    """Erase persons by their row ids; return how many records, with those that were merged into them, were not erased before."""
    ids = _with_merged(tx, persons)
    if not ids:
        return 0
    given = {"ids": as_json(ids), "at": at}
    note_erased(tx, ids)
    tx.execute("DELETE FROM field_change WHERE record IN (SELECT value FROM json_each(:ids))", given)
    for end in ("low", "high"):
        tx.execute(
            f"""
            UPDATE association SET unlinked_at = :at, why = 'erased'
            WHERE {end} IN (SELECT value FROM json_each(:ids)) AND unlinked_at IS NULL
            """,
            given,
        )
    tx.execute("UPDATE member SET unlinked_at = :at WHERE person IN (SELECT value FROM json_each(:ids)) AND unlinked_at IS NULL", given)
    tx.execute(
        """
        UPDATE record SET field_values = '{}', gone_at = ifnull(gone_at, :at), erased_at = :at
        WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        given,
    )
    note_scrub(tx)
    return len(ids)


def without_erased(tx: sqlite3.Connection, page: Page, ids: Mapping[RecordKey, int], *, seen_at: int) -> Page:
    """Leave out of a page what it tells of erased persons: pages overlap, and may tell what was so before.

    One that changed after it was erased, or that a later run is served, is there again and comes back, unless a person had it
    forgotten.
    """
    if not tx.execute("SELECT EXISTS (SELECT 1 FROM record WHERE erased_at IS NOT NULL)").fetchone()[0]:
        return page
    erased_at = dict(
        tx.execute(
            """
            SELECT id, iif(forgotten_at IS NULL, erased_at, :for_ever) FROM record
            WHERE erased_at IS NOT NULL AND id IN (SELECT value FROM json_each(:ids))
            """,
            {"ids": as_json(ids.values()), "for_ever": FOR_EVER},
        ).fetchall()
    )
    back = {record.key for record in page.records if max(seen_at, to_ms(record.changed_at)) > erased_at.get(ids[record.key], 0)}
    still = {key for key, id_ in ids.items() if id_ in erased_at and key not in back}
    return replace(
        page,
        records=tuple(record for record in page.records if record.key not in still),
        changes=tuple(change for change in page.changes if change.record not in still),
        merged=tuple(merge for merge in page.merged if merge.into not in still),
        links=tuple(link for link in page.links if still.isdisjoint((link.left, link.right))),
    )


def _with_merged(tx: sqlite3.Connection, ids: Iterable[int]) -> list[int]:
    """Return those of `ids` that are not erased yet, and what was merged into them, step by step."""
    rows = tx.execute(
        """
        WITH RECURSIVE merged (id, survivor) AS MATERIALIZED (
            SELECT id, merged_into FROM record INDEXED BY record_merged WHERE merged_into IS NOT NULL
        ),
        family (id) AS (
            SELECT value FROM json_each(?)
            UNION SELECT merged.id FROM family JOIN merged ON merged.survivor = family.id
        )
        SELECT record.id FROM family JOIN record ON record.id = family.id WHERE record.erased_at IS NULL
        """,
        (as_json(ids),),
    )
    return [id_ for (id_,) in rows]
