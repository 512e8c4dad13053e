"""Migration 0017: who must be forgotten, and how far reconciliations came."""

from __future__ import annotations

from typing import Final

NIGHTLY: Final = (
    "CREATE TABLE salt (id INTEGER PRIMARY KEY CHECK (id = 1), salt BLOB NOT NULL) STRICT",  # of the hashes below; made with the first
    """
    CREATE TABLE forgotten ( -- addresses of persons who are not kept, whatever a CRM shows: salted hashes
        hash BLOB PRIMARY KEY,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "ALTER TABLE record ADD COLUMN forgotten_at INTEGER",  # since then it stays erased, whatever its CRM shows
    """
    CREATE TABLE reconciled ( -- how far each part of a reconciliation came
        run INTEGER NOT NULL REFERENCES run (id),
        crm TEXT NOT NULL,
        part TEXT NOT NULL, -- a stream, `open leads`, `writes`
        at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'left out')),
        upto TEXT, -- the last record that was looked at
        found TEXT NOT NULL CHECK (json_valid(found)),
        PRIMARY KEY (run, crm, part)
    ) STRICT
    """,
)
