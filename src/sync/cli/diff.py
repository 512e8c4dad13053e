"""`leadpact agreement diff`: what the agreement says otherwise than the text that both sides signed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.sync import EXIT_CHANGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.agreement.changes import Change
    from sync.agreement.model import Agreement
    from sync.agreement.versions import Version

SHORTEST_PREFIX = 4  # digits of a hash


class DiffFormat(StrEnum):
    """How the changes are written."""

    TEXT = "text"
    JSON = "json"


def diff(
    against: Annotated[
        str | None, typer.Option(metavar="HASH", help="Compare with this text that the store keeps, signed or not; its first digits do.")
    ] = None,
    format: Annotated[DiffFormat, typer.Option(help="How to write the changes.")] = DiffFormat.TEXT,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
    detailed_exitcode: Annotated[bool, typer.Option(help="End with 2 if anything differs.")] = False,
) -> int:
    """Tell what the agreement says otherwise than the last text that both sides signed; asks no CRM."""
    from sync.agreement.changes import changes_between
    from sync.agreement.signing import last_signed
    from sync.agreement.versions import version_of
    from sync.files import read_files_without_roster
    from sync.wiring import kept_versions, machine_clock

    files = read_files_without_roster(config)
    agreement = files.agreement
    current = version_of(agreement, seen_at=machine_clock())
    kept = kept_versions(files.config)
    base = last_signed([*kept, current]) if against is None else _named(against, [*kept, current])
    changes = changes_between(base.text, agreement.text) if base is not None else ()
    if format is DiffFormat.JSON:
        _write_json(base, agreement, changes)
    else:
        _write_text(base, agreement, changes)
    return EXIT_CHANGES if detailed_exitcode and changes else 0


def _named(prefix: str, versions: Sequence[Version]) -> Version:
    """Return the one version whose hash begins with `prefix`; UsageError if there is none, or several."""
    from sync.errors import UsageError

    known = {version.hash: version for version in versions}
    found = [version for hash_, version in known.items() if hash_.startswith(prefix.strip().lower())]
    if len(found) == 1 and len(prefix.strip()) >= SHORTEST_PREFIX:
        return found[0]
    what = "is the beginning of no text that is known" if not found else "may be several texts, or is too short to name one"
    raise UsageError(f"--against {prefix} {what}", fix=f"name one of {', '.join(hash_[:12] for hash_ in known)}")


def _write_text(base: Version | None, agreement: Agreement, changes: Sequence[Change]) -> None:
    from sync.report.agreement_changes import change_lines, since_text

    if base is None:
        typer.echo("No text was signed by both sides yet, so there is nothing to compare with.")
        return
    typer.echo(since_text(base, agreement.zone, changes))
    for line in change_lines(changes):
        typer.echo(line)


def _write_json(base: Version | None, agreement: Agreement, changes: Sequence[Change]) -> None:
    from sync.report.agreement_changes import changes_json

    typer.echo(changes_json(base, agreement, changes))
