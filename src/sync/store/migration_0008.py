"""Migration 0008: between which moments a CRM was found to count otherwise than it lists."""

from __future__ import annotations

from typing import Final

SURPLUS: Final = (  # without them a `difference` is believed no more than one that was found once
    "ALTER TABLE stream ADD COLUMN differs_since INTEGER",  # `difference` was found first
    "ALTER TABLE stream ADD COLUMN differs_upto INTEGER",  # and last, and no other between
)
