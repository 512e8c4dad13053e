"""`leadpact route POOL`: who gets the next lead and why not the others, and whether the ledger is what the rule makes it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sync.roster import Roster


class RouteFormat(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"


def route(
    pool: Annotated[str, typer.Argument(help="A pool of the roster.")],
    explain: Annotated[bool, typer.Option("--explain", help="Say who gets the next lead and why not the others (the default).")] = False,
    replay: Annotated[bool, typer.Option("--replay", help="Give every turn of the ledger again; exit code 1 if one is wrong.")] = False,
    lead: Annotated[str | None, typer.Option(help="Of one lead: a record such as hubspot/contact/101, an id, or an address.")] = None,
    format: Annotated[RouteFormat, typer.Option(help="How to write the answer.")] = RouteFormat.TABLE,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Tell who gets the next lead of a pool and why not the others, as known since the last pull; asks no CRM."""
    from sync.errors import SyncError, UsageError
    from sync.history import local_text
    from sync.known import eras_at, gather_terms, known_upto
    from sync.plain import plain
    from sync.report.pool import next_json, next_lines, replayed_json, replayed_lines
    from sync.routed import next_of_pool, replayed
    from sync.wiring import open_routed

    if replay and (explain or lead is not None):
        raise UsageError("--replay proves the ledger; it explains no lead", fix="ask for one of both at a time")
    with open_routed(config) as routed:
        known = routed.ground.known
        _refuse_if_unknown(pool, known.roster)
        terms = gather_terms(known, eras_at(known, upto=None))
        now = known_upto(terms)
        if now is None:
            raise SyncError("nothing was pulled yet", fix="run `leadpact sync --dry-run` first")
        names = terms.crms[terms.authority.owner].names
        if replay:
            proved = replayed(routed, pool, terms)
            shown, code = (replayed_json(proved, names), replayed_lines(proved, names)), int(bool(proved.wrong))
        else:
            told = next_of_pool(routed, pool, terms, lead, now)
            shown, code = (next_json(told, names), next_lines(told, names)), 0
        lines = [*map(plain, shown[1]), f"As known on {local_text(now, known.agreement.zone)}."]
        typer.echo(shown[0] if format is RouteFormat.JSON else "\n".join(lines))
    return code


def _refuse_if_unknown(pool: str, roster: Roster) -> None:
    from sync.errors import UsageError
    from sync.problems import choose_fix, listed

    if pool not in roster.pools:
        fix = choose_fix(pool, roster.pools, otherwise=f"known are: {listed(roster.pools)}")
        raise UsageError(f"the roster has no pool `{pool}`", fix=fix)
