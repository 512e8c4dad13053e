"""What leadpact would have moved had it been let, and what became of those leads without it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync.agreement.model import Agreement
from sync.facts import Left, OwnerSet
from sync.judge.cycles import Cycle
from sync.judge.findings import Finding, Status
from sync.judge.owners import owner_at
from sync.judge.touches import TouchRule, find_attempts
from sync.judge.waived import was_broken
from sync.ladder import ASSIGN
from sync.rows import LeadRows
from sync.steps import Step
from sync.terms import Terms
from sync.timeline import Timeline, build_timeline

ANYBODY = TouchRule(by="anyone")


class Outcome(StrEnum):
    """What came first after the moment at which a lead would have been moved."""

    NOT_BROKEN = "the promise turned out not to be broken"
    OWNER_TOUCHED = "its owner got in touch"
    ANOTHER_TOUCHED = "somebody else got in touch"
    PASSED_ON = "it was given to somebody else"
    LEFT = "it left the passage"
    DEAL = "a deal was opened"
    NOTHING = "nothing"
    GONE = "the lead is gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A move that nothing but mode and agreement kept leadpact from making."""

    at: datetime  # when it was planned first
    step: Step
    is_beyond: bool  # a limit would have held it for a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """Something that happened to the lead afterwards."""

    at: datetime
    outcome: Outcome
    what: str  # `call`, `given to nobody`, `recycled`, without personal data
    owner: str | None = None  # the CRM's owner id of who did it, or got the lead
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A move that was not made, and what happened instead."""

    meant: Meant
    outcome: Outcome
    then: tuple[Then, ...]  # by time


def what_became(meant: Meant, rows: LeadRows | None, findings: Sequence[Finding], terms: Terms, *, now: datetime) -> Shadow:
    """Tell what people did with a lead that would have been moved, up to `now`; None for a lead that is gone."""
    if rows is None:
        return Shadow(meant=meant, outcome=Outcome.GONE, then=())
    agreement = terms.agreement_at(now)
    timeline = build_timeline(rows, agreement, terms, now=now)
    found = (
        *_touches(timeline, meant.at, agreement, terms, now),
        *_handed_on(timeline, meant.at),
        *_left(timeline, meant.at),
        *_deals(rows, meant.at, now),
    )
    then = tuple(sorted(found, key=lambda one: (one.at, one.source)))
    if not _stands(meant.step, findings):
        return Shadow(meant=meant, outcome=Outcome.NOT_BROKEN, then=then)
    return Shadow(meant=meant, outcome=then[0].outcome if then else Outcome.NOTHING, then=then)


def _stands(step: Step, findings: Sequence[Finding]) -> bool:
    """Whether what asked for a step was so, seen from now: late news may have told otherwise. A first owner is due before it is broken."""
    finding = next((one for one in findings if one.key == step.finding), None)
    return finding is not None and (step.action == ASSIGN or finding.status is Status.BREACHED or was_broken(finding))


def _touches(timeline: Timeline, since: datetime, agreement: Agreement, terms: Terms, now: datetime) -> Iterator[Then]:
    """Yield the touches after `since` that the agreement counts, whoever made them."""
    window = Cycle(
        number=0,
        handoff=agreement.handoffs[0],
        opened_at=since,
        opened_by="",
        by_hand_raise=False,
        stage=None,
        name="",
        source="",
    )
    for one in find_attempts(timeline, window, ANYBODY, agreement=agreement, terms=terms, now=now):
        if one.refused is None and one.at > since:
            theirs = one.activity.owner == owner_at(timeline, one.at)
            outcome = Outcome.OWNER_TOUCHED if theirs else Outcome.ANOTHER_TOUCHED
            yield Then(at=one.at, outcome=outcome, what=one.what, owner=one.activity.owner, source=str(one.activity.key))


def _handed_on(timeline: Timeline, since: datetime) -> Iterator[Then]:
    for fact in timeline.facts:
        if isinstance(fact, OwnerSet) and fact.at > since:
            by = "leadpact" if fact.ours else "a person" if fact.by_hand else "a workflow or another tool"
            what = f"given to {'nobody' if fact.owner is None else 'another owner'} by {by}"
            yield Then(at=fact.at, outcome=Outcome.PASSED_ON, what=what, owner=fact.owner, source=fact.source)


def _left(timeline: Timeline, since: datetime) -> Iterator[Then]:
    for fact in timeline.facts:
        if isinstance(fact, Left) and fact.at > since:
            what = f"{fact.how.value} by leadpact" if fact.ours else fact.how.value
            yield Then(at=fact.at, outcome=Outcome.LEFT, what=what, source=fact.source)


def _deals(rows: LeadRows, since: datetime, now: datetime) -> Iterator[Then]:
    for deal in rows.deals:
        if since < deal.created_at <= now:
            yield Then(at=deal.created_at, outcome=Outcome.DEAL, what="deal opened", source=str(deal.key))
