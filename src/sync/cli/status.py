"""`leadpact status`: how things stand, on one screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.runs import PastFormat, write_bytes

if TYPE_CHECKING:
    from sync.report.status import Lines


def status(
    format: Annotated[PastFormat, typer.Option(help="How to write it.")] = PastFormat.TEXT,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Show how things stand, and what falls due next; asks no CRM.

    Exit code 1 where the daemon ought to run and is stuck or gone, or the store cannot be read.
    """
    from sync.report.status import status_lines
    from sync.report.status_json import status_json
    from sync.status import read_status

    told = read_status(config)
    if format is PastFormat.JSON:
        write_bytes([status_json(told)])
    else:
        _write_text(status_lines(told))
    return told.exit_code


def _write_text(lines: Lines) -> None:
    from rich.console import Console
    from rich.text import Text

    from sync.cli.reports import PLAIN_WIDTH

    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else PLAIN_WIDTH
    for text, style in lines:
        console.print(Text(text, style=style), soft_wrap=True)
