"""Migration 0011: what was done about plans, and since when rules are enforced."""

from __future__ import annotations

from typing import Final

WRITE_BACK: Final = (
    "ALTER TABLE plan ADD COLUMN trips TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(trips))",  # rule -> what holds its moves back
    "ALTER TABLE plan_step ADD COLUMN given TEXT CHECK (given IS NULL OR json_valid(given))",  # by which turn of a pool
    """
    CREATE TABLE plan_use ( -- a plan is carried out once
        plan INTEGER PRIMARY KEY REFERENCES plan (id),
        run INTEGER NOT NULL REFERENCES run (id),
        at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE journal ( -- append-only: what became of each step
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (id),
        plan INTEGER NOT NULL,
        position INTEGER NOT NULL,
        part INTEGER NOT NULL, -- of the writes of one step, which must follow one another
        event TEXT NOT NULL CHECK (event IN ('skipped', 'intended', 'done', 'refused', 'changed', 'later', 'unknown',
            'verified', 'not_written', 'overwritten')),
        at INTEGER NOT NULL,
        before TEXT CHECK (before IS NULL OR json_valid(before)), -- of an intent: field -> value
        after TEXT CHECK (after IS NULL OR json_valid(after)),
        said TEXT,
        FOREIGN KEY (plan, position) REFERENCES plan_step (plan, position)
    ) STRICT
    """,
    "CREATE INDEX journal_step ON journal (plan, position, part)",
    "CREATE INDEX journal_intended ON journal (at) WHERE event = 'intended'",
    """
    CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
    BEGIN SELECT raise(ABORT, 'journal is append-only'); END
    """,
    """
    CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
    BEGIN SELECT raise(ABORT, 'journal is append-only'); END
    """,
    "CREATE TABLE enforced (rule TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT",  # what opened before is backlog
    """
    CREATE TABLE assignment ( -- the ledger of fair routing: who was given which lead of a pool
        id INTEGER PRIMARY KEY,
        crm TEXT NOT NULL,
        owner TEXT NOT NULL,
        pool TEXT NOT NULL,
        lead INTEGER NOT NULL REFERENCES object (id),
        at INTEGER NOT NULL,
        seats TEXT NOT NULL CHECK (json_valid(seats)), -- who could have got it: owner -> weight, in the roster's order
        plan INTEGER NOT NULL,
        position INTEGER NOT NULL,
        UNIQUE (plan, position)
    ) STRICT
    """,
)
