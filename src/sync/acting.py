"""One run that writes: who carries out its steps, each sort in its own way, and who tells people of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from structlog.contextvars import bound_contextvars

from connectors.pacing import repeat
from connectors.records import Account
from sync.along import Along
from sync.assign import gather_openings
from sync.begin import Begun
from sync.carry_out import CarryOut, Numbered, Tally
from sync.context import Context
from sync.decide import planner_for
from sync.earlier import sender_of, settler_of
from sync.escalate import Escalate
from sync.ladder import GIVING, REMIND
from sync.log_steps import log_steps
from sync.look_again import LookAgain
from sync.messages import Message, nobody_left
from sync.outbox import Post, Posted
from sync.pull import Progress, Pulled
from sync.remedies.manager_task import ESCALATE
from sync.remind import Remind
from sync.steps import Step
from sync.stopping import Now, Stopping, subjects_of
from sync.store.plans import Chosen
from sync.telling import post_of
from sync.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """A run that has pulled, and may write."""

    run: Context
    begun: Begun
    terms: Terms
    pulled: Sequence[Pulled]

    def carry_out(self, plan: int, steps: Iterable[Numbered]) -> Tally:
        """Carry out steps of a plan that nothing blocks: changes of records first, then tasks for managers, then reminders."""
        with bound_contextvars(run=self.begun.run_id):
            tally = self._carried_out(plan, list(steps))
            log_steps(tally)
            return tally

    def _carried_out(self, plan: int, todo: Sequence[Numbered]) -> Tally:
        writes = [one for one in todo if one[1].action not in (ESCALATE, REMIND)]
        look, stopping = self._look(plan), self.stopping(todo)
        tally = self._writes(plan, look, stopping).all(writes, partial(self._tell, len(writes)))
        if tally.stopped_by is None:
            tally.join(self._escalations(plan, look, stopping).all([one for one in todo if one[1].action == ESCALATE]))
        remind = Remind(plan=plan, run_id=self.begun.run_id, look=look, journal=self.run.journal, post=self._post(), stopping=stopping)
        remind.all([one for one in todo if one[1].action == REMIND], tally)
        return tally

    def checked(self, plan: int, steps: Iterable[Numbered]) -> list[tuple[int, Step, str | None]]:
        """Return steps that change records, each with why it would not be carried out now; writes nothing."""
        todo = list(steps)
        return list(self._writes(plan, self._look(plan), self.stopping(todo)).checked(todo))

    def note_who_is_missing(self, plan: int) -> None:
        """Note for `ops` of which pools nobody was left who may get a lead of a plan: once a pool and day."""
        steps = self.run.plans.numbered(plan, Chosen(actions=frozenset(GIVING), for_nobody=True))
        today = self._now().astimezone(self.begun.agreement.zone).date()
        self._post().put(nobody_left(plan, steps, today))

    def tell_people(self, notices: Iterable[Message] = ()) -> Posted:
        """Note what happened for those who are to hear of it, and send what waits; only what is verified has happened."""
        post = self._post()
        post.put(notices)
        post.gather()
        return post.deliver()

    def stopping(self, steps: Iterable[Numbered]) -> Stopping:
        """Return what asks, right before each call, whether somebody stopped these steps."""
        run = self.run
        return Stopping(
            known=run.known,
            now=lambda: Now(self._now(), run.clock()),
            zone=self.begun.agreement.zone,
            subjects=subjects_of(run.known, self.terms, (step for _, step in steps)),
            heedless=run.heedless,
        )

    def _writes(self, plan: int, look: LookAgain, stopping: Stopping) -> CarryOut:
        run = self.run
        return CarryOut(
            plan=plan,
            sender_at=partial(sender_of, run, self.begun),
            settler_of=partial(settler_of, run),
            look=look,
            along=Along(plan=plan, words=run.known.vocabularies, all_tasks=run.known.config.act.move_open_tasks),
            stopping=stopping,
            now=self._now,
            goes_on=run.goes_on,
            repeat=partial(repeat, waiting=run.waiting, policy=run.patience),
        )

    def _escalations(self, plan: int, look: LookAgain, stopping: Stopping) -> Escalate:
        sender_at = partial(sender_of, self.run, self.begun)
        return Escalate(plan=plan, sender_at=sender_at, look=look, stopping=stopping, accounts=self._accounts, now=self._now)

    def _look(self, plan: int) -> LookAgain:
        run, now, terms = self.run, self.begun.now, self.terms
        routing = gather_openings(run.ground, terms, now)
        kept = run.plans.get(plan)
        order = kept.order if kept is not None else None
        return LookAgain(
            known=run.known,
            writers=run.writers,
            closed={one.account.crm: one.closed for one in self.pulled},
            planner=planner_for(run, order, agreement=self.begun.agreement, terms=terms, now=now, routing=routing),
            routing=routing,
        )

    def _post(self) -> Post:
        return post_of(self.run, self.terms, self.begun.agreement, now=self._now)

    @property
    def _accounts(self) -> dict[str, Account]:
        return {crm: facts.account for crm, facts in self.begun.facts.items()}

    def _now(self) -> datetime:
        return self.run.clock() + self.begun.ahead

    def _tell(self, total: int, done: int) -> None:
        self.run.tell(Progress(work="writing", rows=done, total=total, done=done == total))
