"""Runs that write: all that is agreed and within the limits, exactly one plan, or what undoes a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sync.acting import Acting
from sync.agreement.versions import why_not_enforcing
from sync.begin import SYNC, Asked, Begun, opened_run
from sync.carry_out import Numbered, Tally
from sync.config_sections import Mode
from sync.context import Context
from sync.defined_now import terms_to_write_by
from sync.earlier import settle_earlier
from sync.errors import LimitReached, UsageError
from sync.fresh import back
from sync.holding import AFRESH, parted, refuse_if_ended, refuse_if_undone_already, waits_in
from sync.journal import Event, what_was_written
from sync.known import gather_terms
from sync.limits import beyond
from sync.orders import command_of
from sync.outbox import Posted
from sync.policy import moves_before
from sync.remedies.manager_task import ESCALATE
from sync.report.audit import Audit
from sync.report.spool import Spool
from sync.run import finish, outcome_of, pull, pull_and_judge
from sync.stamps import STAMP, STAMPS
from sync.steps import Step
from sync.stopping import Now, brakes_at
from sync.store.journal import UNDO
from sync.store.plans import KeptPlan

APPLY = "apply"
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
        earlier = settle_earlier(run, begun)
        begin_enforcing(run, begun)
        judged = pull_and_judge(run, begun, spool, asked)
        plan = judged.audit.plan
        assert plan is not None, "a run of now keeps its plan"
        steps, trips = parted(sendable(run, plan.id), run.plans.trips(plan.id))
        terms = terms_to_write_by(run, begun, judged.terms, [step for _, step in steps])
        take_up_or_hold(run, begun, plan.id, trips)
        acting = Acting(run=run, begun=begun, terms=terms, pulled=judged.pulled)
        tally = acting.carry_out(plan.id, steps)
        acting.note_who_is_missing(plan.id)
        posted = acting.tell_people()
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
        earlier = settle_earlier(run, begun)
        steps = list(_let_pass(run, chosen.id))
        acting = _pull(run, begun, [step for _, step in steps])
        _refuse_if_all_is_stopped(acting, steps)
        before = run.journal.take_up(begun.run_id, chosen.id, at=begun.now)
        if before is not None:
            raise UsageError(f"plan {chosen.id} was carried out by run {before}", fix=f"make a new one: {command_of(chosen.order)}")
        _refuse_if_ended(run, begun, chosen)  # again: who drops a plan takes no lock
        tally = acting.carry_out(chosen.id, steps)
        acting.note_who_is_missing(chosen.id)
        posted = acting.tell_people()
        run.runs.finish(begun.run_id, outcome=outcome_of(tally.stopped_by), summary={"plan": chosen.id, "written": tally.as_json()})
        return Acted(run_id=begun.run_id, tally=tally, trips={}, posted=posted, earlier=earlier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """The plan that puts a run back, its steps, and the tasks that stay."""

    plan: int
    steps: tuple[Step, ...]
    stays: tuple[Step, ...]
    acting: Acting
    earlier: Tally


def would_undo(run: Context, run_name: str, leads: Sequence[str]) -> tuple[int, list[tuple[int, Step, str | None]]]:
    """Return the number of the plan that puts a run back, and its steps, each with why it would not be carried out now.

    Nothing is written to a CRM but what finds out about earlier runs; `apply` carries this very plan out. Raises as `undo` does.
    """
    with opened_run(run, UNDO) as begun:
        undoing = _undoing(run, begun, run_name, leads)
        run.plans.close(undoing.plan)
        checked = undoing.acting.checked(undoing.plan, enumerate(undoing.steps))
        run.runs.finish(begun.run_id, outcome="ok", summary={"plan": undoing.plan, "would_undo": run_name})
        return undoing.plan, checked


def undo(run: Context, run_name: str, leads: Sequence[str], *, even_paused: bool = False) -> Acted:
    """Put back what a run changed, where it still stands as that run left it; of all its leads, or of some.

    What goes beyond a limit is held, as any plan is. A pause of everything or of a lead, and a freeze, stop it too, unless
    `even_paused`. Raises UsageError where nothing is to be put back, or it waits in a held plan already; LimitReached where all of it
    is stopped now.
    """
    run = replace(run, heedless=even_paused)
    with opened_run(run, UNDO) as begun:
        undoing = _undoing(run, begun, run_name, leads)
        plan, steps, acting, tally = undoing.plan, undoing.steps, undoing.acting, Tally()
        for step in undoing.stays:
            tally.add(step, Event.SKIPPED, TASK_STAYS)
        told = beyond(len(steps), run.known.config.limits, moves_before(run, begun.now))
        trips = dict.fromkeys((step.rule for step in steps), told) if told is not None else {}
        run.plans.close(plan, trips)
        take_up_or_hold(run, begun, plan, trips)
        if not trips:
            tally.join(acting.carry_out(plan, enumerate(steps)))
        posted = acting.tell_people()
        summary = {"plan": plan, "undoes": run_name, "written": tally.as_json()}
        run.runs.finish(begun.run_id, outcome=outcome_of(tally.stopped_by), summary=summary)
        held_in = plan if trips else None
        return Acted(run_id=begun.run_id, tally=tally, trips=trips, posted=posted, plan=held_in, earlier=undoing.earlier)


def _undoing(run: Context, begun: Begun, run_name: str, leads: Sequence[str]) -> Undoing:
    earlier = settle_earlier(run, begun)
    stands = [step for step in _stands_of(run, run_name) if not leads or step.lead in leads]
    steps = tuple(back(step) for step in stands if step.action != ESCALATE)
    stays = tuple(step for step in stands if step.action == ESCALATE)
    if not steps:
        why = f"run {run_name} only escalated: {TASK_STAYS}" if stays else f"nothing of run {run_name} stands as it left it"
        raise UsageError(why, fix=f"see what it did: leadpact show {run_name}")
    refuse_if_undone_already(run.known.held, steps, begun.now)
    acting = _pull(run, begun, steps)
    _refuse_if_all_is_stopped(acting, list(enumerate(steps)))
    plan = run.plans.begin(begun.run_id)
    run.plans.add(plan, steps)
    return Undoing(plan=plan, steps=steps, stays=stays, acting=acting, earlier=earlier)


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


def begin_enforcing(run: Context, begun: Begun) -> None:
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


def _pull(run: Context, begun: Begun, steps: Iterable[Step]) -> Acting:
    pulled = pull(run, begun)
    terms = terms_to_write_by(run, begun, gather_terms(run.known, begun.eras), steps)
    return Acting(run=run, begun=begun, terms=terms, pulled=pulled)


def _refuse_if_all_is_stopped(acting: Acting, steps: Sequence[Numbered]) -> None:
    if (why := acting.stopping(steps).all_of(step for _, step in steps)) is not None:
        raise LimitReached(
            f"nothing of it may be written now: {why}", fix="see what is stopped, and the command that ends it: leadpact held"
        )


def take_up_or_hold(run: Context, begun: Begun, plan: int, trips: Mapping[str, str]) -> None:
    """Note that this run carries a plan out, or that moves of it wait for a person; then their leads are latched."""
    if trips:
        run.known.held.hold(plan, now=begun.now, until=begun.now + run.known.config.limits.held_for, ahead=begun.ahead)
    else:
        run.journal.take_up(begun.run_id, plan, at=begun.now)


def _let_pass(run: Context, plan: int) -> Iterator[Numbered]:
    """Yield the steps that a person lets pass by `apply`: of a held plan those that were held, as its run did the others."""
    is_held, trips = run.known.held.get(plan) is not None, run.plans.trips(plan)
    return ((position, step) for position, step in sendable(run, plan) if not is_held or waits_in(trips, step))


def sendable(run: Context, plan: int) -> Iterator[Numbered]:
    """Yield the steps of a plan that are carried out, and that nothing but a limit holds back."""
    for position, step in enumerate(run.plans.steps(plan)):
        if not step.blocked_by:
            yield position, step
