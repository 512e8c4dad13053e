"""`leadpact offboard OWNER`: a plan that gives the open leads of somebody who leaves to others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sync.known import Known
    from sync.orders import Offboard


def offboard(
    owner: Annotated[str, typer.Argument(help="Who leaves: name, e-mail address or id in the CRM that says who owns leads.")],
    to: Annotated[str | None, typer.Option(metavar="POOL", help="The pool that gets the leads (default: that of each handoff).")] = None,
    out: Annotated[Path | None, typer.Option(help="Save the plan to this file, for `leadpact apply`.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
    wait: Annotated[str, typer.Option(metavar="SPAN", help="How long to wait for another run that writes to the store.")] = "10 seconds",
) -> int:
    """Plan who gets the open leads of somebody who leaves, and change nothing; `leadpact apply` carries the plan out."""
    from sync.cli.acting import EXIT_HELD
    from sync.cli.deciding import save_plan, tell_plan
    from sync.cli.sync import parse_wait
    from sync.cli.terminal import show_progress
    from sync.decide import plan_offboarding
    from sync.wiring import open_context

    with show_progress() as tell, open_context(config, tell=tell, wait=parse_wait(wait)) as context:
        decided = plan_offboarding(context, _order(context.known, owner, to))
        if out is not None:
            save_plan(context, decided.plan.id, out)
        tell_plan(context, decided, out)
    return EXIT_HELD if decided.beyond is not None else 0


def _order(known: Known, owner: str, pool: str | None) -> Offboard:
    """Return the order that was typed; UsageError for an owner that nobody or more than one is called, and an unknown pool."""
    from sync.errors import UsageError
    from sync.orders import Offboard
    from sync.problems import choose_fix, listed

    if pool is not None and pool not in known.roster.pools:
        pools = list(known.roster.pools)
        raise UsageError(f"the roster has no pool `{pool}`", fix=choose_fix(pool, pools, otherwise=f"it has {listed(pools)}"))
    crm = known.config.authority.owner if len(known.vocabularies) > 1 else next(iter(known.vocabularies))
    owners, wanted = known.mirror.owners(crm), owner.strip().casefold()
    found = [one for one in owners if wanted in (one.id.casefold(), one.name.casefold(), (one.email or "").casefold())]
    if not found:
        fix = choose_fix(
            owner, [one.name for one in owners], otherwise="`leadpact roster` lists them; a first `leadpact sync --dry-run` reads them"
        )
        raise UsageError(f"{crm} has no owner `{owner}`", fix=fix)
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} owners of {crm} are called `{owner}`", fix=f"name one by its id: {listed([one.id for one in found])}"
        )
    return Offboard(owner=found[0].id, pool=pool)
