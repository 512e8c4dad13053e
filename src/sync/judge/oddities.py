"""What in the CRM's data cannot be: told by itself, so that nobody is blamed for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.records import ActivityKind
from sync.agreement.model import Agreement
from sync.facts import OwnerSet, StageEntered
from sync.judge.conclude import Judged
from sync.judge.cycles import Cycle
from sync.judge.findings import CycleRef, Evidence, Finding, Side, Status, finding_key
from sync.judge.missed import stands
from sync.terms import Terms
from sync.timeline import Timeline

RULE = "crm_data"
CONTACTS = frozenset({ActivityKind.CALL, ActivityKind.EMAIL, ActivityKind.MEETING, ActivityKind.MESSAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """Something that cannot be, and since when."""

    sort: str
    at: datetime
    source: str


def judge_oddities(timeline: Timeline, cycles: Sequence[Cycle], agreement: Agreement, terms: Terms) -> Iterator[Judged]:
    """Yield at most one finding of each sort for a lead that was handed over; `cycles` of all handoffs."""
    if not cycles:
        return
    ordered = sorted(cycles, key=lambda cycle: (cycle.opened_at, cycle.handoff.name))
    confused = [Oddity(sort=one.sort, at=ordered[0].opened_at, source=one.source) for one in timeline.confusions]
    for oddity in (*_early_touch(timeline), *_disorder(timeline, ordered, agreement), *_unknown_owner(timeline, terms), *confused):
        yield Judged(_finding(timeline, ordered[0], oddity), oddity.at, None)


def _early_touch(timeline: Timeline) -> Iterator[Oddity]:
    early = [a for a in timeline.activities if a.kind in CONTACTS and a.archived_at is None and a.happened_at < timeline.created_at]
    for first in early[:1]:
        yield Oddity(sort="touch before creation", at=first.happened_at, source=str(first.key))


def _disorder(timeline: Timeline, cycles: Sequence[Cycle], agreement: Agreement) -> Iterator[Oddity]:
    names = [stage.name for stage in agreement.stages]
    for cycle in cycles:
        later = names[names.index(cycle.stage) + 1 :] if cycle.stage is not None else []
        entered = [f for f in timeline.facts if isinstance(f, StageEntered) and f.stage in later and f.at < cycle.opened_at]
        standing = {fact.stage: fact for fact in entered if stands(timeline.facts, fact.stage, cycle.opened_at)}  # its last entry
        if standing:
            first = min(standing.values(), key=lambda fact: fact.at)
            yield Oddity(sort="stages out of order", at=first.at, source=first.source)
            return


def _unknown_owner(timeline: Timeline, terms: Terms) -> Iterator[Oddity]:
    known = terms.crms[timeline.crm].names
    for fact in timeline.facts:
        if isinstance(fact, OwnerSet) and fact.owner is not None and known and fact.owner not in known:
            yield Oddity(sort="owner unknown", at=fact.at, source=fact.source)
            return


def _finding(timeline: Timeline, cycle: Cycle, oddity: Oddity) -> Finding:
    reference = CycleRef(handoff=cycle.handoff.name, number=0, opened_at=oddity.at, opened_by=oddity.sort, closed_at=None, closed_by=None)
    return Finding(
        key=finding_key(rule=RULE, fact=f"{oddity.sort}|{timeline.records[0]}"),
        lead=timeline.lead,
        records=timeline.records,
        cycle=reference,
        rule=RULE,
        kind="data",
        status=Status.UNKNOWN,
        side=Side.NONE,
        owner=None,
        started_at=oddity.at,
        due_at=None,
        settled_at=None,
        late_by_s=None,
        evidence=(Evidence(at=oddity.at, what=oddity.sort, source=oddity.source),),
        message=f"{RULE}: {oddity.sort}; what is judged of this lead may rest on it",
    )
