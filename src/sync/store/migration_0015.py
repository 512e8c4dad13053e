"""Migration 0015: tasks that leadpact creates and passes on."""

from __future__ import annotations

from typing import Final

TASKS: Final = (
    "ALTER TABLE owner ADD COLUMN manager TEXT",  # the owner id of whom they report to, where the CRM tells
    "ALTER TABLE plan_step ADD COLUMN manager TEXT",  # of an escalation: the owner id of whose task it becomes
    "ALTER TABLE journal ADD COLUMN record INTEGER REFERENCES object (id)",  # what is written; NULL: the record of the step
    "CREATE INDEX journal_record ON journal (plan, position, part) WHERE record IS NOT NULL",
)
