"""What a run found, counted as it streams by: by rule, by side, and the worst leads. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop

from sync.judge.findings import Finding, Status
from sync.plan import Step

WORST = 10


@dataclass(frozen=True, slots=True, order=True)
class Worst:
    """One broken promise that still stands, for the list of the worst."""

    late_by_s: int
    lead: str
    finding: Finding = field(compare=False)
    steps: tuple[Step, ...] = field(compare=False)


@dataclass(slots=True)
class Summary:
    """Counts of one run; memory does not grow with the number of leads."""

    leads: int = 0  # person records in the mirror
    in_handoff: int = 0  # of these, with at least one finding
    findings: int = 0
    by_rule: dict[str, Counter[str]] = field(default_factory=dict)  # rule -> status -> findings
    kept_late: Counter[str] = field(default_factory=Counter)  # rule -> breaches that were kept late
    by_side: dict[str, Counter[str]] = field(default_factory=dict)  # rule -> side -> breaches
    steps: Counter[str] = field(default_factory=Counter)  # action -> steps
    blocked: int = 0
    _worst: list[Worst] = field(default_factory=list)

    def add(self, findings: Sequence[Finding], steps: Sequence[Step]) -> None:
        """Count one lead."""
        self.leads += 1
        self.in_handoff += bool(findings)
        self.findings += len(findings)
        for finding in findings:
            self.by_rule.setdefault(finding.rule, Counter())[finding.status.value] += 1
            if finding.status is Status.BREACHED:
                self.by_side.setdefault(finding.rule, Counter())[finding.side.value] += 1
                self.kept_late[finding.rule] += finding.settled_at is not None
        for step in steps:
            self.steps[step.action] += 1
            self.blocked += bool(step.blocked_by)
        self._rank(findings, tuple(steps))

    def _rank(self, findings: Sequence[Finding], steps: tuple[Step, ...]) -> None:
        open_breaches = [f for f in findings if f.status is Status.BREACHED and f.settled_at is None and f.cycle.closed_at is None]
        if not open_breaches:
            return
        worst = max(open_breaches, key=lambda f: (f.late_by_s or 0, f.rule))
        entry = Worst(worst.late_by_s or 0, worst.lead, worst, steps)
        if len(self._worst) < WORST:
            heappush(self._worst, entry)
        else:
            heappushpop(self._worst, entry)

    @property
    def worst(self) -> list[Worst]:
        """The leads with the longest standing breaches, worst first."""
        return sorted(self._worst, reverse=True)

    @property
    def breaches(self) -> int:
        """Findings that say a promise was broken, settled late or not."""
        return sum(counts[Status.BREACHED.value] for counts in self.by_rule.values())

    def as_json(self) -> dict[str, object]:
        """Return the counts as the `summary` of the JSON contract, keys sorted."""
        return {
            "leads": self.leads,
            "in_handoff": self.in_handoff,
            "findings": self.findings,
            "changes": sum(self.steps.values()),
            "blocked": self.blocked,
            "by_rule": {rule: dict(sorted(counts.items())) for rule, counts in sorted(self.by_rule.items())},
            "kept_late": {rule: count for rule, count in sorted(self.kept_late.items()) if count},
            "breaches_by_side": {rule: dict(sorted(counts.items())) for rule, counts in sorted(self.by_side.items())},
            "steps": dict(sorted(self.steps.items())),
        }
