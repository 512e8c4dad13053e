"""Where the findings of a run go to be told, and which of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sync.judge.findings import Finding
from sync.report.spool import Spool
from sync.report.summary import Summary
from sync.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Where the findings of a run go to be told, and which of them."""

    spool: Spool
    summary: Summary
    shown: Callable[[Finding], bool]
    stands: Callable[[Finding], bool] = lambda _: False  # of those that are not shown: for which a lead still waits

    def add(self, findings: Sequence[Finding], steps: Sequence[Step]) -> None:
        """Take in one lead."""
        told = [finding for finding in findings if self.shown(finding)]
        keys = {finding.key for finding in told}
        theirs = [step for step in steps if step.finding in keys]
        self.spool.add(told, theirs)
        self.summary.add(told, theirs, besides=[finding for finding in findings if finding.key not in keys and self.stands(finding)])

    def hold(self, trips: Mapping[str, str]) -> None:
        """Hold back the moves of the rules that went beyond a limit."""
        self.spool.hold(trips)
        self.summary.hold(trips)
