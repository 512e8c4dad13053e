"""Findings -> steps: what leadpact would change, and what keeps it from doing so. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.records import Record, RecordKey
from sync.agreement.model import Agreement, Clock, Rung
from sync.agreement.spans import Span
from sync.history import local_text
from sync.judge.findings import Finding, Status
from sync.route import Seat, next_owner
from sync.terms import Terms

MOVES = frozenset({"reassign", "recycle", "return"})
SEVERITY = ("remind", "stamp", "promote", "escalate", "reassign", "return", "recycle")  # the mildest first


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


Writes = tuple[tuple[FieldWrite, ...], tuple[str, ...]]  # the writes of a remedy, and why one of them cannot be named


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the config and the state of the agreement allow."""

    mode_of: Callable[[str, str | None], str]  # (rule, team of the owner) -> observe | remind | enforce
    not_enforcing: str | None  # why the agreement may not be enforced, a sentence
    max_act_age: Span  # breaches older than this go to the digest


@dataclass(slots=True)
class Routing:
    """Who may get leads of a pool, and what each was given in this plan; a copy, never the ledger itself."""

    seats: Mapping[str, tuple[Seat, ...]]  # pool -> seats, in the roster's order
    received: Counter[str] = field(default_factory=Counter)

    def give(self, pool: str | None, *, failed: frozenset[str]) -> str | None:
        """Return who gets the next lead and count it; None if nobody is left."""
        owner = next_owner(self.seats.get(pool or "", ()), received=self.received, failed=failed)
        if owner is not None:
            self.received[owner] += 1
        return owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Turns the findings of one lead after the other into steps, by one agreement, policy and moment."""

    agreement: Agreement  # the version in force now, else the current file
    terms: Terms
    policy: Policy
    routing: Routing
    now: datetime

    def steps(self, person: Record, findings: Sequence[Finding]) -> tuple[Step, ...]:
        """Return the next rung of each broken promise of one lead that is not settled; one step an action."""
        steps: dict[str, Step] = {}
        clocks = {clock.name: clock for clock in self.agreement.clocks}
        for finding, rung in _due(findings, clocks):
            remedy = self._remedy(finding, clocks[finding.rule], rung)
            if remedy.action in steps:
                continue
            fields, missing = self._writes(remedy, person, finding, findings)
            steps[remedy.action] = Step(
                lead=finding.lead,
                record=person.key,
                action=remedy.action,
                fields=fields,
                finding=finding.key,
                rule=finding.rule,
                rung=rung,
                reason=finding.message,
                blocked_by=(*missing, *self._blocked_by(remedy, finding)),
            )
        return tuple(steps.values())

    def _remedy(self, finding: Finding, clock: Clock, rung: int) -> Rung:
        """Return the rung of the version in force now, or of the one that judged if that is milder."""
        judged_by = self.terms.agreement_at(finding.started_at) if finding.started_at else self.agreement
        then = next((c for c in judged_by.clocks if c.name == clock.name and c.ladder), clock)
        return min((c.ladder[min(rung, len(c.ladder)) - 1] for c in (clock, then)), key=lambda remedy: SEVERITY.index(remedy.action))

    def _writes(self, remedy: Rung, person: Record, finding: Finding, findings: Sequence[Finding]) -> Writes:
        """Return the field writes of a remedy, and why one of them cannot be named."""
        match remedy.action:
            case "reassign":
                return self._reassignment(person, finding, findings)
            case "recycle":
                return self._recycling(person)
            case _:
                return (), ()

    def _reassignment(self, person: Record, finding: Finding, findings: Sequence[Finding]) -> Writes:
        owner_field = self.terms.crms[person.key.crm].vocabulary.owner
        before = person.values.get(owner_field)
        failed = frozenset(f.owner for f in findings if f.owner and f.status is Status.BREACHED) | {before or ""}
        pool = next((handoff.pool for handoff in self.agreement.handoffs if handoff.name == finding.cycle.handoff), None)
        after = self.routing.give(pool, failed=failed)
        if after is None:
            return (), (f"nobody in pool {pool or '(none)'} is left who may get this lead",)
        return (FieldWrite(field=owner_field, before=before, after=after),), ()

    def _recycling(self, person: Record) -> Writes:
        kind = (person.key.crm, person.key.kind)
        recognised = self.agreement.recycle.recognised.get(kind)
        if recognised is None or recognised.picklist is None or len(recognised.picklist[1]) != 1:
            return (), (f"the agreement does not say which value recycles a {' '.join(kind)}",)
        name, (value,) = recognised.picklist
        return (FieldWrite(field=name, before=person.values.get(name), after=value),), ()

    def _blocked_by(self, remedy: Rung, finding: Finding) -> Iterator[str]:
        mode = self.policy.mode_of(finding.rule, self.terms.team_of(finding.records[0].crm, finding.owner))
        if mode == "observe" or (mode == "remind" and remedy.action != "remind"):
            yield f"mode of {finding.rule} is {mode} (config.toml, [mode])"
        if self.policy.not_enforcing is not None:
            yield self.policy.not_enforcing
        if finding.due_at is None:
            return
        zone, settled = self.agreement.zone, finding.due_at + self.terms.settle
        if remedy.action in MOVES and self.now < settled:
            yield f"late news is awaited until {local_text(settled, zone)}"
        unread = self.terms.unread_streams(finding.records[0], settled, touches=True)
        if remedy.action in MOVES and unread:
            yield f"{', '.join(unread)} must first be read after {local_text(settled, zone)}"
        if self.now > self.policy.max_act_age.after(finding.due_at, self.agreement.calendars["default"]):
            yield f"due {local_text(finding.due_at, zone)}, older than {self.policy.max_act_age.text}: it goes to the digest"


def _due(findings: Sequence[Finding], clocks: Mapping[str, Clock]) -> Iterator[tuple[Finding, int]]:
    """Yield the breaches that ask for a remedy, each with its rung: an owner clock climbs with every breach of its cycle."""
    broken: Counter[tuple[str, str, int]] = Counter()
    latest = {
        (f.rule, f.cycle.handoff, f.cycle.number): f.key for f in sorted(findings, key=lambda f: (f.started_at is not None, f.started_at))
    }
    for finding in findings:
        if finding.status is not Status.BREACHED:
            continue
        place = (finding.rule, finding.cycle.handoff, finding.cycle.number)
        broken[place] += 1
        clock = clocks.get(finding.rule)
        is_open = finding.settled_at is None and finding.cycle.closed_at is None and latest[place] == finding.key
        if clock is not None and clock.ladder and is_open:
            yield finding, broken[place]
