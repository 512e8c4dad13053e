"""Migration 0012: what became of a write later on has words in the journal too."""

from __future__ import annotations

from typing import Final

JOURNAL: Final = (
    """
    CREATE TABLE journal_anew ( -- append-only: what became of each step
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (id),
        plan INTEGER NOT NULL,
        position INTEGER NOT NULL,
        part INTEGER NOT NULL, -- of the writes of one step, which must follow one another
        event TEXT NOT NULL CHECK (event IN ('skipped', 'intended', 'done', 'refused', 'changed', 'later', 'unknown',
            'verified', 'not_written', 'overwritten', 'put_back', 'reversed', 'stands', 'moved_on')),
        at INTEGER NOT NULL,
        before TEXT CHECK (before IS NULL OR json_valid(before)), -- of an intent: field -> value; of a reversal: what we had written
        after TEXT CHECK (after IS NULL OR json_valid(after)),
        said TEXT,
        record INTEGER REFERENCES object (id), -- what is written; NULL: the record of the step
        FOREIGN KEY (plan, position) REFERENCES plan_step (plan, position)
    ) STRICT
    """,
    "INSERT INTO journal_anew SELECT *, NULL FROM journal",
    "DROP TABLE journal",  # with its triggers and indexes; nothing refers to it
    "ALTER TABLE journal_anew RENAME TO journal",
    "CREATE INDEX journal_step ON journal (plan, position, part)",
    "CREATE INDEX journal_record ON journal (plan, position, part) WHERE record IS NOT NULL",
    "CREATE INDEX journal_intended ON journal (at) WHERE event = 'intended'",
    "CREATE INDEX journal_reversed ON journal (at) WHERE event = 'reversed'",
    """
    CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
    BEGIN SELECT raise(ABORT, 'journal is append-only'); END
    """,
    """
    CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
    BEGIN SELECT raise(ABORT, 'journal is append-only'); END
    """,
)
