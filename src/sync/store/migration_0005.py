"""Migration 0005: which leads must be judged again, and by what they were judged."""

from __future__ import annotations

from typing import Final

DIRTY: Final = (
    """
    CREATE TABLE dirty ( -- leads that changed since they were judged
        lead INTEGER PRIMARY KEY REFERENCES object (id),
        since INTEGER NOT NULL, -- judged as of this moment or a later one, the change is seen
        why TEXT NOT NULL,
        mark INTEGER NOT NULL -- number of the mark; one that is set anew has a higher number
    ) STRICT
    """,
    """
    CREATE TABLE judged_by ( -- one row
        id INTEGER PRIMARY KEY CHECK (id = 1),
        fingerprint TEXT, -- of all that leads are judged by beside their rows; NULL: none was judged
        bulk_within INTEGER, -- ms in which look-alikes are counted
        mark INTEGER NOT NULL -- number of the newest mark
    ) STRICT
    """,
    "INSERT INTO judged_by (id, mark) VALUES (1, 0)",
)
