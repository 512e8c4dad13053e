"""Runs that write: all that is agreed and within the limits, exactly one plan, or what undoes a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from connectors.pacing import RetryPolicy, repeat
from sync.agreement.versions import why_not_enforcing
from sync.along import Along
from sync.assign import gather_routing
from sync.carry_out import CarryOut, Numbered, Tally
from sync.config_sections import Mode
from sync.decide import planner_for
from sync.errors import LimitReached, UsageError
from sync.escalate import Escalate, settle_escalations
from sync.fresh import back
from sync.holding import AFRESH, parted, refuse_if_ended, refuse_if_undone_already, waits_in
from sync.journal import Event, what_was_written
from sync.known import gather_terms
from sync.ladder import REMIND
from sync.limits import beyond
from sync.look_again import LookAgain
from sync.orders import command_of
from sync.outbox import Post, Posted
from sync.pull import Progress, Pulled
from sync.remedies.manager_task import ESCALATE
from sync.remind import Remind
from sync.report.audit import Audit
from sync.report.spool import Spool
from sync.reversals import Signs
from sync.run import SYNC, Asked, Begun, Context, finish, moves_before, opened_run, outcome_of, pull, pull_and_judge
from sync.second_look import SecondLook
from sync.send import Sender
from sync.settle import Settler, left_open, tried_of
from sync.stamps import STAMP, STAMPS
from sync.steps import Step
from sync.stopping import Now, Stopping, brakes_at, subjects_of
from sync.store.journal import UNDO
from sync.store.plans import KeptPlan
from sync.terms import Terms
from sync.tried import Tried

APPLY = "apply"
AGAIN = RetryPolicy(tries=4, first_s=2.0, longest_s=30.0)  # by which a run tries what a CRM could not do for a reason that passes
TASK_STAYS = "the task is its manager's, who completes it"
_NOT_WRITTEN = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """What a run did."""

    run_id: str
    tally: Tally
    trips: dict[str, str]  # rule -> the limit that held its moves back
    posted: Posted  # what became of messages to people
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
        steps, trips = parted(_sendable(run, plan.id), run.plans.trips(plan.id))
        _take_up_or_hold(run, begun, plan.id, trips)
        tally = _carry_out(run, begun, judged.terms, judged.pulled, plan.id, steps)
        posted = _tell_people(run, begun, judged.terms)
        finish(run, begun, judged, stopped_by=tally.stopped_by, more={"written": tally.as_json()})
        held_in = plan.id if trips else None
        return judged.audit, Acted(run_id=begun.run_id, tally=tally, trips=trips, posted=posted, plan=held_in, earlier=earlier)


def apply(run: Context, chosen: KeptPlan) -> Acted:
    """Carry out exactly the steps of a kept plan, once; a person let those pass that a limit held back.

    Each is looked at again, and skipped with the reason where it is not asked for any more. Raises UsageError for a plan of another
    account or agreement, one that was carried out already, dropped, or is too old; LimitReached where all of it is stopped now.
    """
    with opened_run(run, APPLY) as begun:
        _refuse_if_not_for_now(run, begun, chosen)
        earlier = _settle_earlier(run, begun)
        pulled = pull(run, begun)
        terms = gather_terms(run.known, begun.eras)
        steps = list(_let_pass(run, chosen.id))
        _refuse_if_all_is_stopped(_stopping(run, begun, terms, steps), steps)
        before = run.journal.take_up(begun.run_id, chosen.id, at=begun.now)
        if before is not None:
            raise UsageError(f"plan {chosen.id} was carried out by run {before}", fix=f"make a new one: {command_of(chosen.order)}")
        _refuse_if_ended(run, begun, chosen)  # again: who drops a plan takes no lock
        tally = _carry_out(run, begun, terms, pulled, chosen.id, steps)
        posted = _tell_people(run, begun, terms)
        run.runs.finish(begun.run_id, outcome=outcome_of(tally.stopped_by), summary={"plan": chosen.id, "written": tally.as_json()})
        return Acted(run_id=begun.run_id, tally=tally, trips={}, posted=posted, earlier=earlier)


def undo(run: Context, run_name: str, leads: Sequence[str], *, even_paused: bool = False) -> Acted:
    """Put back what a run changed, where it still stands as that run left it; of all its leads, or of some.

    What goes beyond a limit is held, as any plan is. A pause of everything or of a lead, and a freeze, stop it too, unless
    `even_paused`. Raises UsageError where nothing is to be put back, or it waits in a held plan already; LimitReached where all of it
    is stopped now.
    """
    run = replace(run, heedless=even_paused)
    with opened_run(run, UNDO) as begun:
        earlier = _settle_earlier(run, begun)
        stands = [step for step in _stands_of(run, run_name) if not leads or step.lead in leads]
        steps = [back(step) for step in stands if step.action != ESCALATE]
        tally, kept = Tally(), [step for step in stands if step.action == ESCALATE]
        for step in kept:
            tally.add(step, Event.SKIPPED, TASK_STAYS)
        if not steps:
            why = f"run {run_name} only escalated: {TASK_STAYS}" if kept else f"nothing of run {run_name} stands as it left it"
            raise UsageError(why, fix=f"see what it did: leadpact show {run_name}")
        refuse_if_undone_already(run.known.held, steps, begun.now)
        pulled, terms = pull(run, begun), gather_terms(run.known, begun.eras)
        _refuse_if_all_is_stopped(_stopping(run, begun, terms, enumerate(steps)), enumerate(steps))
        plan = run.plans.begin(begun.run_id)
        run.plans.add(plan, steps)
        told = beyond(len(steps), run.known.config.limits, moves_before(run, begun.now))
        trips = dict.fromkeys((step.rule for step in steps), told) if told is not None else {}
        run.plans.close(plan, trips)
        _take_up_or_hold(run, begun, plan, trips)
        if not trips:
            tally.join(_carry_out(run, begun, terms, pulled, plan, enumerate(steps)))
        posted = _tell_people(run, begun, terms)
        summary = {"plan": plan, "undoes": run_name, "written": tally.as_json()}
        run.runs.finish(begun.run_id, outcome=outcome_of(tally.stopped_by), summary=summary)
        held_in = plan if trips else None
        return Acted(run_id=begun.run_id, tally=tally, trips=trips, posted=posted, plan=held_in, earlier=earlier)


def _stands_of(run: Context, run_name: str) -> Iterator[Step]:
    """Yield the steps of a run that were seen to stand, whatever came after, with the fields that it wrote, in connected CRMs."""
    plans = run.journal.plans_of(run_name)
    if not plans:
        raise UsageError(f"run {run_name} wrote nothing", fix=f"see what it did: leadpact show {run_name}")
    for plan in plans:
        written = what_was_written(run.journal.of_plan(plan))
        for position, step in enumerate(run.plans.steps(plan)):
            fields = tuple(one for one in step.fields if written.get(position, {}).get(one.field, _NOT_WRITTEN) == one.after)
            stands = fields or (step.action == ESCALATE and position in written)
            if stands and step.record.crm in run.writers and step.action != STAMP:
                yield replace(step, fields=fields)


def _settle_earlier(run: Context, begun: Begun) -> Tally:
    """Find out what became of writes that an earlier run was killed in, and whether those that stood still do after the sync's lag.

    Messages of which nobody will find out are noted as such.
    """
    run.outbox.settle(at=begun.now)
    tally, sender = Tally(), _sender(run, begun, begun.now)
    for connector in run.connectors:
        connector.learn(run.known.mirror.definitions(connector.crm))
    open_ = _connected(run, left_open(run.journal, run.plans))
    tally.add_all(settle_escalations(sender, [one for one in open_ if one.step.action == ESCALATE]))
    tally.add_all(_settler(run, sender).settle([one for one in open_ if one.step.action != ESCALATE]))
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
    brakes = brakes_at(run.known, Now(begun.now, run.clock()), begun.agreement.zone)
    rules = [rule for rule in begun.agreement.rule_names if not brakes.observes_whole(rule)]
    allowed = [rule for rule in rules if any(mode.of(rule, team) is not Mode.OBSERVE for team in (None, *mode.teams))]
    stamps = [STAMPS] if mode.default is Mode.ENFORCE and not brakes.observes_whole(STAMPS) else []
    run.enforced.renew([*allowed, *stamps] if ready else (), now=begun.now)


def _refuse_if_not_for_now(run: Context, begun: Begun, chosen: KeptPlan) -> None:
    _refuse_if_ended(run, begun, chosen)
    anew = f"make a new one: {command_of(chosen.order)}"
    accounts = {crm: facts.account.id for crm, facts in begun.facts.items()}
    if dict(chosen.accounts) != accounts:
        raise UsageError(f"plan {chosen.id} is for {dict(chosen.accounts)}, connected are {accounts}", fix=anew)
    if chosen.agreement_hash != begun.agreement.hash:
        now = begun.agreement.hash[:12]
        fix = f"drop it: leadpact drop {chosen.id} --reason …; {AFRESH}" if run.known.held.get(chosen.id) is not None else anew
        raise UsageError(f"plan {chosen.id} was made by agreement {chosen.agreement_hash[:12]}; {now} is in force", fix=fix)
    if not any(True for _ in _let_pass(run, chosen.id)):
        why = next((step.blocked_by[0] for step in run.plans.steps(chosen.id) if step.blocked_by), "it moves nothing")
        raise UsageError(f"no step of plan {chosen.id} may be carried out: {why}", fix="see each one's reason: leadpact show " + chosen.run)


def _refuse_if_ended(run: Context, begun: Begun, chosen: KeptPlan) -> None:
    """Refuse a plan that was dropped or is too old; one of a dry run that goes beyond a limit grows as old as one that is held."""
    if (held := run.known.held.get(chosen.id)) is not None:
        refuse_if_ended(held, begun.now, by=begun.run_id)
        return
    held_until = chosen.made_at + run.known.config.limits.held_for
    if run.plans.trips(chosen.id) and begun.now >= held_until:
        raise UsageError(f"plan {chosen.id} was held until {held_until.isoformat()}", fix=f"make a new one: {command_of(chosen.order)}")


def _refuse_if_all_is_stopped(stopping: Stopping, steps: Iterable[Numbered]) -> None:
    if (why := stopping.all_of(step for _, step in steps)) is not None:
        raise LimitReached(
            f"nothing of it may be written now: {why}", fix="see what is stopped, and the command that ends it: leadpact held"
        )


def _take_up_or_hold(run: Context, begun: Begun, plan: int, trips: Mapping[str, str]) -> None:
    """Note that this run carries a plan out, or that moves of it wait for a person; then their leads are latched."""
    if trips:
        run.known.held.hold(plan, now=begun.now, until=begun.now + run.known.config.limits.held_for, ahead=begun.ahead)
    else:
        run.journal.take_up(begun.run_id, plan, at=begun.now)


def _let_pass(run: Context, plan: int) -> Iterator[Numbered]:
    """Yield the steps that a person lets pass by `apply`: of a held plan those that were held, as its run did the others."""
    is_held, trips = run.known.held.get(plan) is not None, run.plans.trips(plan)
    return ((position, step) for position, step in _sendable(run, plan) if not is_held or waits_in(trips, step))


def _stopping(run: Context, begun: Begun, terms: Terms, steps: Iterable[Numbered]) -> Stopping:
    return Stopping(
        known=run.known,
        now=lambda: Now(run.clock() + begun.ahead, run.clock()),
        zone=begun.agreement.zone,
        subjects=subjects_of(run.known, terms, (step for _, step in steps)),
        heedless=run.heedless,
    )


def _sendable(run: Context, plan: int) -> Iterator[Numbered]:
    """Yield the steps of a plan that are carried out, and that nothing but a limit holds back."""
    for position, step in enumerate(run.plans.steps(plan)):
        if not step.blocked_by:
            yield position, step


def _carry_out(run: Context, begun: Begun, terms: Terms, pulled: Iterable[Pulled], plan: int, steps: Iterable[Numbered]) -> Tally:
    todo = list(steps)
    escalations = [one for one in todo if one[1].action == ESCALATE]
    reminders = [one for one in todo if one[1].action == REMIND]
    writes = [one for one in todo if one[1].action not in (ESCALATE, REMIND)]
    routing, _ = gather_routing(run.ground, terms, begun.now)
    kept = run.plans.get(plan)
    order = kept.order if kept is not None else None
    look = LookAgain(
        known=run.known,
        writers=run.writers,
        closed={one.account.crm: one.closed for one in pulled},
        planner=planner_for(run, order, agreement=begun.agreement, terms=terms, now=begun.now, routing=routing),
        routing=routing,
    )
    stopping = _stopping(run, begun, terms, todo)
    carrying = CarryOut(
        plan=plan,
        sender_at=partial(_sender, run, begun),
        settler_of=partial(_settler, run),
        look=look,
        along=Along(plan=plan, words=run.known.vocabularies, all_tasks=run.known.config.act.move_open_tasks),
        stopping=stopping,
        now=lambda: run.clock() + begun.ahead,
        repeat=partial(repeat, waiting=run.waiting, policy=AGAIN),
    )

    def tell(done: int) -> None:
        run.tell(Progress(work="writing", rows=done, total=len(writes), done=done == len(writes)))

    escalating = Escalate(
        plan=plan,
        sender_at=carrying.sender_at,
        look=look,
        stopping=stopping,
        accounts={crm: facts.account for crm, facts in begun.facts.items()},
        now=carrying.now,
    )
    tally = carrying.all(writes, tell)
    if tally.stopped_by is None:
        tally.join(escalating.all(escalations))
    remind = Remind(plan=plan, run_id=begun.run_id, look=look, journal=run.journal, post=_post(run, begun, terms), stopping=stopping)
    remind.all(reminders, tally)
    return tally


def _post(run: Context, begun: Begun, terms: Terms) -> Post:
    return Post(
        known=run.known,
        outbox=run.outbox,
        plans=run.plans,
        door=run.door,
        accounts={crm: facts.account for crm, facts in begun.facts.items()},
        terms=terms,
        agreement=begun.agreement,
        now=lambda: run.clock() + begun.ahead,
    )


def _tell_people(run: Context, begun: Begun, terms: Terms) -> Posted:
    """Note what happened for those who are to hear of it, and send what waits; only what is verified has happened."""
    post = _post(run, begun, terms)
    post.take_news()
    return post.deliver()


def _sender(run: Context, begun: Begun, now: datetime) -> Sender:
    return Sender(writers=run.writers, journal=run.journal, run_id=begun.run_id, now=now)


def _settler(run: Context, sender: Sender) -> Settler:
    known = run.known
    return Settler(sender=sender, mirror=known.mirror, ledger=run.ledger, owner_crm=known.config.authority.owner, signs=_signs(run))
