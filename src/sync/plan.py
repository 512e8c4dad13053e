"""Findings -> steps: what leadpact would change, and what keeps it from doing so. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.records import RecordKey


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWrite:
    """One field of a step: the value the plan saw and the value it wants."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One intended change of one record, with the finding that asks for it."""

    lead: str
    record: RecordKey
    action: str  # remind, reassign, escalate, recycle, ...
    fields: tuple[FieldWrite, ...]  # sorted by field; empty for what is not a field write (a task, a message)
    finding: str  # key of the finding
    rule: str
    rung: int  # 1 is the ladder's first
    reason: str  # moments, never ages
    blocked_by: tuple[str, ...]  # why it would not be carried out now; empty if it would
