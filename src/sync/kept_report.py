"""A report of what the store keeps: no CRM is asked, nothing is judged anew, and nothing is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from connectors.records import Account, Usage
from sync.agreement.parties import Meeting
from sync.agreement.versions import signed_sides, why_not_enforcing
from sync.audited import names_of, not_judged, teams_of
from sync.errors import SyncError
from sync.judge.findings import Finding
from sync.known import Known, eras_at, gather_terms, known_upto
from sync.pull import Pulled
from sync.report.audit import DEEDS, Audit, FromStore
from sync.report.period import Period
from sync.report.report import Report
from sync.report.spool import Spool
from sync.report.summary import Summary, Tally
from sync.store.runs import Runs

REPORT = "report"
EVER = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a report is to tell of."""

    period: Period | None = None  # None: all times
    meeting: Meeting | None = None
    meets_at: datetime | None = None


def kept_report(known: Known, runs: Runs, spool: Spool, about: About, *, now: datetime) -> Audit:
    """Return the report of the findings that stand, as they were last judged; SyncError where nothing was read yet."""
    eras = eras_at(known, upto=None)
    terms = gather_terms(known, eras)
    as_of = known_upto(terms)
    run = next(runs.newest(1), None)
    if as_of is None or run is None:
        raise SyncError("nothing was pulled yet", fix="run `leadpact sync --dry-run` first")
    agreement = next(era.agreement for era in eras if era.covers(now))
    report = _report(about.period, spool)
    former = _count(known, report, about.period)
    report.summary.leads = known.reader.count_leads()
    pages = known.mirror.record_pages()
    return Audit(
        run_id=run.id,
        kind=REPORT,
        started_at=now,
        as_of=as_of,
        agreement=agreement,
        eras=eras,
        draft=known.agreement.hash if known.agreement.hash != agreement.hash else None,
        signed=tuple(sorted(signed_sides(agreement))),
        not_enforcing=why_not_enforcing(agreement, now),
        not_judged=not_judged(agreement),
        pulled=tuple(_pulled(known, crm, id_, pages.get(crm, {}), as_of) for crm, id_ in known.mirror.account_ids().items()),
        usage={crm: Usage(calls=0) for crm in known.vocabularies},
        leads={crm: known.reader.count_persons(words) for crm, words in known.vocabularies.items()},
        names=names_of(terms),
        teams=teams_of(terms),
        summary=report.summary,
        limited=False,
        plan=None,
        kept=FromStore(
            period=about.period, former=former, meeting=about.meeting, meets_at=about.meets_at, done=_done(known, about.period, now)
        ),
    )


def _done(known: Known, period: Period | None, now: datetime) -> dict[str, int]:
    """Return what leadpact did in a time, or ever, in the order in which it is told."""
    since, upto = (period.since, period.upto) if period is not None else (EVER, now)
    found = known.journal.done(since=since, upto=upto)
    return {action: found[action] for action in DEEDS if action in found}


def _report(period: Period | None, spool: Spool) -> Report:
    if period is None:
        return Report(spool=spool, summary=Summary(), shown=lambda _: True)
    return Report(spool=spool, summary=Summary(), shown=period.counts, stands=period.stands)


def _count(known: Known, report: Report, period: Period | None) -> Tally:
    """Count what stands, lead by lead; return what became of the promises of the time before."""
    former, before = Tally(), period.former if period is not None else None
    for _, theirs in groupby(known.findings.latest(), key=_lead):
        findings = list(theirs)
        report.add(findings, ())
        for finding in findings:
            if before is not None and before.has(finding):
                former.add(finding)
    return former


def _lead(finding: Finding) -> str:
    return finding.lead


def _pulled(known: Known, crm: str, id_: str, pages: Mapping[str, str], as_of: datetime) -> Pulled:
    """Return what is known of an account: which streams could not be read when that was last tried."""
    account = Account(crm=crm, id=id_, time_zone=None, kind="", server_now=as_of, record_pages=pages)
    closed = {name: state.error for name, state in known.mirror.streams(crm).items() if state.error is not None}
    return Pulled(account=account, closed=closed)
