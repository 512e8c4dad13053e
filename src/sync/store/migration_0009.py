"""Migration 0009: several records of one person, histories told apart from their records."""

from __future__ import annotations

from typing import Final

ONE_LEAD: Final = (
    "ALTER TABLE field_change ADD COLUMN value_before TEXT",  # where the CRM tells it beside the new value
    "ALTER TABLE definition ADD COLUMN tracked INTEGER NOT NULL DEFAULT 0 CHECK (tracked IN (0, 1))",  # a stream tells each change
    """
    CREATE TABLE member ( -- persons that belong to the lead of another record; who is in none is a lead alone
        id INTEGER PRIMARY KEY,
        person INTEGER NOT NULL REFERENCES object (id),
        lead INTEGER NOT NULL REFERENCES object (id), -- the record that names the lead
        linked_at INTEGER, -- NULL: for as long as both are known
        unlinked_at INTEGER,
        why TEXT NOT NULL -- how they were linked: reference, e-mail
    ) STRICT
    """,
    "CREATE UNIQUE INDEX member_open ON member (person) WHERE unlinked_at IS NULL",
    "CREATE INDEX member_person ON member (person)",
    "CREATE INDEX member_lead ON member (lead)",
    """
    CREATE TABLE doubt ( -- records that may be the same person: an e-mail address that several claim
        person INTEGER NOT NULL REFERENCES object (id),
        other INTEGER NOT NULL REFERENCES object (id),
        since INTEGER NOT NULL, -- when it was first seen
        PRIMARY KEY (person, other)
    ) STRICT, WITHOUT ROWID
    """,
)
