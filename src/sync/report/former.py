"""Former runs and their plans, as text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import orjson

from sync.plain import plain
from sync.plan import FieldWrite, Step
from sync.report.contract import json_array, moment, step_json
from sync.store.plans import NotedPlan
from sync.store.runs import NotedRun

SHORT = 12  # digits of a hash that people are shown
NO_END = "no end noted: it still runs, or was killed"

Planned = tuple[NotedRun, Sequence[NotedPlan]]
OwnerNames = Mapping[tuple[str, str], Mapping[str, str]]  # (CRM, its owner field) -> owner id -> name


def run_lines(run: NotedRun, plans: Sequence[NotedPlan]) -> Iterator[str]:
    """Yield a run in two lines: when, how long and how it ended; what it found and planned."""
    took = f", took {run.summary['took_s']} s" if "took_s" in run.summary else ""
    as_of = f", as of {_utc(run.as_of)}" if run.as_of is not None else ""
    yield plain(f"{run.id}  {run.kind}, {run.mode}  {_utc(run.began_at)}{took}{as_of}  {_outcome(run)}")
    told = [_counted(run), *(plan_text(plan) for plan in plans)]
    yield plain(f"    {'; '.join(part for part in told if part) or 'nothing was judged'}")


def plan_text(plan: NotedPlan) -> str:
    """Return `plan 3 (a1b2c3d4e5f6): 14 steps, 2 free, 12 blocked`."""
    steps = plan.free + plan.blocked
    name = plan.hash[:SHORT] if plan.hash is not None else "not sealed"
    held = f", {plan.free:,} free, {plan.blocked:,} blocked" if steps else ""
    return f"plan {plan.id} ({name}): {steps:,} step{'s' * (steps != 1)}{held}"


def _counted(run: NotedRun) -> str:
    counts = [f"{run.summary[what]:,} {what}" for what in ("leads", "findings") if what in run.summary]
    return ", ".join(counts)


def _outcome(run: NotedRun) -> str:
    if run.outcome is None:
        return NO_END
    return run.outcome if run.outcome == "ok" else f"stopped: {run.outcome}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def step_lines(place: int, step: Step, names: OwnerNames) -> Iterator[str]:
    """Yield a step: its place in the plan (counted from 1), its lead, what it would write, why, and what held it back."""
    record = f", record {step.record}" if str(step.record) != step.lead else ""
    yield plain(f"{place + 1}  {step.lead}{record}  {step.action} (for {step.rule}, rung {step.rung})")
    yield from (plain(f"    {_write(write, names.get((step.record.crm, write.field), {}))}") for write in step.fields)
    yield plain(f"    because: {step.reason}")
    yield from (plain(f"    blocked: {why}") for why in step.blocked_by)


def _write(write: FieldWrite, names: Mapping[str, str]) -> str:
    return f"{write.field}: {_value(write.before, names)} -> {_value(write.after, names)}"


def _value(value: str | None, names: Mapping[str, str]) -> str:
    """Return a value, an owner's id with the owner's name."""
    if not value:
        return "blank"
    return f"{value} ({names[value]})" if value in names else value


def runs_json(runs: Iterable[Planned]) -> Iterator[bytes]:
    """Yield the document of `leadpact runs`, a run a line."""
    yield b"{\n"
    yield from json_array("runs", (orjson.dumps(_run_json(run, plans)) for run, plans in runs))
    yield b"\n}\n"


def plan_json(run: NotedRun, plans: Sequence[NotedPlan], steps: Iterable[tuple[int, int, Step]]) -> Iterator[bytes]:
    """Yield the document of `leadpact show`: the run, and its steps, each with its plan and its place there."""
    yield b'{\n  "run": ' + orjson.dumps(_run_json(run, plans)) + b",\n"
    yield from json_array("steps", (orjson.dumps({"plan": plan, "place": place + 1} | step_json(step)) for plan, place, step in steps))
    yield b"\n}\n"


def _run_json(run: NotedRun, plans: Sequence[NotedPlan]) -> dict[str, object]:
    return {
        "id": run.id,
        "kind": run.kind,
        "mode": run.mode,
        "began_at": moment(run.began_at),
        "took_s": run.summary.get("took_s"),
        "as_of": moment(run.as_of),
        "agreement": run.agreement_hash,
        "outcome": run.outcome,
        "leads": run.summary.get("leads"),
        "findings": run.summary.get("findings"),
        "plans": [
            {"id": plan.id, "hash": plan.hash, "steps": plan.free + plan.blocked, "free": plan.free, "blocked": plan.blocked}
            for plan in plans
        ],
    }
