"""The worst leads as the page explains them to the people they blame. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.records import RecordKey
from sync.agreement.model import Agreement
from sync.judge.findings import Elapsed, Evidence, Finding
from sync.ladder import GIVING
from sync.report.audit import ACTIONS, Audit
from sync.report.page_figures import SIDES, owner_name
from sync.report.page_words import TEXT_MOST, cut, moment_text, rule_title, span_text
from sync.report.rules import rule_text
from sync.report.summary import Worst
from sync.steps import Step

PARTS = (
    ("owner_s", "the owner's open time"),
    ("off_hours_s", "off hours"),
    ("system_s", "nobody owned the lead"),
    ("suspended_s", "a meeting was booked"),
    ("excused_s", "excused"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the time that a promise took."""

    name: str  # of the field of Elapsed; a class of the style sheet
    label: str
    seconds: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One piece of evidence."""

    at: str
    what: str
    source: str
    counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One broken promise of a lead."""

    rule: str
    title: str
    late: str
    message: str
    facts: tuple[tuple[str, str], ...]  # what is asked first about it, and the answer
    elapsed: tuple[Part, ...]
    evidence: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What leadpact would do about a lead, and what holds it back."""

    action: str
    what: str
    writes: tuple[str, ...]
    because: str
    held_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One of the worst leads, explained."""

    key: str
    link: str | None  # the record in the CRM
    owner: str
    broken: tuple[Broken, ...]
    remedies: tuple[Remedy, ...]


def leads(audit: Audit) -> Iterator[Lead]:
    """Yield the worst leads, the one broken for the longest time first."""
    for worst in audit.summary.worst:
        yield Lead(
            key=worst.lead,
            link=_link(worst, audit),
            owner=owner_name(audit, worst.finding.owner),
            broken=tuple(_broken(finding, audit) for finding in worst.standing),
            remedies=tuple(_remedy(step, audit) for step in worst.steps),
        )


def _link(worst: Worst, audit: Audit) -> str | None:
    """Return where the CRM shows the record; None where it does not say, or the id is not a plain number."""
    key = RecordKey.parse(worst.lead)
    pages = next((p.account.record_pages for p in audit.pulled if p.account.crm == key.crm), {})
    return f"{pages[key.kind]}{key.id}" if key.kind in pages and key.id.isascii() and key.id.isdigit() else None


def _broken(finding: Finding, audit: Audit) -> Broken:
    label = f"{finding.rule} ({finding.level})" if finding.level else finding.rule
    message = finding.message.removeprefix(f"{label}: ")
    evidence = sorted(finding.evidence, key=lambda proof: (proof.at is None, proof.at or audit.as_of))
    return Broken(
        rule=finding.rule,
        title=cut(rule_title(finding.rule)),
        late=span_text(finding.late_by_s) if finding.late_by_s is not None else "",
        message=cut(f"{message[:1].upper()}{message[1:]}.", TEXT_MOST),
        facts=tuple(_facts(finding, audit)),
        elapsed=tuple(_parts(finding.elapsed)) if finding.elapsed else (),
        evidence=tuple(_proof(proof, audit) for proof in evidence),
    )


def _facts(finding: Finding, audit: Audit) -> Iterator[tuple[str, str]]:
    zone, cycle = audit.agreement.zone, finding.cycle
    judged_by = _judged_by(finding, audit)
    if rule := rule_text(finding.rule, judged_by, level=finding.level, handoff=finding.cycle.handoff):
        yield "The rule", rule
    if finding.level:
        yield "Level", cut(finding.level)
    yield "Started", moment_text(finding.started_at, zone)
    yield "Due", moment_text(finding.due_at, zone)
    yield "Answers for it", _answers(finding, audit)
    if cycle.number:
        opened = f"opened {moment_text(cycle.opened_at, zone)} by {cut(cycle.opened_by)}"
        yield "Handed over", f"{cut(cycle.handoff)}, passage {cycle.number}, {opened}"


def _judged_by(finding: Finding, audit: Audit) -> Agreement:
    """Return the version that judged a finding: the one in force when it started."""
    started = finding.started_at
    return next((era.agreement for era in audit.eras if started is not None and era.covers(started)), audit.agreement)


def _answers(finding: Finding, audit: Audit) -> str:
    side = SIDES[finding.side][0] if finding.side in SIDES else "Nobody"
    return f"{side}; the lead's owner: {owner_name(audit, finding.owner)}"


def _parts(elapsed: Elapsed) -> Iterator[Part]:
    for name, label in PARTS:
        seconds = getattr(elapsed, name)
        if seconds > 0:
            yield Part(name=name, label=label, seconds=seconds, text=span_text(seconds))


def _proof(evidence: Evidence, audit: Audit) -> Proof:
    return Proof(
        at=moment_text(evidence.at, audit.agreement.zone),
        what=cut(_with_name(evidence.what, audit), TEXT_MOST),
        source=cut(evidence.source),
        counted=evidence.counted,
    )


def _with_name(what: str, audit: Audit) -> str:
    """Return a piece of evidence with the owner's name in the place of the id."""
    before, marker, after = what.partition("assigned to owner ")
    owner, space, rest = after.partition(" ")
    return f"{before}assigned to {owner_name(audit, owner)}{space}{rest}" if marker else what


def _remedy(step: Step, audit: Audit) -> Remedy:
    names = audit.names if step.action in GIVING else {}
    return Remedy(
        action=step.action,
        what=ACTIONS.get(step.action, step.action),
        writes=tuple(f"{write.field}: {_value(write.before, names)} → {_value(write.after, names)}" for write in step.fields),
        because=rule_title(step.rule),
        held_by=tuple(cut(f"{why[:1].upper()}{why[1:]}.", TEXT_MOST) for why in step.blocked_by),
    )


def _value(value: str | None, names: Mapping[str, str]) -> str:
    """Return a value that a step writes; an owner's name where it is an owner's id."""
    return cut(names.get(value, value)) if value else "(blank)"
