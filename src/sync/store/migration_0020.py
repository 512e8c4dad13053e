"""Migration 0020: reports that come back, of meetings above all, and those that were made."""

from __future__ import annotations

from typing import Final

REPORTS: Final = (
    """
    CREATE TABLE regular_report ( -- up to when each is made; other days are another report
        title TEXT NOT NULL, -- of the meeting; '' for the report of the config
        days TEXT NOT NULL, -- as they are written
        done_upto INTEGER NOT NULL,
        PRIMARY KEY (title, days)
    ) STRICT
    """,
    """
    CREATE TABLE made_report ( -- what people are told of one; figures and names of meetings alone
        name TEXT PRIMARY KEY, -- of its files, without their ending
        title TEXT NOT NULL,
        at INTEGER NOT NULL, -- of the meeting
        made_at INTEGER NOT NULL,
        file TEXT NOT NULL,
        figures TEXT NOT NULL
    ) STRICT
    """,
)
