"""`leadpact init`: the three files to start from."""

from __future__ import annotations

import re
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

NAMES = ("config", "roster", "agreement")
FIRST_STEPS = {
    "hubspot": "your token into secrets/hubspot_token (docs/how-to/hubspot.md)",
    "salesforce": "my_domain and consumer_key into config.toml, and the consumer secret into secrets/salesforce_consumer_secret"
    " (docs/how-to/salesforce.md)",
}
_TABLE = re.compile(r"^(?:# )?\[(hubspot|salesforce)\] *", re.MULTILINE)
_COMMENTS_AT = 42  # the column at which the comments of config.example.toml begin


class Crms(StrEnum):
    """Which CRMs a config connects."""

    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"
    BOTH = "both"


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to put the files.")] = Path(),
    crm: Annotated[Crms, typer.Option("--crm", help="Which CRM config.toml connects.")] = Crms.HUBSPOT,
) -> int:
    """Write config.toml, roster.toml and agreement.toml to start from; never over an existing file."""
    from sync.errors import SyncError
    from sync.private_files import write_new

    crms = tuple(FIRST_STEPS) if crm is Crms.BOTH else (crm.value,)
    texts = {name: example(name) for name in NAMES} | {"config": config_of(crms)}
    directory.mkdir(parents=True, exist_ok=True)
    written = [name for name in NAMES if write_new(directory / f"{name}.toml", texts[name])]
    for name in NAMES:
        typer.echo(f"{'wrote' if name in written else 'kept '} {directory / f'{name}.toml'}")
    if not written:
        raise SyncError(f"{directory} has all three files already, and none was touched", fix="choose another folder: `leadpact init DIR`")
    steps = "; ".join(FIRST_STEPS[name] for name in crms)
    typer.echo(f"Next: put {steps}; then `leadpact roster --from-crm` and `leadpact check`.")
    return 0


def config_of(crms: tuple[str, ...]) -> str:
    """Return the example config in which the tables of `crms` stand and those of other CRMs are commented out."""

    def line(table: re.Match[str]) -> str:
        head = f"[{table[1]}]" if table[1] in crms else f"# [{table[1]}]"
        return head.ljust(_COMMENTS_AT)

    return _TABLE.sub(line, example("config"))


def example(name: str) -> str:
    """Return the text of a shipped example file: `config`, `roster` or `agreement`."""
    return (files("sync") / "examples" / f"{name}.example.toml").read_text(encoding="utf-8")
