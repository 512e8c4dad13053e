"""How many API calls we made on each day: a budget of the day must outlive the process that spends it."""

from __future__ import annotations

from datetime import date

from sync.store.database import Database


class ApiUsage:
    """The table of our own calls, a row a CRM and day of the account's zone; the days of the past stay."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def calls_on(self, crm: str, day: date) -> int:
        """Return how many calls we made on `day`, as far as was noted."""
        with self._database.snapshot() as tx:
            row = tx.execute("SELECT calls FROM api_usage WHERE crm = ? AND day = ?", (crm, day.isoformat())).fetchone()
        return int(row[0]) if row else 0

    def save(self, crm: str, day: date, calls: int) -> None:
        """Note that our calls of `day` are `calls` by now, those of earlier runs included; a lower number changes nothing."""
        with self._database.transaction() as tx:
            tx.execute(
                """
                INSERT INTO api_usage (crm, day, calls) VALUES (?, ?, ?)
                ON CONFLICT (crm, day) DO UPDATE SET calls = excluded.calls WHERE excluded.calls > calls
                """,
                (crm, day.isoformat(), calls),
            )
