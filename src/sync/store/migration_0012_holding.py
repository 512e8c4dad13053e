"""Migration 0012: plans that a limit holds, and what a person stopped."""

from __future__ import annotations

from typing import Final


def _append_only(table: str) -> tuple[str, ...]:
    return tuple(
        f"""
        CREATE TRIGGER {table}_is_never_{done} BEFORE {act} ON {table}
        BEGIN SELECT raise(ABORT, '{table} is append-only'); END
        """
        for done, act in (("changed", "UPDATE"), ("deleted", "DELETE"))
    )


HOLDING: Final = (
    """
    CREATE TABLE held ( -- append-only: plans that a limit stopped; times are the CRMs'
        plan INTEGER PRIMARY KEY REFERENCES plan (id),
        at INTEGER NOT NULL,
        until INTEGER NOT NULL CHECK (until >= at),
        ahead INTEGER NOT NULL -- by how many ms the CRMs' clock was ahead of this machine's
    ) STRICT
    """,
    """
    CREATE TABLE dropped ( -- append-only: held plans that are never carried out; times are this machine's, as below
        plan INTEGER PRIMARY KEY REFERENCES held (plan),
        at INTEGER NOT NULL,
        who TEXT NOT NULL CHECK (who <> ''),
        why TEXT NOT NULL CHECK (why <> '')
    ) STRICT
    """,
    """
    CREATE TABLE stop ( -- append-only: what a person paused, or set down to observe
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('pause', 'observe')),
        scope TEXT NOT NULL CHECK (scope IN ('all', 'rule', 'team', 'lead')),
        name TEXT NOT NULL, -- of the rule or team, or the lead's key
        at INTEGER NOT NULL,
        until INTEGER CHECK (until > at), -- NULL: until it is resumed
        who TEXT NOT NULL CHECK (who <> ''),
        why TEXT NOT NULL CHECK (why <> ''),
        CHECK ((scope = 'all') = (name = ''))
    ) STRICT
    """,
    """
    CREATE TABLE resumed ( -- append-only: which of them were ended before their time
        stop INTEGER PRIMARY KEY REFERENCES stop (id),
        at INTEGER NOT NULL,
        who TEXT NOT NULL CHECK (who <> ''),
        why TEXT NOT NULL
    ) STRICT
    """,
    *(trigger for table in ("held", "dropped", "stop", "resumed") for trigger in _append_only(table)),
)
