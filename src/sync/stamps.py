"""How leads stand, stamped on their records for the CRM's own reports. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.records import Record
from sync.agreement import model
from sync.agreement.model import Agreement
from sync.confusion import is_carried_on
from sync.judge.findings import Finding, Status
from sync.own_fields import STAMPED, Standing, written_moment, written_word
from sync.rows import LeadRows
from sync.same_value import same_value
from sync.steps import FieldWrite, Step
from sync.terms import Terms

STAMP = "stamp"  # the action
STAMPS = "stamps"  # stands for a rule: stamps are no rule's own
TIMED = frozenset({"clock", "cadence", "stale"})  # kinds of promises that have a deadline
NO_RUNG = 0  # of no ladder: a stamp follows what is so, as often as it changes
_STANDINGS = {
    Status.AT_RISK: Standing.AT_RISK,
    Status.UNKNOWN: Standing.UNKNOWN,
    Status.RUNNING: Standing.ON_TRACK,
    Status.BREACHED: Standing.LATE,
    Status.KEPT: Standing.KEPT,
    Status.EXCUSED: Standing.EXCUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What the records of one lead shall show."""

    standing: Standing
    speaks: Finding  # of the findings with that standing the one that falls due first
    deadline: datetime | None  # the earliest of what is still owed; past where that is broken
    first_touch: datetime | None
    breaches: int


def stamp_of(findings: Sequence[Finding], touch_rules: frozenset[str]) -> Stamp:
    """Sum up the findings of one lead's present passages, of which there is at least one; `touch_rules` are kept by a rep's touch."""
    timed = [finding for finding in findings if finding.kind in TIMED]
    standing = min(map(_standing, timed), key=list(Standing).index, default=Standing.NO_CLOCK)
    touches = [f.settled_at for f in timed if f.rule in touch_rules and f.settled_at is not None]
    return Stamp(
        standing=standing,
        speaks=min([f for f in timed if _standing(f) is standing] or findings, key=_by_deadline),
        deadline=min((f.due_at for f in timed if f.owed and f.due_at is not None), default=None),
        first_touch=min(touches, default=None),
        breaches=sum(f.status is Status.BREACHED for f in timed),
    )


def _standing(finding: Finding) -> Standing:
    if finding.status is Status.BREACHED and finding.owed:
        return Standing.BREACHED
    return _STANDINGS[finding.status]


def _by_deadline(finding: Finding) -> tuple[bool, datetime | None, str]:
    return finding.due_at is None, finding.due_at, finding.key


def present(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings of the passages that are open; where none is, of the one that opened last."""
    passages = [finding for finding in findings if finding.cycle.number and finding.cycle.opened_at is not None]
    still_open = [finding for finding in passages if finding.cycle.closed_at is None]
    newest = max((f.cycle.opened_at for f in passages if f.cycle.opened_at is not None), default=None)
    return still_open or [finding for finding in passages if finding.cycle.opened_at == newest]


def touch_rules_of(agreement: Agreement) -> frozenset[str]:
    """Name the clocks that a rep's touch keeps."""
    clocks = [*agreement.clocks, *(clock for level in agreement.levels for clock in level.clocks)]
    return frozenset(clock.name for clock in clocks if any(isinstance(way, model.Touch | model.Answered) for way in clock.kept_by))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamping:
    """By what stamps are planned."""

    terms: Terms
    touch_rules: frozenset[str]
    since: datetime | None  # when stamping began; None: it did not yet
    blocked_by: tuple[str, ...]  # what config and agreement say against it

    def steps(self, rows: LeadRows, findings: Sequence[Finding]) -> Iterator[Step]:
        """Yield a step for each record of a lead that does not show how it stands.

        A passage that opened before stamping began is backlog: its records are stamped only where they show a stamp already.
        """
        if self.since is None or not self._names_fields or not (passages := present(findings)):
            return
        is_new = any(finding.cycle.opened_at is not None and finding.cycle.opened_at >= self.since for finding in passages)
        stamp = stamp_of(passages, self.touch_rules)
        for person in rows.people:
            is_there = person.key not in rows.gone_at and not is_carried_on(person, self.terms)
            if is_there and (is_new or self._is_stamped(person)):
                yield from self._step(rows.lead, person, stamp)

    @property
    def _names_fields(self) -> bool:
        return any(crm.vocabulary.own_fields for crm in self.terms.crms.values())

    def _fields(self, person: Record) -> Mapping[str, str]:
        own = self.terms.crms[person.key.crm].vocabulary.own_fields
        return {purpose: own[purpose] for purpose in STAMPED if purpose in own}

    def _step(self, lead: str, person: Record, stamp: Stamp) -> Iterator[Step]:
        writes = [write for write in self._writes(person, stamp) if not same_value(write.before, write.after)]
        if writes:
            yield Step(
                lead=lead,
                record=person.key,
                action=STAMP,
                fields=tuple(sorted(writes, key=lambda write: write.field)),
                finding=stamp.speaks.key,
                rule=STAMPS,
                rung=NO_RUNG,
                reason=f"{stamp.standing.value.replace('_', ' ')}: {stamp.speaks.rule}",
                blocked_by=(*self._foreign(person), *self.blocked_by),
                is_pending=False,
            )

    def _is_stamped(self, person: Record) -> bool:
        shown = [field for field in self._fields(person).values() if person.values.get(field)]
        return bool(shown) and not any(self._foreign(person))

    def _foreign(self, person: Record) -> Iterator[str]:
        """Say that the field for the status shows what is none: it is somebody else's, and named by mistake."""
        field = self._fields(person).get("sla_status", "")
        held, labels = person.values.get(field), self._labels(person, field)
        if held and held not in {written_word(word, labels) for word in Standing}:
            yield f"{field} shows what is no SLA status: somebody else fills it in; name another field (config.toml, [own_fields])"

    def _labels(self, person: Record, field: str) -> Mapping[str, str]:
        return self.terms.crms[person.key.crm].labels.get((person.key.kind, field), {})

    def _writes(self, person: Record, stamp: Stamp) -> Iterator[FieldWrite]:
        fields = self._fields(person)
        values = {
            "sla_status": written_word(stamp.standing.value, self._labels(person, fields.get("sla_status", ""))),
            "sla_deadline": written_moment(stamp.deadline),
            "first_touch": written_moment(stamp.first_touch),
            "breaches": str(stamp.breaches),
        }
        for purpose, field in fields.items():
            yield FieldWrite(field=field, before=person.values.get(field), after=values[purpose])


@dataclass(slots=True)
class StampsLeft:
    """How many records one run may still stamp; the others wait for the next."""

    most: int
    used: int = 0
    waiting: set[str] = dataclasses.field(default_factory=set)  # leads of the others

    def hold(self, steps: Iterable[Step]) -> tuple[Step, ...]:
        """Return the steps, the stamps beyond the limit with the reason."""
        return tuple(self._held(step) if step.action == STAMP and not step.blocked_by else step for step in steps)

    def _held(self, step: Step) -> Step:
        self.used += 1
        if self.used <= self.most:
            return step
        self.waiting.add(step.lead)
        return step.held_by(f"a run stamps {self.most} records ([limits] stamps_per_run): it waits for the next")
