"""What a dry run found: the head of every report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sync.agreement.eras import AgreementSpan
from sync.agreement.model import Agreement
from sync.pull import Pulled
from sync.report.summary import Summary
from sync.store.plans import SavedPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What a dry run found; findings and steps lie in the spool."""

    run_id: str
    started_at: datetime
    as_of: datetime
    agreement: Agreement  # the version in force at `as_of`, else the current file
    eras: tuple[AgreementSpan, ...]  # which version judged what started when
    draft: str | None  # hash of the current file where another version judged
    signed: tuple[str, ...]  # sides whose signature stands under this very text
    not_enforcing: str | None
    not_judged: tuple[str, ...]  # rules that this version of leadpact reads but does not judge
    pulled: tuple[Pulled, ...]
    calls: Mapping[str, int]
    leads: Mapping[str, int]  # CRM -> person records in the mirror
    names: Mapping[str, str]  # owner id -> name
    teams: Mapping[str, str]  # owner id -> team, of those who are in one
    summary: Summary
    limited: bool  # whether the report shows only a part of what was found
    plan: SavedPlan | None
