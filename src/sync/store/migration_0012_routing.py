"""Migration 0012: a ledger that counts the turns of people too, gives turns back, and can be replayed. Its rows are never changed."""

from __future__ import annotations

from typing import Final

_TABLES: Final = ("assignment", "people_turn", "given_back", "plan_book")

ROUTING: Final = (
    "ALTER TABLE assignment ADD COLUMN way TEXT NOT NULL DEFAULT 'turn'",  # or why the lead went past the turns
    """
    CREATE TABLE people_turn ( -- a lead of a pool that somebody else than leadpact gave to a member of it
        id INTEGER PRIMARY KEY,
        crm TEXT NOT NULL,
        owner TEXT NOT NULL,
        pool TEXT NOT NULL,
        lead INTEGER NOT NULL REFERENCES object (id),
        at INTEGER NOT NULL,
        seats TEXT NOT NULL CHECK (json_valid(seats)), -- who could have got it: owner -> weight, in the roster's order
        source TEXT NOT NULL UNIQUE -- the natural key of the change, and the pool
    ) STRICT
    """,
    """
    CREATE TABLE given_back ( -- turns that do not count any more
        id INTEGER PRIMARY KEY,
        assignment INTEGER UNIQUE REFERENCES assignment (id),
        people_turn INTEGER UNIQUE REFERENCES people_turn (id),
        at INTEGER NOT NULL,
        why TEXT NOT NULL,
        CHECK ((assignment IS NULL) <> (people_turn IS NULL))
    ) STRICT
    """,
    """
    CREATE TABLE plan_book ( -- what each was owed when a plan was made, by which its turns can be replayed
        plan INTEGER NOT NULL REFERENCES plan (id),
        pool TEXT NOT NULL,
        owed TEXT NOT NULL CHECK (json_valid(owed)), -- owner -> leads
        assignments INTEGER NOT NULL, -- the newest id of each table that counted
        people_turns INTEGER NOT NULL,
        given_backs INTEGER NOT NULL,
        unsaved INTEGER NOT NULL, -- turns of people that a dry run saw and left out of the ledger
        PRIMARY KEY (plan, pool)
    ) STRICT
    """,
    "CREATE TABLE turns_read (crm TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT",  # turns of people were looked for up to then
    "CREATE INDEX assignment_lead ON assignment (lead)",
    "CREATE INDEX people_turn_lead ON people_turn (lead)",
    *(
        f"""
        CREATE TRIGGER {table}_is_never_{done} BEFORE {statement} ON {table}
        BEGIN SELECT raise(ABORT, '{table} is append-only'); END
        """
        for table in _TABLES
        for statement, done in (("UPDATE", "changed"), ("DELETE", "deleted"))
    ),
)
