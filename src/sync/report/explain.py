"""One lead explained to the person it blames: what happened, what was promised, what counted and what did not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from connectors.records import Activity, Direction
from sync.agreement.criteria_types import Value
from sync.agreement.model import Agreement
from sync.facts import (
    Fact,
    FellBack,
    HandRaised,
    Left,
    OwnerSet,
    ScoreCrossed,
    StageEntered,
    StageLeft,
)
from sync.history import local_text
from sync.judge.findings import Elapsed, Evidence, Finding, Status
from sync.judge.premature import RULE as PREMATURE
from sync.judge.premature import asked_at
from sync.report.page_words import moment_text, span_text
from sync.report.rules import keeping_text, rule_text
from sync.timeline import Timeline
from sync.values import is_blank

TRUTHS = {True: "true", False: "false", None: "not known"}
VersionOf = Callable[[Finding], Agreement]  # the version of the agreement that judged a finding
_TOLD: tuple[tuple[type[Fact], str], ...] = (
    (StageEntered, "became {fact.stage}"),
    (StageLeft, "left {fact.stage}"),
    (FellBack, "fell back below {fact.stage}"),
    (HandRaised, "submitted the form `{fact.form}`"),
    (ScoreCrossed, "score crossed, for {fact.handoff}"),
    (Left, "{fact.how.value}"),
)  # StageReached tells nothing that StageEntered does not


def explained(
    timeline: Timeline, findings: Sequence[Finding], agreement: Agreement, *, version_of: VersionOf, names: Mapping[str, str]
) -> Iterator[str]:
    """Yield the explanation line by line; `agreement` is the one in force, `names` are owners' names by id."""
    if timeline.excluded is not None:
        yield f"Out of the agreement's scope: {timeline.excluded}"
        return
    yield "What happened"
    for at, told in sorted(_events(timeline, names), key=lambda event: event[0]):
        yield f"  {local_text(at, agreement.zone)}  {told}"
    cycle: tuple[str, int] | None = None
    for finding in sorted(findings, key=lambda f: (f.cycle.handoff, f.cycle.number)):
        if cycle != (cycle := (finding.cycle.handoff, finding.cycle.number)):
            yield ""
            yield _cycle(finding, agreement.zone)
        yield from _finding(finding, timeline, version_of(finding), names)
    if not findings:
        yield ""
        yield "It was never handed over, so nothing was promised about it."


def _events(timeline: Timeline, names: Mapping[str, str]) -> Iterator[tuple[datetime, str]]:
    """Yield when something happened, and what: facts, activities, excuses."""
    for fact in timeline.facts:
        if (told := _fact(fact, names)) is not None:
            yield fact.at, f"{told}  [{fact.source}]"
    for activity in timeline.activities:
        yield activity.happened_at, f"{_activity(activity, names)}  [{activity.key}]"
    for excuse in timeline.excuses:
        yield excuse.since, f"excused: {excuse.why}"


def _activity(activity: Activity, names: Mapping[str, str]) -> str:
    """Say what was logged, as the CRM has it; whether it counts stands with each promise."""
    status = activity.statuses[-1].status if activity.statuses else None
    parts = [
        activity.kind.value + (" that came in" if activity.direction is Direction.IN else ""),
        status.value.replace("_", " ") if status else "",
        f"{activity.duration_s:.0f} s" if activity.duration_s else "",
        f"by {names.get(activity.owner, activity.owner)}" if activity.owner else "",
        "sequence" if activity.sequence else "",
        "marketing" if activity.marketing else "",
        "automatic" if activity.auto_reply else "",
        "deleted" if activity.archived_at else "",
    ]
    return ", ".join(filter(None, parts))


def _fact(fact: Fact, names: Mapping[str, str]) -> str | None:
    """Say what a fact was; None for what another fact tells too."""
    if isinstance(fact, OwnerSet):
        return f"owned by {names.get(fact.owner, fact.owner)}" if fact.owner else "owned by nobody"
    for kind, told in _TOLD:
        if isinstance(fact, kind):
            return told.format(fact=fact)
    return None


def _cycle(finding: Finding, zone: tzinfo) -> str:
    cycle = finding.cycle
    if cycle.number == 0:
        return f"Outside of any passage of {cycle.handoff}"
    closed = f", closed {moment_text(cycle.closed_at, zone)}: {cycle.closed_by}" if cycle.closed_by else ", still open"
    return f"Passage {cycle.number} of {cycle.handoff}: opened {moment_text(cycle.opened_at, zone)} by {cycle.opened_by}{closed}"


def _criteria(finding: Finding, timeline: Timeline, agreement: Agreement) -> Iterator[str]:
    """Yield each condition of the handoff stage, what it was at that moment, and the values it rests on."""
    stage = next((stage for stage in agreement.stages if finding.cycle.opened_by == f"stage {stage.name}"), None)
    if finding.rule != PREMATURE or stage is None or finding.started_at is None:
        return
    at = asked_at(finding.started_at, timeline)
    if stage.criteria is not None:
        row = timeline.values.at(stage.criteria.fields, at)
        for conjunct in stage.criteria.explain(row).conjuncts:
            told = ", ".join(f"{name} {_value(value)}" for name, value in conjunct.values.items())
            yield f"{TRUTHS[conjunct.truth]}: {conjunct.define or conjunct.text} ({told})"
    for name in stage.required:
        if is_blank(timeline.values.value(name, at)):
            yield f"blank: {name}"


def _value(value: Value) -> str:
    match value:
        case bool() | datetime():
            return str(value)
        case float():
            return f"{value:g}"
        case _:
            return "blank" if is_blank(value) else f"`{value}`"


def _finding(finding: Finding, timeline: Timeline, agreement: Agreement, names: Mapping[str, str]) -> Iterator[str]:
    zone, handoff = agreement.zone, finding.cycle.handoff
    yield f"  {finding.message}"
    if (rule := rule_text(finding.rule, agreement, level=finding.level, handoff=handoff)) is not None:
        yield f"    the rule: {rule}" + (f" (level {finding.level})" if finding.level else "")
    owner = f", owner {names.get(finding.owner, finding.owner)}" if finding.owner is not None else ""
    started, due = moment_text(finding.started_at, zone), moment_text(finding.due_at, zone)
    yield f"    started {started}, due {due}; responsible: {finding.side.value}{owner}"
    if finding.elapsed is not None:
        yield f"    the time so far: {_elapsed(finding.elapsed)}"
    for evidence in finding.evidence:
        yield f"    {'+' if evidence.counted else '-'} {_evidence(evidence, zone, names)}"
    for line in _criteria(finding, timeline, agreement):
        yield f"    {line}"
    keeping = keeping_text(finding.rule, agreement, level=finding.level, handoff=handoff)
    if keeping is not None and finding.status not in (Status.KEPT, Status.EXCUSED):
        tense = "would keep it" if finding.owed and finding.status is not Status.BREACHED else "would have kept it"
        by = f", by {due}" if finding.due_at is not None else ""
        yield f"    what {tense}: {keeping}{by}"


def _elapsed(elapsed: Elapsed) -> str:
    """Say how the time went, the parts that are not zero."""
    parts = (
        ("with nobody", elapsed.system_s),
        ("in the owner's working time", elapsed.owner_s),
        ("off hours", elapsed.off_hours_s),
        ("while a meeting was booked", elapsed.suspended_s),
        ("excused", elapsed.excused_s),
    )
    return ", ".join(f"{span_text(seconds)} {what}" for what, seconds in parts if seconds) or "none"


def _evidence(evidence: Evidence, zone: tzinfo, names: Mapping[str, str]) -> str:
    what = evidence.what
    if what.startswith("assigned to owner "):
        owner = what.removeprefix("assigned to owner ").split(" ", 1)[0]
        what = what.replace(owner, names.get(owner, owner), 1)
    return f"{moment_text(evidence.at, zone)}  {what}  [{evidence.source}]{'' if evidence.counted else '  does not count'}"
