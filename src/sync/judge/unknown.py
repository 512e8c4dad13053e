"""What can be said where a fact has no known time: only what holds in every reading. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from sync.judge.findings import Evidence, Finding, Side, Status

T = TypeVar("T")


def agree(readings: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Merge the findings of several readings of one lead; the last reading takes every change at its latest.

    A finding whose status is the same in all readings stands. If they differ in whose fault it is, in the side or
    in the owner, it is the system's, for no person is blamed on a guess. Any other becomes `unknown`. Moments and
    owners on which the readings differ are not known, and are None.
    """
    if len(readings) == 1:
        return tuple(readings[0])
    by_key: dict[str, list[Finding]] = {}
    for reading in readings:
        for finding in reading:
            by_key.setdefault(finding.key, []).append(finding)
    merged = (_merge(found, of=len(readings)) for found in by_key.values())
    return tuple(sorted(merged, key=lambda f: (f.rule, f.started_at is not None, f.started_at, f.key)))


def _merge(found: Sequence[Finding], *, of: int) -> Finding:
    latest = found[-1]
    sure = len(found) == of and len({f.status for f in found}) == 1
    late = [f.late_by_s for f in found if f.late_by_s is not None]
    cycle = replace(
        latest.cycle,
        opened_at=_common(f.cycle.opened_at for f in found),
        closed_at=_common(f.cycle.closed_at for f in found),
    )
    agreed = replace(
        latest,
        side=latest.side if len({_culprit(f) for f in found}) == 1 else Side.SYSTEM,
        owner=_common(f.owner for f in found),
        started_at=_common(f.started_at for f in found),
        due_at=_common(f.due_at for f in found),
        settled_at=_common(f.settled_at for f in found),
        late_by_s=min(late, default=None),
        owed=all(f.owed for f in found),
        elapsed=latest.elapsed if len({f.elapsed for f in found}) == 1 else None,
        cycle=cycle,
        evidence=_common_evidence(found),
    )
    if sure:
        return agreed
    why = f"{latest.rule}: unknown, because the CRM keeps no history of when one of the facts it rests on happened"
    return replace(agreed, status=Status.UNKNOWN, side=Side.NONE, settled_at=None, late_by_s=None, message=why)


def _culprit(finding: Finding) -> tuple[Side, str | None]:
    """Return whom a finding blames: one owner is another culprit than the next."""
    return finding.side, finding.owner if finding.side is Side.OWNER else None


def _common(said: Iterable[T | None]) -> T | None:
    distinct = set(said)
    return distinct.pop() if len(distinct) == 1 else None


def _common_evidence(found: Sequence[Finding]) -> tuple[Evidence, ...]:
    """Return the latest reading's evidence, without the moments and verdicts that other readings do not share."""
    return tuple(_shared(e, [_counterpart(e, finding.evidence) for finding in found[:-1]]) for e in found[-1].evidence)


def _counterpart(evidence: Evidence, others: Sequence[Evidence]) -> Evidence | None:
    """Return what another reading says of the same fact: the same words first, for one field can tell several facts."""
    same = [other for other in others if other.source == evidence.source]
    alike = [other for other in same if other.what == evidence.what]
    return next((other for other in alike if other.at == evidence.at), next(iter(alike or same), None))


def _shared(evidence: Evidence, others: Sequence[Evidence | None]) -> Evidence:
    if all(other == evidence for other in others):
        return evidence
    if all(other is not None and other.what == evidence.what for other in others):
        return replace(evidence, at=None)
    at = evidence.at if all(other is None or other.at == evidence.at for other in others) else None
    return replace(evidence, at=at, what=f"{evidence.what} (not certain)")
