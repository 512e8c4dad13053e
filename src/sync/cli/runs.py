"""`leadpact runs`: which runs there were, the newest first."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sync.report.former import Planned
    from sync.wiring import Past

AT_ONCE = 200  # runs whose plans are counted together


class PastFormat(StrEnum):
    """How former runs are written."""

    TEXT = "text"
    JSON = "json"


def runs(
    last: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    format: Annotated[PastFormat, typer.Option(help="How to write them.")] = PastFormat.TEXT,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """List the former runs, the newest first: when, how they ended, what they found and planned; asks no CRM."""
    from sync.report.former import run_lines, runs_json
    from sync.wiring import open_past

    with open_past(config) as past:
        found = _planned(past, last)
        if format is PastFormat.JSON:
            write_bytes(runs_json(found))
            return 0
        told = 0
        for run, plans in found:
            told += 1
            for line in run_lines(run, plans):
                typer.echo(line)
        if not told:
            typer.echo("There was no run yet.")
    return 0


def _planned(past: Past, most: int) -> Iterator[Planned]:
    newest = past.runs.newest(most)
    while some := list(islice(newest, AT_ONCE)):
        plans = past.plans.of_runs([run.id for run in some])
        yield from ((run, plans.get(run.id, ())) for run in some)


def write_bytes(chunks: Iterable[bytes]) -> None:
    """Write to standard output as it comes."""
    import sys

    sys.stdout.buffer.writelines(chunks)
    sys.stdout.buffer.flush()
