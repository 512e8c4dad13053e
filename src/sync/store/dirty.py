"""Which leads must be judged again: those that changed, and those whose judgement changes with the hour."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from connectors.records import RecordKey, Vocabulary
from sync.store.database import Database
from sync.store.keys import as_json, known_ids
from sync.store.lead_chunk import IS_ITS_OWN, NAMES_A_LEAD, Kinds
from sync.store.mark_leads import MARK, mark_all, mark_named
from sync.store.moments import to_ms


class Dirty:
    """The marks on leads; saving a page sets them (see `Mirror`), saving a judgement clears them (see `Findings`)."""

    def __init__(self, database: Database, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._database = database
        self._vocabularies = vocabularies

    def refresh(self, fingerprint: str, *, bulk_within: timedelta) -> bool:
        """Note by what leads are judged from now on; if it is not what they were judged by, mark all. Return whether it was not.

        `fingerprint` stands for all that a judgement rests on beside the lead's rows and the CRM's owners and teams.
        """
        with self._database.transaction() as tx:
            within = bulk_within // timedelta(milliseconds=1)
            if tx.execute("SELECT fingerprint, bulk_within FROM judged_by").fetchone() == (fingerprint, within):
                return False
            tx.execute("UPDATE judged_by SET fingerprint = ?, bulk_within = ?", (fingerprint, within))
            mark_all(tx, self._vocabularies.values(), why="terms")
        return True

    def mark_all(self, why: str) -> None:
        """Have every lead judged again."""
        with self._database.transaction() as tx:
            mark_all(tx, self._vocabularies.values(), why=why)

    def mark(self, leads: Iterable[str], why: str, *, now: datetime) -> None:
        """Have leads judged again, by key; those that the store does not know are passed over."""
        with self._database.transaction() as tx:
            ids = known_ids(tx, map(RecordKey.parse, set(leads)))
            mark_named(tx, ids.values(), since=to_ms(now), why=why)

    def newest(self) -> int:
        """Return the number of the newest mark. Whoever judges asks before reading leads, and clears no later mark."""
        with self._database.snapshot() as tx:
            (mark,) = tx.execute("SELECT mark FROM judged_by").fetchone()
        return int(mark)

    def count(self, now: datetime) -> int:
        """Count the leads to be judged at `now`."""
        with self._database.snapshot() as tx:
            return len(leads_to_judge(tx, Kinds.of(self._vocabularies.values()), to_ms(now)))


def leads_to_judge(tx: sqlite3.Connection, kinds: Kinds, now: int, *, also: Iterable[int] = ()) -> array[int]:
    """Return the row ids of the leads that are marked or due at `now` (ms), and of `also`, in order."""
    ids: array[int] = array("q")
    wanted = as_json(also)
    for crm, kind in kinds.persons:
        rows = tx.execute(
            f"""
            SELECT object.id FROM (
                SELECT lead FROM dirty UNION SELECT lead FROM lead_state WHERE next_at <= :upto UNION SELECT value FROM json_each(:also)
            ) AS wanted
            CROSS JOIN object ON object.id = wanted.lead CROSS JOIN record ON record.id = object.id
            WHERE object.crm = :crm AND object.kind = :kind AND record.created_at <= :upto AND {IS_ITS_OWN} AND {NAMES_A_LEAD}
            ORDER BY object.id_number, object.crm_id
            """,
            {"upto": now, "crm": crm, "kind": kind, "also": wanted},
        )
        ids.extend(id_ for (id_,) in rows)
    return ids


def clear_marks(tx: sqlite3.Connection, leads: Iterable[int], *, upto: int, judged_at: int) -> None:
    """Take off the marks up to number `upto` whose news a judgement as of `judged_at` (ms) has seen."""
    tx.execute(
        "DELETE FROM dirty WHERE lead IN (SELECT value FROM json_each(?)) AND mark <= ? AND since <= ?", (as_json(leads), upto, judged_at)
    )


def keep_marked(tx: sqlite3.Connection, leads: Iterable[int], *, judged_at: int) -> None:
    """Mark leads that wait for a stream to be read; the number is no new one, so that judging them again may clear it."""
    tx.execute(
        MARK.format(leads="SELECT value, :at, 'unknown', (SELECT mark FROM judged_by) FROM json_each(:leads) WHERE true"),
        {"leads": as_json(leads), "at": judged_at},
    )
