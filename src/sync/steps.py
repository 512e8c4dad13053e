"""What leadpact would change, record by record, and what keeps it from doing so. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from connectors.records import RecordKey
from sync.route import Given


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
    finding: str  # key of the finding; of an offboarding, of how its owner got the lead
    rule: str
    rung: int  # 1 is the ladder's first; of a warning the percent of the time that has passed, negative
    reason: str  # moments, never ages
    blocked_by: tuple[str, ...]  # why it would not be carried out now; empty if it would
    given: Given | None = None  # a new owner: by which turn of the pool
    manager: str | None = None  # of an escalation: the owner id, in the CRM of `record`, of whose task it becomes
    nobody_left: str | None = None  # the pool in which nobody is left who may get the lead: it goes to the fallback, else it stays
    is_pending: bool = True  # nothing but mode and agreement is against it: limits count it

    def held_by(self, why: str) -> Step:
        """Return the step with one reason more why it would not be carried out."""
        return replace(self, blocked_by=(*self.blocked_by, why))
