"""`leadpact waive LEAD RULE`: excuse one promise, within the agreement's budget, or take that back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.runs import PastFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from sync.known import Known
    from sync.waivers import Waiver

LONGEST_REASON = 200  # characters


def waive(
    lead: Annotated[str | None, typer.Argument(help="An e-mail address, a record such as hubspot/contact/101, or its id.")] = None,
    rule: Annotated[str | None, typer.Argument(help="Whose promise: the name of a clock, a cadence or another rule.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, in a line without names of leads: reports and findings show it.")] = None,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who excuses it: a person of the roster (default: whoever is logged in).")
    ] = None,
    finding: Annotated[
        str | None, typer.Option(metavar="KEY", help="Which promise of the rule, where there are several; the message lists them.")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back what was excused: it is owed again, late as it is.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List what was waived: when, which promise, by whom and why.")] = False,
    format: Annotated[PastFormat, typer.Option(help="How to write the list.")] = PastFormat.TEXT,
    config: Annotated[Path | None, typer.Option(help="The config file (default: ./config.toml, then the user's config folder).")] = None,
    wait: Annotated[str, typer.Option(metavar="SPAN", help="How long to wait for another run that writes to the store.")] = "10 seconds",
) -> int:
    """Excuse one promise to one lead, or take that back; the agreement says who may, and how often."""
    from sync.cli.sync import parse_wait
    from sync.errors import UsageError
    from sync.excuse import Which, excuse, take_back
    from sync.wiring import machine_clock, open_known, open_to_decide

    if list_:
        with open_known(config) as known:
            _write_list(known.waivers.given(), known, format, now=machine_clock())
        return 0
    if lead is None or rule is None or not (why := " ".join((reason or "").split())):
        taken = " --withdraw" if withdraw else ""
        raise UsageError("a waiver names a lead, a rule and a reason", fix=f'write: leadpact waive{taken} LEAD RULE --reason "why"')
    if len(why) > LONGEST_REASON:
        raise UsageError(f"the reason has {len(why)} letters; at most {LONGEST_REASON} are kept", fix="write a shorter one")
    decide = take_back if withdraw else excuse
    with open_to_decide(config, wait=parse_wait(wait)) as known:
        which = Which(lead=lead, rule=rule, finding=finding)
        waiver = decide(known, which, name=by, logins=_logins(), why=why, now=machine_clock())
    told = "is owed as if it had never been excused" if withdraw else "is excused"
    typer.echo(f"waiver {waiver.number}: {rule} of {waiver.lead} {told}; every report says so from the next run on", err=True)
    return 0


def _logins() -> list[str]:
    """Return by which names this machine knows who is logged in."""
    import getpass

    try:
        return [getpass.getuser()]
    except (OSError, KeyError):  # no such user, and no variable that names one
        return []


def _write_list(given: tuple[Waiver, ...], known: Known, format: PastFormat, *, now: datetime) -> None:
    import orjson

    from sync.plain import plain

    if format is PastFormat.JSON:
        told = [_document(waiver) for waiver in given]
        typer.echo(orjson.dumps({"waivers": told}, option=orjson.OPT_INDENT_2).decode())
        return
    for line in _lines(given, known, now):
        typer.echo(plain(line))


def _document(waiver: Waiver) -> dict[str, object]:
    from sync.report.contract import moment

    one, taken = waiver, waiver.withdrawn
    told = {"number": one.number, "lead": one.lead, "rule": one.rule, "finding": one.finding}
    back = {"at": moment(taken.at), "by": taken.by, "reason": taken.why} if taken is not None else None
    return told | {"at": moment(one.at), "by": one.by, "reason": one.why, "withdrawn": back}


def _lines(given: tuple[Waiver, ...], known: Known, now: datetime) -> Iterator[str]:
    from sync.waivers import counted

    if not given:
        yield "Nothing was waived."
    for one in given:
        yield from _told(one, known.agreement.zone)
    budget = known.agreement.waivers.budget if known.agreement.waivers is not None else None
    if budget is not None:
        yield f"Agreed are {budget.count} in {budget.per.text}; {counted(given, budget, now, known.agreement.zone)} count now."


def _told(one: Waiver, zone: tzinfo) -> Iterator[str]:
    from sync.history import local_text

    yield f"{one.number}  {local_text(one.at, zone)}  {one.lead}  {one.rule}, by {one.by}: {one.why}"
    if (taken := one.withdrawn) is not None:
        yield f"    withdrawn {local_text(taken.at, zone)}, by {taken.by}: {taken.why}"
