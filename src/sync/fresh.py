"""Whether a step that was planned is still asked for, once everything about its lead was read again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from sync.agreement.criteria import Criterion
from sync.agreement.model import OFFBOARD
from sync.judge.findings import Finding
from sync.remedies.manager_task import ESCALATE
from sync.route import FIRST, TURN, Given, Routing, Sticky, everywhere
from sync.stamps import STAMP
from sync.steps import FieldWrite, Step


@dataclass(frozen=True, slots=True)
class Promised:
    """Gives a lead to whom the plan gave it, as long as they may have it."""

    given: Given | None
    now: Routing  # who may get leads now
    is_there: Callable[[str], bool]  # whether an owner is active and not absent

    def give(
        self,
        pool: str | None,
        *,
        failed: Collection[str],
        takes_turn: bool,  # noqa: ARG002 - the turn was taken
        fits: Callable[[Criterion], bool] = everywhere,
        sticky: Sticky | None = None,
    ) -> Given | None:
        """Return the turn of the plan; None if its owner may not have this lead any more, or it is somebody's before the pool."""
        given = self.given
        if given is None or given.owner in failed or (sticky.by if sticky is not None else "") != (given.by if given.by in FIRST else ""):
            return None
        if sticky is not None:
            return given if sticky.owner == given.owner else None
        if not given.seats:
            return given if self.is_there(given.owner) else None
        if given.by == TURN and given.pool != (pool or ""):
            return None
        seated = any(seat.owner == given.owner for seat in self.now.seats.get(given.pool, ()))
        return given if seated and self.now.belongs(given.pool, given.owner, fits) else None

    def nobody_because(self, pool: str | None, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> str:
        """Say why nobody is left."""
        return self.now.nobody_because(pool, failed=failed, fits=fits)

    def waits_for_shift(self, pool: str | None, *, failed: Collection[str], fits: Callable[[Criterion], bool] = everywhere) -> bool:
        """Whether somebody may get the lead once they are on shift."""
        return self.now.waits_for_shift(pool, failed=failed, fits=fits)

    def account_of(self, domain: str) -> Sticky | None:
        """Return whose the company with a domain is, if it is somebody's."""
        return self.now.account_of(domain)


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
    if same.manager != step.manager and not same.blocked_by:
        return f"its manager is {same.manager} now"
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
    if step.rule == OFFBOARD and step.action == ESCALATE:
        return "nothing protects it any more, or its owner does not have it any more: plan it anew"
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
