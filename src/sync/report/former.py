"""Former runs and their plans, as text and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from sync.messages import State
from sync.plain import plain
from sync.report.contract import json_array, moment, step_json
from sync.steps import FieldWrite, Step
from sync.store.journal import Told
from sync.store.plans import NotedPlan
from sync.store.runs import NotedRun
from sync.waiting import Kept

SHORT = 12  # digits of a hash that people are shown
NO_END = "no end noted: it still runs, or was killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A step as it is shown."""

    plan: int
    place: int  # in the plan, from 0
    step: Step
    told: Sequence[Told] = ()  # what is noted about it
    messages: Sequence[Kept] = ()  # to people, about it


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
    if isinstance(written := run.summary.get("written"), Mapping):
        counts.append("written: " + (", ".join(f"{count:,} {event.replace('_', ' ')}" for event, count in written.items()) or "nothing"))
    return ", ".join(counts)


def _outcome(run: NotedRun) -> str:
    if run.outcome is None:
        return NO_END
    return run.outcome if run.outcome == "ok" else f"stopped: {run.outcome}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def step_lines(place: int, step: Step, names: OwnerNames, told: Sequence[Told] = ()) -> Iterator[str]:
    """Yield a step: its place in the plan (counted from 1), its lead, what it would write, why, what held it back, and what came of it."""
    record = f", record {step.record}" if str(step.record) != step.lead else ""
    yield plain(f"{place + 1}  {step.lead}{record}  {step.action} (for {step.rule}{_rung(step.rung)})")
    yield from (plain(f"    {_write(write, names.get((step.record.crm, write.field), {}))}") for write in step.fields)
    if step.manager is not None:
        yield plain(f"    task for: {_value(step.manager, _names_in(step.record.crm, names))}")
    yield plain(f"    because: {step.reason}")
    yield from (plain(f"    blocked: {why}") for why in step.blocked_by)
    yield from (plain(f"    {_utc(one.entry.at)}  {_event(one)}") for one in told)


def _names_in(crm: str, names: OwnerNames) -> Mapping[str, str]:
    return next((theirs for (one, _), theirs in names.items() if one == crm), {})


def _rung(rung: int) -> str:
    """Return which rung of its ladder a step is; of a warning, at which share of the time."""
    return f", rung {rung}" if rung > 0 else f", at {-rung}%" if rung else ""


def _event(told: Told) -> str:
    part = f", part {told.entry.place.part + 1}" if told.entry.place.part else ""
    part += f", {told.entry.record}" if told.entry.record is not None else ""
    said = f": {told.entry.said}" if told.entry.said else ""
    return f"{told.entry.event.value.replace('_', ' ')}{part} (run {told.run_id}){said}"


def _write(write: FieldWrite, names: Mapping[str, str]) -> str:
    return f"{write.field}: {_value(write.before, names)} -> {_value(write.after, names)}"


def _value(value: str | None, names: Mapping[str, str]) -> str:
    """Return a value, an owner's id with the owner's name."""
    if not value:
        return "blank"
    return f"{value} ({names[value]})" if value in names else value


def message_line(kept: Kept) -> str:
    """Return what became of a message: when, to whom, through which target, about what; never an address."""
    message = kept.message
    whom = f"{message.recipient.role}{f' {message.recipient.of}' if message.recipient.of else ''}"
    about = " ".join(part for part in (message.lead, message.rule and f"for {message.rule}") if part)
    said = f": {kept.said}" if kept.said else ""
    if kept.state in (State.PENDING, State.FAILED) and kept.due_at > kept.at:
        said = f"{said}, not before {_utc(kept.due_at)}"
    kind = message.kind.value.replace("_", " ")
    return f"{_utc(kept.at)}  {kind} to {whom} by {kept.target}{f' ({about})' if about else ''}: {kept.state}{said}"


def runs_json(runs: Iterable[Planned]) -> Iterator[bytes]:
    """Yield the document of `leadpact runs`, a run a line."""
    yield b"{\n"
    yield from json_array("runs", (orjson.dumps(_run_json(run, plans)) for run, plans in runs))
    yield b"\n}\n"


def plan_json(run: NotedRun, plans: Sequence[NotedPlan], steps: Iterable[ShownStep]) -> Iterator[bytes]:
    """Yield the document of `leadpact show`: the run, and its steps, each with its plan, its place there and what came of it."""
    yield b'{\n  "run": ' + orjson.dumps(_run_json(run, plans)) + b",\n"
    yield from json_array("steps", (orjson.dumps(_step_json(one)) for one in steps))
    yield b"\n}\n"


def _step_json(shown: ShownStep) -> dict[str, object]:
    journal = [
        {
            "run": one.run_id,
            "at": moment(one.entry.at),
            "event": one.entry.event.value,
            "part": one.entry.place.part + 1,
            "before": one.entry.before,
            "after": one.entry.after,
            "record": str(one.entry.record) if one.entry.record is not None else None,
            "said": one.entry.said,
        }
        for one in shown.told
    ]
    messages = [
        {"kind": one.message.kind, "to": one.message.recipient.role, "target": one.target, "state": one.state, "at": moment(one.at)}
        for one in shown.messages
    ]
    return {"plan": shown.plan, "place": shown.place + 1} | step_json(shown.step) | {"journal": journal, "messages": messages}


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
        "written": run.summary.get("written"),
        "findings": run.summary.get("findings"),
        "plans": [
            {"id": plan.id, "hash": plan.hash, "steps": plan.free + plan.blocked, "free": plan.free, "blocked": plan.blocked}
            for plan in plans
        ],
    }
