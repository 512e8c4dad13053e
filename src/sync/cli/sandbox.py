"""`leadpact sandbox`: a practice CRM to point anything at."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.practice_crm import PracticeCrm

if TYPE_CHECKING:
    from sync.cli.practice import Practice


def sandbox(
    leads: Annotated[int, typer.Option(min=0, help="How many people to invent.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed, leads and time give the same world.")] = 1,
    crm: Annotated[PracticeCrm, typer.Option(help="Which CRM is served.")] = PracticeCrm.HUBSPOT,
    load: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Serve exactly these records, one JSON a line, instead of a world.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep it in this file; one that is there is served again, as it was left.")
    ] = None,
    index_lag: Annotated[float, typer.Option(min=0, max=86_400, metavar="SECONDS", help="How long a search takes to see a change.")] = 0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 8080,
    now: Annotated[str | None, typer.Option(metavar="TIME", help="What time it is there; it stands still (default: now).")] = None,
    live: Annotated[bool, typer.Option("--live", help="Let its clock run.")] = False,
    truth: Annotated[Path | None, typer.Option(metavar="FILE", help="Write what became of every promise, as the world planted it.")] = None,
    config_out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write config, roster, agreement and secrets that point at it.")
    ] = None,
    limits: Annotated[bool, typer.Option("--limits", help="Refuse calls beyond HubSpot's limits, as HubSpot does.")] = False,
    burst: Annotated[int | None, typer.Option(min=0, metavar="N", help="Calls in ten seconds (190); enforces limits.")] = None,
    daily: Annotated[int | None, typer.Option(min=0, metavar="N", help="Calls a day (625000); enforces limits.")] = None,
    search_per_second: Annotated[int | None, typer.Option(min=0, metavar="N", help="Searches a second (5); enforces limits.")] = None,
) -> int:
    """Serve a practice HubSpot, a practice Salesforce or both on this machine; token, consumer key and secret are `sandbox`."""
    from sandbox.limits import limits_asked
    from sync.cli.practice import invented, loaded, serve_until_stopped

    _refuse_if_odd(load=load, state=state, truth=truth)
    if state is not None and state.exists():
        practice = _as_left(state, crm=crm, moment=now, live=live)
    elif load is not None:
        practice = loaded(load, crm=crm.value, moment=now, live=live, state=state)
    else:
        practice = invented(leads=leads, seed=seed, crm=crm.value, moment=now, live=live, state=state)
    if practice.portal is not None:
        practice.portal.changes.lag = timedelta(seconds=index_lag)
    allowed = limits_asked(enforced=limits, burst=burst, daily=daily, search_per_s=search_per_second)
    serve_until_stopped(practice, port=port, limits=allowed, truth=truth, config_out=config_out)
    return 0


def _refuse_if_odd(*, load: Path | None, state: Path | None, truth: Path | None) -> None:
    """Raise UsageError where what is asked for cannot be had of what is served."""
    from sync.errors import UsageError

    if load is not None and truth is not None:
        raise UsageError("--truth tells what a generated world planted; loaded records have no truth", fix="leave out --truth or --load")
    if state is not None and state.exists() and (load is not None or truth is not None):
        raise UsageError(f"{state} is there and is served as it is", fix="leave out --load and --truth, or name a new file")


def _as_left(state: Path, *, crm: PracticeCrm, moment: str | None, live: bool) -> Practice:
    from sync.cli.practice import refuse_if_not_kept, reopened

    refuse_if_not_kept(crm.value, state)
    return reopened(state, moment=moment, live=live)
