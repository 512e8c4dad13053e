"""One run: pull, judge, plan, save. The only module that names every stage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import structlog

from connectors.errors import ConnectorError
from connectors.protocol import Connector, WritingConnector
from sync.agreement.model import Agreement
from sync.assign import gather_routing, new_people_turns
from sync.audited import audit_of
from sync.begin import DRY_RUN, NOTHING_SPECIAL, SYNC, Asked, Begun, cost_of, opened_run
from sync.context import Context
from sync.judge.judge import judge_lead
from sync.judged_by import judged_by
from sync.known import gather_terms
from sync.limits import Toll
from sync.lint import Facts
from sync.meter import EVERY
from sync.only import EVERYTHING
from sync.plan import Planner
from sync.policy import moves_before, policy_at, what_brakes
from sync.pull import Progress, Pulled, note_what_is_behind, pull_account, pull_evidence
from sync.report.audit import Audit
from sync.report.report import Report
from sync.report.spool import Spool
from sync.report.summary import Summary
from sync.rows import LeadRows
from sync.shrunken import refuse_if_owners_shrunken, refuse_if_shrunken
from sync.stamps import StampsLeft
from sync.store.plans import SavedPlan
from sync.sweep import find_erased, sweep
from sync.terms import Terms

log = structlog.get_logger()
CHUNK = 500  # leads whose findings are saved in one transaction


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
    audit = replace(audit_of(run, begun, pulled, terms, report.summary, plan), limited=asked.only != EVERYTHING)
    return Judged(pulled=pulled, terms=terms, audit=audit)


def finish(
    run: Context, begun: Begun, judged: Judged, *, stopped_by: ConnectorError | None = None, more: Mapping[str, object] | None = None
) -> None:
    """Note that a run came to its end, or what stopped it while it wrote, and what it found and did."""
    summary = judged.audit.summary
    run.runs.finish(begun.run_id, outcome=outcome_of(stopped_by), summary=summary.as_json() | cost_of(run, begun) | dict(more or {}))
    log.info("run_finished", leads=summary.leads, breaches=summary.breaches)


def outcome_of(stopped_by: ConnectorError | None) -> str:
    """Return how a run that came to its last line ended: `ok`, or the condition that stopped it."""
    return "ok" if stopped_by is None else type(stopped_by).__name__


def pull(run: Context, begun: Begun, asked: Asked = NOTHING_SPECIAL) -> tuple[Pulled, ...]:
    """Read what changed, the evidence for the promises that have fallen due since, and what vanished."""
    for facts in begun.facts.values():
        refuse_if_owners_shrunken(run.known.mirror, facts, share=run.known.config.limits.smallest_pull_share, accepted=asked.shrunken)
    changed = [(connector, pull_changes(run, connector, begun.facts[connector.crm], asked)) for connector in run.connectors]
    for connector, pulled in changed:
        pull_the_rest(run, connector, pulled, now=begun.now, asked=asked)
        find_erased(connector, run.known.mirror, pulled, stream=run.known.vocabularies[connector.crm].person_stream)
    run.known.links.renew(now=begun.now, shared=run.known.roster.shared_mailboxes)
    return tuple(pulled for _, pulled in changed)


def pull_changes(
    run: Context, connector: Connector, facts: Facts, asked: Asked = NOTHING_SPECIAL, *, streams: Collection[str] | None = None
) -> Pulled:
    """Read what changed in one CRM, in all its streams or in some; raises PullShrunk where it shows far less than it did."""
    mirror, share = run.known.mirror, run.known.config.limits.smallest_pull_share
    pulled = pull_account(connector, mirror, facts, anew=asked.anew, tell=telling(run), only=streams)
    refuse_if_shrunken(mirror, pulled, share=share, accepted=asked.shrunken)
    return pulled


def pull_the_rest(run: Context, connector: WritingConnector, pulled: Pulled, *, now: datetime, asked: Asked = NOTHING_SPECIAL) -> None:
    """Read the evidence for the promises that have fallen due since, and what vanished from the streams that were read."""
    mirror, tell = run.known.mirror, telling(run)
    pull_evidence(connector, mirror, run.known.findings.fallen_due(connector.crm, now), pulled, tell=tell)
    sweep(connector, mirror, pulled, tell=tell, accepted=asked.shrunken)
    mirror.scrub_if_due()
    note_what_is_behind(mirror, pulled)


def telling(run: Context) -> Callable[[Progress], None]:
    """Return what tells how far a run has come, and keeps the count of its calls up to date."""

    def tell(progress: Progress) -> None:
        run.meter.save(every=EVERY)
        run.tell(progress)

    return tell


def judge_and_plan(run: Context, run_id: str, terms: Terms, report: Report, *, moment: datetime, keep: bool) -> SavedPlan | None:
    """Judge every lead as it was known at `moment` and plan for it, chunk by chunk; `keep` findings and plan in the store."""
    known, agreement = run.known, terms.agreement_at(moment)
    routing, unsaved = gather_routing(run.ground, terms, moment)
    policy = policy_at(run, agreement, moment, brakes=what_brakes(run, agreement, moment, keep=keep))
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


def _leads(run: Context, agreement: Agreement, moment: datetime) -> Iterator[LeadRows]:
    return run.known.reader.leads(upto=moment, bulk_within=agreement.touches.bulk_within)


def _chunks(leads: Iterator[LeadRows]) -> Iterator[list[LeadRows]]:
    while chunk := list(islice(leads, CHUNK)):
        yield chunk
