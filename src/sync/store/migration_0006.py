"""Migration 0006: into which record one was merged."""

from __future__ import annotations

from typing import Final

MERGES: Final = (
    "ALTER TABLE record ADD COLUMN merged_into INTEGER REFERENCES object (id)",  # since `gone_at`
    "CREATE INDEX record_merged ON record (id) WHERE merged_into IS NOT NULL",
)
