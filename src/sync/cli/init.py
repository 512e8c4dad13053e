"""`leadpact init`: the three files to start from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

NAMES = ("config", "roster", "agreement")


def init(directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to put the files.")] = Path()) -> int:
    """Write config.toml, roster.toml and agreement.toml to start from; never over an existing file."""
    from sync.errors import SyncError
    from sync.private_files import write_new

    directory.mkdir(parents=True, exist_ok=True)
    written = [name for name in NAMES if write_new(directory / f"{name}.toml", example(name))]
    for name in NAMES:
        typer.echo(f"{'wrote' if name in written else 'kept '} {directory / f'{name}.toml'}")
    if not written:
        raise SyncError(f"{directory} has all three files already, and none was touched", fix="choose another folder: `leadpact init DIR`")
    typer.echo(
        "Next: put your token into secrets/hubspot_token (docs/how-to/hubspot.md), then `leadpact roster --from-crm` and `leadpact check`."
    )
    return 0


def example(name: str) -> str:
    """Return the text of a shipped example file: `config`, `roster` or `agreement`."""
    return (files("sync") / "examples" / f"{name}.example.toml").read_text(encoding="utf-8")
