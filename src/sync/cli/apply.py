"""`leadpact apply PLAN` and `leadpact undo RUN`: exactly one plan; back to what was before a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.context import Context
    from sync.steps import Step
    from sync.store.plans import KeptPlan

_CONFIG = typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
_WAIT = typer.Option(metavar="SPAN", help="How long to wait for another run that writes to the store.")


def apply(
    plan: Annotated[str, typer.Argument(help="A file that `sync --dry-run --out` wrote, or the number of a plan that a limit held.")],
    config: Annotated[Path | None, _CONFIG] = None,
    wait: Annotated[str, _WAIT] = "10 seconds",
) -> int:
    """Carry out exactly one plan, once; a step whose lead moved on since is skipped and says so."""
    from sync.act import apply as carry_out
    from sync.cli.acting import exit_code_of, tell_what_was_done
    from sync.cli.sync import parse_wait
    from sync.cli.terminal import show_progress
    from sync.wiring import open_context

    with show_progress() as tell, open_context(config, tell=tell, wait=parse_wait(wait)) as context:
        acted = carry_out(context, _chosen(context, plan))
    tell_what_was_done(acted)
    return exit_code_of(acted)


def undo(
    run: Annotated[
        str, typer.Argument(help="The run whose changes are put back: its id, as `leadpact runs` lists it, or its beginning; or `last`.")
    ],
    lead: Annotated[list[str] | None, typer.Option(metavar="KEY", help="Only this lead, e.g. hubspot/contact/101; any number.")] = None,
    even_paused: Annotated[
        bool, typer.Option("--even-paused", help="Put back also what is paused, and within a window in which nothing is written.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be put back, and keep it as a plan.")] = False,
    config: Annotated[Path | None, _CONFIG] = None,
    wait: Annotated[str, _WAIT] = "10 seconds",
) -> int:
    """Put back what a run changed, where it still stands as that run left it."""
    from sync.act import undo as put_back
    from sync.act import would_undo
    from sync.cli.acting import exit_code_of, tell_what_was_done
    from sync.cli.show import run_named
    from sync.cli.sync import parse_wait
    from sync.cli.terminal import show_progress
    from sync.wiring import open_context

    with show_progress() as tell, open_context(config, tell=tell, wait=parse_wait(wait)) as context:
        name = run_named(context.runs, run).id
        if dry_run:
            plan, steps = would_undo(context, name, lead or ())
        else:
            acted = put_back(context, name, lead or (), even_paused=even_paused)
    if dry_run:
        _show_what_would_be_put_back(plan, steps)
        return 0
    tell_what_was_done(acted)
    return exit_code_of(acted)


def _show_what_would_be_put_back(plan: int, steps: Iterable[tuple[int, Step, str | None]]) -> None:
    from sync.report.former import step_lines

    for position, step, why in steps:
        for line in step_lines(position, step if why is None else step.held_by(why), {}):
            typer.echo(line)
    typer.echo(f"nothing was written; this very plan is carried out by: leadpact apply {plan}")


def _chosen(context: Context, plan: str) -> KeptPlan:
    """Find the plan that a number or a file names; UsageError, with the reason, where there is none."""
    from sync.errors import UsageError
    from sync.plan_file import hash_in

    anew = "make a new one: leadpact sync --dry-run --out plan.json"
    if plan.isdigit():
        kept = context.plans.get(int(plan))
        if kept is None:
            raise UsageError(f"the store has no plan {plan}", fix="see the plans of all runs: leadpact runs")
        return kept
    try:
        text = Path(plan).read_bytes()
    except OSError as error:
        raise UsageError(f"{plan}: {error.strerror}", fix="name a file that `leadpact sync --dry-run --out` wrote") from None
    kept = context.plans.find(hash_in(text, plan))
    if kept is None:
        raise UsageError(f"{plan}: this store did not make that plan: it is another account's, or the store is a new one", fix=anew)
    return kept
