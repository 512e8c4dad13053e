"""Findings -> steps: what leadpact would change, and what keeps it from doing so. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from connectors.records import Record, RecordKey
from sync.agreement.model import Agreement, StageEntered
from sync.agreement.spans import Span
from sync.authority import speaking
from sync.confusion import is_carried_on
from sync.facts import Exit, Left
from sync.history import local_text
from sync.judge.findings import Finding, Side, Status
from sync.judge.reasons import folded
from sync.ladder import CARRIED_OUT, MOVES, Due, due_remedies, go_together
from sync.protect import Shielded, protections
from sync.route import Book, Given, Seat
from sync.rows import LeadRows
from sync.terms import Terms
from sync.timeline import Timeline, build_timeline


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
    given: Given | None = None  # a new owner: by which turn of the pool
    is_pending: bool = True  # nothing but mode and agreement is against it: limits count it

    def held_by(self, why: str) -> Step:
        """Return the step with one reason more why it would not be carried out."""
        return replace(self, blocked_by=(*self.blocked_by, why))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the config and the state of the agreement allow."""

    mode_of: Callable[[str, str | None], str]  # (rule, team of the owner) -> observe | remind | enforce
    not_enforcing: str | None  # why the agreement may not be enforced, a sentence
    max_act_age: Span  # breaches older than this go to the digest
    enforced_since: Callable[[str], datetime | None]  # when a rule was first enforced; passages opened before are backlog
    fired: frozenset[tuple[str, int]] = frozenset()  # (key of a finding, rung) of the steps that were carried out: each is once only


class Router(Protocol):
    """Chooses who gets a lead."""

    def give(self, pool: str | None, *, failed: Collection[str], takes_turn: bool) -> Given | None:
        """Return who gets the next lead of a pool, and who could have; None if nobody is left. It need not take their turn."""
        ...


@dataclass(slots=True)
class Routing:
    """Gives the leads of a plan to those who are owed most; on a copy, never the ledger itself."""

    seats: Mapping[str, tuple[Seat, ...]]  # pool -> seats, in the roster's order
    book: Book = field(default_factory=Book)

    def give(self, pool: str | None, *, failed: Collection[str], takes_turn: bool) -> Given | None:
        """Return who gets the next lead; count it, if it takes a turn: a lead that will not be moved takes nobody's."""
        given = self.book.next(pool or "", self.seats.get(pool or "", ()), failed=failed)
        if given is not None and takes_turn:
            self.book.count(given)
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One lead that something is to be done about."""

    rows: LeadRows
    timeline: Timeline
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """The field writes of a remedy to one record, and why one of them cannot be named."""

    record: Record
    fields: tuple[FieldWrite, ...] = ()
    missing: tuple[str, ...] = ()
    given: Given | None = None  # by which turn of the pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Turns the findings of one lead after the other into steps, by one agreement, policy and moment."""

    agreement: Agreement  # the version in force now, else the current file
    terms: Terms
    policy: Policy
    routing: Router
    now: datetime

    def steps(self, rows: LeadRows, findings: Sequence[Finding]) -> tuple[Step, ...]:
        """Return what would be done about the broken promises of one lead that are still owed, as one coherent set."""
        asked = due_remedies(findings, now=self.agreement, then=self._judged_by)
        due = go_together(one for one in asked if (one.finding.key, one.rung) not in self.policy.fired)
        if not due:
            return ()
        timeline = build_timeline(rows, self.agreement, self.terms, now=self.now)
        lead = Lead(rows=rows, timeline=timeline, findings=findings)
        return tuple(step for one in due if (step := self._step(one, lead)) is not None)

    def _judged_by(self, finding: Finding) -> Agreement:
        return self.terms.agreement_at(finding.started_at) if finding.started_at is not None else self.agreement

    def _step(self, due: Due, lead: Lead) -> Step | None:
        """Return the step that a remedy asks for; None for a move that would change nothing: the record shows it already."""
        finding, action = due.finding, due.remedy.action
        kept = (*self._once_allowed(due, lead), *self._kept_by_lead(due, lead))
        writes = self._writes(due, lead, takes_turn=not kept)
        fields = [write for write in writes.fields if (write.before or "").casefold() != (write.after or "").casefold()]
        if action in MOVES and not fields and not writes.missing:
            return None
        return Step(
            lead=finding.lead,
            record=writes.record.key,
            action=action,
            fields=tuple(sorted(fields, key=lambda write: write.field)),
            finding=finding.key,
            rule=finding.rule,
            rung=due.rung,
            reason=self._because(due),
            blocked_by=(*writes.missing, *self._held_by_policy(due, lead), *kept),
            given=writes.given,
            is_pending=not kept and not writes.missing,
        )

    def _because(self, due: Due) -> str:
        """Return why, and for a lead that goes back the reason and the day from which it may return."""
        period = self.agreement.recycle.returns.get(due.remedy.detail or "") if due.remedy.action == "recycle" else None
        if period is None:
            return due.finding.message
        back = period.after(self.now.astimezone(self.agreement.zone).date())
        return f"{due.finding.message}; recycled as `{due.remedy.detail}`, may come back from {back}"

    def _writes(self, due: Due, lead: Lead, *, takes_turn: bool) -> Writes:
        match due.remedy.action:
            case "reassign":
                return self._reassignment(due.finding, lead, takes_turn=takes_turn)
            case "recycle" | "return":
                return self._recycling(due.remedy.detail, lead)
            case "promote":
                return self._promotion(due.finding, lead)
            case _:
                return Writes(record=self._written(lead, self.terms.authority.owner))

    def _written(self, lead: Lead, crm: str) -> Record:
        """Return the record that is written where `crm` has the last word: a live one that no other carries on, if there is one."""
        live = [person for person in lead.rows.people if person.key not in lead.rows.gone_at]
        return min(speaking(live or lead.rows.people, crm), key=lambda person: is_carried_on(person, self.terms))

    def _reassignment(self, finding: Finding, lead: Lead, *, takes_turn: bool) -> Writes:
        crm = self.terms.authority.owner
        person = self._written(lead, crm)
        owner_field = self.terms.crms[person.key.crm].vocabulary.owner
        before = person.values.get(owner_field)
        failed = {f.owner for f in lead.findings if f.owner and f.status is Status.BREACHED and f.side is Side.OWNER}
        had = {(lead.timeline.crm, owner) for owner in failed} | {(person.key.crm, before or "")}
        pool = next((handoff.pool for handoff in self.agreement.handoffs if handoff.name == finding.cycle.handoff), None)
        given = self.routing.give(pool, failed={self.terms.owner_in(crm, owner, of=of) for of, owner in had}, takes_turn=takes_turn)
        if given is None:
            return Writes(record=person, missing=(f"nobody in pool {pool or '(none)'} is left who may get this lead",))
        after = self.terms.owner_in(person.key.crm, given.owner, of=crm)
        if after == f"{crm}:{given.owner}":  # has no id there
            return Writes(record=person, missing=(f"owner {given.owner} of {crm} is nobody in {person.key.crm}",))
        return Writes(record=person, fields=(FieldWrite(field=owner_field, before=before, after=after),), given=given)

    def _recycling(self, reason: str | None, lead: Lead) -> Writes:
        person = self._written(lead, self.terms.authority.sales)
        kind = (person.key.crm, person.key.kind)
        recognised = self.agreement.recycle.recognised.get(kind)
        if recognised is None or recognised.picklist is None or len(recognised.picklist[1]) != 1:
            return Writes(record=person, missing=(f"the agreement does not say which value recycles a {' '.join(kind)}",))
        name, (value,) = recognised.picklist
        status = FieldWrite(field=name, before=person.values.get(name), after=value)
        return Writes(record=person, fields=(status, *self._reason_write(reason, person)))

    def _reason_write(self, reason: str | None, record: Record) -> Iterator[FieldWrite]:
        field = self.agreement.fields.get(self.agreement.recycle.reason or "")
        name = field.sources.get((record.key.crm, record.key.kind)) if field is not None else None
        if name is not None and reason is not None:
            options = self.terms.crms[record.key.crm].labels.get((record.key.kind, name), {})
            value = next((value for value, label in options.items() if folded(reason) in (folded(value), folded(label))), reason)
            yield FieldWrite(field=name, before=record.values.get(name), after=value)

    def _promotion(self, finding: Finding, lead: Lead) -> Writes:
        opening = {
            trigger.stage
            for handoff in self.agreement.handoffs
            if handoff.name == finding.cycle.handoff
            for trigger in handoff.opens_on
            if isinstance(trigger, StageEntered)
        }
        for stage in self.agreement.stages:
            person = self._written(lead, self.terms.authority.of_stage(stage))
            recognised = stage.recognised.get((person.key.crm, person.key.kind))
            if stage.name in opening and recognised is not None and recognised.picklist is not None and len(recognised.picklist[1]) == 1:
                name, (value,) = recognised.picklist
                return Writes(record=person, fields=(FieldWrite(field=name, before=person.values.get(name), after=value),))
        person = self._written(lead, self.terms.authority.marketing)
        kind = f"{person.key.crm} {person.key.kind}"
        return Writes(record=person, missing=(f"the agreement does not say which value hands over a {kind}",))

    def _held_by_policy(self, due: Due, lead: Lead) -> Iterator[str]:
        """Yield what config and agreement say against a step, whatever the lead."""
        mode = self._mode(due, lead)
        if not _allows(mode, due.remedy.action):
            yield f"mode of {due.finding.rule} is {mode} (config.toml, [mode])"
        if self.policy.not_enforcing is not None:
            yield self.policy.not_enforcing

    def _mode(self, due: Due, lead: Lead) -> str:
        return self.policy.mode_of(due.finding.rule, self.terms.team_of(lead.timeline.crm, due.finding.owner))

    def _kept_by_lead(self, due: Due, lead: Lead) -> Iterator[str]:
        """Yield what the lead itself says against a step now."""
        moves = due.remedy.action in MOVES
        if moves:
            yield from self._protected(due, lead)
            yield from _spent(due, lead, self.agreement, self.now)
        if due.finding.due_at is not None:
            yield from self._too_early_or_late(due.finding.due_at, moves=moves)

    def _once_allowed(self, due: Due, lead: Lead) -> Iterator[str]:
        """Yield what is against a step that the mode allows: what this version cannot do, and a passage older than enforcement."""
        if not _allows(self._mode(due, lead), due.remedy.action):
            return
        if due.remedy.action not in CARRIED_OUT:
            yield f"this version of leadpact plans a {due.remedy.action}, and does not carry it out"
        since, opened_at = self.policy.enforced_since(due.finding.rule), due.finding.cycle.opened_at
        if since is None:
            yield f"no run has enforced {due.finding.rule} yet: passages opened before the first one are backlog, for a person to decide"
        elif opened_at is None or opened_at < since:
            yield f"its passage opened before {local_text(since, self.agreement.zone)}, when enforcement began: backlog"

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

    def _too_early_or_late(self, due_at: datetime, *, moves: bool) -> Iterator[str]:
        zone, settled = self.agreement.zone, due_at + self.terms.settle
        if moves and self.now < settled:
            yield f"late news is awaited until {local_text(settled, zone)}"
        unread = self.terms.unread_streams(settled, touches=True)
        if moves and unread:
            yield f"{', '.join(unread)} must first be read after {local_text(settled, zone)}"
        if self.now > self.policy.max_act_age.after(due_at, self.agreement.calendars["default"]):
            yield f"due {local_text(due_at, zone)}, older than {self.policy.max_act_age.text}: it goes to the digest"


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
