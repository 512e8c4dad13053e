"""`leadpact forget`: erase a person from the store, for good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sync.store.forget import ToForget


def forget(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="An e-mail address of the person, in any case.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which records would go.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Erase what the store and its backups hold of a person, and never read it again; nothing is changed in any CRM."""
    from sync.errors import UsageError
    from sync.wiring import machine_clock, open_to_forget

    if "@" not in email.strip("@ "):
        raise UsageError("that is no e-mail address", fix="name the person by an address, such as `leadpact forget ada@example.com`")
    with open_to_forget(config) as (forgotten, scrub):
        found = forgotten.find(email) if dry_run else forgotten.forget(email, at=machine_clock())
        if not dry_run:
            scrub()
    for line in _lines(found, dry=dry_run):
        typer.echo(line)
    return 0


def _lines(found: ToForget, *, dry: bool) -> list[str]:
    if not found.records:
        return [f"The store holds no record with that address{'' if dry else '; from now on none is kept'}."]
    what = "would be forgotten" if dry else "forgotten"
    rest = [] if dry else ["What you wrote to files or copied yourself is yours to delete; in the CRMs nothing was changed."]
    return [*(f"{what}: {key}" for key in found.records), *rest]
