"""The leads of an owner who leaves -> steps that give them to others, and tell the manager of those that stay. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.records import RecordKey
from sync.agreement.model import OFFBOARD, Agreement, Rung
from sync.facts import OwnerSet
from sync.history import local_text
from sync.judge.cycles import Cycle, find_cycles
from sync.judge.findings import CycleRef, Finding, Side, Status, finding_key
from sync.ladder import Due, due_remedies, go_together
from sync.limits import Limits
from sync.orders import Offboard
from sync.protect import Shielded, protections
from sync.remedies.asked import Asked, Lead, Router
from sync.remedies.escalate import escalation
from sync.remedies.manager_task import ESCALATE
from sync.remedies.reassign import reassignment
from sync.reversals import Fought, each_left_alone
from sync.rows import LeadRows
from sync.steps import Step
from sync.terms import Terms
from sync.timeline import Deriving, Timeline, build_timeline

ESCALATED = 2  # the rung of the task about a lead that is not given on


@dataclass(frozen=True, slots=True, kw_only=True)
class Offboarding:
    """Gives the leads of one owner to others, one lead after the other, by one agreement and moment."""

    order: Offboard
    agreement: Agreement  # the version in force now, else the current file
    terms: Terms
    not_enforcing: str | None  # why the agreement may not be enforced, a sentence
    routing: Router
    fired: frozenset[tuple[str, int]]  # (key of a finding, rung) of the steps that were carried out
    now: datetime
    fought: Mapping[tuple[RecordKey, str], Fought] = field(default_factory=dict)  # fields that something keeps setting back
    derive: Deriving = build_timeline

    def steps(self, rows: LeadRows, findings: Sequence[Finding]) -> tuple[Step, ...]:
        """Return the step that gives the lead to its next owner, and of one that is protected the task about it for the manager.

        None where the owner does not have it, or it is in no open passage.
        """
        timeline = self.derive(rows, self.agreement, self.terms, now=self.now)
        cycle = self._open_cycle(timeline)
        if cycle is None or timeline.excluded is not None:
            return ()
        due = Due(finding=self._reason(timeline, cycle), rung=1, remedy=Rung(action="reassign", detail=None))
        lead = Lead(rows=rows, timeline=timeline, findings=findings)
        asked = Asked(due=due, lead=lead, agreement=self._giving, terms=self.terms, routing=self.routing, takes_turn=False, now=self.now)
        if not self._is_theirs(asked):
            return ()
        protected = tuple(self._protected(lead, cycle))
        step = self._unless_fought_over(self._step(asked, cycle, protected))
        return (step, *self._escalation(asked, protected)) if protected else (step,)

    @property
    def _giving(self) -> Agreement:
        """The agreement, as if each handoff gave to the pool that the order names."""
        if self.order.pool is None:
            return self.agreement
        return replace(self.agreement, handoffs=tuple(replace(one, pool=self.order.pool) for one in self.agreement.handoffs))

    def _open_cycle(self, timeline: Timeline) -> Cycle | None:
        """Return the passage in which the lead is; of several the one that opened last."""
        cycles = (cycle for one in self.agreement.handoffs for cycle in find_cycles(timeline, one, self.agreement, self.now))
        return max((cycle for cycle in cycles if cycle.closed_at is None), key=lambda cycle: cycle.opened_at, default=None)

    def _is_theirs(self, asked: Asked) -> bool:
        crm = self.terms.authority.owner
        record = asked.written(crm)
        owner = record.values.get(self.terms.crms[record.key.crm].vocabulary.owner)
        return owner is not None and self.terms.owner_in(crm, owner, of=record.key.crm) == self.order.owner

    def _step(self, asked: Asked, cycle: Cycle, protected: tuple[str, ...]) -> Step:
        finding, kept = asked.due.finding, (*protected, *self._unread(cycle))
        due = self._broken(asked.lead.findings) or asked.due
        writes = reassignment(replace(asked, takes_turn=not kept))
        return Step(
            lead=finding.lead,
            record=writes.record.key,
            action=asked.due.remedy.action,
            fields=writes.fields,
            finding=due.finding.key,
            rule=OFFBOARD,
            rung=due.rung,
            reason=finding.message,
            blocked_by=(*writes.missing, *self._not_enforcing, *kept),
            given=writes.given,
            nobody_left=writes.nobody_left,
            is_pending=not kept and not writes.missing,
        )

    def _escalation(self, asked: Asked, protected: tuple[str, ...]) -> Iterator[Step]:
        """Yield the task about a lead that is protected, for the manager of whom leaves; of each time that they have it one."""
        finding = asked.due.finding
        if (finding.key, ESCALATED) in self.fired:
            return
        writes = escalation(replace(asked, due=replace(asked.due, remedy=Rung(action=ESCALATE, detail=None))))
        yield Step(
            lead=finding.lead,
            record=writes.record.key,
            action=ESCALATE,
            fields=(),
            finding=finding.key,
            rule=OFFBOARD,
            rung=ESCALATED,
            reason="; ".join((finding.message, *protected, *writes.notes)),
            blocked_by=(*writes.missing, *self._not_enforcing),
            manager=writes.manager,
            is_pending=not writes.missing,
        )

    def _unless_fought_over(self, step: Step) -> Step:
        fields = [write.field for write in step.fields]
        for why in each_left_alone(step.record, fields, self.fought, self.agreement.zone):
            step = replace(step.held_by(why), is_pending=False)
        return step

    @property
    def _not_enforcing(self) -> tuple[str, ...]:
        return () if self.not_enforcing is None else (self.not_enforcing,)

    def _broken(self, findings: Sequence[Finding]) -> Due | None:
        """Return the broken promise that asks for a next owner too, if there is one: this step is its rung, and no run takes it again."""

        def then(finding: Finding) -> Agreement:
            return self.agreement if finding.started_at is None else self.terms.agreement_at(finding.started_at)

        asked = due_remedies(findings, now=self.agreement, then=then)
        due = go_together(one for one in asked if (one.finding.key, one.rung) not in self.fired)
        return next((one for one in due if one.remedy.action == "reassign"), None)

    def _protected(self, lead: Lead, cycle: Cycle) -> Iterator[str]:
        """Yield why the lead stays where it is, whoever leaves."""
        yield from protections(
            Shielded(
                rows=lead.rows,
                timeline=lead.timeline,
                agreement=self.agreement,
                terms=self.terms,
                since=cycle.opened_at,
                now=self.now,
            )
        )

    def _unread(self, cycle: Cycle) -> Iterator[str]:
        if unread := self.terms.unread_streams(cycle.opened_at, touches=True):
            yield f"{', '.join(unread)} must first be read: what protects the lead may stand there"

    def _reason(self, timeline: Timeline, cycle: Cycle) -> Finding:
        """Return what asks for the step: that the owner has the lead, since they got it last."""
        owned = [fact for fact in timeline.facts if isinstance(fact, OwnerSet)]
        since, name = (owned[-1].at, owned[-1].name) if owned else (timeline.created_at, f"{timeline.records[0]}@created")
        return Finding(
            key=finding_key(rule=OFFBOARD, fact=name),
            lead=timeline.lead,
            records=timeline.records,
            cycle=CycleRef(
                handoff=cycle.handoff.name,
                number=cycle.number,
                opened_at=cycle.opened_at,
                opened_by=cycle.opened_by,
                closed_at=None,
                closed_by=None,
            ),
            rule=OFFBOARD,
            kind=OFFBOARD,
            status=Status.RUNNING,
            side=Side.NONE,
            owner=owned[-1].owner if owned else None,
            started_at=since,
            due_at=None,
            settled_at=None,
            late_by_s=None,
            evidence=(),
            message=f"owner {self.order.owner} leaves, and has had it since {local_text(since, self.agreement.zone)}",
        )


def offboarding_beyond(moves: int, limits: Limits) -> str | None:
    """Say that an offboarding moves more leads than one may, and what would let it pass."""
    most = limits.offboard_moves
    way_out = f"to let it pass: [limits] offboard_moves = {moves} in config.toml"
    return f"the plan makes {moves} moves, {most} are allowed for one who leaves; {way_out}" if moves > most else None
