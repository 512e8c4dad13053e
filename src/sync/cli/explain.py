"""`leadpact explain LEAD`: one lead, told to the person it blames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sync.agreement.model import Agreement
    from sync.brakes import Brakes
    from sync.judge.findings import Finding
    from sync.known import Known
    from sync.rows import LeadRows
    from sync.terms import Terms


def explain(
    lead: Annotated[str, typer.Argument(help="An e-mail address, a record such as hubspot/contact/101, or its id.")],
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="TIME", help="Explain it as it was known then, e.g. 2026-11-20T15:00Z.")] = None,
) -> int:
    """Tell what happened to one lead, what was promised, what counted and why the rest did not; asks no CRM."""
    from sync.cli.sync import parse_moment
    from sync.history import local_text
    from sync.judge.judge import judge_lead
    from sync.known import eras_at, gather_terms
    from sync.plain import plain
    from sync.report.explain import explained
    from sync.report.stopped import stopped_lines
    from sync.timeline import build_timeline
    from sync.wiring import open_known

    with open_known(config) as known:
        asked = parse_moment(as_of) if as_of is not None else None
        terms = gather_terms(known, eras_at(known, upto=asked), upto=asked)
        moment = _moment(terms, asked)
        agreement = terms.agreement_at(moment)
        names = {owner: name for crm in terms.crms.values() for owner, name in crm.names.items()}
        for rows in _found(known, lead, moment):
            typer.echo(plain(f"{rows.lead}, as known on {local_text(moment, agreement.zone)}"))
            timeline = build_timeline(rows, agreement, terms, now=moment)
            findings = judge_lead(rows, terms, moment).findings
            for line in explained(timeline, findings, agreement, version_of=lambda f: _version_of(f, terms, agreement), names=names):
                typer.echo(plain(line))
            for line in _left_alone(known, rows, agreement, moment):
                typer.echo(plain(line))
            if asked is None:
                for line in stopped_lines(_stopped(known, terms, moment), findings, teams=_teams(terms, findings)):
                    typer.echo(plain(line))
    return 0


def _moment(terms: Terms, asked: datetime | None) -> datetime:
    """Return the moment that is explained: the one asked for, else that of the last pull. SyncError if nothing is known of it."""
    from sync.errors import SyncError, UsageError
    from sync.history import local_text
    from sync.known import known_upto

    upto = known_upto(terms)
    if upto is None:
        raise SyncError("nothing was pulled yet", fix="run `leadpact sync --dry-run` first")
    if asked is not None and asked > upto:
        zone = terms.agreement_at(upto).zone
        fix = "name a moment up to then, or pull what came since with `leadpact sync --dry-run`"
        last, then = local_text(upto, zone), local_text(asked, zone)
        raise UsageError(f"nothing is known of {then}: the last pull read up to {last}", fix=fix)
    return asked or upto


def _left_alone(known: Known, rows: LeadRows, agreement: Agreement, moment: datetime) -> Iterator[str]:
    """Yield which fields of a lead leadpact does not write any more, because somebody keeps setting them back."""
    from sync.reversals import COUNTED_FOR, fought_over, left_alone

    records = {person.key for person in rows.people}
    told = [one for one in known.journal.reversals(moment - COUNTED_FOR) if one.record in records and one.at <= moment]
    for (_, field), fought in fought_over(told).items():
        yield f"Not written any more: {left_alone(field, fought, agreement.zone)}"


def _version_of(finding: Finding, terms: Terms, otherwise: Agreement) -> Agreement:
    """Return the version of the agreement that judged a finding."""
    return terms.agreement_at(finding.started_at) if finding.started_at is not None else otherwise


def _stopped(known: Known, terms: Terms, upto: datetime) -> Brakes:
    """Return what is stopped now, and what waits in a held plan."""
    from dataclasses import replace

    from sync.stopping import Now, brakes_at
    from sync.wiring import machine_clock

    machine = machine_clock()
    held = known.held.latches(upto)
    return replace(brakes_at(known, Now(machine, machine), terms.agreement_at(upto).zone), held=held)


def _teams(terms: Terms, findings: Sequence[Finding]) -> dict[str, str | None]:
    """Return the team of whom each finding names, by its key."""
    return {finding.key: terms.team_of(terms.owning_crm(finding.records), finding.owner) for finding in findings}


def _found(known: Known, lead: str, moment: datetime) -> list[LeadRows]:
    """Return the leads that `lead` names; SyncError if there is none."""
    from sync.errors import SyncError

    within = known.agreement.touches.bulk_within
    found = list(known.reader.leads(upto=moment, bulk_within=within, keys=known.reader.find(lead, upto=moment)))
    if not found:
        raise SyncError(
            f"the store knows no lead `{lead}` at that moment", fix="pull it with `leadpact sync --dry-run`, or check the address"
        )
    return found
