"""Migration 0012: tasks that leadpact creates and passes on."""

from __future__ import annotations

from typing import Final

TASKS: Final = (
    "ALTER TABLE owner ADD COLUMN manager TEXT",  # the owner id of whom they report to, where the CRM tells
    "ALTER TABLE plan_step ADD COLUMN manager TEXT",  # of an escalation: the owner id of whose task it becomes
)
