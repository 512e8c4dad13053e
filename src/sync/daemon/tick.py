"""One tick: judge what changed or fell due, and do about it what mode, agreement and limits allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from connectors.errors import ConnectorError
from sync.act import begin_enforcing, sendable, take_up_or_hold
from sync.acting import Acting
from sync.agreement.eras import AgreementSpan
from sync.agreement.model import Agreement
from sync.agreement.versions import version_of
from sync.assign import new_people_turns
from sync.begin import Begun, cost_of, noted_if_it_fails
from sync.carry_out import Numbered, Tally
from sync.context import Context
from sync.daemon.draft import Draft, Noted
from sync.daemon.lazy_routing import LazyRouting
from sync.daemon.unfinished import WAITING, Unreached, for_a_while, undone, waiting
from sync.defined_now import terms_to_write_by
from sync.earlier import settle_earlier
from sync.holding import parted
from sync.judge.judge import judge_lead
from sync.judged_by import judged_by
from sync.known import eras_at, gather_terms, known_upto
from sync.ladder import REMIND, assigning_clocks
from sync.lint import Facts
from sync.notices import agreement_notices
from sync.outbox import Posted
from sync.plan import Planner
from sync.policy import policy_at, what_brakes
from sync.pull import Progress, Pulled
from sync.rows import LeadRows
from sync.run import CHUNK, outcome_of
from sync.stamps import StampsLeft
from sync.terms import Terms

DAEMON = "daemon"
LATE_NEWS = timedelta(minutes=10)  # after settling: so long a breach is looked at with each tick, as its streams may be read late
LOOKED_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a tick goes by: when it is, what each CRM said about itself, and what of it is closed."""

    now: datetime
    machine_at: datetime  # the same by this machine's clock alone
    facts: Mapping[str, Facts]  # by CRM
    closed: Mapping[str, Mapping[str, str]]  # CRM -> streams that our credentials may not read
    down: frozenset[str] = frozenset()  # CRMs that do not answer: nothing is done about leads that have a record there
    behind: frozenset[str] = frozenset()  # CRMs that were not read for a while: nobody is reminded of what may be done there already
    whole: bool = False  # look at every breach that may still be acted on, not only at what is new


@dataclass(slots=True)
class Memory:
    """What ticks keep for the next one."""

    eras: tuple[AgreementSpan, ...] = ()  # which version of the agreement judges what; read anew by a whole tick
    watch: Begun | None = None  # the run under which findings are kept
    has_enforced: bool = False  # whether it was looked which rules are enforced, since that run began
    noted: Noted = field(default_factory=Noted)
    judged: int = 0  # leads, under that run
    unreached: Unreached = field(default_factory=Unreached)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What a tick did."""

    judged: int = 0  # leads
    posted: Posted = field(default_factory=Posted)
    tally: Tally = field(default_factory=Tally)
    trips: Mapping[str, str] = field(default_factory=dict)
    run_id: str | None = None  # of the run that acted, if one had to
    is_known: bool = True  # False: a CRM was not read to its end yet, so nothing was judged


def tick(run: Context, memory: Memory, news: News) -> Ticked:
    """Judge the leads that changed or fell due, and carry out what is asked for now; raises what a run raises.

    Findings are kept under one run of the daemon; only a tick that does something, or would, is a run of its own with a plan.
    """
    if news.whole or not memory.eras:
        run.known.agreements.remember(version_of(run.known.agreement, seen_at=news.now))
        memory.eras = eras_at(run.known, upto=None)
    terms = gather_terms(run.known, memory.eras)
    if known_upto(terms) is None:
        return Ticked(is_known=False)
    watch = _watching(run, memory, news)
    up = replace(run, connectors=tuple(one for one in run.connectors if one.crm not in news.down))
    earlier = settle_earlier(up, watch)
    if news.whole or not memory.has_enforced:
        memory.has_enforced = _look_who_is_enforced(run, watch, terms, memory)
    if not news.down | news.behind:
        memory.unreached.take_up(run, now=news.now)
    draft = Draft(run=run, watch=watch, noted=memory.noted, routing=LazyRouting(run.ground, terms, news.now))
    stamps = StampsLeft(run.known.config.limits.stamps_per_run)
    judged = _judge(run, watch, terms, draft, stamps, whole=news.whole)
    trips, acting = draft.close(), Acting(run=up, begun=draft.begun, terms=terms, pulled=_pulled(news))
    tally = _carry_out(run, acting, draft, trips, memory, news=news)
    run.known.dirty.mark(stamps.waiting, WAITING, now=news.now)
    if draft.plan is not None:
        acting.note_who_is_missing(draft.plan)
    posted = acting.tell_people(agreement_notices(watch.agreement, watch.now) if news.whole else ())
    _note(run, memory, draft, judged, tally)
    tally.join(earlier)
    run.meter.save()
    return Ticked(judged=judged, posted=posted, tally=tally, trips=trips, run_id=draft.begun.run_id if draft.plan is not None else None)


def _watching(run: Context, memory: Memory, news: News) -> Begun:
    """Return the run under which findings are kept, as of now: another one each day, and for each version of the agreement."""
    agreement = next(era.agreement for era in memory.eras if era.covers(news.now))
    last = memory.watch
    if last is None or last.agreement.hash != agreement.hash or last.now.date() != news.now.date():
        mode = run.known.config.mode.default
        run_id = run.runs.start(DAEMON, mode=mode, as_of=None, now=news.now, agreement_hash=agreement.hash)
        memory.judged, memory.has_enforced = 0, False
    else:
        run_id = last.run_id
    memory.watch = Begun(
        run_id=run_id,
        kind=DAEMON,
        now=news.now,
        machine_at=news.machine_at,
        moment=news.now,
        facts=news.facts,
        eras=memory.eras,
        agreement=agreement,
    )
    return memory.watch


def _look_who_is_enforced(run: Context, watch: Begun, terms: Terms, memory: Memory) -> bool:
    """Note which rules are enforced from now on, and whom people gave leads; False before a run has judged by this agreement."""
    begin_enforcing(run, watch)
    run.ledger.note_people(new_people_turns(run.ground, terms, watch.now), crm=terms.authority.owner, upto=watch.now)
    return memory.judged > 0 or run.runs.has_judged(watch.agreement.hash)


def _judge(run: Context, watch: Begun, terms: Terms, draft: Draft, stamps: StampsLeft, *, whole: bool) -> int:
    """Judge and plan, chunk by chunk; return how many leads."""
    known, now, agreement = run.known, watch.now, watch.agreement
    within = agreement.touches.bulk_within
    known.dirty.refresh(judged_by(terms), bulk_within=within)
    marked_upto, judged = known.dirty.newest(), 0
    brakes = what_brakes(run, agreement, now, keep=True)
    planner: Planner | None = None
    leads = known.reader.changed(now=now, bulk_within=within, also=_owed(run, terms, agreement, now, whole=whole))
    for chunk in _chunks(leads):
        planner = planner or Planner(
            agreement=agreement, terms=terms, policy=policy_at(run, agreement, now, brakes=brakes), routing=draft.routing, now=now
        )
        judgements = [judge_lead(rows, terms, now) for rows in chunk]
        known.findings.save(watch.run_id, judgements, judged_at=now, marked_upto=marked_upto)
        for rows, judgement in zip(chunk, judgements, strict=True):
            draft.add(stamps.hold(planner.steps(rows, judgement.findings)))
        judged += len(chunk)
        run.tell(Progress(work="judging", rows=judged, total=None, done=False))
    if judged or whole:
        known.findings.withdraw_former(watch.run_id, judged_at=now)
    return judged


def _chunks(leads: Iterator[LeadRows]) -> Iterator[list[LeadRows]]:
    while chunk := list(islice(leads, CHUNK)):
        yield chunk


def _owed(run: Context, terms: Terms, agreement: Agreement, now: datetime, *, whole: bool) -> Sequence[int]:
    """Return the rows of the leads with a breach that may still be acted on: of late, or if `whole` all that are not too old.

    With them those that wait for their first owner: whether somebody may get one changes with shifts, caps and pauses.
    """
    wait = assigning_clocks(agreement)
    if not whole:
        return run.known.findings.owed_since(now - terms.settle - LATE_NEWS, upto=now, running=wait)
    since, calendar, oldest = now - LOOKED_BACK, agreement.calendars["default"], run.known.config.act.max_act_age
    while since.date() > calendar.since and oldest.after(since, calendar) >= now:
        since -= LOOKED_BACK
    return run.known.findings.owed_since(since, upto=now, running=wait)


def _pulled(news: News) -> list[Pulled]:
    return [Pulled(account=facts.account, closed=dict(news.closed.get(crm, {}))) for crm, facts in news.facts.items()]


def _carry_out(run: Context, acting: Acting, draft: Draft, trips: Mapping[str, str], memory: Memory, *, news: News) -> Tally:
    """Carry out what is free and can be; hold what went beyond a limit."""
    if draft.plan is None:
        return Tally()
    steps, held = parted(sendable(run, draft.plan), trips)
    todo, left = reached(run, steps, news)
    memory.unreached.leads |= waiting(left)
    memory.noted.forget(step for _, step in left)
    with noted_if_it_fails(run, draft.begun):
        terms = terms_to_write_by(acting.run, draft.begun, acting.terms, [step for _, step in todo])
    take_up_or_hold(run, draft.begun, draft.plan, held)
    tally = replace(acting, run=for_a_while(acting.run), terms=terms).carry_out(draft.plan, todo)
    run.known.dirty.mark(undone(todo, tally), WAITING, now=draft.watch.now)
    return tally


def reached(run: Context, steps: Sequence[Numbered], news: News) -> tuple[Sequence[Numbered], Sequence[Numbered]]:
    """Part steps into those that can be carried out now, and those about leads of which a CRM does not answer.

    Nobody is reminded of a lead before each of its CRMs was read of late: a reminder rests on what was read last, while each lead that is
    written is read again.
    """
    answering, fresh = _without(run, steps, news.down), _without(run, steps, news.down | news.behind)
    may = {position for position, step in steps if position in (fresh if step.action == REMIND else answering)}
    return [one for one in steps if one[0] in may], [one for one in steps if one[0] not in may]


def _without(run: Context, steps: Sequence[Numbered], crms: frozenset[str]) -> frozenset[int]:
    """Return the positions of the steps about leads of which no record is in one of `crms`: it may hold what keeps their promise."""
    if not crms:
        return frozenset(position for position, _ in steps)
    records = {key: held for key, (_, held) in run.known.findings.owners(step.finding for _, step in steps).items()}
    return frozenset(
        position
        for position, step in steps
        if step.record.crm not in crms and not any(record.crm in crms for record in records.get(step.finding, ()))
    )


def _note(run: Context, memory: Memory, draft: Draft, judged: int, tally: Tally) -> None:
    """Note how far the day's run came, and how the tick's own run ended."""
    stopped_by: ConnectorError | None = tally.stopped_by
    if draft.plan is not None:
        summary = {"plan": draft.plan, "leads": judged, "written": tally.as_json()}
        run.runs.finish(draft.begun.run_id, outcome=outcome_of(stopped_by), summary=summary)
    is_first = memory.judged == 0
    memory.judged += judged
    if judged or is_first:
        run.runs.finish(draft.watch.run_id, outcome="ok", summary={"leads": memory.judged} | cost_of(run, draft.watch))
