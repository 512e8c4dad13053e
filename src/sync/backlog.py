"""Broken promises from before their rule was enforced: told, and never acted on unless a person orders it. Pure."""

from __future__ import annotations

from datetime import datetime

from sync.judge.findings import Finding, Status


def is_backlog(finding: Finding, since: datetime | None) -> bool:
    """Whether a promise is broken, still owed, and of a passage that opened before `since`; None: its rule is not enforced yet."""
    if finding.status is not Status.BREACHED or not finding.owed:
        return False
    opened_at = finding.cycle.opened_at
    return since is None or opened_at is None or opened_at < since
