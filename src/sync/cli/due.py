"""`leadpact due`: what is owed, by when, and what would keep it: the rep's own list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from sync.judge.findings import Finding
    from sync.known import Known
    from sync.terms import Terms


def due(
    owner: Annotated[str | None, typer.Option(help="Only what this owner owes: a name, an e-mail address or an id.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the most urgent first.")] = 50,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """List the promises that are still to be kept, the overdue ones first, as the last audit found them; asks no CRM."""
    from heapq import nsmallest

    from rich.console import Console

    from sync.cli.reports import PLAIN_WIDTH
    from sync.errors import SyncError
    from sync.known import eras_at, gather_terms, known_upto
    from sync.wiring import open_known

    with open_known(config) as known:
        terms = gather_terms(known, eras_at(known, upto=None))
        upto = known_upto(terms)
        if upto is None:
            raise SyncError("nothing was pulled yet", fix="run `leadpact sync --dry-run` first")
        wanted = _owners(known, terms, owner) if owner is not None else None
        still_open = (f for f in known.findings.latest() if _is_owed(f) and (wanted is None or _is_theirs(f, wanted)))
        first = nsmallest(limit, still_open, key=lambda finding: (finding.due_at, finding.lead, finding.rule))
        console = Console(highlight=False)
        console.width = console.width if console.is_terminal else PLAIN_WIDTH
        for line in _lines(first, known, terms):
            console.print(line, soft_wrap=True)
        console.print(f"As known on {upto.astimezone(known.agreement.zone):%a %Y-%m-%d %H:%M %Z}.", style="dim")
    return 0


def _is_owed(finding: Finding) -> bool:
    """Whether a promise can still be kept, in time or late; what was broken in one moment cannot."""
    return finding.owed and finding.due_at is not None and finding.due_at != finding.started_at


def _is_theirs(finding: Finding, owners: frozenset[str]) -> bool:
    from sync.judge.findings import Side

    return finding.owner in owners and finding.side is Side.OWNER


def _owners(known: Known, terms: Terms, text: str) -> frozenset[str]:
    """Return the owner ids that a name, an address or an id means; UsageError if nobody is called so."""
    from sync.errors import UsageError
    from sync.problems import choose_fix

    wanted = text.strip().casefold()
    owners = [owner for crm in terms.crms for owner in known.mirror.owners(crm)]
    found = frozenset(o.id for o in owners if wanted in (o.id, o.name.casefold(), (o.email or "").casefold()))
    if not found:
        fix = choose_fix(text, [owner.name for owner in owners], otherwise="`leadpact roster` lists them")
        raise UsageError(f"nobody is called `{text}`", fix=fix)
    return found


def _lines(findings: list[Finding], known: Known, terms: Terms) -> Iterator[Text]:
    """Yield two lines a promise: when, which lead, what and whose; and what would keep it."""
    from rich.text import Text

    from sync.history import local_text
    from sync.judge.findings import Status
    from sync.plain import plain
    from sync.report.rules import keeping_text

    if not findings:
        yield Text("Nothing is owed.")
    names = {owner: name for crm in terms.crms.values() for owner, name in crm.names.items()}
    styles = {Status.BREACHED: "red", Status.AT_RISK: "yellow"}
    for finding in findings:
        due_at = local_text(finding.due_at, known.agreement.zone) if finding.due_at else ""
        overdue = " overdue" if finding.status is Status.BREACHED else ""
        owner = names.get(finding.owner or "", finding.owner or "nobody")
        rule = f"{finding.rule} ({finding.level})" if finding.level else finding.rule
        yield Text.assemble((f"{due_at}{overdue}", styles.get(finding.status, "")), plain(f"  {finding.lead}  {rule}  {owner}"))
        keeps = keeping_text(finding.rule, known.agreement, level=finding.level, handoff=finding.cycle.handoff)
        if keeps is not None:
            yield Text(plain(f"    {keeps}"), style="dim")
