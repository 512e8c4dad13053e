"""`leadpact init`: the three files to start from."""

from __future__ import annotations

import re
from enum import StrEnum
from importlib.resources import files
from json import dumps
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
_STORE = re.compile(r"^# store +=.*?(?=#|$) *", re.MULTILINE)
_COMMENTS_AT = 42  # the column at which the comments of config.example.toml begin


class Crms(StrEnum):
    """Which CRMs a config connects."""

    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"
    BOTH = "both"


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to put the files.")] = Path(),
    crm: Annotated[Crms, typer.Option("--crm", help="Which CRM config.toml connects.")] = Crms.HUBSPOT,
    store: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the store is kept (default: leadpact.db in DIR).")] = None,
) -> int:
    """Write config.toml, roster.toml and agreement.toml to start from; never over an existing file."""
    from sync.errors import SyncError
    from sync.private_files import write_new

    crms = tuple(FIRST_STEPS) if crm is Crms.BOTH else (crm.value,)
    texts = {name: example(name) for name in NAMES} | {"config": config_of(crms, store)}
    directory.mkdir(parents=True, exist_ok=True)
    written = [name for name in NAMES if write_new(directory / f"{name}.toml", texts[name])]
    for name in NAMES:
        typer.echo(f"{'wrote' if name in written else 'kept '} {directory / f'{name}.toml'}")
    if not written:
        raise SyncError(f"{directory} has all three files already, and none was touched", fix="choose another folder: `leadpact init DIR`")
    steps = "; ".join(FIRST_STEPS[name] for name in crms)
    typer.echo(f"Next: put {steps}; then `leadpact roster --from-crm` and `leadpact check`.")
    return 0


def config_of(crms: tuple[str, ...], store: Path | None = None) -> str:
    """Return the example config in which the tables of `crms` stand, those of other CRMs are commented out, and `store` is named."""

    def line(table: re.Match[str]) -> str:
        head = f"[{table[1]}]" if table[1] in crms else f"# [{table[1]}]"
        return head.ljust(_COMMENTS_AT)

    text = _TABLE.sub(line, example("config"))
    return text if store is None else _STORE.sub(lambda _: f"store       = {dumps(str(store.absolute()))} ".ljust(_COMMENTS_AT), text)


def example(name: str) -> str:
    """Return the text of a shipped example file: `config`, `roster` or `agreement`."""
    return (files("sync") / "examples" / f"{name}.example.toml").read_text(encoding="utf-8")
