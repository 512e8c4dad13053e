"""Migration 0016: messages that wait for a morning or another attempt, more kinds of them, the daily digests, and pages of records."""

from __future__ import annotations

from typing import Final

TELLING: Final = (
    """
    CREATE TABLE outbox_anew ( -- a message to a target; keys only, its text is made when it is sent
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL, -- what makes it this message: told once, whatever the run
        target TEXT NOT NULL, -- name of a [[notify]] of the config
        kind TEXT NOT NULL CHECK (kind <> ''),
        role TEXT NOT NULL, -- owner, manager, marketing, ops, a team, or a channel
        of_owner TEXT NOT NULL, -- crm/id of the owner it is about; '' for nobody
        lead INTEGER REFERENCES object (id),
        finding TEXT,
        rule TEXT NOT NULL, -- of what is about a passage its handoff, of a daily digest its day
        rung INTEGER, -- of what is about a passage its number
        plan INTEGER,
        position INTEGER,
        put_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'in digest', 'dropped')),
        at INTEGER NOT NULL, -- since when it is in that state
        attempts INTEGER NOT NULL DEFAULT 0,
        held_until INTEGER, -- the next opening of its reader's hours, where it came outside of them
        not_before INTEGER, -- when it may be tried next
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
    "CREATE INDEX outbox_lead ON outbox (lead) WHERE lead IS NOT NULL",
    "ALTER TABLE told_upto ADD COLUMN finding INTEGER NOT NULL DEFAULT 0",  # the newest version of a finding that was looked at
    "UPDATE told_upto SET finding = (SELECT ifnull(max(id), 0) FROM finding_version)",
    """
    CREATE TABLE told_daily ( -- up to which day each reader has had, or needed no, daily digest
        role TEXT NOT NULL,
        of_owner TEXT NOT NULL,
        day TEXT NOT NULL, -- by the reader's clock
        PRIMARY KEY (role, of_owner)
    ) STRICT
    """,
    "ALTER TABLE account ADD COLUMN pages TEXT CHECK (pages IS NULL OR json_valid(pages))",  # kind of record -> where people open one
)
