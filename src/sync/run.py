"""One run: pull, judge, plan, save. The only module that names every stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from connectors.protocol import Connector
from connectors.records import Account, Vocabulary
from sync.agreement.eras import find_eras
from sync.agreement.model import Agreement
from sync.agreement.versions import Version, signed_sides, version_of, why_not_enforcing
from sync.config import Config
from sync.gather import crm_terms
from sync.judge.findings import Finding, Judgement
from sync.judge.judge import judge_lead
from sync.plan import Planner, Policy, Routing, Step
from sync.pull import Progress, pull_account
from sync.report.audit import Audit
from sync.report.spool import Spool
from sync.report.summary import Summary
from sync.roster import Roster
from sync.route import Seat
from sync.rows import LeadRows
from sync.store.agreements import Agreements
from sync.store.findings import Findings
from sync.store.mirror import Mirror
from sync.store.plans import Plans
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from sync.terms import Terms

log = structlog.get_logger()
CHUNK = 500  # leads whose findings are saved in one transaction
CLOCK_MAY_BE_OFF = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything a run needs from the world, put together by wiring."""

    config: Config
    agreement: Agreement
    roster: Roster
    connectors: tuple[Connector, ...]
    vocabularies: Mapping[str, Vocabulary]
    mirror: Mirror
    reader: LeadReader
    findings: Findings
    plans: Plans
    runs: Runs
    agreements: Agreements
    read_version: Callable[[Version], Agreement]
    clock: Callable[[], datetime]
    tell: Callable[[Progress], None]


def dry_run(run: Context, spool: Spool, *, as_of: datetime | None = None) -> Audit:
    """Pull what changed, judge every lead and plan; writes the mirror, findings and the plan, never a CRM.

    With `as_of` the leads are judged as they were known at that moment, and neither findings nor a plan
    are kept, because they are not today's.
    """
    accounts = {connector.crm: connector.account() for connector in run.connectors}
    now = corrected(run.clock(), accounts.values())
    moment = as_of or now
    run_id = run.runs.start("dry-run", mode="observe", as_of=as_of, now=now, agreement_hash=run.agreement.hash)
    log.info("run_started", run=run_id, as_of=moment.isoformat(), agreement=run.agreement.hash[:12])
    pulled = tuple(pull_account(c, run.mirror, account=accounts[c.crm], seen_at=now, tell=run.tell) for c in run.connectors)
    remember_agreement(run, now)
    terms = gather_terms(run)
    summary = Summary()
    steps: list[Step] = []
    for chunk in judge_all(run, terms, moment):
        for judged in chunk:
            spool.add(judged.findings, judged.steps)
            summary.add(judged.findings, judged.steps)
            steps += judged.steps
        if as_of is None:
            run.findings.save(run_id, [judged.judgement for judged in chunk], judged_at=now)
    plan = run.plans.save(run_id, steps) if as_of is None else None
    log.info("run_finished", run=run_id, leads=summary.leads, findings=summary.findings, breaches=summary.breaches, steps=len(steps))
    run.runs.finish(run_id, outcome="ok", summary=summary.as_json())
    return Audit(
        run_id=run_id,
        started_at=now,
        as_of=moment,
        agreement=run.agreement,
        signed=tuple(sorted(signed_sides(run.agreement))),
        not_enforcing=why_not_enforcing(run.agreement, moment),
        not_judged=not_judged(run.agreement),
        pulled=pulled,
        calls={connector.crm: connector.usage().calls for connector in run.connectors},
        leads={connector.crm: run.reader.count_leads(run.vocabularies[connector.crm]) for connector in run.connectors},
        names={owner: name for crm in terms.crms.values() for owner, name in crm.names.items()},
        summary=summary,
        plan=plan,
    )


def not_judged(agreement: Agreement) -> tuple[str, ...]:
    """Name the clocks and cadences that are kept and checked, but not judged yet."""
    judged = {clock.name for clock in agreement.judged_clocks}
    return tuple(name for name in agreement.rule_names if name not in judged)


def corrected(machine: datetime, accounts: Iterable[Account]) -> datetime:
    """Return the time of the run: the machine's, or the CRM's where the machine is off by more than 30 s."""
    for account in accounts:
        if abs(account.server_now - machine) > CLOCK_MAY_BE_OFF:
            return account.server_now
    return machine


def remember_agreement(run: Context, now: datetime) -> None:
    """Keep the text of the agreement that this run saw, once per content."""
    run.agreements.remember(version_of(run.agreement, seen_at=now))


def gather_terms(run: Context) -> Terms:
    """Collect from the store what leads are judged by."""
    crms = {
        crm: crm_terms(
            vocabulary,
            definitions=run.mirror.definitions(crm),
            owners=run.mirror.owners(crm),
            upto={name: state.upto for name, state in run.mirror.streams(crm).items() if state.upto is not None and state.error is None},
        )
        for crm, vocabulary in run.vocabularies.items()
    }
    spans = find_eras(run.agreement, run.agreements.versions(), run.read_version)
    return Terms(spans=spans, roster=run.roster, crms=crms, settle=run.config.settle.moves)


@dataclass(frozen=True, slots=True)
class Judged:
    """One lead, judged and planned for."""

    judgement: Judgement
    steps: tuple[Step, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The lead's findings."""
        return self.judgement.findings


def judge_all(run: Context, terms: Terms, now: datetime) -> Iterator[list[Judged]]:
    """Judge every lead as it was known at `now` and plan for it, in chunks, leads in key order."""
    routing = Routing(seats=_seats(run.roster, terms, now))
    planner = Planner(agreement=run.agreement, terms=terms, policy=_policy(run, now), routing=routing, now=now)
    chunk: list[Judged] = []
    for rows in _leads(run, now):
        judgement = judge_lead(rows, terms, now)
        chunk.append(Judged(judgement, planner.steps(rows.people[0], judgement.findings)))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _leads(run: Context, now: datetime) -> Iterator[LeadRows]:
    for words in run.vocabularies.values():
        yield from run.reader.leads(words, upto=now, bulk_within=run.agreement.touches.bulk_within)


def _policy(run: Context, now: datetime) -> Policy:
    return Policy(mode_of=run.config.mode.of, not_enforcing=why_not_enforcing(run.agreement, now), max_act_age=run.config.act.max_act_age)


def _seats(roster: Roster, terms: Terms, now: datetime) -> dict[str, tuple[Seat, ...]]:
    """Return per pool the members who are active in the CRM and not absent at `now`, in the roster's order."""
    return {pool: tuple(_open_seats(roster, terms, pool, now)) for pool in roster.pools}


def _open_seats(roster: Roster, terms: Terms, pool: str, now: datetime) -> Iterator[Seat]:
    for member in roster.members(pool):
        for crm, owner in roster.people[member.person].ids.items():
            if crm in terms.crms and owner not in terms.crms[crm].inactive and not roster.absent(member.person, now):
                yield Seat(owner=owner, weight=member.weight)
