"""Findings -> steps: what leadpact would change, and what keeps it from doing so. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from connectors.memberships import is_membership
from connectors.records import RecordKey
from sync.agreement.model import Agreement
from sync.agreement.spans import Span
from sync.brakes import NO_BRAKES, Brakes
from sync.facts import Exit, Left
from sync.history import local_text
from sync.judge.findings import Finding
from sync.ladder import ASSIGN, MOVES, REMIND, Due, due_assignments, due_remedies, go_together
from sync.messages import whom_to_remind
from sync.orders import Backlog
from sync.problems import listed
from sync.protect import Shielded, protections
from sync.refused import Refused, Values, unless_refused
from sync.remedies.asked import Asked, Lead, Router, Writes
from sync.remedies.assign import is_nobodys, make_way, owner_to_come
from sync.remedies.escalate import escalation
from sync.remedies.promote import promotion
from sync.remedies.reassign import pool_of_handoff, reassignment
from sync.remedies.recycle import back_on, recycling
from sync.remedies.sticky import never_rotated
from sync.reversals import Fought, each_left_alone
from sync.rows import LeadRows
from sync.stamps import STAMPS, Stamping, touch_rules_of
from sync.steps import FieldWrite, Step
from sync.stops import Subject
from sync.terms import Terms
from sync.timeline import Deriving, build_timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the config and the state of the agreement allow."""

    mode_of: Callable[[str, str | None], str]  # (rule, team of the owner) -> observe | remind | enforce
    not_enforcing: str | None  # why the agreement may not be enforced, a sentence
    max_act_age: Span  # breaches older than this go to the digest
    enforced_since: Callable[[str], datetime | None]  # when a rule was first enforced; passages opened before are backlog
    told: frozenset[str] = frozenset()  # who is told by a target of the config: owner, manager, ...
    fired: frozenset[tuple[str, int]] = frozenset()  # (key of a finding, rung) of the steps that were carried out: each is once only
    fought: Mapping[tuple[RecordKey, str], Fought] = field(default_factory=dict)  # fields that something keeps setting back
    refused: Mapping[tuple[RecordKey, Values], Refused] = field(default_factory=dict)  # stamps that a CRM keeps refusing
    brakes: Brakes = NO_BRAKES  # what is stopped now, and what waits in a held plan
    backlog: Backlog | None = None  # a person decides about what is from before enforcement


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Turns the findings of one lead after the other into steps, by one agreement, policy and moment."""

    agreement: Agreement  # the version in force now, else the current file
    terms: Terms
    policy: Policy
    routing: Router
    now: datetime
    derive: Deriving = build_timeline

    def steps(self, rows: LeadRows, findings: Sequence[Finding]) -> tuple[Step, ...]:
        """Return what would be done about the promises of one lead that are owed, as one coherent set, and its stamps."""
        steps = (*self._remedies(rows, findings), *self._stamping.steps(rows, findings))
        zone, refused = self.agreement.zone, self.policy.refused
        return tuple(unless_refused(self._unless_fought_over(step), refused, self.now, zone) for step in steps)

    def _unless_fought_over(self, step: Step) -> Step:
        fields = [write.field for write in step.fields]
        for why in each_left_alone(step.record, fields, self.policy.fought, self.agreement.zone):
            step = replace(step.held_by(why), is_pending=False)
        return step

    def _remedies(self, rows: LeadRows, findings: Sequence[Finding]) -> tuple[Step, ...]:
        open_ = [one for one in self._due(rows, findings) if (one.finding.key, one.rung) not in self.policy.fired]
        if not open_:
            return ()
        timeline = self.derive(rows, self.agreement, self.terms, now=self.now)
        lead = Lead(rows=rows, timeline=timeline, findings=findings)
        asked = [self._with_its_owner(one, lead) for one in open_]
        asked = make_way(asked, lambda one: any(self._held_by_policy(one, lead)))
        together = go_together(asked)
        steps = self._steps(together, lead)
        if any(step.action in MOVES and not step.blocked_by for step in steps):
            return steps
        return (*steps, *self._steps([one for one in asked if one.remedy.action == REMIND and one not in together], lead))

    def _due(self, rows: LeadRows, findings: Sequence[Finding]) -> Iterator[Due]:
        yield from due_remedies(findings, now=self.agreement, then=self._judged_by)
        if self.policy.backlog is not None:
            return
        assignments = list(due_assignments(findings, now=self.agreement, then=self._judged_by))
        if assignments and is_nobodys(rows, self.terms):
            yield from assignments

    def _steps(self, due: Sequence[Due], lead: Lead) -> tuple[Step, ...]:
        return tuple(step for one in due for step in self._steps_of(one, lead))

    def _with_its_owner(self, due: Due, lead: Lead) -> Due:
        """Return what is due, but an escalation where a lead would leave the very person whose it is."""
        pool = pool_of_handoff(due.finding.cycle.handoff, self.agreement)
        return never_rotated(due, lead, self.terms, self.routing, pool=pool, now=self.now)

    @cached_property
    def _stamping(self) -> Stamping:
        mode = self.policy.mode_of(STAMPS, None)
        return Stamping(
            terms=self.terms,
            touch_rules=touch_rules_of(self.agreement),
            since=self.policy.enforced_since(STAMPS) if self.policy.backlog is None else None,
            blocked_by=(
                *((f"mode is {mode} (config.toml, [mode] default)",) if mode != "enforce" else ()),
                *((self.policy.not_enforcing,) if self.policy.not_enforcing is not None else ()),
            ),
        )

    def _judged_by(self, finding: Finding) -> Agreement:
        return self.terms.agreement_at(finding.started_at) if finding.started_at is not None else self.agreement

    def _steps_of(self, due: Due, lead: Lead) -> Iterator[Step]:
        """Yield the step that a remedy asks for, and those of other records that go with it."""
        kept = (*self._once_allowed(due, lead), *self._stopped(due, lead), *self._kept_by_lead(due, lead))
        asked = Asked(
            due=due, lead=lead, agreement=self.agreement, terms=self.terms, routing=self.routing, takes_turn=not kept, now=self.now
        )
        writes = _writes(asked, fired=self.policy.fired)
        blocked_by = (*writes.missing, *self._held_by_policy(due, lead), *kept)
        steps = _Steps(asked=asked, blocked_by=blocked_by, is_pending=not kept and not writes.missing)
        if not writes.missing and due.remedy.action in MOVES and not _changes_a_field(writes):
            return  # the record shows it already
        yield steps.of(writes)
        yield from (steps.of(one) for one in writes.also if _changed(one))

    def _held_by_policy(self, due: Due, lead: Lead) -> Iterator[str]:
        """Yield what config and agreement say against a step, whatever the lead."""
        mode = self._mode_in_config(due, lead)
        if not _allows(mode, due.remedy.action):
            yield f"mode of {due.finding.rule} is {mode} (config.toml, [mode])"
        if (observed := self._observed(due, lead)) is not None:
            yield observed
        if self.policy.not_enforcing is not None:
            yield self.policy.not_enforcing

    def _mode(self, due: Due, lead: Lead) -> str:
        return "observe" if self._observed(due, lead) is not None else self._mode_in_config(due, lead)

    def _mode_in_config(self, due: Due, lead: Lead) -> str:
        return self.policy.mode_of(due.finding.rule, self._subject(due, lead).team)

    def _observed(self, due: Due, lead: Lead) -> str | None:
        return self.policy.brakes.observes(self._subject(due, lead))

    def _subject(self, due: Due, lead: Lead) -> Subject:
        team = self.terms.team_of(lead.timeline.crm, due.finding.owner)
        return Subject(rule=due.finding.rule, team=team, leads=(due.finding.lead, *map(str, lead.timeline.records)))

    def _stopped(self, due: Due, lead: Lead) -> Iterator[str]:
        """Yield what stops a step for a while: a pause, a freeze, a plan that has the move already and waits for a person."""
        brakes, subject = self.policy.brakes, self._subject(due, lead)
        yield from brakes.pauses(subject)
        if due.remedy.action in MOVES and (latched := brakes.latched(subject)) is not None:
            yield latched

    def _kept_by_lead(self, due: Due, lead: Lead) -> Iterator[str]:
        """Yield what the lead itself says against a step now."""
        moves = due.remedy.action in MOVES
        if moves:
            yield from self._protected(due, lead)
            yield from _spent(due, lead, self.agreement, self.now)
        if due.remedy.action == ASSIGN:
            yield from owner_to_come(lead.timeline, self.terms, self.now)
        if due.finding.due_at is not None:
            yield from self._too_early_or_late(due.finding.due_at, takes=moves and due.remedy.action != ASSIGN)

    def _once_allowed(self, due: Due, lead: Lead) -> Iterator[str]:
        """Yield what is against a step that the mode allows: nobody who could be reminded, and a passage older than enforcement."""
        if not _allows(self._mode(due, lead), due.remedy.action):
            return
        if due.remedy.action == REMIND:
            yield from self._nobody_to_tell(due, lead)
        if self.policy.backlog is not None:
            return
        since, opened_at = self.policy.enforced_since(due.finding.rule), due.finding.cycle.opened_at
        if since is None:
            yield f"no run has enforced {due.finding.rule} yet: passages opened before the first one are backlog, for a person to decide"
        elif opened_at is None or opened_at < since:
            yield f"its passage opened before {local_text(since, self.agreement.zone)}, when enforcement began: backlog"

    def _nobody_to_tell(self, due: Due, lead: Lead) -> Iterator[str]:
        recipient = whom_to_remind(due.finding, lead.timeline.crm)
        if recipient is None:
            yield "nobody has the lead, so there is nobody to remind"
        elif recipient.role not in self.policy.told:
            yield f"no [[notify]] in config.toml is for `{recipient.role}`"

    def _protected(self, due: Due, lead: Lead) -> Iterator[str]:
        shielded = Shielded(
            rows=lead.rows,
            timeline=lead.timeline,
            agreement=self.agreement,
            terms=self.terms,
            since=due.finding.cycle.opened_at,
            now=self.now,
        )
        yield from protections(shielded)

    def _too_early_or_late(self, due_at: datetime, *, takes: bool) -> Iterator[str]:
        """Yield what the hour says against a step; one that `takes` a lead from somebody waits until nothing can still speak for them."""
        zone, settled = self.agreement.zone, due_at + self.terms.settle
        if takes and self.now < settled:
            yield f"late news is awaited until {local_text(settled, zone)}"
        unread = self.terms.unread_streams(settled, touches=True)
        if takes and unread:
            yield f"{', '.join(unread)} must first be read after {local_text(settled, zone)}"
        any_age = self.now <= due_at or (self.policy.backlog is not None and self.policy.backlog.any_age)
        if not any_age and self.now > self.policy.max_act_age.after(due_at, self.agreement.calendars["default"]):
            yield f"due {local_text(due_at, zone)}, older than {self.policy.max_act_age.text}: it goes to the digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """Makes the steps of one remedy."""

    asked: Asked
    blocked_by: tuple[str, ...]
    is_pending: bool

    def of(self, writes: Writes) -> Step:
        """Return the step that writes to one record."""
        due = self.asked.due
        return Step(
            lead=due.finding.lead,
            record=writes.record.key,
            action=due.remedy.action,
            fields=_changed(writes),
            finding=due.finding.key,
            rule=due.finding.rule,
            rung=due.rung,
            reason=_because(self.asked, writes),
            blocked_by=self.blocked_by,
            given=writes.given,
            manager=writes.manager,
            nobody_left=writes.nobody_left,
            is_pending=self.is_pending,
        )


def _changed(writes: Writes) -> tuple[FieldWrite, ...]:
    """Return what is not so already, by field."""
    changed = (write for write in writes.fields if (write.before or "").casefold() != (write.after or "").casefold())
    return tuple(sorted(changed, key=lambda write: write.field))


def _changes_a_field(writes: Writes) -> bool:
    """Whether a field of the record changes: nobody joins a list by that alone."""
    return not all(is_membership(write.field) for write in _changed(writes))


def _writes(asked: Asked, *, fired: frozenset[tuple[str, int]]) -> Writes:
    match asked.due.remedy.action:
        case "assign" | "reassign":
            return reassignment(asked)
        case "recycle" | "return":
            return recycling(asked)
        case "promote":
            return promotion(asked)
        case "escalate":
            return escalation(asked)
        case _:
            return Writes(record=asked.written(asked.terms.authority.owner), notes=tuple(_warned(asked.due, fired)))


def _warned(due: Due, fired: frozenset[tuple[str, int]]) -> Iterator[str]:
    """Yield how much of a promise's time has passed, where that is why somebody is reminded, and for which reminders this one stands."""
    if due.remedy.action == REMIND and due.rung <= 0:
        missed = [f"{percent}%" for percent in due.instead_of if (due.finding.key, -percent) not in fired]
        yield f"{-due.rung}% of its time has passed{f', the reminder at {listed(missed)} is superseded' if missed else ''}"


def _because(asked: Asked, writes: Writes) -> str:
    """Return why, and for a lead that goes back the reason, the day from which it may return, and what there is to say of the writes."""
    message, back = asked.due.finding.message, back_on(asked)
    other = (asked.due.why,) if asked.due.why is not None else ()
    recycled = () if back is None else (f"recycled as `{asked.due.remedy.detail}`, may come back from {back}",)
    return "; ".join((message, *other, *recycled, *writes.notes))


def _allows(mode: str, action: str) -> bool:
    return mode == "enforce" or (mode == "remind" and action == "remind")


def _spent(due: Due, lead: Lead, agreement: Agreement, now: datetime) -> Iterator[str]:
    """Yield why a lead has been moved often enough."""
    place = (due.finding.cycle.handoff, due.finding.cycle.number)
    for finding in lead.findings:
        if finding.kind == "bounces" and (finding.cycle.handoff, finding.cycle.number) == place and due.remedy.action == "reassign":
            yield finding.message
    at_most = agreement.recycle.at_most
    if at_most is not None and due.remedy.action == "recycle":
        since = at_most.per.before(now.astimezone(agreement.zone).date())
        recycled = [f for f in lead.timeline.facts if isinstance(f, Left) and f.how is Exit.RECYCLED]
        times = sum(fact.at.astimezone(agreement.zone).date() >= since for fact in recycled)
        if times >= at_most.count:
            yield f"recycled {times} times since {since}; at most {at_most.count} in {at_most.per.text} are agreed"
