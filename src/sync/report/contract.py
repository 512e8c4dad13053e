"""Findings and steps as the JSON contract of docs/reference/audit.schema.json tells them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from connectors.records import Usage
from sync.judge.findings import CycleRef, Evidence, Finding
from sync.steps import Step


def moment(at: datetime | None) -> str | None:
    """Return a moment as `2026-11-20T15:00:00.000Z`; None stays None."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_array(name: str, items: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a member of a document, piece by piece: a list of which each item, JSON itself, stands on its own line."""
    yield f'  "{name}": ['.encode()
    separator = b"\n    "
    for item in items:
        yield separator + item
        separator = b",\n    "
    yield b"\n  ]"


def finding_json(finding: Finding) -> dict[str, object]:
    """Return one entry of `findings`."""
    return {
        "key": finding.key,
        "lead": finding.lead,
        "records": [str(record) for record in finding.records],
        "cycle": _cycle(finding.cycle),
        "rule": finding.rule,
        "kind": finding.kind,
        "status": finding.status.value,
        "side": finding.side.value,
        "owner": finding.owner,
        "started_at": moment(finding.started_at),
        "due_at": moment(finding.due_at),
        "settled_at": moment(finding.settled_at),
        "late_by_s": finding.late_by_s,
        "level": finding.level,
        "reason": finding.reason,
        "elapsed": asdict(finding.elapsed) if finding.elapsed is not None else None,
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
        "message": finding.message,
    }


def _cycle(cycle: CycleRef) -> dict[str, object]:
    return {
        "handoff": cycle.handoff,
        "number": cycle.number,
        "opened_at": moment(cycle.opened_at),
        "opened_by": cycle.opened_by,
        "closed_at": moment(cycle.closed_at),
        "closed_by": cycle.closed_by,
    }


def _evidence(evidence: Evidence) -> dict[str, object]:
    return {"at": moment(evidence.at), "what": evidence.what, "source": evidence.source, "counted": evidence.counted}


def step_json(step: Step) -> dict[str, object]:
    """Return one entry of `steps`."""
    return {
        "lead": step.lead,
        "record": str(step.record),
        "action": step.action,
        "fields": [{"field": write.field, "before": write.before, "after": write.after} for write in step.fields],
        "finding": step.finding,
        "rule": step.rule,
        "rung": step.rung,
        "reason": step.reason,
        "blocked_by": list(step.blocked_by),
        "manager": step.manager,
        "nobody_left": step.nobody_left,
    }


def usage_json(usage: Usage) -> dict[str, object]:
    """Return what one CRM was called for."""
    return {
        "calls": usage.calls,
        "by_purpose": dict(sorted(usage.by_purpose.items())),
        "day": usage.day.isoformat() if usage.day else None,
        "today": usage.today,
        "limit_today": usage.limit_today,
        "remaining_today": usage.remaining_today,
    }
