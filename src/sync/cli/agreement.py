"""`leadpact agreement …`: what is done to the agreement itself."""

from __future__ import annotations

import typer

from sync.cli.diff import diff
from sync.cli.sign import sign

agreement = typer.Typer(
    name="agreement",
    help="Sign the agreement, or see what changed in it since both sides signed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for command in (sign, diff):
    agreement.command()(command)
