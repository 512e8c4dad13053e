"""Makes the reports that come back when their time has come, each once, and has those told whom the agreement names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from sync.agreement.model import Agreement
from sync.config import Config
from sync.directory import Directory
from sync.errors import SyncError
from sync.kept_report import About, kept_report
from sync.known import Known, eras_at, gather_terms
from sync.messages import Kind, Message
from sync.occasions import MadeReport, Occasion, Regular, begun, due, next_due, regulars
from sync.private_files import write_whole
from sync.report.audit import figures_text
from sync.report.page import audit_page
from sync.report.period import Period
from sync.report.sheet import findings_csv
from sync.report.spool import Spool
from sync.store.outbox import Outbox, Upto
from sync.store.reports import Reports
from sync.store.runs import Runs

log = structlog.get_logger()
PAGE, SHEET = ".html", ".csv"
_OURS = re.compile(r"\d{4}-\d\d-\d\d-\d{4}-[a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportGround:
    """What reports are made from, and where it is noted that they were."""

    known: Known
    runs: Runs
    reports: Reports
    outbox: Outbox


def regular_reports(config: Config, agreement: Agreement) -> tuple[Regular, ...]:
    """Return the reports that come back by an agreement and the config."""
    asked = config.reports
    return tuple(regulars(agreement, every=asked.every, before=asked.before, meetings=asked.meetings))


def agreement_at(known: Known, now: datetime) -> Agreement:
    """Return the version of the agreement that is in force, else the current file."""
    return next(era.agreement for era in eras_at(known, upto=None) if era.covers(now))


def next_report_at(config: Config, reports: Reports, agreement: Agreement, now: datetime) -> datetime | None:
    """Return when the next report is to be made, in the past where one was missed; None for never.

    Of one that is heard of for the first time it is noted that its next moment is the first.
    """
    found = regular_reports(config, agreement)
    done = _done_upto(reports, found, now)
    return min((next_due(one, done[one.title, one.written], agreement.zone) for one in found), default=None)


def make_due_reports(ground: ReportGround, *, now: datetime) -> Iterator[Path]:
    """Make the reports whose time has come, and yield the page of each once it is noted; raises SyncError for one that cannot be written.

    Of several that were missed the last alone is made. A report is noted together with the messages about it: it is told once, also
    where it is made anew after a kill.
    """
    known, agreement = ground.known, agreement_at(ground.known, now)
    found = regular_reports(known.config, agreement)
    done = _done_upto(ground.reports, found, now)
    for one in found:
        occasion = due(one, done[one.title, one.written], now, agreement.zone)
        if occasion is not None:
            yield _make(ground, agreement, occasion, now=now)


def _done_upto(reports: Reports, found: Iterable[Regular], now: datetime) -> dict[tuple[str, str], datetime]:
    done = reports.done_upto()
    if new := [one for one in found if (one.title, one.written) not in done]:
        reports.begin(new, upto=begun(now))
        done |= {(one.title, one.written): begun(now) for one in new}
    return done


def _make(ground: ReportGround, agreement: Agreement, occasion: Occasion, *, now: datetime) -> Path:
    regular, folder = occasion.regular, ground.known.config.reports_folder
    period = Period(since=occasion.since, upto=occasion.upto) if occasion.since is not None else None
    about = About(period=period, meeting=regular.meeting, meets_at=occasion.at if regular.meeting is not None else None)
    name = occasion.name(agreement.zone)
    page = folder / f"{name}{PAGE}"
    with Spool() as spool:
        audit = kept_report(ground.known, ground.runs, spool, about, now=now)
        lines = (line.encode() for line in findings_csv(spool.findings(), audit.names))
        _write(folder, {page: audit_page(audit), folder / f"{name}{SHEET}": lines})
    made = MadeReport(name=name, title=regular.title, at=occasion.at, made_at=now, file=str(page), figures=figures_text(audit))
    ground.outbox.put(_messages(ground.known, agreement, made), at=now, told=Upto(made=(regular, made)))
    _keep_newest(folder, ground.known.config.reports.keep)
    log.info("report_made", report=name)
    return page


def _write(folder: Path, files: dict[Path, Iterable[bytes]]) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file, chunks in files.items():
            write_whole(file, chunks)
    except OSError as error:
        raise SyncError(
            f"the report could not be written to {folder}: {error.strerror}", fix="make room, or name another folder: [reports] folder"
        ) from None


def _messages(known: Known, agreement: Agreement, made: MadeReport) -> list[tuple[Message, str]]:
    """Return who is told of a report, each with the target that serves them."""
    terms = gather_terms(known, eras_at(known, upto=None))
    directory = Directory(roster=known.roster, terms=terms, agreement=agreement, now=made.made_at, pages={})
    messages = [
        Message(kind=Kind.REPORT, recipient=reader.recipient, rule=made.name) for reader in directory.readers(agreement.tell.reports)
    ]
    return [(message, target.name) for message in messages for target in known.config.notify if message.recipient.role in target.readers]


def _keep_newest(folder: Path, keep: int) -> None:
    """Take away the oldest reports; files of other names are not ours."""
    files = [file for file in folder.iterdir() if file.suffix in (PAGE, SHEET) and _OURS.fullmatch(file.stem)]
    kept = sorted({file.stem for file in files})[-keep:]
    for file in files:
        if file.stem not in kept:
            file.unlink(missing_ok=True)
