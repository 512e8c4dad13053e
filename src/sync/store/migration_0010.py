"""Migration 0010: whose record changed since persons were last linked, and what may tie it to others."""

from __future__ import annotations

from typing import Final

LINKED_BY_CHANGE: Final = (
    """
    CREATE TABLE linked_by ( -- the one row tells by what persons were linked
        id INTEGER PRIMARY KEY CHECK (id = 1),
        fingerprint TEXT -- NULL: never, so all are linked next
    ) STRICT
    """,
    "INSERT INTO linked_by (id, fingerprint) VALUES (1, NULL)",
    """
    CREATE TABLE to_link ( -- persons to be linked anew
        person INTEGER PRIMARY KEY REFERENCES object (id),
        tied INTEGER NOT NULL CHECK (tied IN (0, 1)) -- whether its ties are those of its record
    ) STRICT
    """,
    "CREATE INDEX to_link_untied ON to_link (person) WHERE tied = 0",
    """
    CREATE TABLE tie ( -- records that may be one person have one in common
        tie INTEGER NOT NULL CHECK (tie < 0), -- hash of an address, or of an id that a record has or names
        person INTEGER NOT NULL REFERENCES object (id),
        PRIMARY KEY (tie, person)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX tie_person ON tie (person)",
    "CREATE INDEX record_survivor ON record (merged_into) WHERE merged_into IS NOT NULL",
)
