"""What can be said where a fact has no known time: only what holds in every reading. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sync.judge.findings import Finding, Side, Status


def agree(readings: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Merge the findings of several readings of one lead; the last reading takes every change at its latest.

    A finding whose status is the same in all readings stands as the last one has it; if they differ in
    whose fault it is, it is the system's, for no person is blamed on a guess. Any other becomes
    `unknown`, and loses the moments on which the readings differ.
    """
    if len(readings) == 1:
        return tuple(readings[0])
    by_key: dict[str, list[Finding]] = {}
    for reading in readings:
        for finding in reading:
            by_key.setdefault(finding.key, []).append(finding)
    merged = (_merge(found, of=len(readings)) for found in by_key.values())
    return tuple(sorted(merged, key=lambda f: (f.rule, f.started_at is None, f.started_at, f.key)))


def _merge(found: Sequence[Finding], *, of: int) -> Finding:
    latest = found[-1]
    if len(found) == of and len({f.status for f in found}) == 1:
        return latest if len({f.side for f in found}) == 1 else replace(latest, side=Side.SYSTEM)
    return replace(
        latest,
        status=Status.UNKNOWN,
        side=Side.NONE,
        started_at=_common([f.started_at for f in found]),
        due_at=_common([f.due_at for f in found]),
        settled_at=None,
        late_by_s=None,
        cycle=replace(latest.cycle, opened_at=_common([f.cycle.opened_at for f in found])),
        message=f"{latest.rule}: unknown, because the CRM keeps no history of when one of the facts it rests on happened",
    )


def _common(moments: Sequence[datetime | None]) -> datetime | None:
    return moments[0] if len(set(moments)) == 1 else None
