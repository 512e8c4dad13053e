"""Runs: when leadpact looked, on what terms, and how it ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from sync.store.database import Database
from sync.store.moments import FOR_EVER, from_ms, from_ms_if_known, to_ms, to_ms_if_known

_PAGE = 200  # runs read at once

_COLUMNS = "id, name, kind, mode, as_of, began_at, agreement_hash, outcome, summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedRun:
    """One run as the store keeps it."""

    id: str
    kind: str
    mode: str
    as_of: datetime | None
    began_at: datetime  # by the CRMs' clock where this machine's was off
    agreement_hash: str
    outcome: str | None  # `ok`, or the condition that stopped it; None: no end was noted, it still runs or was killed
    summary: Mapping[str, Any]  # what it counted; empty until its end is noted


class Runs:
    """The table of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, kind: str, *, mode: str, as_of: datetime | None, now: datetime, agreement_hash: str) -> str:
        """Note a run that begins `now`; return its id, such as `20261120T150000Z-0001`, which sorts by time.

        The last part counts the runs of this store, in hex.
        """
        with self._database.transaction() as tx:
            (number,) = tx.execute("SELECT ifnull(max(id), 0) + 1 FROM run").fetchone()
            run_id = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{number:04x}"
            tx.execute(
                "INSERT INTO run (id, name, kind, mode, as_of, began_at, agreement_hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (number, run_id, kind, mode, to_ms_if_known(as_of), to_ms(now), agreement_hash),
            )
        return run_id

    def finish(self, run_id: str, *, outcome: str, summary: Mapping[str, object]) -> None:
        """Note how a run ended; `summary` must be fit for JSON. KeyError if there is no such run."""
        text = orjson.dumps(dict(summary), option=orjson.OPT_SORT_KEYS).decode()
        with self._database.transaction() as tx:
            tx.execute("UPDATE run SET outcome = ?, summary = ? WHERE id = ?", (outcome, text, run_row_id(tx, run_id)))

    def has_judged(self, agreement_hash: str) -> bool:
        """Whether a run judged by this version of the agreement to its end."""
        with self._database.snapshot() as tx:
            row = tx.execute(
                "SELECT 1 FROM run WHERE agreement_hash = ? AND outcome = 'ok' AND as_of IS NULL AND kind <> 'offboard' LIMIT 1",
                (agreement_hash,),
            )
            return row.fetchone() is not None

    def last_began(self, kind: str) -> datetime | None:
        """Return when the last run of a kind began that came to its end; None if none did."""
        with self._database.snapshot() as tx:
            (at,) = tx.execute("SELECT max(began_at) FROM run WHERE kind = ? AND outcome = 'ok'", (kind,)).fetchone()
        return from_ms_if_known(at)

    def newest(self, most: int) -> Iterator[NotedRun]:
        """Yield the runs, the newest first, at most so many; no transaction is open while one is out."""
        before, left = FOR_EVER, most
        while left > 0:
            with self._database.snapshot() as tx:
                rows = tx.execute(
                    f"SELECT {_COLUMNS} FROM run WHERE id < :before ORDER BY id DESC LIMIT :most",
                    {"before": before, "most": min(left, _PAGE)},
                ).fetchall()
            if not rows:
                return
            yield from map(_noted, rows)
            before, left = rows[-1][0], left - len(rows)

    def named(self, prefix: str) -> tuple[NotedRun, ...]:
        """Return the run whose id is `prefix`, or begins with it; of several two, to show that it is not one alone."""
        with self._database.snapshot() as tx:
            rows = tx.execute(
                f"""
                SELECT {_COLUMNS} FROM run WHERE substr(name, 1, length(:prefix)) = :prefix
                ORDER BY name = :prefix DESC, id DESC LIMIT 2
                """,
                {"prefix": prefix},
            ).fetchall()
        return tuple(_noted(row) for row in (rows[:1] if rows and rows[0][1] == prefix else rows))


def _noted(row: Sequence[Any]) -> NotedRun:
    _, name, kind, mode, as_of, began_at, agreement_hash, outcome, summary = row
    return NotedRun(
        id=name,
        kind=kind,
        mode=mode,
        as_of=from_ms_if_known(as_of),
        began_at=from_ms(began_at),
        agreement_hash=agreement_hash,
        outcome=outcome,
        summary=orjson.loads(summary) if summary is not None else {},
    )


def run_row_id(tx: sqlite3.Connection, run_id: str) -> int:
    """Return the row id of a run; KeyError if there is no such run."""
    row = tx.execute("SELECT id FROM run WHERE name = ?", (run_id,)).fetchone()
    if row is None:
        raise KeyError(run_id)
    return int(row[0])
