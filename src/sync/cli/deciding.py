"""What commands have in common that make a plan for a person: how it is told, and saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync.context import Context
    from sync.decide import Decided
    from sync.report.former import OwnerNames


def save_plan(context: Context, plan_id: int, out: Path) -> None:
    """Write a plan of the store to a file for `leadpact apply`; UsageError, SyncError as any report."""
    from sync.cli.reports import write_file
    from sync.plan_file import plan_json

    kept = context.plans.get(plan_id)
    assert kept is not None, "the caller closed it"
    chunks = plan_json(kept, context.plans.steps(plan_id), context.plans.trips(plan_id))
    write_file(out, chunks, keep=context.known.config.own_files)


def tell_plan(context: Context, decided: Decided, out: Path | None) -> None:
    """Print the steps of a plan, then say which would be carried out and how."""
    from sync.plain import plain

    for line in _lines(context, decided, out):
        typer.echo(plain(line))


def _lines(context: Context, decided: Decided, out: Path | None) -> Iterator[str]:
    from sync.report.former import step_lines

    names, free, left = _owner_names(context), 0, 0
    for place, step in context.plans.numbered(decided.plan.id):
        free, left = free + (not step.blocked_by), left + bool(step.blocked_by)
        yield from step_lines(place, step, names)
    yield f"{decided.leads} leads looked at: {free} steps can be carried out, {left} are held back, each for the reason above"
    if decided.beyond is not None:
        yield f"beyond a limit, which applying it lets pass: {decided.beyond}"
    if free:
        yield f"nothing was changed; to do exactly this: leadpact apply {out if out is not None else decided.plan.id}"


def _owner_names(context: Context) -> OwnerNames:
    known = context.known
    return {(crm, words.owner): {owner.id: owner.name for owner in known.mirror.owners(crm)} for crm, words in known.vocabularies.items()}
