"""`leadpact show RUN`: the plan of a former run, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.runs import PastFormat, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sync.report.former import ShownStep
    from sync.store.plans import Chosen, NotedPlan
    from sync.store.runs import NotedRun, Runs
    from sync.wiring import Past

LAST = "last"


def show(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The id of a run, as `leadpact runs` lists it, or its beginning; `last` is the newest.")
    ],
    lead: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only the steps of this lead: a record, its id or an e-mail address.")
    ] = None,
    action: Annotated[
        list[str] | None, typer.Option(metavar="ACTION", help="Only steps that do this, e.g. reassign; may be given more than once.")
    ] = None,
    format: Annotated[PastFormat, typer.Option(help="How to write them.")] = PastFormat.TEXT,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Show what a run planned and did: every step, each field from old to new, why, what held it back, what came of it; asks no CRM."""
    from sync.report.former import plan_json
    from sync.wiring import open_past

    with open_past(config) as past:
        found = run_named(past.runs, run)
        plans = past.plans.of_runs([found.id]).get(found.id, ()) or past.plans.noted(past.journal.plans_of(found.id))
        steps = _steps(past, plans, _chosen(past, lead, action))
        if format is PastFormat.JSON:
            write_bytes(plan_json(found, plans, steps))
        else:
            _write_text(found, plans, steps, past)
    return 0


def run_named(runs: Runs, text: str) -> NotedRun:
    """Return the run that is meant; UsageError if there is none, or several."""
    from sync.errors import UsageError

    wanted = text.strip()
    found = tuple(runs.newest(1)) if wanted == LAST else runs.named(wanted)
    if len(found) == 1:
        return found[0]
    what = f"`{text}` is the beginning of several runs" if found else f"there is no run `{text}`"
    raise UsageError(what, fix="`leadpact runs` lists them; `last` is the newest")


def _chosen(past: Past, lead: str | None, actions: Sequence[str] | None) -> Chosen:
    """Return which steps are wanted; UsageError for a lead or an action that there is not."""
    from sync.errors import UsageError
    from sync.problems import choose_fix, listed
    from sync.report.audit import ACTIONS
    from sync.store.plans import Chosen

    for action in actions or ():
        if action not in ACTIONS:
            raise UsageError(f"no step does `{action}`", fix=choose_fix(action, ACTIONS, otherwise=f"one of {listed(ACTIONS)}"))
    keys = None
    if lead is not None:
        keys = frozenset([*past.reader.find(lead), *([lead] if lead.count("/") == 2 else [])])
        if not keys:
            raise UsageError(f"the store knows no lead `{lead}`", fix="name it as the plan does, such as hubspot/contact/101")
    return Chosen(keys=keys, actions=frozenset(actions) if actions else None)


def _steps(past: Past, plans: Sequence[NotedPlan], chosen: Chosen) -> Iterator[ShownStep]:
    """Yield the chosen steps, each with its plan, its place there, what a limit says against it and what came of it."""
    from sync.limits import hold_back
    from sync.report.former import ShownStep

    for plan in plans:
        trips, told, messages = past.plans.trips(plan.id), past.journal.told(plan.id), past.outbox.of_plan(plan.id)
        for place, step in past.plans.numbered(plan.id, chosen):
            (held,) = hold_back([step], trips)
            yield ShownStep(plan=plan.id, place=place, step=held, told=told.get(place, ()), messages=messages.get(place, ()))


def _write_text(run: NotedRun, plans: Sequence[NotedPlan], steps: Iterable[ShownStep], past: Past) -> None:
    from sync.plain import plain
    from sync.report.former import message_line, run_lines, step_lines

    for line in run_lines(run, plans):
        typer.echo(line)
    if not plans:
        _write_without_plan(run)
        return
    told = 0
    for one in steps:
        told += 1
        typer.echo()
        for line in step_lines(one.place, one.step, past.names, one.told):
            typer.echo(line)
        for message in one.messages:
            typer.echo(plain(f"    {message_line(message)}"))
    if not told:
        typer.echo("No step.")


def _write_without_plan(run: NotedRun) -> None:
    from sync.report.drift import drift_lines

    for line in drift_lines(run.summary):
        typer.echo(line)
    if "reconciled" not in run.summary:
        typer.echo("No plan was kept: it looked back (--as-of), or it was stopped before.")
