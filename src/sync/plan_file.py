"""A plan as a file that people read, pass on and approve. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from connectors.records import RecordKey
from sync.errors import UsageError
from sync.report.contract import moment, step_json
from sync.route import given_from, given_told
from sync.steps import FieldWrite, Step
from sync.store.plans import KeptPlan, plan_hash

FORMAT = 1
_ANEW = "make a new one: leadpact sync --dry-run --out plan.json"


def plan_json(plan: KeptPlan, steps: Iterable[Step], trips: Mapping[str, str]) -> Iterator[bytes]:
    """Yield a plan piece by piece: what it is, what a limit holds back, and each step on a line of its own."""
    head = {
        "leadpact_plan": FORMAT,
        "id": plan.id,
        "hash": plan.hash,
        "run": plan.run,
        "made_at": moment(plan.made_at),
        "accounts": dict(plan.accounts),
        "agreement": plan.agreement_hash,
        "held": dict(trips),
    }
    yield orjson.dumps(head, option=orjson.OPT_INDENT_2)[:-2] + b',\n  "steps": ['
    separator = b"\n    "
    for step in steps:
        given = None if step.given is None else given_told(step.given)
        yield separator + orjson.dumps(step_json(step) | {"given": given})
        separator = b",\n    "
    yield b"\n  ]\n}\n"


def hash_in(text: bytes, file: str) -> str:
    """Return the hash of the plan that a file holds; UsageError, with the reason, if it is none or was edited."""
    told = _document(text, file)
    hash_, steps = told["hash"], told["steps"]
    try:
        found = plan_hash(told["accounts"], told["agreement"], map(_step, steps))
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"{file}: a step is not one that leadpact wrote; the file was edited", fix=_ANEW) from None
    if found != hash_:
        raise UsageError(f"{file}: the steps are not those of plan {hash_[:12]}; the file was edited", fix=_ANEW)
    return str(hash_)


def _document(text: bytes, file: str) -> dict[str, Any]:
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{file}: line {error.lineno}: not JSON: {error.msg}; the file was cut off or edited", fix=_ANEW) from None
    if not isinstance(told, dict) or told.get("leadpact_plan") != FORMAT:
        raise UsageError(f"{file}: not a plan of this version of leadpact", fix=_ANEW)
    wanted = {"hash": str, "accounts": dict, "agreement": str, "steps": list}
    if wrong := [name for name, kind in wanted.items() if not isinstance(told.get(name), kind)]:
        raise UsageError(f"{file}: `{wrong[0]}` is missing or not what leadpact wrote; the file was edited", fix=_ANEW)
    return told


def _step(told: Mapping[str, Any]) -> Step:
    return Step(
        lead=told["lead"],
        record=RecordKey.parse(told["record"]),
        action=told["action"],
        fields=tuple(FieldWrite(**write) for write in told["fields"]),
        finding=told["finding"],
        rule=told["rule"],
        rung=told["rung"],
        reason=told["reason"],
        blocked_by=tuple(told["blocked_by"]),
        given=None if told["given"] is None else given_from(told["given"]),
        manager=told["manager"],
        nobody_left=told.get("nobody_left"),
    )
