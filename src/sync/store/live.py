"""Which rows are live here, compared with those that the CRM lists."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from sync.store.database import Database
from sync.store.keys import id_number

_BATCH = 10_000  # ids noted in one transaction


class Difference(NamedTuple):
    """Ids of one kind that stand on one side alone, each list by id."""

    missing_in_crm: list[str]  # live here, and not listed
    unknown_here: list[str]  # listed, and neither live here nor forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """By how many live rows more than the CRM counts there were here (fewer: negative), every id compared."""

    rows: int = 0
    since: datetime | None = None  # when it was found first; None: never
    upto: datetime | None = None  # and last, and no other between

    @property
    def stood_for(self) -> timedelta:
        """How long it was found again and again; nothing if it was found once."""
        return self.upto - self.since if self.since and self.upto else timedelta()

    def then(self, rows: int, *, at: datetime) -> Surplus:
        """Return what is known once `rows` were found."""
        return replace(self, upto=at) if rows == self.rows and self.since else Surplus(rows=rows, since=at, upto=at)


def count_live(tx: sqlite3.Connection, crm: str, kind: str) -> int:
    """Count the records or activities of a kind that are neither gone, merged away nor erased."""
    row = tx.execute("SELECT rows FROM live WHERE crm = ? AND kind = ?", (crm, kind)).fetchone()
    return int(row[0]) if row else 0


def created_since(tx: sqlite3.Connection, crm: str, kind: str, since: int) -> list[str]:
    """Return the ids of the live rows of a kind that their CRM made at or after `since` (ms)."""
    rows = tx.execute(
        """
        SELECT object.crm_id FROM record JOIN object ON object.id = record.id
        WHERE record.created_at >= :since AND record.gone_at IS NULL AND object.crm = :crm AND object.kind = :kind
        UNION ALL
        SELECT object.crm_id FROM activity JOIN object ON object.id = activity.id
        WHERE activity.logged_at >= :since AND activity.gone_at IS NULL AND object.crm = :crm AND object.kind = :kind
        """,
        {"crm": crm, "kind": kind, "since": since},
    )
    return [id_ for (id_,) in rows]


def compare(database: Database, crm: str, kind: str, listed: Iterable[str]) -> Difference:
    """Compare the live rows of a kind with the ids that are `listed`, in any order, some of them perhaps twice.

    Both sides may be larger than memory: the list stands in a temporary table, and only the difference is held.
    No transaction is open while the next ids are fetched.
    """
    ids = iter(listed)
    with database.scratch() as tx:
        tx.execute("DROP TABLE IF EXISTS temp.listed")
        tx.execute("CREATE TEMP TABLE listed (id_number INTEGER, crm_id TEXT, PRIMARY KEY (id_number, crm_id)) STRICT, WITHOUT ROWID")
    while batch := [(id_number(id_), id_) for id_ in islice(ids, _BATCH)]:
        with database.scratch() as tx:
            tx.executemany("INSERT INTO temp.listed VALUES (?, ?) ON CONFLICT DO NOTHING", batch)
    with database.scratch() as tx:
        told = {"crm": crm, "kind": kind}
        missing = [id_ for (id_,) in tx.execute(_MISSING, told)]
        unknown = [id_ for (id_,) in tx.execute(_UNKNOWN, told)]
        tx.execute("DROP TABLE temp.listed")
    return Difference(missing, unknown)


_IS_LIVE = """
    (EXISTS (SELECT 1 FROM record WHERE record.id = object.id AND record.gone_at IS NULL)
        OR EXISTS (SELECT 1 FROM activity WHERE activity.id = object.id AND activity.gone_at IS NULL))
"""

_MISSING = f"""
    SELECT object.crm_id FROM object
    WHERE object.crm = :crm AND object.kind = :kind AND {_IS_LIVE} AND NOT EXISTS (
        SELECT 1 FROM temp.listed WHERE listed.id_number = object.id_number AND listed.crm_id = object.crm_id
    )
    ORDER BY object.id_number, object.crm_id
"""

_UNKNOWN = f"""
    SELECT listed.crm_id FROM temp.listed
    WHERE NOT EXISTS (
        SELECT 1 FROM object
        WHERE object.crm = :crm AND object.kind = :kind
            AND object.id_number = listed.id_number AND object.crm_id = listed.crm_id
            AND ({_IS_LIVE} OR EXISTS (SELECT 1 FROM record WHERE record.id = object.id AND record.forgotten_at IS NOT NULL))
    )
    ORDER BY listed.id_number, listed.crm_id
"""
