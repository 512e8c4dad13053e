"""`leadpact reconcile`: the nightly comparison with the CRMs, and the upkeep of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sync.cli.runs import PastFormat, write_bytes

EXIT_DRIFTED = 2


def reconcile(
    format: Annotated[PastFormat, typer.Option(help="How to write what had drifted.")] = PastFormat.TEXT,
    detailed_exitcode: Annotated[bool, typer.Option(help="End with 2 if anything had drifted.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Compare all that the store holds with the CRMs, heal it, tell what had drifted and why; then back the store up."""
    import orjson

    from sync.cli.terminal import show_progress
    from sync.reconcile import reconcile as reconcile_all
    from sync.report.drift import drift_lines
    from sync.wiring import open_context_beside

    with show_progress() as tell, open_context_beside(config, tell=tell) as context:
        done = reconcile_all(context)
    if format is PastFormat.JSON:
        write_bytes([orjson.dumps({"run": done.run_id, **done.as_json()}), b"\n"])
    else:
        typer.echo(f"run {done.run_id}: {done.drifted:,} difference{'s' * (done.drifted != 1)}")
        for line in drift_lines(done.as_json()):
            typer.echo(line)
    if done.stopped_by is not None:
        raise done.stopped_by
    return EXIT_DRIFTED if detailed_exitcode and done.drifted else 0
