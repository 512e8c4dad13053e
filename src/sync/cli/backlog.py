"""`leadpact backlog`: broken promises from before enforcement, and the plan that a person may make of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.runs import PastFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sync.judge.findings import Finding
    from sync.terms import Terms
    from sync.wiring import LookBack

_CONFIG = typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")


def backlog(
    plan: Annotated[bool, typer.Option("--plan", help="Pull, judge, and make a plan of them; change nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="Save the plan to this file, for `leadpact apply`; with --plan only.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="KIND:NAME", help="Only rule:…, owner:… or team:…; of one kind any, of two both.")
    ] = None,
    older: Annotated[bool, typer.Option("--older", help="Plan for those older than [act] max_act_age too.")] = False,
    format: Annotated[PastFormat, typer.Option(help="How to write the list.")] = PastFormat.TEXT,
    config: Annotated[Path | None, _CONFIG] = None,
    wait: Annotated[str, typer.Option(metavar="SPAN", help="How long to wait for another run that writes to the store.")] = "10 seconds",
) -> int:
    """List the broken promises from before enforcement that are still owed (asks no CRM), or plan what they ask for."""
    from sync.errors import UsageError
    from sync.wiring import open_look_back

    if plan:
        return _plan(config, only or (), older=older, out=out, wait=wait)
    if out is not None or older:
        raise UsageError("--out and --older go with --plan: a list is nothing to carry out", fix="add --plan")
    with open_look_back(config) as past:
        _write_list(past, only or (), format)
    return 0


def _plan(config: Path | None, only: Sequence[str], *, older: bool, out: Path | None, wait: str) -> int:
    from sync.cli.deciding import save_plan, tell_plan
    from sync.cli.sync import parse_wait
    from sync.cli.terminal import show_progress
    from sync.decide import plan_backlog
    from sync.only import parse_only
    from sync.orders import Backlog
    from sync.wiring import open_context

    with show_progress() as tell, open_context(config, tell=tell, wait=parse_wait(wait)) as context:
        decided = plan_backlog(context, Backlog(any_age=older), parse_only(only, context.known.agreement))
        if out is not None:
            save_plan(context, decided.plan.id, out)
        tell_plan(context, decided, out)
    return 0


def _write_list(past: LookBack, only: Sequence[str], format: PastFormat) -> None:
    import orjson

    from sync.backlog import is_backlog
    from sync.errors import SyncError
    from sync.known import eras_at, gather_terms, known_upto
    from sync.only import parse_only
    from sync.plain import plain
    from sync.report.contract import finding_json

    terms = gather_terms(past.known, eras_at(past.known, upto=None))
    upto = known_upto(terms)
    if upto is None:
        raise SyncError("nothing was pulled yet", fix="run `leadpact sync --dry-run` first")
    shown, since = parse_only(only, past.known.agreement), past.enforced.since()
    shown.refuse_if_unknown(terms)
    found = [f for f in past.known.findings.latest() if is_backlog(f, since.get(f.rule)) and shown.shows(f, terms)]
    found.sort(key=lambda finding: (finding.due_at or upto, finding.lead, finding.rule))
    if format is PastFormat.JSON:
        told = {"findings": [finding_json(finding) for finding in found]}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    for line in _lines(found, since, terms, upto):
        typer.echo(plain(line))


def _lines(found: Sequence[Finding], since: dict[str, datetime], terms: Terms, upto: datetime) -> Iterator[str]:
    """Yield a line a promise, the longest overdue first, then per rule how many there are and since when it is enforced."""
    from collections import Counter

    from sync.history import local_text

    zone = terms.agreement_at(upto).zone
    names = {owner: name for crm in terms.crms.values() for owner, name in crm.names.items()}
    for one in found:
        due = local_text(one.due_at, zone) if one.due_at is not None else "at an unknown time"
        yield f"due {due}  {one.lead}  {one.rule}  {names.get(one.owner or '', one.owner or 'nobody')}"
    for rule, count in sorted(Counter(one.rule for one in found).items()):
        begun = f"enforced since {local_text(since[rule], zone)}" if rule in since else "not enforced yet"
        yield f"{rule}: {count} owed from before ({begun})"
    if not found:
        yield "Nothing is owed from before enforcement."
    yield f"As known on {local_text(upto, zone)}. `leadpact backlog --plan` makes a plan of them."
