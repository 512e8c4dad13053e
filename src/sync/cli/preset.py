"""`leadpact preset`: ready agreements to start from, and where their numbers come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sync.agreement.presets import Preset

SOURCE_WIDTH = 22  # columns; leaves the promises room enough at 80


def preset(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The one to print; without it, all are listed.")] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it to this new file (only you can read it), not to the terminal.")
    ] = None,
) -> int:
    """List the ready agreements, or print one: `leadpact preset pedowitz > agreement.toml`."""
    from sync.agreement.presets import preset_named
    from sync.errors import UsageError

    if name is None and output is not None:
        raise UsageError("--output goes with the name of a preset", fix="run `leadpact preset NAME --output FILE`")
    if name is None:
        _show_all()
    elif output is None:
        typer.echo(preset_named(name).text, nl=False)
    else:
        _write(preset_named(name), output)
    return 0


def _show_all() -> None:
    from rich.console import Console
    from rich.table import Table

    from sync.agreement.presets import presets

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("preset", no_wrap=True)
    table.add_column("what it promises")
    table.add_column("its numbers come from", max_width=SOURCE_WIDTH)
    for one in presets():
        table.add_row(one.name, one.line, one.source)
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print("\nPrint one with `leadpact preset NAME`; its first lines say what is the source's and what was chosen here.")


def _write(chosen: Preset, path: Path) -> None:
    from sync.errors import SyncError
    from sync.private_files import write_new

    if not write_new(path, chosen.text):
        raise SyncError(f"{path} exists, and was left as it is", fix=f"name another file: `leadpact preset {chosen.name} --output FILE`")
    typer.echo(f"wrote {path}. Put in your own words and fields, name it in config.toml ([files] agreement), then run `leadpact check`.")
