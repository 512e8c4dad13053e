"""How many API calls leadpact made to a CRM on a day of the account's zone."""

from __future__ import annotations

from datetime import date

from sync.store.database import Database


class ApiUsage:
    """The table of our own API calls, a row a CRM and day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def calls_on(self, crm: str, day: date) -> int:
        """Return how many calls were made on `day`; 0 where none was."""
        with self._database.snapshot() as tx:
            row = tx.execute("SELECT calls FROM api_usage WHERE crm = ? AND day = ?", (crm, day.isoformat())).fetchone()
        return int(row[0]) if row else 0

    def save(self, crm: str, day: date, calls: int) -> None:
        """Note that `calls` were made on `day` in all; a number that is noted is never lowered."""
        with self._database.transaction() as tx:
            tx.execute(
                """
                INSERT INTO api_usage (crm, day, calls) VALUES (?, ?, ?)
                ON CONFLICT (crm, day) DO UPDATE SET calls = max(calls, excluded.calls)
                """,
                (crm, day.isoformat(), calls),
            )
