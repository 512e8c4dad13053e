"""Findings as rows of `finding_version`, and back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import orjson

from connectors.records import RecordKey
from sync.judge.findings import CycleRef, Elapsed, Evidence, Finding, Side, Status
from sync.store.moments import from_ms_if_known, to_ms_if_known

_COLUMNS = (
    "run",
    "key",
    "lead",
    "rule",
    "kind",
    "status",
    "side",
    "owner",
    "started_at",
    "due_at",
    "settled_at",
    "late_by_s",
    "handoff",
    "cycle_number",
    "cycle_opened_at",
    "cycle_opened_by",
    "cycle_closed_at",
    "cycle_closed_by",
    "records",
    "evidence",
    "message",
    "level",
    "reason",
    "owed",
    "withdrawn",
)
VERSION_COLUMNS = ", ".join(_COLUMNS)
VERSION_MARKS = ", ".join("?" * len(_COLUMNS))


def fingerprint(finding: Finding) -> bytes:
    """Hash all that makes a finding another one: everything but the lateness, the split of the time and the message.

    These grow with the hour. Without a level the hash is the one of the versions that knew none.
    """
    told = (
        finding.lead,
        finding.rule,
        finding.kind,
        finding.status,
        finding.side,
        finding.owner,
        *_moments(finding),
        *_cycle(finding.cycle),
        _records(finding.records),
        _evidence(finding.evidence),
        *((finding.level,) if finding.level is not None else ()),
        *((finding.reason,) if finding.reason is not None else ()),
        finding.owed,
    )
    return blake2b(orjson.dumps(told), digest_size=16).digest()


def version_row(finding: Finding, *, run: int, lead: int) -> tuple[Any, ...]:
    """Return the values of `VERSION_COLUMNS` for a finding that stands."""
    return (
        run,
        finding.key,
        lead,
        finding.rule,
        finding.kind,
        finding.status.value,
        finding.side.value,
        finding.owner,
        *_moments(finding),
        finding.late_by_s,
        *_cycle(finding.cycle),
        _records(finding.records),
        _evidence(finding.evidence),
        finding.message,
        finding.level,
        finding.reason,
        int(finding.owed),
        0,
    )


def finding_from_row(row: Sequence[Any]) -> Finding:
    """Read (lead's key, lateness now, split of the time now, message now, *VERSION_COLUMNS)."""
    lead, late_by_s, elapsed, message, *version = row
    told = dict(zip(_COLUMNS, version, strict=True))
    return Finding(
        key=told["key"],
        lead=lead,
        records=tuple(RecordKey.parse(key) for key in orjson.loads(told["records"])),
        cycle=_cycle_from(told),
        rule=told["rule"],
        kind=told["kind"],
        status=Status(told["status"]),
        side=Side(told["side"]),
        owner=told["owner"],
        started_at=from_ms_if_known(told["started_at"]),
        due_at=from_ms_if_known(told["due_at"]),
        settled_at=from_ms_if_known(told["settled_at"]),
        late_by_s=late_by_s,
        evidence=tuple(_evidence_from(one) for one in orjson.loads(told["evidence"])),
        message=message,
        level=told["level"],
        reason=told["reason"],
        owed=bool(told["owed"]),
        elapsed=None if elapsed is None else Elapsed(**orjson.loads(elapsed)),
    )


def elapsed_json(finding: Finding) -> str | None:
    """Write how the time of a finding went; None where it has no such split."""
    return None if finding.elapsed is None else orjson.dumps(finding.elapsed).decode()


def _moments(finding: Finding) -> tuple[int | None, ...]:
    return tuple(to_ms_if_known(at) for at in (finding.started_at, finding.due_at, finding.settled_at))


def _cycle(cycle: CycleRef) -> tuple[int | str | None, ...]:
    return (cycle.handoff, cycle.number, to_ms_if_known(cycle.opened_at), cycle.opened_by, to_ms_if_known(cycle.closed_at), cycle.closed_by)


def _cycle_from(told: dict[str, Any]) -> CycleRef:
    return CycleRef(
        handoff=told["handoff"],
        number=told["cycle_number"],
        opened_at=from_ms_if_known(told["cycle_opened_at"]),
        opened_by=told["cycle_opened_by"],
        closed_at=from_ms_if_known(told["cycle_closed_at"]),
        closed_by=told["cycle_closed_by"],
    )


def _records(records: Sequence[RecordKey]) -> str:
    return orjson.dumps([str(key) for key in records]).decode()


def _evidence(evidence: Sequence[Evidence]) -> str:
    told = [{"at": to_ms_if_known(one.at), "what": one.what, "source": one.source, "counted": one.counted} for one in evidence]
    return orjson.dumps(told).decode()


def _evidence_from(told: dict[str, Any]) -> Evidence:
    return Evidence(at=from_ms_if_known(told["at"]), what=told["what"], source=told["source"], counted=told["counted"])
