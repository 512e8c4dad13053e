"""Runs that write: all that is agreed and within the limits, exactly one plan, or what undoes a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from connectors.pacing import RetryPolicy, repeat
from sync.agreement.versions import why_not_enforcing
from sync.carry_out import CarryOut, Numbered, Tally
from sync.config_sections import Mode
from sync.errors import UsageError
from sync.fresh import back
from sync.gather import open_seats
from sync.journal import ARRIVED, what_stands
from sync.known import gather_terms
from sync.ladder import CARRIED_OUT, MOVES
from sync.limits import beyond
from sync.look_again import LookAgain
from sync.plan import Planner
from sync.pull import Progress, Pulled
from sync.report.audit import Audit
from sync.report.spool import Spool
from sync.reversals import Signs
from sync.route import Routing
from sync.run import Asked, Begun, Context, finish, moves_before, opened_run, outcome_of, policy_at, pull, pull_and_judge
from sync.second_look import SecondLook
from sync.send import Sender
from sync.settle import Settler, left_open, tried_of
from sync.steps import Step
from sync.store.journal import UNDO
from sync.store.plans import Chosen, KeptPlan
from sync.terms import Terms
from sync.tried import Tried

SYNC, APPLY = "sync", "apply"
AGAIN = RetryPolicy(tries=4, first_s=2.0, longest_s=30.0)  # by which a run tries what a CRM could not do for a reason that passes
ANEW = "make a new one: leadpact sync --dry-run --out plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """What a run did."""

    run_id: str
    tally: Tally
    trips: dict[str, str]  # rule -> the limit that held its moves back
    plan: int | None = None  # in which they are held
    earlier: Tally = field(default_factory=Tally)  # what was found out about writes of earlier runs


def act(run: Context, spool: Spool, asked: Asked) -> tuple[Audit, Acted]:
    """Pull, judge, plan, and carry out what mode, agreement and limits allow; what went beyond a limit is held.

    Writes of earlier runs whose end nobody knows are settled first.
    """
    with opened_run(run, SYNC, asked) as begun:
        earlier = _settle_earlier(run, begun)
        _begin_enforcing(run, begun)
        judged = pull_and_judge(run, begun, spool, asked)
        plan = judged.audit.plan
        assert plan is not None, "a run of now keeps its plan"
        trips = dict(run.plans.trips(plan.id))
        steps = [(n, step) for n, step in _sendable(run, plan.id) if not (step.action in MOVES and step.rule in trips)]
        if not trips:
            run.journal.take_up(begun.run_id, plan.id, at=begun.now)
        tally = _carry_out(run, begun, judged.terms, judged.pulled, plan.id, steps)
        finish(run, begun, judged, stopped_by=tally.stopped_by, more={"written": tally.as_json()})
        return judged.audit, Acted(run_id=begun.run_id, tally=tally, trips=trips, plan=plan.id if trips else None, earlier=earlier)


def apply(run: Context, chosen: KeptPlan) -> Acted:
    """Carry out exactly the steps of a kept plan, once; a person let those pass that a limit held back.

    Each is looked at again, and skipped with the reason where it is not asked for any more. Raises UsageError for a plan of another
    account or agreement, one that was carried out already, and one that is too old.
    """
    with opened_run(run, APPLY) as begun:
        _refuse_if_not_for_now(run, begun, chosen)
        earlier = _settle_earlier(run, begun)
        pulled = pull(run, begun)
        terms = gather_terms(run.known, begun.eras)
        before = run.journal.take_up(begun.run_id, chosen.id, at=begun.now)
        if before is not None:
            raise UsageError(
                f"plan {chosen.id} was carried out by run {before}", fix="make a new one: leadpact sync --dry-run --out plan.json"
            )
        tally = _carry_out(run, begun, terms, pulled, chosen.id, _sendable(run, chosen.id))
        run.runs.finish(begun.run_id, outcome=outcome_of(tally.stopped_by), summary={"plan": chosen.id, "written": tally.as_json()})
        return Acted(run_id=begun.run_id, tally=tally, trips={}, earlier=earlier)


def undo(run: Context, run_name: str, leads: Sequence[str]) -> Acted:
    """Put back what a run changed, where it still stands as that run left it; of all its leads, or of some.

    What goes beyond a limit is held, as any plan is. Raises UsageError where nothing is to be put back.
    """
    with opened_run(run, UNDO) as begun:
        earlier = _settle_earlier(run, begun)
        steps = [back(step) for step in _stands_of(run, run_name) if not leads or step.lead in leads]
        if not steps:
            raise UsageError(f"nothing of run {run_name} stands as it left it", fix=f"see what it did: leadpact show {run_name}")
        pulled, plan = pull(run, begun), run.plans.begin(begun.run_id)
        run.plans.add(plan, steps)
        told = beyond(len(steps), run.known.config.limits, moves_before(run, begun.now))
        trips = dict.fromkeys((step.rule for step in steps), told) if told is not None else {}
        run.plans.close(plan, trips)
        tally = Tally()
        if not trips:
            run.journal.take_up(begun.run_id, plan, at=begun.now)
            tally = _carry_out(run, begun, gather_terms(run.known, begun.eras), pulled, plan, enumerate(steps))
        summary = {"plan": plan, "undoes": run_name, "written": tally.as_json()}
        run.runs.finish(begun.run_id, outcome=outcome_of(tally.stopped_by), summary=summary)
        return Acted(run_id=begun.run_id, tally=tally, trips=trips, plan=plan if trips else None, earlier=earlier)


def _stands_of(run: Context, run_name: str) -> Iterator[Step]:
    """Yield the steps of a run that were seen to stand, whatever came after, in the CRMs that are connected."""
    plans = run.journal.plans_of(run_name)
    if not plans:
        raise UsageError(f"run {run_name} wrote nothing", fix=f"see what it did: leadpact show {run_name}")
    for plan in plans:
        stands = what_stands(run.journal.of_plan(plan))
        others = {place.position for place, entry in stands.items() if entry.event not in ARRIVED}
        arrived = frozenset(place.position for place in stands) - others
        steps = (step for _, step in run.plans.numbered(plan, Chosen(places=arrived)))
        yield from (step for step in steps if step.record.crm in run.writers)


def _settle_earlier(run: Context, begun: Begun) -> Tally:
    """Find out what became of writes that an earlier run was killed in, and whether those that stood still do after the sync's lag."""
    tally, sender = Tally(), _sender(run, begun, begun.now)
    for connector in run.connectors:
        connector.learn(run.known.mirror.definitions(connector.crm))
    tally.add_all(_settler(run, sender).settle(_connected(run, left_open(run.journal, run.plans))))
    if tried := _connected(run, tried_of(run.journal.verified_once(upto=begun.now - run.known.config.authority.lag), run.plans)):
        last_written = run.journal.last_written(min(one.intents[0].at for one in tried))
        look = SecondLook(sender=sender, mirror=run.known.mirror, signs=_signs(run), last_written=last_written)
        tally.add_all(look.all(tried))
    return tally


def _connected(run: Context, tried: Iterable[Tried]) -> list[Tried]:
    return [one for one in tried if one.step.record.crm in run.writers]


def _signs(run: Context) -> dict[str, Signs]:
    known = run.known
    return {crm: Signs(own=known.config.own_app(crm), by_hand=words.by_hand) for crm, words in known.vocabularies.items()}


def _begin_enforcing(run: Context, begun: Begun) -> None:
    """Note which rules are enforced from now on: none before a run has judged by this very agreement, and it is in force."""
    mode = run.known.config.mode
    ready = why_not_enforcing(begun.agreement, begun.now) is None and run.runs.has_judged(begun.agreement.hash)
    allowed = [rule for rule in begun.agreement.rule_names if any(mode.of(rule, team) is not Mode.OBSERVE for team in (None, *mode.teams))]
    run.enforced.renew(allowed if ready else (), now=begun.now)


def _refuse_if_not_for_now(run: Context, begun: Begun, chosen: KeptPlan) -> None:
    accounts = {crm: facts.account.id for crm, facts in begun.facts.items()}
    if dict(chosen.accounts) != accounts:
        raise UsageError(f"plan {chosen.id} is for {dict(chosen.accounts)}, connected are {accounts}", fix=ANEW)
    if chosen.agreement_hash != begun.agreement.hash:
        now = begun.agreement.hash[:12]
        raise UsageError(f"plan {chosen.id} was made by agreement {chosen.agreement_hash[:12]}; {now} is in force", fix=ANEW)
    held_until = chosen.made_at + run.known.config.limits.held_for
    if run.plans.trips(chosen.id) and begun.now > held_until:
        raise UsageError(f"plan {chosen.id} was held until {held_until.isoformat()}", fix=ANEW)
    if not any(True for _ in _sendable(run, chosen.id)):
        why = next((step.blocked_by[0] for step in run.plans.steps(chosen.id) if step.blocked_by), "it moves nothing")
        raise UsageError(f"no step of plan {chosen.id} may be carried out: {why}", fix="see each one's reason: leadpact show " + chosen.run)


def _sendable(run: Context, plan: int) -> Iterator[Numbered]:
    """Yield the steps of a plan that are carried out, and that nothing but a limit holds back."""
    for position, step in enumerate(run.plans.steps(plan)):
        if step.action in (*CARRIED_OUT, UNDO) and not step.blocked_by:
            yield position, step


def _carry_out(run: Context, begun: Begun, terms: Terms, pulled: Iterable[Pulled], plan: int, steps: Iterable[Numbered]) -> Tally:
    todo = list(steps)
    routing = Routing(seats=open_seats(run.known.roster, terms, begun.now))
    policy = policy_at(run, begun.agreement, begun.now)
    look = LookAgain(
        known=run.known,
        writers=run.writers,
        closed={one.account.crm: one.closed for one in pulled},
        planner=Planner(agreement=begun.agreement, terms=terms, policy=policy, routing=routing, now=begun.now),
    )
    carrying = CarryOut(
        plan=plan,
        sender_at=partial(_sender, run, begun),
        settler_of=partial(_settler, run),
        look=look,
        now=lambda: run.clock() + begun.ahead,
        repeat=partial(repeat, waiting=run.waiting, policy=AGAIN),
    )

    def tell(done: int) -> None:
        run.tell(Progress(work="writing", rows=done, total=len(todo), done=done == len(todo)))

    return carrying.all(todo, tell)


def _sender(run: Context, begun: Begun, now: datetime) -> Sender:
    return Sender(writers=run.writers, journal=run.journal, run_id=begun.run_id, now=now)


def _settler(run: Context, sender: Sender) -> Settler:
    return Settler(sender=sender, mirror=run.known.mirror, ledger=run.ledger, signs=_signs(run))
