"""`leadpact report`: what became of the promises, from what the store keeps; for a meeting, or what is due."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.sync import FIRST_YEAR, Format, parse_moment

if TYPE_CHECKING:
    from datetime import datetime

    from sync.agreement.model import Agreement
    from sync.agreement.parties import Meeting
    from sync.kept_report import About
    from sync.known import Known


def report(
    meeting: Annotated[
        str | None, typer.Option(help="For this meeting of the agreement: its agenda, and what fell due since it was last held.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="DAY", help="What fell due from this day on, e.g. 2026-11-01.")] = None,
    format: Annotated[Format, typer.Option(help="How to write the report.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write the report to this file (only you can read it); - is standard output.")] = None,
    due: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Make the reports that are due then (`now`), as the daemon does, and have people told of them."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Tell what became of the promises, as they were last judged; asks no CRM and changes nothing there."""
    from sync.errors import UsageError

    if due is None:
        _report(config, meeting, since, format=format, output=output)
    elif meeting is not None or since is not None or output is not None or format is not Format.TABLE:
        raise UsageError(
            "--due makes the reports that are due, and takes no other option but --config", fix="leave out the other options, or --due"
        )
    else:
        _make_due(config, due)
    return 0


def _report(config: Path | None, meeting: str | None, since: str | None, *, format: Format, output: Path | None) -> None:
    from sync.cli.reports import write_report
    from sync.kept_report import kept_report
    from sync.report.spool import Spool
    from sync.wiring import machine_clock, open_look_back

    now = machine_clock()
    with Spool() as spool:
        with open_look_back(config) as seen:
            about = _about(seen.known, meeting, since, now)
            audit = kept_report(seen.known, seen.runs, spool, about, now=now)
            ours = seen.known.config.own_files
        write_report(audit, spool, format=format.value, output=output, keep=ours)


def _make_due(config: Path | None, due: str) -> None:
    from sync.due_reports import agreement_at, make_due_reports, next_report_at
    from sync.wiring import machine_clock, open_reporting

    now = machine_clock() if due == "now" else parse_moment(due)
    with open_reporting(config) as reporting:
        page = None
        for page in make_due_reports(reporting, now=now):
            typer.echo(f"made: {page}")
        if page is None:
            agreement = agreement_at(reporting.known, now)
            typer.echo(_when_next(next_report_at(reporting.known.config, reporting.reports, agreement, now), agreement))


def _when_next(at: datetime | None, agreement: Agreement) -> str:
    from sync.history import local_text

    if at is None:
        return "No report is due, and none will be: the agreement has no meeting whose days are understood, and [reports] every is off."
    return f"No report is due; the next is on {local_text(at, agreement.zone)}."


def _about(known: Known, meeting: str | None, since: str | None, now: datetime) -> About:
    """Return what the report is to tell of; UsageError for a day that is none, an unknown meeting, or one of unknown days."""
    from sync.due_reports import agreement_at
    from sync.errors import UsageError
    from sync.kept_report import About
    from sync.occasions import coming, regulars
    from sync.report.period import Period

    agreement = agreement_at(known, now)
    first = _day(since, agreement, now) if since is not None else None
    if meeting is None:
        return About(period=Period(since=first, upto=now) if first is not None else None)
    held = _meeting(agreement, meeting)
    regular = next(
        (one for one in regulars(agreement, every="off", before=known.config.reports.before, meetings=True) if one.meeting == held), None
    )
    occasion = coming(regular, now, agreement.zone) if regular is not None else None
    first = first or (occasion.since if occasion is not None else None)
    if first is None:
        what = f"leadpact does not understand when `{held.name}` is: `{held.on}`"
        raise UsageError(what, fix="add --since DAY; `leadpact check --offline` says which words it understands")
    return About(period=Period(since=first, upto=now), meeting=held, meets_at=occasion.at if occasion is not None else None)


def _meeting(agreement: Agreement, name: str) -> Meeting:
    from sync.errors import UsageError
    from sync.problems import choose_fix, listed

    for one in agreement.meetings:
        if one.name.casefold() == name.casefold():
            return one
    names = [one.name for one in agreement.meetings]
    known = f"known are: {listed(names)}" if names else "leave out --meeting: the agreement has none"
    raise UsageError(f"the agreement has no meeting `{name}`", fix=choose_fix(name, names, otherwise=known))


def _day(text: str, agreement: Agreement, now: datetime) -> datetime:
    """Return the beginning of a day in the agreement's zone; UsageError for what is no day that is past."""
    from datetime import UTC, datetime

    from sync.errors import UsageError

    try:
        at = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=agreement.zone).astimezone(UTC)
    except ValueError:
        raise UsageError(f"--since: `{text}` is not a day", fix="write it as 2026-11-01") from None
    if at.year < FIRST_YEAR or at >= now:
        raise UsageError(f"--since: `{text}` is not a day that is past", fix="name an earlier day, since 1971")
    return at
