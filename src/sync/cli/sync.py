"""`leadpact sync --dry-run`: the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

EXIT_CHANGES = 2
FIRST_YEAR, LAST_YEAR = 1971, 2199


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


def sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge and plan; change nothing in any CRM.")] = False,
    config: Annotated[Path | None, typer.Option(help="The config file (default: ./config.toml, then the user's config folder).")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="TIME", help="Judge as things were known then, e.g. 2026-11-20T15:00Z.")] = None,
    format: Annotated[Format, typer.Option(help="How to write the report.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write the report to this file (only you can read it); - is standard output.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="KIND:NAME", help="Show only rule:…, owner:… or team:…; of one kind any, of two both.")
    ] = None,
    wait: Annotated[str, typer.Option(metavar="SPAN", help="How long to wait for another run that writes to the store.")] = "10 seconds",
    full: Annotated[bool, typer.Option("--full", help="Read everything anew instead of what changed; mends whatever differs.")] = False,
    accept_shrunken: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CRM/STREAM", help="Let a stream be much smaller than last time, e.g. hubspot/contacts: it was really cleared."
        ),
    ] = None,
    detailed_exitcode: Annotated[bool, typer.Option(help="End with 2 if anything was found or would be changed.")] = False,
) -> int:
    """Pull what changed, judge every lead by the agreement and say what would be done about it."""
    from sync.errors import UsageError

    if not dry_run:
        raise UsageError("this version of leadpact judges and plans, it does not write to a CRM yet", fix="run `leadpact sync --dry-run`")
    asked = Wish(as_of=as_of, only=tuple(only or ()), anew=full, shrunken=frozenset(accept_shrunken or ()))
    found = _audit(config, asked, wait=parse_wait(wait), format=format, output=output)
    return EXIT_CHANGES if detailed_exitcode and found else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked of the audit, as it was typed."""

    as_of: str | None
    only: tuple[str, ...]
    anew: bool
    shrunken: frozenset[str]


def _audit(config: Path | None, wish: Wish, *, wait: timedelta, format: Format, output: Path | None) -> bool:
    """Audit and report; return whether anything was found or would be changed."""
    from sync.cli.reports import write_report
    from sync.cli.terminal import show_progress
    from sync.only import parse_only
    from sync.report.spool import Spool
    from sync.run import Asked, dry_run
    from sync.wiring import open_context

    moment = parse_moment(wish.as_of) if wish.as_of is not None else None
    with Spool() as spool:
        with show_progress() as tell, open_context(config, tell=tell, wait=wait) as context:
            only = parse_only(wish.only, context.known.agreement)
            audit = dry_run(context, spool, Asked(as_of=moment, only=only, anew=wish.anew, shrunken=wish.shrunken))
            ours = context.known.config.own_files
        write_report(audit, spool, format=format.value, output=output, keep=ours)
    return bool(audit.summary.breaches or audit.summary.steps)


def parse_wait(text: str) -> timedelta:
    """Read `10 seconds`, `5 minutes`; UsageError for anything else."""
    from sync.agreement.words import read_wall_span
    from sync.errors import UsageError

    if text.strip() in ("0", "0 seconds"):
        return timedelta()
    try:
        return read_wall_span(text)
    except ValueError:
        raise UsageError(f"--wait: `{text}` is no span of wall time", fix="write one, such as 10 seconds or 5 minutes") from None


def parse_moment(text: str) -> datetime:
    """Read `2026-11-20T15:00Z` or with an offset, of the years 1971 to 2199; a moment without an offset is refused."""
    from sync.errors import UsageError

    fix = "write a moment with its zone, such as 2026-11-20T15:00Z or 2026-11-20T10:00-05:00"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"`{text}` is not a moment", fix=fix) from None
    if at.tzinfo is None:
        raise UsageError(f"`{text}` does not say in which zone it is", fix=fix)
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise UsageError(f"`{text}` lies outside of the years {FIRST_YEAR} to {LAST_YEAR}", fix=fix)
    return at
