"""Leads as they were read right before they are written, and whether a step is still asked for them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sync.fresh import Promised, why_not_now
from sync.judge.findings import Finding
from sync.judge.judge import judge_lead
from sync.offboard import Offboarding
from sync.plan import Planner
from sync.route import Routing
from sync.rows import LeadRows
from sync.seats import is_there
from sync.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Some leads at the moment of `planner`, by which they are judged once more."""

    rows: Mapping[str, LeadRows]  # by lead; who is gone, or was merged into another, is missing
    planner: Planner | Offboarding
    routing: Routing  # who may get leads at that moment
    _findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)  # by lead, of those that were asked for

    def why_not(self, step: Step) -> str | None:
        """Say why a step must not be carried out; None if it may."""
        rows = self.rows.get(step.lead)
        if rows is None:
            return "the lead is gone, or was merged into another"
        terms, now, findings = self.planner.terms, self.planner.now, self._judged(rows)
        router = Promised(step.given, self.routing, lambda owner: is_there(terms, owner, now))
        asked = replace(self.planner, routing=router).steps(rows, findings)
        days = terms.crms[step.record.crm].vocabulary.own_fields.get("return_on")
        return why_not_now(step, asked, findings, moving=(days,) if days is not None else ())

    def _judged(self, rows: LeadRows) -> tuple[Finding, ...]:
        if rows.lead not in self._findings:
            self._findings[rows.lead] = judge_lead(rows, self.planner.terms, self.planner.now, derive=self.planner.derive).findings
        return self._findings[rows.lead]
