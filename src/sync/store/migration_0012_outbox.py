"""Migration 0012: who was told what, and how far the journal and the held plans have been told."""

from __future__ import annotations

from typing import Final

OUTBOX: Final = (
    """
    CREATE TABLE outbox ( -- a message to a target; keys only, its text is made when it is sent
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL, -- what makes it this message: told once, whatever the run
        target TEXT NOT NULL, -- name of a [[notify]] of the config
        kind TEXT NOT NULL CHECK (kind IN ('reminder', 'given', 'escalation', 'trip', 'failed', 'digest')),
        role TEXT NOT NULL, -- owner, manager, marketing, ops, or a channel
        of_owner TEXT NOT NULL, -- crm/id of the owner it is about; '' for nobody
        lead INTEGER REFERENCES object (id),
        finding TEXT,
        rule TEXT NOT NULL,
        rung INTEGER,
        plan INTEGER,
        position INTEGER,
        put_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'in digest', 'dropped')),
        at INTEGER NOT NULL, -- since when it is in that state
        attempts INTEGER NOT NULL DEFAULT 0,
        part_of INTEGER REFERENCES outbox (id), -- the digest that holds it
        said TEXT, -- why it was not sent
        UNIQUE (key, target)
    ) STRICT
    """,
    "CREATE INDEX outbox_open ON outbox (state) WHERE state IN ('pending', 'sending', 'failed')",
    "CREATE INDEX outbox_step ON outbox (plan, position)",
    "CREATE INDEX outbox_digest ON outbox (part_of) WHERE part_of IS NOT NULL",
    """
    CREATE TABLE told_upto ( -- the one row tells up to which line of the journal, and which plan, the news were told
        id INTEGER PRIMARY KEY CHECK (id = 1),
        journal INTEGER NOT NULL,
        plan INTEGER NOT NULL
    ) STRICT
    """,
    """
    INSERT INTO told_upto (id, journal, plan)
    SELECT 1, (SELECT ifnull(max(id), 0) FROM journal), (SELECT ifnull(max(id), 0) FROM plan)
    """,
)
