"""The tables of reports that come back: up to when each is made, and what people are told of those that were."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from sync.occasions import MadeReport, Regular
from sync.store.database import Database
from sync.store.moments import from_ms, to_ms


class Reports:
    """Reads and writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def done_upto(self) -> dict[tuple[str, str], datetime]:
        """Return up to when each report is made, by its title and its days."""
        with self._database.snapshot() as tx:
            rows = tx.execute("SELECT title, days, done_upto FROM regular_report").fetchall()
        return {(title, days): from_ms(at) for title, days, at in rows}

    def begin(self, regulars: Iterable[Regular], *, upto: datetime) -> None:
        """Note of reports that are heard of for the first time up to when they count as made; the others stay as they are."""
        with self._database.transaction() as tx:
            tx.executemany(
                "INSERT INTO regular_report (title, days, done_upto) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(one.title, one.written, to_ms(upto)) for one in regulars],
            )

    def made(self, name: str) -> MadeReport | None:
        """Return a report that was made; None if there is none of that name."""
        with self._database.snapshot() as tx:
            row = tx.execute("SELECT name, title, at, made_at, file, figures FROM made_report WHERE name = ?", (name,)).fetchone()
        if row is None:
            return None
        name, title, at, made_at, file, figures = row
        return MadeReport(name=name, title=title, at=from_ms(at), made_at=from_ms(made_at), file=file, figures=figures)


def note_made(tx: sqlite3.Connection, regular: Regular, made: MadeReport) -> None:
    """Note that a report was made; nothing goes back to an earlier one."""
    at = to_ms(made.at)
    tx.execute(
        "INSERT OR REPLACE INTO made_report (name, title, at, made_at, file, figures) VALUES (?, ?, ?, ?, ?, ?)",
        (made.name, made.title, at, to_ms(made.made_at), made.file, made.figures),
    )
    tx.execute(
        """
        INSERT INTO regular_report (title, days, done_upto) VALUES (?, ?, ?)
        ON CONFLICT (title, days) DO UPDATE SET done_upto = max(done_upto, excluded.done_upto)
        """,
        (regular.title, regular.written, at),
    )
