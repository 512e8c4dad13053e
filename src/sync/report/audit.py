"""What a run found: the head of every report, and words that all reports share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.records import Usage
from sync.agreement.eras import AgreementSpan
from sync.agreement.model import Agreement
from sync.agreement.parties import Meeting
from sync.history import local_text
from sync.plain import plain
from sync.pull import Pulled
from sync.report.page_words import attainment_text
from sync.report.period import Period
from sync.report.summary import STAYS, TO_FALLBACK, Summary, Tally
from sync.store.plans import SavedPlan

ACTIONS = {
    "assign": "give the lead, which nobody has, to the next in the pool",
    "reassign": "give the lead to the next in the pool",
    "recycle": "send the lead back to Marketing",
    "return": "return the lead to Marketing",
    "remind": "remind the owner",
    "escalate": "tell the manager, with a task",
    "promote": "set the stage that the lead has earned",
    "stamp": "note the state of the promise on the record",
}
DEEDS = {
    "assign": "leads that nobody had were given to somebody",
    "reassign": "leads were given to another owner",
    "recycle": "leads were sent back to Marketing",
    "return": "leads were returned to Marketing",
    "promote": "stages were set that leads had earned",
    "escalate": "leads were listed in a manager's task",
    "stamp": "records were stamped",
    "undo": "changes were taken back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FromStore:
    """What is told besides of a report that no run made: it tells what former runs left in the store."""

    period: Period | None  # of which time it tells; None: of all
    former: Tally  # what became of the promises of the time before, as long
    meeting: Meeting | None  # for which it is made
    meets_at: datetime | None
    done: Mapping[str, int] = field(default_factory=dict)  # what leadpact did meanwhile: action -> changes that were read back


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What a run found; findings and steps lie in the spool."""

    run_id: str  # of a report from the store that of the newest run
    kind: str  # dry-run, sync, report
    started_at: datetime
    as_of: datetime
    agreement: Agreement  # the version in force at `as_of`, else the current file
    eras: tuple[AgreementSpan, ...]  # which version judged what started when
    draft: str | None  # hash of the current file where another version judged
    signed: tuple[str, ...]  # sides whose signature stands under this very text
    not_enforcing: str | None
    not_judged: tuple[str, ...]  # rules that this version of leadpact reads but does not judge
    pulled: tuple[Pulled, ...]
    usage: Mapping[str, Usage]  # CRM -> what it was called for
    leads: Mapping[str, int]  # CRM -> person records in the mirror
    names: Mapping[str, str]  # owner id -> name
    teams: Mapping[str, str]  # owner id -> team, of those who are in one
    summary: Summary
    limited: bool  # whether the report shows only a part of what was found
    plan: SavedPlan | None
    kept: FromStore | None = None  # None: a run of its own found it


def nothing_found(audit: Audit) -> str:
    """Say why an audit without findings has none."""
    if not audit.summary.leads:
        known = sum(audit.leads.values())
        return "No lead was known then." if known else "The account holds no leads, so there was nothing to judge."
    if audit.kept is not None and audit.kept.period is not None:
        return "No promise fell due in this time, and none is open."
    if audit.limited:
        return "Nothing matches what --only asks for."
    return "No lead was handed over, so no promise was due. Does `leadpact check` find the stages you use?"


def time_lines(audit: Audit) -> Iterator[str]:
    """Yield for which meeting a report from the store is made, and of which time it tells."""
    kept, zone = audit.kept, audit.agreement.zone
    if kept is None:
        return
    if kept.meeting is not None:
        when = f", {local_text(kept.meets_at, zone)}" if kept.meets_at is not None else ""
        yield plain(f"For: {kept.meeting.name}{when}; led by {kept.meeting.led}")
        yield from (plain(f"  - {point}") for point in kept.meeting.agenda)
    if kept.period is not None:
        since, upto = (local_text(at, zone) for at in (kept.period.since, kept.period.upto))
        yield f"What fell due from {since} to {upto}, and what is open now."


def nobody_left(summary: Summary) -> Iterator[str]:
    """Yield a sentence for each pool of which nobody may get leads that are due to go to somebody else."""
    ends = {TO_FALLBACK: "would go to its fallback", STAYS: "would stay where they are"}
    for pool, became in sorted(summary.nobody_left.items()):
        told = ", ".join(f"{became[end]:,} {words}" for end, words in ends.items() if became[end])
        name = plain(pool)
        yield f"Nobody of pool {name} is left who may get {became.total():,} of the leads: {told}. Why: leadpact route {name}"


def figures_text(audit: Audit) -> str:
    """Return what a report says in a line: `91.2% of 125 promises kept (88.0% before), 11 broken, 4 leads still wait`."""
    total, former = audit.summary.total, audit.kept.former if audit.kept is not None else Tally()
    decided = total.kept + total.broken
    kept = f"{attainment_text(total)} of {decided:,} promise{'s' * (decided != 1)} kept" if decided else "no promise fell due"
    before = f" ({attainment_text(former)} before)" if former.kept + former.broken else ""
    waiting = audit.summary.standing
    return f"{kept}{before}, {total.broken:,} broken, {waiting:,} lead{'s' * (waiting != 1)} still wait{'s' * (waiting == 1)}"
