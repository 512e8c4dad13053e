"""One lead explained to the person it blames: what happened, what was promised, what counted and what did not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from sync.agreement import model
from sync.agreement.model import Agreement, Clock
from sync.facts import (
    Fact,
    FellBack,
    HandRaised,
    Left,
    OwnerSet,
    Replied,
    ScoreCrossed,
    StageEntered,
    StageLeft,
)
from sync.history import local_text
from sync.judge.findings import Evidence, Finding, Status
from sync.timeline import Timeline

_TOLD: tuple[tuple[type[Fact], str], ...] = (
    (StageEntered, "became {fact.stage}"),
    (StageLeft, "left {fact.stage}"),
    (FellBack, "fell back below {fact.stage}"),
    (HandRaised, "submitted the form `{fact.form}`"),
    (Replied, "replied"),
    (ScoreCrossed, "score crossed, for {fact.handoff}"),
    (Left, "{fact.how.value}"),
)  # StageReached tells nothing that StageEntered does not
UNKNOWN_DAY = "at an unknown moment"


def explained(timeline: Timeline, findings: Sequence[Finding], agreement: Agreement, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the explanation line by line; `names` are owners' names by id."""
    if timeline.excluded is not None:
        yield f"Out of the agreement's scope: {timeline.excluded}"
        return
    yield "What happened"
    for fact in timeline.facts:
        if (told := _fact(fact, names)) is not None:
            yield f"  {local_text(fact.at, agreement.zone)}  {told}  [{fact.source}]"
    for excuse in timeline.excuses:
        yield f"  {local_text(excuse.since, agreement.zone)}  excused: {excuse.why}"
    clocks = {clock.name: clock for clock in agreement.clocks}
    cycle: tuple[str, int] | None = None
    for finding in sorted(findings, key=lambda f: (f.cycle.handoff, f.cycle.number)):
        if cycle != (cycle := (finding.cycle.handoff, finding.cycle.number)):
            yield ""
            yield _cycle(finding, agreement.zone)
        yield from _finding(finding, clocks.get(finding.rule), agreement.zone, names)
    if not findings:
        yield ""
        yield "It was never handed over, so nothing was promised about it."


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
    closed = f", closed {_moment(cycle.closed_at, zone)}: {cycle.closed_by}" if cycle.closed_by else ", still open"
    return f"Passage {cycle.number} of {cycle.handoff}: opened {_moment(cycle.opened_at, zone)} by {cycle.opened_by}{closed}"


def _finding(finding: Finding, clock: Clock | None, zone: tzinfo, names: Mapping[str, str]) -> Iterator[str]:
    yield f"  {finding.message}"
    if clock is not None:
        yield f"    the rule: {rule_text(clock)}"
    yield f"    started {_moment(finding.started_at, zone)}, due {_moment(finding.due_at, zone)}; responsible: {finding.side.value}"
    for evidence in finding.evidence:
        yield f"    {'+' if evidence.counted else '-'} {_evidence(evidence, zone, names)}"
    if clock is not None and finding.status in (Status.BREACHED, Status.RUNNING, Status.AT_RISK, Status.UNKNOWN):
        tense = "would keep it" if finding.status in (Status.RUNNING, Status.AT_RISK) else "would have kept it"
        yield f"    what {tense}: {keeping_text(clock)}, by {_moment(finding.due_at, zone)}"


def _evidence(evidence: Evidence, zone: tzinfo, names: Mapping[str, str]) -> str:
    what = evidence.what
    if what.startswith("assigned to owner "):
        owner = what.removeprefix("assigned to owner ").split(" ", 1)[0]
        what = what.replace(owner, names.get(owner, owner), 1)
    return f"{_moment(evidence.at, zone)}  {what}  [{evidence.source}]{'' if evidence.counted else '  does not count'}"


def _moment(at: datetime | None, zone: tzinfo) -> str:
    return local_text(at, zone) if at is not None else UNKNOWN_DAY


def rule_text(clock: Clock) -> str:
    """Return a clock in the agreement's words: `2 business hours from handoff to touch, owed by owner`."""
    start = f"stage {clock.starts.stage}" if isinstance(clock.starts, model.StageEntered) else clock.starts.value
    return f"{clock.within.text} from {start} to {' or '.join(_way(way) for way in clock.kept_by)}, owed by {clock.owed_by}"


def keeping_text(clock: Clock) -> str:
    """Say what keeps a clock, as an order to the one who owes it."""
    return " or ".join(_deed(way, clock) for way in clock.kept_by)


def _way(way: model.KeptBy) -> str:
    return f"stage {way.stage}" if isinstance(way, model.StageReached) else type(way).__name__.lower()


def _deed(way: model.KeptBy, clock: Clock) -> str:
    match way:
        case model.Touch():
            return "a touch that counts, by " + {"owner": "the owner", "team": "the owner's team", "anyone": "anybody"}[clock.by]
        case model.StageReached():
            return f"stage {way.stage} or a later one"
        case model.Assigned():
            return "an owner"
        case model.Answered():
            return "an answer to the reply"
        case _:
            return f"the lead {type(way).__name__.lower()}"
