"""Migration 0015: waivers that a person takes back, and steps that tell that nobody of a pool is left."""

from __future__ import annotations

from typing import Final

NOBODY_LEFT: Final = (
    "ALTER TABLE plan_step ADD COLUMN nobody_left TEXT",  # the pool in which nobody may get the lead
)

WITHDRAWN: Final = (
    """
    CREATE TABLE waiver_anew ( -- append-only: one promise that a person excused
        id INTEGER PRIMARY KEY,
        finding TEXT NOT NULL, -- key
        lead INTEGER NOT NULL REFERENCES object (id),
        rule TEXT NOT NULL,
        at INTEGER NOT NULL,
        by TEXT NOT NULL CHECK (by <> ''), -- name of a person of the roster
        why TEXT NOT NULL CHECK (why <> '')
    ) STRICT
    """,
    "INSERT INTO waiver_anew SELECT id, finding, lead, rule, at, by, why FROM waiver",
    "DROP TABLE waiver",
    "ALTER TABLE waiver_anew RENAME TO waiver",
    """
    CREATE TABLE waiver_withdrawn ( -- append-only: a waiver excuses nothing from `at` on
        waiver INTEGER PRIMARY KEY REFERENCES waiver (id),
        at INTEGER NOT NULL,
        by TEXT NOT NULL CHECK (by <> ''), -- name of a person of the roster
        why TEXT NOT NULL CHECK (why <> '')
    ) STRICT
    """,
    "CREATE INDEX waiver_finding ON waiver (finding)",
    """
    CREATE TRIGGER waiver_is_one_a_promise BEFORE INSERT ON waiver
    WHEN EXISTS (SELECT 1 FROM waiver WHERE finding = NEW.finding AND id NOT IN (SELECT waiver FROM waiver_withdrawn))
    BEGIN SELECT raise(ABORT, 'the promise is waived already'); END
    """,
    """
    CREATE TRIGGER waiver_is_never_changed BEFORE UPDATE ON waiver
    BEGIN SELECT raise(ABORT, 'waiver is append-only'); END
    """,
    """
    CREATE TRIGGER waiver_is_never_deleted BEFORE DELETE ON waiver
    BEGIN SELECT raise(ABORT, 'waiver is append-only'); END
    """,
    """
    CREATE TRIGGER waiver_withdrawn_is_never_changed BEFORE UPDATE ON waiver_withdrawn
    BEGIN SELECT raise(ABORT, 'waiver_withdrawn is append-only'); END
    """,
    """
    CREATE TRIGGER waiver_withdrawn_is_never_deleted BEFORE DELETE ON waiver_withdrawn
    BEGIN SELECT raise(ABORT, 'waiver_withdrawn is append-only'); END
    """,
)
