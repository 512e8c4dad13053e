"""Whether a step that was planned is still asked for, once everything about its lead was read again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sync.agreement.model import OFFBOARD
from sync.judge.findings import Finding
from sync.route import Given, Seat
from sync.stamps import STAMP
from sync.steps import FieldWrite, Step


@dataclass(frozen=True, slots=True)
class Promised:
    """Gives a lead to whom the plan gave it, as long as they may have it."""

    given: Given | None
    seats: Sequence[Seat]  # who may get leads of the pool now

    def give(self, pool: str | None, *, failed: Collection[str], takes_turn: bool) -> Given | None:  # noqa: ARG002 - the turn was taken
        """Return the turn of the plan; None if its owner may not have this lead any more."""
        given = self.given
        may = given is not None and given.pool == (pool or "") and given.owner in {seat.owner for seat in self.seats}
        return given if may and given is not None and given.owner not in failed else None


def why_not_now(step: Step, asked_now: Iterable[Step], findings: Iterable[Finding], *, moving: Collection[str] = ()) -> str | None:
    """Say why a planned step must not be carried out, given the steps and findings of its lead as it is now; None if it may.

    Fields that are `moving` get another value each day: of them only what they hold counts.
    """
    alike = [one for one in asked_now if (one.finding, one.action) == (step.finding, step.action)]
    same = next((one for one in alike if one.record == step.record), next(iter(alike), None))
    if same is None:
        return _what_became_of(step, findings)
    if step.given is not None and same.given is None:
        return f"{step.given.owner} may not get this lead any more"
    if same.record != step.record:
        return f"{same.record} would be written now"
    held = {(write.field, write.before) for write in same.fields if write.field in moving}
    changed = [write.field for write in step.fields if write not in same.fields and (write.field, write.before) not in held]
    if same.blocked_by:
        return "; ".join(same.blocked_by)
    if changed or len(same.fields) != len(step.fields):
        names = changed or [write.field for write in same.fields]
        return f"{', '.join(names)} changed since it was planned"
    return None


def _what_became_of(step: Step, findings: Iterable[Finding]) -> str:
    if step.action == STAMP:
        return "the record shows it already, or something else is to be stamped by now"
    if step.rule == OFFBOARD:
        return "its owner does not have it any more, it is in no open passage, or what is owed to it changed"
    finding = next((one for one in findings if one.key == step.finding), None)
    if finding is None:
        return f"{step.rule} does not stand any more"
    return f"{step.rule} is not owed any more: {finding.status.value}" if not finding.owed else f"{step.rule} asks for another step now"


def back(step: Step) -> Step:
    """Return the step that puts back what one changed."""
    fields = tuple(FieldWrite(field=write.field, before=write.after, after=write.before) for write in step.fields)
    return Step(
        lead=step.lead,
        record=step.record,
        action="undo",
        fields=fields,
        finding=step.finding,
        rule=step.rule,
        rung=step.rung,
        reason=f"undoes a {step.action}",
        blocked_by=(),
    )
