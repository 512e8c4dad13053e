"""`leadpact waive LEAD RULE`: excuse one promise, within the agreement's budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.runs import PastFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sync.judge.findings import Finding
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
    list_: Annotated[bool, typer.Option("--list", help="List what was waived: when, which promise, by whom and why.")] = False,
    format: Annotated[PastFormat, typer.Option(help="How to write the list.")] = PastFormat.TEXT,
    config: Annotated[Path | None, typer.Option(help="The config file (default: ./config.toml, then the user's config folder).")] = None,
    wait: Annotated[str, typer.Option(metavar="SPAN", help="How long to wait for another run that writes to the store.")] = "10 seconds",
) -> int:
    """Excuse one promise to one lead, for good; the agreement says who may, and how often."""
    from sync.cli.sync import parse_wait
    from sync.errors import UsageError
    from sync.wiring import machine_clock, open_known, open_to_decide

    if list_:
        with open_known(config) as known:
            _write_list(known.waivers.given(), known, format)
        return 0
    if lead is None or rule is None or not (why := " ".join((reason or "").split())):
        raise UsageError("a waiver names a lead, a rule and a reason", fix='write: leadpact waive LEAD RULE --reason "why"')
    if len(why) > LONGEST_REASON:
        raise UsageError(f"the reason has {len(why)} letters; at most {LONGEST_REASON} are kept", fix="write a shorter one")
    with open_to_decide(config, wait=parse_wait(wait)) as known:
        now = machine_clock()
        found, who = _decide(known, lead, rule, by=by, key=finding, now=now)
        given = known.waivers.add(finding=found.key, lead=found.lead, rule=rule, at=now, by=who, why=why)
    typer.echo(f"waiver {given.number}: {rule} of {given.lead} is excused; every report says so from the next run on", err=True)
    return 0


def _decide(known: Known, lead: str, rule: str, *, by: str | None, key: str | None, now: datetime) -> tuple[Finding, str]:
    """Return the promise that is excused and by whom; UsageError, with the reason, where that may not be."""
    from sync.errors import SyncError, UsageError
    from sync.judge.judge import judge_lead
    from sync.known import eras_at, gather_terms, known_upto
    from sync.problems import choose_fix, listed
    from sync.waivers import excusable, one_of, refuse_if_not_theirs, refuse_if_spent, who_decides

    terms = gather_terms(known, eras_at(known, upto=None))
    upto, agreement = known_upto(terms), terms.agreement_at(now)
    if upto is None:
        raise SyncError("nothing was pulled yet", fix="run `leadpact sync --dry-run` first")
    if rule not in agreement.rule_names:
        fix = choose_fix(rule, agreement.rule_names, otherwise=f"the rules are: {listed(agreement.rule_names)}")
        raise UsageError(f"the agreement has no rule `{rule}`", fix=fix)
    who = who_decides(by, _logins(), known.roster)
    within = agreement.touches.bulk_within
    found = list(known.reader.leads(upto=upto, bulk_within=within, keys=known.reader.find(lead)))
    if len(found) != 1:
        told = f"`{lead}` names {len(found)} leads" if found else f"the store knows no lead `{lead}`"
        raise UsageError(told, fix="name its record, such as hubspot/contact/101")
    findings = judge_lead(found[0], terms, upto).findings
    promise = one_of(excusable(findings, rule), lead=found[0].lead, rule=rule, key=key)
    owner = known.roster.person_of(terms.owning_crm(promise.records), promise.owner or "")
    refuse_if_not_theirs(who, promise, owner, agreement=agreement, roster=known.roster)
    refuse_if_spent(known.waivers.given(), agreement, now)
    return promise, who.name


def _logins() -> list[str]:
    """Return by which names this machine knows who is logged in."""
    import getpass

    try:
        return [getpass.getuser()]
    except (OSError, KeyError):  # no such user, and no variable that names one
        return []


def _write_list(given: tuple[Waiver, ...], known: Known, format: PastFormat) -> None:
    import orjson

    from sync.plain import plain
    from sync.report.contract import moment

    if format is PastFormat.JSON:
        told = [
            {"number": w.number, "lead": w.lead, "rule": w.rule, "finding": w.finding, "at": moment(w.at), "by": w.by, "reason": w.why}
            for w in given
        ]
        typer.echo(orjson.dumps({"waivers": told}, option=orjson.OPT_INDENT_2).decode())
        return
    for line in _lines(given, known):
        typer.echo(plain(line))


def _lines(given: tuple[Waiver, ...], known: Known) -> Iterator[str]:
    from sync.history import local_text

    if not given:
        yield "Nothing was waived."
    for one in given:
        yield f"{one.number}  {local_text(one.at, known.agreement.zone)}  {one.lead}  {one.rule}, by {one.by}: {one.why}"
    budget = known.agreement.waivers.budget if known.agreement.waivers is not None else None
    if budget is not None:
        yield f"Agreed are {budget.count} in {budget.per.text}."
