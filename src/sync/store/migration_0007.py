"""Migration 0007: how many rows are live, who was erased, and how many API calls were made on a day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_ROWS: Final = ("record", "activity")


def _counted(table: str) -> Iterator[str]:
    """Yield the triggers that keep `live` true of one table, whoever writes to it."""
    for name, event, when, row, by in (
        ("added", "INSERT", "NEW.gone_at IS NULL", "NEW", 1),
        ("removed", "DELETE", "OLD.gone_at IS NULL", "OLD", -1),
        ("gone", "UPDATE OF gone_at", "OLD.gone_at IS NULL AND NEW.gone_at IS NOT NULL", "NEW", -1),
        ("back", "UPDATE OF gone_at", "OLD.gone_at IS NOT NULL AND NEW.gone_at IS NULL", "NEW", 1),
    ):
        yield f"""
            CREATE TRIGGER {table}_{name} AFTER {event} ON {table} WHEN {when}
            BEGIN
                INSERT INTO live (crm, kind, rows) SELECT crm, kind, {by} FROM object WHERE id = {row}.id
                ON CONFLICT (crm, kind) DO UPDATE SET rows = rows + {by};
            END
            """


TRUSTED_PULL: Final = (
    """
    CREATE TABLE live ( -- how many rows of a kind are not gone; kept by triggers
        crm TEXT NOT NULL,
        kind TEXT NOT NULL,
        rows INTEGER NOT NULL,
        PRIMARY KEY (crm, kind)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO live (crm, kind, rows) SELECT crm, kind, count(*) FROM object
    WHERE id IN (SELECT id FROM record WHERE gone_at IS NULL UNION ALL SELECT id FROM activity WHERE gone_at IS NULL) GROUP BY crm, kind
    """,
    *(trigger for table in _ROWS for trigger in _counted(table)),
    "ALTER TABLE record ADD COLUMN erased_at INTEGER",  # since then the CRM keeps nothing of the person, and neither do we
    "CREATE INDEX record_erased ON record (id) WHERE erased_at IS NOT NULL",
    "ALTER TABLE stream ADD COLUMN difference INTEGER NOT NULL DEFAULT 0",  # more rows here than the CRM counts
    """
    CREATE TABLE api_usage ( -- our own calls
        crm TEXT NOT NULL,
        day TEXT NOT NULL, -- of the account's zone: 2026-11-20
        calls INTEGER NOT NULL,
        PRIMARY KEY (crm, day)
    ) STRICT, WITHOUT ROWID
    """,
)
