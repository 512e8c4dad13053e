"""`leadpact roster`: who is in it, or a draft of it from the CRM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sync.files import Files
    from sync.lint import Facts


def roster(
    from_crm: Annotated[bool, typer.Option("--from-crm", help="Draft roster.toml from the CRM's owners and teams.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Where to write the draft (default: roster.toml, or roster.draft.toml if there is one).")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Show the roster, or draft one from the CRM: people, their ids and teams; never over a file that somebody worked on."""
    from sync.errors import UsageError
    from sync.files import read_files, read_files_without_roster

    if output is not None and not from_crm:
        raise UsageError("--output goes with --from-crm", fix="run `leadpact roster --from-crm --output FILE`")
    if from_crm:
        _draft(read_files_without_roster(config), output)
    else:
        _show(read_files(config))
    return 0


def _show(files: Files) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from sync.plain import plain

    pools = {member.person: pool for pool, members in files.roster.pools.items() for member in members}
    table = Table(box=None, pad_edge=False)
    for column in ("name", "team", "manager", "hours", "pool"):
        table.add_column(column)
    for person in files.roster.people.values():
        cells = (person.name, person.team, person.manager, "own" if person.hours else person.calendar or "default", pools.get(person.name))
        table.add_row(*(Text(plain(cell or "-")) for cell in cells))
    Console(highlight=False).print(table)


def _draft(files: Files, output: Path | None) -> None:
    from sync.errors import SyncError
    from sync.private_files import write_new
    from sync.roster_draft import draft_roster

    facts = _asked(files)
    pools = sorted({handoff.pool for handoff in files.agreement.handoffs if handoff.pool})
    path = output or _default_path(files)
    if output is None and _is_untouched_example(path):
        path.unlink()
    if not write_new(path, draft_roster(facts, pools=pools, own_users=files.config.own_users)):
        raise SyncError(f"{path} exists, and was left as it is", fix="name another file: `leadpact roster --from-crm --output FILE`")
    people = "; ".join(f"{one.account.crm}: {staff_of(one)}" for one in facts)
    typer.echo(f"drafted {path}: {people}. Fill in managers and hours, then run `leadpact check`.")
    if path != files.config.roster:
        typer.echo(f"{files.config.roster} is still the one in use: move what you want of the draft into it.")


def _asked(files: Files) -> list[Facts]:
    from contextlib import ExitStack, closing

    from sync.vendors import crm_facts
    from sync.wiring import connect

    with ExitStack() as stack:
        connectors = [stack.enter_context(closing(connector)) for connector in connect(files.config, files.agreement)]
        return [crm_facts(files.config, connector) for connector in connectors]


def _default_path(files: Files) -> Path:
    """Return roster.toml; beside it where that is somebody's own."""
    path: Path = files.config.roster
    return path if not path.exists() or _is_untouched_example(path) else path.with_name(f"{path.stem}.draft{path.suffix}")


def _is_untouched_example(path: Path) -> bool:
    """Whether a file is still what `leadpact init` wrote: nobody's work."""
    from sync.cli.init import example

    return path.is_file() and path.read_text(encoding="utf-8", errors="replace") == example("roster")


def staff_of(facts: Facts) -> str:
    """Count who is in a CRM: `people 12, queues 2, teams 3`."""
    active = sum(owner.active and not owner.is_queue for owner in facts.owners)
    queues = sum(owner.is_queue for owner in facts.owners)
    return f"people {active}, queues {queues}, teams {len({team.id for team in facts.teams})}"
