"""Reminders of a plan: asked for again by what is known now, then noted for whoever owes the promise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sync.carry_out import AT_ONCE, Numbered, Tally
from sync.fresh import why_not_now
from sync.journal import Entry, Event, Place
from sync.judge.findings import Finding
from sync.judge.judge import judge_lead
from sync.look_again import LookAgain
from sync.messages import Message, reminder, whom_to_remind
from sync.outbox import Post
from sync.rows import LeadRows
from sync.steps import Step
from sync.stopping import Stopping
from sync.store.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Remind:
    """Carries out the reminders of one plan; no CRM is asked, and none is written."""

    plan: int
    run_id: str
    look: LookAgain
    journal: Journal
    post: Post
    stopping: Stopping

    def all(self, steps: Iterable[Numbered], tally: Tally) -> None:
        """Put into the outbox who is to be reminded, and note of each step that it was, or why not."""
        todo = iter(steps)
        while some := list(islice(todo, AT_ONCE)):
            self._some(some, self.post.now(), tally)

    def _some(self, steps: Sequence[Numbered], now: datetime, tally: Tally) -> None:
        rows, stopped = self.look.kept([step.lead for _, step in steps]), self.stopping.look()
        messages, entries = [], []
        for position, step in steps:
            asked = stopped(step) or self._asked(position, step, rows.get(step.lead), now)
            if isinstance(asked, Message):
                messages.append(asked)
                entries.append(Entry(place=Place(self.plan, position), event=Event.DONE, at=now))
            else:
                entries.append(Entry(place=Place(self.plan, position), event=Event.SKIPPED, at=now, said=asked))
                tally.add(step, Event.SKIPPED, asked)
        self.post.put(messages)  # first: put twice it is there once, and noted too early it would be lost
        self.journal.note(self.run_id, entries)

    def _asked(self, position: int, step: Step, rows: LeadRows | None, now: datetime) -> Message | str:
        """Return the message of a step that is still asked for, else why it is not."""
        if rows is None:
            return "the lead is gone, or was merged into another"
        findings = judge_lead(rows, self.look.planner.terms, now).findings
        asked = list(_alike(replace(self.look.planner, now=now).steps(rows, findings), step))
        if (why := why_not_now(step, asked, findings)) is not None:
            return why
        finding = next(one for one in findings if one.key == step.finding)
        recipient = whom_to_remind(finding, self._crm(finding))
        return reminder(step, recipient, plan=self.plan, position=position) if recipient is not None else "nobody has the lead"

    def _crm(self, finding: Finding) -> str:
        return self.look.planner.terms.owning_crm(finding.records)


def _alike(asked: Iterable[Step], step: Step) -> Iterator[Step]:
    """Yield the steps of the same rung: a later warning takes the place of an earlier one."""
    return (one for one in asked if one.rung == step.rung)
