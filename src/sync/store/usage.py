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

    def add(self, crm: str, day: date, calls: int) -> int:
        """Note that we made so many calls more on `day`; return how many there are by now, those of other runs beside this one included."""
        with self._database.transaction() as tx:
            row = tx.execute(
                """
                INSERT INTO api_usage (crm, day, calls) VALUES (?, ?, ?)
                ON CONFLICT (crm, day) DO UPDATE SET calls = calls + excluded.calls RETURNING calls
                """,
                (crm, day.isoformat(), calls),
            ).fetchone()
        return int(row[0])
