"""Migration 0012: promises that a person excused, and plans that a person asked for."""

from __future__ import annotations

from typing import Final

DECIDED: Final = (
    """
    CREATE TABLE waiver ( -- append-only: one promise that a person excused
        id INTEGER PRIMARY KEY,
        finding TEXT NOT NULL UNIQUE, -- key
        lead INTEGER NOT NULL REFERENCES object (id),
        rule TEXT NOT NULL,
        at INTEGER NOT NULL,
        by TEXT NOT NULL CHECK (by <> ''), -- name of a person of the roster
        why TEXT NOT NULL CHECK (why <> '')
    ) STRICT
    """,
    """
    CREATE TRIGGER waiver_is_never_changed BEFORE UPDATE ON waiver
    BEGIN SELECT raise(ABORT, 'waiver is append-only'); END
    """,
    """
    CREATE TRIGGER waiver_is_never_deleted BEFORE DELETE ON waiver
    BEGIN SELECT raise(ABORT, 'waiver is append-only'); END
    """,
    "ALTER TABLE plan_step ADD COLUMN is_pending INTEGER NOT NULL DEFAULT 0 CHECK (is_pending IN (0, 1))",
    "ALTER TABLE plan ADD COLUMN asked TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(asked))",  # what a person ordered, and how
)
