"""The audit as JSON, written as a stream: the contract of docs/reference/audit.schema.json."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import orjson

from connectors.records import Usage
from sync.report.audit import Audit
from sync.report.contract import json_array, moment, usage_json
from sync.report.spool import Spool


def audit_json(audit: Audit, spool: Spool) -> Iterator[bytes]:
    """Yield the document piece by piece; keys stand in a fixed order and each finding on its own line."""
    head = {"run": _run(audit), "crms": _crms(audit), "summary": audit.summary.as_json()}
    yield orjson.dumps(head, option=orjson.OPT_INDENT_2)[:-2]
    yield b",\n"
    yield from json_array("findings", spool.findings())
    yield b",\n"
    yield from json_array("steps", spool.steps())
    yield b"\n}\n"


def _run(audit: Audit) -> dict[str, object]:
    agreement = audit.agreement
    return {
        "id": audit.run_id,
        "mode": audit.kind,
        "started_at": moment(audit.started_at),
        "as_of": moment(audit.as_of),
        "agreement": {
            "title": agreement.title,
            "hash": agreement.hash,
            "signed": audit.signed,
            "in_force": audit.not_enforcing is None,
            "why_not_enforcing": audit.not_enforcing,
            "draft": audit.draft,
        },
        "not_judged": list(audit.not_judged),
        "plan": audit.plan.hash if audit.plan else None,
    }


def _crms(audit: Audit) -> list[dict[str, object]]:
    return [
        {
            "name": pulled.account.crm,
            "kind": pulled.account.kind,
            "account": pulled.account.id,
            "leads": audit.leads[pulled.account.crm],
            "api_calls": audit.usage[pulled.account.crm].calls,
            "usage": _usage(audit.usage[pulled.account.crm]),
            "closed_streams": dict(sorted(pulled.closed.items())),
            "behind_streams": {stream: moment(upto) for stream, upto in sorted(pulled.behind.items())},
            "vanished_streams": {stream: asdict(gone) for stream, gone in sorted(pulled.vanished.items())},
            "unswept_streams": dict(sorted(pulled.unswept.items())),
        }
        for pulled in audit.pulled
    ]


def _usage(usage: Usage) -> dict[str, object]:
    """Return what a CRM was called for; what others left of its day is not ours to tell, and another run would differ by it."""
    return {name: value for name, value in usage_json(usage).items() if name != "remaining_today"}
