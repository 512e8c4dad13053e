"""What a run found: the head of every report, and words that all reports share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.records import Usage
from sync.agreement.eras import AgreementSpan
from sync.agreement.model import Agreement
from sync.pull import Pulled
from sync.report.summary import Summary
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What a run found; findings and steps lie in the spool."""

    run_id: str
    kind: str  # dry-run, sync
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


def nothing_found(audit: Audit) -> str:
    """Say why an audit without findings has none."""
    if not audit.summary.leads:
        known = sum(audit.leads.values())
        return "No lead was known then." if known else "The account holds no leads, so there was nothing to judge."
    if audit.limited:
        return "Nothing matches what --only asks for."
    return "No lead was handed over, so no promise was due. Does `leadpact check` find the stages you use?"
