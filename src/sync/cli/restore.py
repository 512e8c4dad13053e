"""`leadpact restore`: list the backups of the store, or put one in its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sync.store.restore import Backup, Restored


def restore(
    backup: Annotated[
        str | None, typer.Argument(metavar="[BACKUP]", help="A name from the list, a path, or `last`; without it they are listed.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Put a backup in the place of the store, which is kept aside; refused while a run or the daemon goes on."""
    from sync.store.restore import all_backups, named_backup
    from sync.store.restore import restore as put_back
    from sync.wiring import machine_clock, open_config, open_to_restore

    if backup is None:
        found = all_backups(open_config(config).store)
        for one in found:
            typer.echo(_line(one))
        if not found:
            typer.echo("There is no backup yet: `leadpact reconcile` makes one each time.")
        return 0
    with open_to_restore(config) as store:
        done = put_back(store, named_backup(store, backup), now=machine_clock())
    for line in _done(done):
        typer.echo(line)
    return 0


def _line(one: Backup) -> str:
    return f"{one.path.name}  {one.made_at:%Y-%m-%d %H:%M:%S} UTC  {one.size:,} bytes"


def _done(done: Restored) -> list[str]:
    at = f"{done.backup.made_at:%Y-%m-%d %H:%M:%S} UTC"
    lines = [f"restored {done.backup.path.name}, made {at}"]
    if done.kept_aside is not None:
        lines.append(f"the store that it replaces is kept: {done.kept_aside}; it holds persons, so delete it once it is not needed")
    lines.append(f"the next `leadpact sync --dry-run` reads all that changed since {at}; then run `leadpact reconcile`")
    if done.lost is None:
        lines.append("what was written, told and decided since was taken over: nothing is done twice")
        return lines
    return [
        *lines,
        f"what was written, told and decided since is not known any more: {done.lost}. So leadpact only observes from now on, and what "
        "opened before is backlog. Repeat pauses and waivers that were made since, then end it: leadpact resume",
    ]
