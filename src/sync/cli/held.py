"""`leadpact held` and `leadpact drop ID`: plans that a limit stopped, and whatever else is stopped now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.runs import PastFormat, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync.stopped import Stopped

_CONFIG = typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")


def held(
    format: Annotated[PastFormat, typer.Option(help="How to write it.")] = PastFormat.TEXT,
    config: Annotated[Path | None, _CONFIG] = None,
) -> int:
    """List the plans that a limit holds, and what is paused, set to observe or frozen, each with the command that ends it; asks no CRM."""
    from sync.report.stopped import stopped_json
    from sync.stopped import open_stopped

    with open_stopped(config) as stopped:
        if format is PastFormat.JSON:
            write_bytes([stopped_json(stopped.held.waiting(stopped.now), stopped.stops.active(stopped.now), _frozen(stopped))])
            return 0
        lines = list(_lines(stopped))
    for line in lines or ["Nothing is held, paused or frozen."]:
        typer.echo(line)
    return 0


def drop(
    plan: Annotated[int, typer.Argument(help="The number of a plan that a limit holds, as `leadpact held` lists it.")],
    reason: Annotated[str, typer.Option(help="Why, for whoever looks later.")],
    config: Annotated[Path | None, _CONFIG] = None,
) -> int:
    """Never carry out a plan that a limit holds; its leads are judged afresh by the next run."""
    from sync.errors import UsageError
    from sync.holding import AFRESH, refuse_if_ended
    from sync.stopped import given_reason, open_stopped

    why = given_reason(reason)
    with open_stopped(config) as stopped:
        if not stopped.held.drop(plan, now=stopped.now, who=stopped.who, why=why):
            found = stopped.held.get(plan)
            if found is None:
                raise UsageError(f"no limit holds a plan {plan}", fix="see which plans are held: leadpact held")
            refuse_if_ended(found, stopped.now + found.ahead)
    typer.echo(f"plan {plan} is dropped: {AFRESH}")
    return 0


def _lines(stopped: Stopped) -> Iterator[str]:
    from sync.plain import plain
    from sync.report.stopped import held_lines, stop_lines

    for plan in stopped.held.waiting(stopped.now):
        yield from map(plain, held_lines(plan))
    for stop in stopped.stops.active(stopped.now):
        yield from stop_lines(stop)
    yield from map(plain, _frozen(stopped))


def _frozen(stopped: Stopped) -> list[str]:
    from datetime import UTC

    from sync.freeze import frozen_by

    return list(frozen_by(stopped.config.freezes, stopped.now, UTC))
