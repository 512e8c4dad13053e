"""Migration 0015: waivers that a person takes back, steps that tell that nobody of a pool is left, and messages of more kinds."""

from __future__ import annotations

from typing import Final

NOBODY_LEFT: Final = (
    "ALTER TABLE plan_step ADD COLUMN nobody_left TEXT",  # the pool in which nobody may get the lead
    """
    CREATE TABLE outbox_anew ( -- a message to a target; keys only, its text is made when it is sent
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL, -- what makes it this message: told once, whatever the run
        target TEXT NOT NULL, -- name of a [[notify]] of the config
        kind TEXT NOT NULL CHECK (kind <> ''),
        role TEXT NOT NULL, -- owner, manager, marketing, ops, or a channel
        of_owner TEXT NOT NULL, -- crm/id of the owner it is about; '' for nobody
        lead INTEGER REFERENCES object (id),
        finding TEXT,
        rule TEXT NOT NULL, -- of a pool in which nobody is left its name
        rung INTEGER, -- of a pool in which nobody is left the day, counted as Python's date.toordinal() does
        plan INTEGER,
        position INTEGER,
        put_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'in digest', 'dropped')),
        at INTEGER NOT NULL, -- since when it is in that state
        attempts INTEGER NOT NULL DEFAULT 0,
        part_of INTEGER REFERENCES outbox_anew (id), -- the digest that holds it
        said TEXT, -- why it was not sent
        UNIQUE (key, target)
    ) STRICT
    """,
    """
    INSERT INTO outbox_anew (id, key, target, kind, role, of_owner, lead, finding, rule, rung, plan, position, put_at, state, at,
        attempts, part_of, said)
    SELECT id, key, target, kind, role, of_owner, lead, finding, rule, rung, plan, position, put_at, state, at, attempts, part_of, said
    FROM outbox ORDER BY part_of IS NOT NULL, id
    """,
    "DROP TABLE outbox",
    "ALTER TABLE outbox_anew RENAME TO outbox",
    "CREATE INDEX outbox_open ON outbox (state) WHERE state IN ('pending', 'sending', 'failed')",
    "CREATE INDEX outbox_step ON outbox (plan, position)",
    "CREATE INDEX outbox_digest ON outbox (part_of) WHERE part_of IS NOT NULL",
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
