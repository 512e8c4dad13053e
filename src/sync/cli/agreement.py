"""`leadpact agreement …`: what is done to the agreement itself."""

from __future__ import annotations

import typer

from sync.cli.diff import diff

agreement = typer.Typer(
    name="agreement",
    help="See what changed in the agreement since both sides signed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for command in (diff,):
    agreement.command()(command)
