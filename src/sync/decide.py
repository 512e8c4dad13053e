"""Runs that make the plan which a person ordered, and write nothing: of the backlog, of the leads of somebody who leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sync.agreement.model import OFFBOARD, Agreement
from sync.agreement.versions import why_not_enforcing
from sync.assign import gather_routing
from sync.backlog import is_backlog
from sync.begin import Begun, opened_run
from sync.context import Context
from sync.judge.findings import Finding
from sync.judge.judge import judge_lead
from sync.known import gather_terms
from sync.ladder import MOVES
from sync.limits import beyond
from sync.offboard import Offboarding, offboarding_beyond
from sync.only import Only
from sync.orders import BACKLOG, Backlog, Offboard, Order
from sync.plan import Planner
from sync.policy import moves_before, policy_at
from sync.pull import Progress
from sync.remedies.asked import Router
from sync.reversals import COUNTED_FOR, fought_over
from sync.run import pull
from sync.steps import Step
from sync.store.plans import KeptPlan
from sync.terms import Terms
from sync.tick import judge_dirty


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A plan that waits for a person, and what is to be known about it."""

    plan: KeptPlan
    leads: int  # that were looked at
    beyond: str | None  # the limit that the plan goes beyond; whoever applies it lets it pass


def planner_for(
    run: Context, order: Order | None, *, agreement: Agreement, terms: Terms, now: datetime, routing: Router
) -> Planner | Offboarding:
    """Return what plans for an order, or for a run where nobody ordered anything."""
    if isinstance(order, Offboard):
        return Offboarding(
            order=order,
            agreement=agreement,
            terms=terms,
            not_enforcing=why_not_enforcing(agreement, now),
            routing=routing,
            fired=run.journal.fired(),
            fought=fought_over(run.journal.reversals(now - COUNTED_FOR)),
            now=now,
        )
    policy = replace(policy_at(run, agreement, now), backlog=order)
    return Planner(agreement=agreement, terms=terms, policy=policy, routing=routing, now=now)


def plan_backlog(run: Context, order: Backlog, only: Only) -> Decided:
    """Pull, judge what changed, and plan what the broken promises from before enforcement ask for that `only` shows.

    Raises what a dry run raises.
    """
    with opened_run(run, BACKLOG) as begun:
        pull(run, begun)
        terms = gather_terms(run.known, begun.eras)
        only.refuse_if_unknown(terms)
        judge_dirty(run.known, terms, run_id=begun.run_id, now=begun.moment)
        since = run.enforced.since().get

        def asks(finding: Finding) -> bool:
            return is_backlog(finding, since(finding.rule)) and only.shows(finding, terms)

        leads = {finding.lead for finding in run.known.findings.latest() if asks(finding)}
        return _planned(run, begun, terms, order, leads, asks=asks)


def plan_offboarding(run: Context, order: Offboard) -> Decided:
    """Pull, and plan to whom the open leads of an owner go; more than `offboard_moves` are held. Raises what a dry run raises."""
    with opened_run(run, OFFBOARD) as begun:
        pull(run, begun)
        terms = gather_terms(run.known, begun.eras)
        crm, owned = terms.authority.owner, run.known.reader.owned_by
        leads = {
            lead
            for name, one in terms.crms.items()
            for lead in owned(one.vocabulary, {owner for owner in one.names if terms.owner_in(crm, owner, of=name) == order.owner})
        }
        return _planned(run, begun, terms, order, leads, asks=None)


def _planned(
    run: Context, begun: Begun, terms: Terms, order: Order, leads: Iterable[str], *, asks: Callable[[Finding], bool] | None
) -> Decided:
    wanted, moves = sorted(set(leads)), 0
    plan = run.plans.begin(begun.run_id, order)
    routing, unsaved = gather_routing(run.ground, terms, begun.moment)
    run.ledger.note_book(plan, {pool: routing.book.owed.get(pool, {}) for pool in routing.seats}, unsaved=len(unsaved))
    planner = planner_for(run, order, agreement=begun.agreement, terms=terms, now=begun.moment, routing=routing)
    for number, steps in enumerate(_steps(run, planner, wanted, asks=asks), start=1):
        run.plans.add(plan, steps)
        moves += sum(step.action in MOVES and step.is_pending for step in steps)
        run.tell(Progress(work="planning", rows=number, total=len(wanted), done=number == len(wanted)))
    told = _beyond(order, moves, run, begun.moment)
    run.plans.close(plan, {OFFBOARD: told} if told is not None and isinstance(order, Offboard) else {})
    kept = run.plans.get(plan)
    assert kept is not None, "it was closed just now"
    run.runs.finish(begun.run_id, outcome="ok", summary={"plan": plan, "leads": len(wanted)})
    return Decided(plan=kept, leads=len(wanted), beyond=told)


def _steps(
    run: Context, planner: Planner | Offboarding, leads: Iterable[str], *, asks: Callable[[Finding], bool] | None
) -> Iterator[tuple[Step, ...]]:
    """Yield the steps of each lead: all, or those whose finding `asks` for it."""
    terms, now, agreement = planner.terms, planner.now, planner.agreement
    for rows in run.known.reader.leads(upto=now, bulk_within=agreement.touches.bulk_within, keys=leads):
        findings = judge_lead(rows, terms, now).findings
        asking = {finding.key for finding in findings if asks is None or asks(finding)}
        yield tuple(step for step in planner.steps(rows, findings) if asks is None or step.finding in asking)


def _beyond(order: Order, moves: int, run: Context, now: datetime) -> str | None:
    limits = run.known.config.limits
    if isinstance(order, Backlog):
        return beyond(moves, limits, moves_before(run, now))
    return offboarding_beyond(moves, limits)
