"""One run: pull, judge, plan, save. The only module that names every stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

import structlog

from connectors.errors import ConnectorError
from connectors.pacing import Waiting
from connectors.protocol import Connector, WritingConnector
from connectors.records import Account
from sync.agreement.eras import AgreementSpan
from sync.agreement.model import Agreement
from sync.agreement.versions import signed_sides, version_of, why_not_enforcing
from sync.assign import Ground, gather_routing, new_people_turns
from sync.brakes import NO_BRAKES, Brakes
from sync.delivery import Door
from sync.errors import LimitReached, UsageError
from sync.judge.findings import Finding
from sync.judge.judge import judge_lead
from sync.judged_by import judged_by
from sync.known import Known, eras_at, gather_terms
from sync.limits import DAY, HOUR, Spent, Toll
from sync.lint import Facts, fits, refuse_if_misfit
from sync.meter import EVERY, Meter
from sync.only import EVERYTHING, Only
from sync.plan import Planner, Policy
from sync.problems import choose_fix, listed
from sync.pull import DEFINITIONS, Progress, Pulled, known_facts, note_what_is_behind, pull_account, pull_evidence, read_facts
from sync.report.audit import Audit
from sync.report.contract import usage_json
from sync.report.spool import Spool
from sync.report.summary import Summary
from sync.reversals import COUNTED_FOR, fought_over
from sync.rows import LeadRows
from sync.shrunken import refuse_if_owners_shrunken, refuse_if_shrunken
from sync.stamps import StampsLeft
from sync.steps import Step
from sync.stopping import Now, brakes_at
from sync.store.journal import Journal
from sync.store.ledger import Enforced, Ledger
from sync.store.outbox import Outbox
from sync.store.plans import Plans, SavedPlan
from sync.store.runs import Runs
from sync.store.tidings import Tidings
from sync.store.whose import Whose
from sync.sweep import find_erased, sweep
from sync.templates import Templates
from sync.terms import Terms

log = structlog.get_logger()
DRY_RUN, SYNC = "dry-run", "sync"
CHUNK = 500  # leads whose findings are saved in one transaction
CLOCK_MAY_BE_OFF = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything a run needs from the world, put together by wiring."""

    known: Known
    connectors: tuple[WritingConnector, ...]
    plans: Plans
    runs: Runs
    journal: Journal
    ledger: Ledger
    whose: Whose
    enforced: Enforced
    outbox: Outbox
    tidings: Tidings
    door: Door
    templates: Templates
    meter: Meter
    clock: Callable[[], datetime]
    waiting: Waiting
    tell: Callable[[Progress], None]
    heedless: bool = False  # a person wants it written all the same: what is paused and frozen stops nothing

    @property
    def ground(self) -> Ground:
        """What routing is worked out from."""
        return Ground(known=self.known, ledger=self.ledger, enforced=self.enforced, whose=self.whose)

    @property
    def writers(self) -> dict[str, WritingConnector]:
        """The connectors by CRM."""
        return {connector.crm: connector for connector in self.connectors}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person may ask of a run."""

    as_of: datetime | None = None  # judge as things were known then
    only: Only = EVERYTHING  # which findings the report shows
    anew: bool = False  # read everything, not just what changed
    shrunken: frozenset[str] = frozenset()  # streams, such as `hubspot/contacts`, of which much may be gone


NOTHING_SPECIAL = Asked()


def dry_run(run: Context, spool: Spool, asked: Asked = NOTHING_SPECIAL) -> Audit:
    """Pull what changed, judge every lead and plan; writes the mirror, findings and the plan, never a CRM.

    All leads are judged and kept; `only` limits which findings, with their steps, go into the report.
    With `as_of` the leads are judged as they were known at that moment, and neither findings nor a plan are
    kept, because they are not today's. Raises ConnectorError, StoreError, LimitReached or UsageError; pages read before stay.
    """
    with opened_run(run, DRY_RUN, asked) as begun:
        judged = pull_and_judge(run, begun, spool, asked)
        finish(run, begun, judged)
        return judged.audit


@contextmanager
def opened_run(run: Context, kind: str, asked: Asked = NOTHING_SPECIAL) -> Iterator[Begun]:
    """Begin a run; what it cost, and how it ended where a CRM or a limit ends it, is noted."""
    _refuse_if_unknown(asked.shrunken, run.connectors)
    with _metered(run):
        begun = begin(run, asked.as_of, kind=kind)
        with _noted_if_it_fails(run, begun):
            yield begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a run read, found and planned."""

    pulled: tuple[Pulled, ...]
    terms: Terms
    audit: Audit


def pull_and_judge(run: Context, begun: Begun, spool: Spool, asked: Asked) -> Judged:
    """Pull what changed, judge every lead and plan."""
    pulled = pull(run, begun, asked)
    terms = gather_terms(run.known, begun.eras, upto=asked.as_of)
    asked.only.refuse_if_unknown(terms)
    if begun.kind == SYNC:
        crm = terms.authority.owner
        run.ledger.note_people(new_people_turns(run.ground, terms, begun.now), crm=crm, upto=begun.now)
    report = Report(spool=spool, summary=Summary(), shown=lambda finding: asked.only.shows(finding, terms))
    plan = judge_and_plan(run, begun.run_id, terms, report, moment=begun.moment, keep=asked.as_of is None)
    audit = replace(_audit(run, begun, pulled, terms, report.summary, plan), limited=asked.only != EVERYTHING)
    return Judged(pulled=pulled, terms=terms, audit=audit)


def finish(
    run: Context, begun: Begun, judged: Judged, *, stopped_by: ConnectorError | None = None, more: Mapping[str, object] | None = None
) -> None:
    """Note that a run came to its end, or what stopped it while it wrote, and what it found and did."""
    summary = judged.audit.summary
    run.runs.finish(begun.run_id, outcome=outcome_of(stopped_by), summary=summary.as_json() | _cost(run, begun) | dict(more or {}))
    log.info("run_finished", run=begun.run_id, leads=summary.leads, breaches=summary.breaches)


def outcome_of(stopped_by: ConnectorError | None) -> str:
    """Return how a run that came to its last line ended: `ok`, or the condition that stopped it."""
    return "ok" if stopped_by is None else type(stopped_by).__name__


def _refuse_if_unknown(streams: Iterable[str], connectors: Iterable[Connector]) -> None:
    known = [f"{connector.crm}/{stream}" for connector in connectors for stream in connector.streams() if stream != DEFINITIONS]
    for stream in streams:
        if stream not in known:
            raise UsageError(
                f"--accept-shrunken {stream} names no stream", fix=choose_fix(stream, known, otherwise=f"known are: {listed(known)}")
            )


@contextmanager
def _metered(run: Context) -> Iterator[None]:
    try:
        yield
    finally:
        run.meter.save()


@contextmanager
def _noted_if_it_fails(run: Context, begun: Begun) -> Iterator[None]:
    """Note how a run ended that a CRM or a limit stopped; of an error of the store the store cannot tell."""
    try:
        yield
    except (ConnectorError, LimitReached, UsageError) as error:
        run.runs.finish(begun.run_id, outcome=type(error).__name__, summary=_cost(run, begun))
        raise


def _cost(run: Context, begun: Begun) -> dict[str, object]:
    took = max(0.0, (run.clock() - begun.machine_at).total_seconds())
    return {"took_s": round(took, 1), "usage": {crm: usage_json(usage) for crm, usage in run.meter.told().items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A run that found its accounts, its time and its agreement, and has read nothing into the store yet."""

    run_id: str
    kind: str  # dry-run, sync, apply, undo
    now: datetime
    machine_at: datetime  # the same by this machine's clock alone, against which it is told how long the run took
    moment: datetime  # at which leads are judged
    facts: Mapping[str, Facts]  # crm -> what it says about itself
    eras: tuple[AgreementSpan, ...]
    agreement: Agreement  # the version in force at `moment`, else the current file

    @property
    def ahead(self) -> timedelta:
        """By how much the run's time is ahead of this machine's clock."""
        return self.now - self.machine_at


def begin(run: Context, as_of: datetime | None, *, kind: str) -> Begun:
    """Ask each CRM who and when it is, and refuse what does not fit: another account's store, files that name what is not there."""
    known = run.known
    accounts = {connector.crm: connector.account() for connector in run.connectors}
    machine_at = run.clock()
    now = corrected(machine_at, accounts.values())
    moment = now if as_of is None else refuse_if_future(as_of, now)
    facts = {connector.crm: _facts(run, connector, accounts[connector.crm]) for connector in run.connectors}
    refuse_if_misfit(known.agreement, known.roster, facts.values())
    for fact in facts.values():
        known.mirror.bind_account(fact.account.crm, fact.account.id, pages=fact.account.record_pages)
    known.agreements.remember(version_of(known.agreement, seen_at=now))
    eras = eras_at(known, upto=as_of)
    agreement = next(era.agreement for era in eras if era.covers(moment))
    mode = "observe" if kind == DRY_RUN else known.config.mode.default
    run_id = run.runs.start(kind, mode=mode, as_of=as_of, now=now, agreement_hash=agreement.hash)
    log.info("run_started", run=run_id, as_of=moment.isoformat(), agreement=agreement.hash[:12])
    return Begun(run_id=run_id, kind=kind, now=now, machine_at=machine_at, moment=moment, facts=facts, eras=eras, agreement=agreement)


def _facts(run: Context, connector: Connector, account: Account) -> Facts:
    """Return what a CRM says about itself: what was known an hour ago, unless the files would be refused by that."""
    known, words = run.known, run.known.vocabularies[connector.crm]
    run.meter.start(connector)
    facts = known_facts(connector, words, account, known.mirror)
    return facts if facts is not None and fits(known.agreement, known.roster, facts) else read_facts(connector, words, account)


def pull(run: Context, begun: Begun, asked: Asked = NOTHING_SPECIAL) -> tuple[Pulled, ...]:
    """Read what changed, the evidence for the promises that have fallen due since, and what vanished."""
    known = run.known
    mirror, share, tell = known.mirror, known.config.limits.smallest_pull_share, _telling(run)
    for facts in begun.facts.values():
        refuse_if_owners_shrunken(mirror, facts, share=share, accepted=asked.shrunken)
    pulled = tuple(pull_account(c, mirror, begun.facts[c.crm], anew=asked.anew, tell=tell) for c in run.connectors)
    for one in pulled:
        refuse_if_shrunken(mirror, one, share=share, accepted=asked.shrunken)
    for connector, one in zip(run.connectors, pulled, strict=True):
        pull_evidence(connector, mirror, known.findings.fallen_due(connector.crm, begun.now), one, tell=tell)
        sweep(connector, mirror, one, tell=tell, accepted=asked.shrunken)
        find_erased(connector, mirror, one, stream=begun.facts[connector.crm].vocabulary.person_stream)
        mirror.scrub_if_due()
        note_what_is_behind(mirror, one)
    known.links.renew(now=begun.now, shared=known.roster.shared_mailboxes)
    return pulled


def _telling(run: Context) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        run.meter.save(every=EVERY)
        run.tell(progress)

    return tell


def _audit(run: Context, begun: Begun, pulled: tuple[Pulled, ...], terms: Terms, summary: Summary, plan: SavedPlan | None) -> Audit:
    known, agreement = run.known, begun.agreement
    return Audit(
        run_id=begun.run_id,
        kind=begun.kind,
        started_at=begun.now,
        as_of=begun.moment,
        agreement=agreement,
        eras=begun.eras,
        draft=known.agreement.hash if known.agreement.hash != agreement.hash else None,
        signed=tuple(sorted(signed_sides(agreement))),
        not_enforcing=why_not_enforcing(agreement, begun.moment),
        not_judged=not_judged(agreement),
        pulled=pulled,
        usage=run.meter.told(),
        leads={connector.crm: known.reader.count_persons(known.vocabularies[connector.crm]) for connector in run.connectors},
        names={owner: name for crm in terms.crms.values() for owner, name in crm.names.items()},
        teams={owner: team for name, crm in terms.crms.items() for owner in crm.names if (team := terms.team_of(name, owner))},
        summary=summary,
        limited=False,
        plan=plan,
    )


def refuse_if_future(as_of: datetime, now: datetime) -> datetime:
    """Return `as_of`; UsageError if it lies after `now`."""
    if as_of > now:
        raise UsageError(f"--as-of {as_of.isoformat()} lies in the future: it is {now.isoformat()}", fix="name a moment that is past")
    return as_of


def not_judged(agreement: Agreement) -> tuple[str, ...]:
    """Name what is read, checked and kept, but not judged: how leads were nurtured, as no CRM tells of every marketing mail."""
    return tuple(f"nurtured of {handoff.name}" for handoff in agreement.handoffs if handoff.nurtured is not None)


def corrected(machine: datetime, accounts: Iterable[Account]) -> datetime:
    """Return the time of the run: the machine's, or the CRM's where the machine is off by more than 30 s."""
    for account in accounts:
        if abs(account.server_now - machine) > CLOCK_MAY_BE_OFF:
            return account.server_now
    return machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Where the findings of a run go to be told, and which of them."""

    spool: Spool
    summary: Summary
    shown: Callable[[Finding], bool]

    def add(self, findings: Sequence[Finding], steps: Sequence[Step]) -> None:
        """Take in one lead."""
        told = [finding for finding in findings if self.shown(finding)]
        keys = {finding.key for finding in told}
        theirs = [step for step in steps if step.finding in keys]
        self.spool.add(told, theirs)
        self.summary.add(told, theirs)

    def hold(self, trips: Mapping[str, str]) -> None:
        """Hold back the moves of the rules that went beyond a limit."""
        self.spool.hold(trips)
        self.summary.hold(trips)


def judge_and_plan(run: Context, run_id: str, terms: Terms, report: Report, *, moment: datetime, keep: bool) -> SavedPlan | None:
    """Judge every lead as it was known at `moment` and plan for it, chunk by chunk; `keep` findings and plan in the store."""
    known, agreement = run.known, terms.agreement_at(moment)
    routing, unsaved = gather_routing(run.ground, terms, moment)
    policy = policy_at(run, agreement, moment, brakes=_brakes_at(run, agreement, moment, keep=keep))
    planner = Planner(agreement=agreement, terms=terms, policy=policy, routing=routing, now=moment)
    plan = run.plans.begin(run_id) if keep else None
    if plan is not None:
        run.ledger.note_book(plan, {pool: routing.book.owed.get(pool, {}) for pool in routing.seats}, unsaved=len(unsaved))
    known.dirty.refresh(judged_by(terms), bulk_within=agreement.touches.bulk_within)
    marked_upto, toll, stamps = known.dirty.newest(), Toll(), StampsLeft(known.config.limits.stamps_per_run)
    total, judged = known.reader.count_leads(), 0
    for chunk in _chunks(_leads(run, agreement, moment)):
        judgements = [judge_lead(rows, terms, moment) for rows in chunk]
        steps = [stamps.hold(planner.steps(rows, judgement.findings)) for rows, judgement in zip(chunk, judgements, strict=True)]
        for judgement, planned in zip(judgements, steps, strict=True):
            report.add(judgement.findings, planned)
            toll.add(judgement.findings, planned)
        if plan is not None:
            known.findings.save(run_id, judgements, judged_at=moment, marked_upto=marked_upto)
            run.plans.add(plan, [step for planned in steps for step in planned])
        judged += len(chunk)
        run.tell(Progress(work="judging", rows=judged, total=max(total, judged), done=judged >= total))
    if keep:
        known.findings.withdraw_former(run_id, judged_at=moment)
    trips = toll.trips(known.config.limits, moves_before(run, moment))
    report.hold(trips)
    return run.plans.close(plan, trips) if plan is not None else None


def moves_before(run: Context, moment: datetime) -> Spent:
    """Count the moves that limits of an hour and a day count at a moment."""
    return Spent(hour=run.journal.moves_since(moment - HOUR), day=run.journal.moves_since(moment - DAY))


def _brakes_at(run: Context, agreement: Agreement, moment: datetime, *, keep: bool) -> Brakes:
    """Return what is stopped now, or was at an earlier moment, and what waits in a held plan."""
    if not keep:
        return brakes_at(run.known, Now(moment, moment), agreement.zone)
    return replace(brakes_at(run.known, Now(moment, run.clock()), agreement.zone), held=run.known.held.latches(moment))


def policy_at(run: Context, agreement: Agreement, moment: datetime, *, brakes: Brakes = NO_BRAKES) -> Policy:
    """Gather what keeps leadpact from acting by `agreement` at a moment."""
    return Policy(
        mode_of=run.known.config.mode.of,
        not_enforcing=why_not_enforcing(agreement, moment),
        max_act_age=run.known.config.act.max_act_age,
        enforced_since=run.enforced.since().get,
        told=run.known.config.told,
        fired=run.journal.fired(),
        fought=fought_over(run.journal.reversals(moment - COUNTED_FOR)),
        brakes=brakes,
    )


def _leads(run: Context, agreement: Agreement, moment: datetime) -> Iterator[LeadRows]:
    return run.known.reader.leads(upto=moment, bulk_within=agreement.touches.bulk_within)


def _chunks(leads: Iterator[LeadRows]) -> Iterator[list[LeadRows]]:
    while chunk := list(islice(leads, CHUNK)):
        yield chunk
