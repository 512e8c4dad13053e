"""`leadpact sync`: the audit, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.context import Context
    from sync.report.audit import Audit

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
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
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
    out: Annotated[Path | None, typer.Option(help="Save the plan to this file, for `leadpact apply`; with --dry-run only.")] = None,
    detailed_exitcode: Annotated[bool, typer.Option(help="End with 2 if anything was found or would be changed.")] = False,
) -> int:
    """Pull what changed, judge every lead by the agreement, and do what mode and limits allow, or say what that would be."""
    from sync.errors import UsageError

    if not dry_run and (as_of is not None or out is not None):
        raise UsageError("--as-of and --out go with --dry-run: what is written is written now", fix="add --dry-run")
    if as_of is not None and out is not None:
        raise UsageError("what is judged as of an earlier moment has no plan to carry out", fix="leave out --as-of or --out")
    asked = Wish(as_of=as_of, only=tuple(only or ()), anew=full, shrunken=frozenset(accept_shrunken or ()), dry=dry_run, out=out)
    found, code = _audit(config, asked, wait=parse_wait(wait), format=format, output=output)
    return code or (EXIT_CHANGES if detailed_exitcode and found else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked of the audit, as it was typed."""

    as_of: str | None
    only: tuple[str, ...]
    anew: bool
    shrunken: frozenset[str]
    dry: bool
    out: Path | None


def _audit(config: Path | None, wish: Wish, *, wait: timedelta, format: Format, output: Path | None) -> tuple[bool, int]:
    """Audit, act where that is asked for, and report; return whether anything was found or would be changed, and the exit code."""
    from sync.act import act
    from sync.begin import Asked
    from sync.cli.acting import exit_code_of, tell_what_was_done
    from sync.cli.reports import write_report
    from sync.cli.terminal import show_progress
    from sync.only import parse_only
    from sync.report.spool import Spool
    from sync.run import dry_run
    from sync.wiring import open_context

    moment, acted = parse_moment(wish.as_of) if wish.as_of is not None else None, None
    with Spool() as spool:
        with show_progress() as tell, open_context(config, tell=tell, wait=wait) as context:
            only = parse_only(wish.only, context.known.agreement)
            asked = Asked(as_of=moment, only=only, anew=wish.anew, shrunken=wish.shrunken)
            if wish.dry:
                audit = dry_run(context, spool, asked)
            else:
                audit, acted = act(context, spool, asked)
            ours = context.known.config.own_files
            if wish.out is not None:
                _save_plan(context, audit, wish.out, keep=ours)
        write_report(audit, spool, format=format.value, output=output, keep=ours)
    if acted is not None:
        tell_what_was_done(acted)
    return bool(audit.summary.breaches or audit.summary.steps), exit_code_of(acted) if acted is not None else 0


def _save_plan(context: Context, audit: Audit, out: Path, *, keep: Iterable[Path]) -> None:
    from sync.cli.reports import write_file
    from sync.plan_file import plan_json

    kept = context.plans.get(audit.plan.id) if audit.plan is not None else None
    assert kept is not None, "a run of now keeps its plan"
    write_file(out, plan_json(kept, context.plans.steps(kept.id), context.plans.trips(kept.id)), keep=keep)


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
