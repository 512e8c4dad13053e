"""`leadpact demo`: the whole path on a practice CRM, within a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sync.cli.practice_crm import PracticeCrm

NEXT = """Next:
  leadpact init            your own config, roster and agreement
  leadpact check           finds what is missing or wrong in them, and says how to mend it
  leadpact sync --dry-run  this audit, of your own CRM; it changes nothing there
  leadpact sandbox --help  a practice CRM that stays up"""


def demo(
    leads: Annotated[int, typer.Option(min=1, help="How many people to invent.")] = 300,
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 7,
    crm: Annotated[PracticeCrm, typer.Option(help="In which CRM they are.")] = PracticeCrm.HUBSPOT,
    keep: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep config, agreement, roster and store in this folder.")] = None,
) -> int:
    """Audit an invented company: which promises are broken, by which side, and what leadpact would do."""
    from secrets import token_hex
    from shutil import rmtree
    from tempfile import gettempdir

    if keep is not None:
        from sync.cli.practice_files import refuse_if_used

        refuse_if_used(keep)
        _audit(keep, leads=leads, seed=seed, crm=crm)
        typer.echo(f"\nKept in {keep}: the store and the files. `leadpact demo` serves its CRM only while it runs.")
    else:
        folder = Path(gettempdir()) / f"leadpact-demo-{token_hex(8)}"
        try:  # before the folder is made, so that no signal can leave it behind
            folder.mkdir(mode=0o700)
            _audit(folder, leads=leads, seed=seed, crm=crm)
        finally:
            rmtree(folder, ignore_errors=True)
    typer.echo(f"\n{NEXT}")
    return 0


def _audit(folder: Path, *, leads: int, seed: int, crm: PracticeCrm) -> None:
    from contextlib import ExitStack

    from sync.cli.background import background_sandbox
    from sync.cli.reports import write_report
    from sync.cli.terminal import show_progress
    from sync.report.spool import Spool
    from sync.run import dry_run
    from sync.wiring import open_context

    with Spool() as spool:
        with ExitStack() as stack:
            config = stack.enter_context(background_sandbox(folder, leads=leads, seed=seed, crm=crm.value))
            context = stack.enter_context(open_context(config, tell=stack.enter_context(show_progress()), env={}))
            audit = dry_run(context, spool)
        write_report(audit, spool, format="table", output=None)
