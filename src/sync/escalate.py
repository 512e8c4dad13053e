"""Escalations -> tasks of managers: one a manager and day, noted before it is sent, found again by the leads it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from connectors.changes import Change, NewTask, Task
from connectors.errors import ConnectorError, Forbidden
from connectors.records import Account, RecordKey
from sync.carry_out import AT_ONCE, Numbered, Tally
from sync.journal import OPEN, Entry, Event, Place
from sync.look_again import LookAgain
from sync.remedies.manager_task import line_of, mark_of, subject_of, text_with, token_of, what_tasks_tell
from sync.rows import LeadRows
from sync.send import EVENTS, Sender
from sync.settle import Settled
from sync.steps import Step
from sync.stopping import Stopping
from sync.terms import Terms
from sync.tried import Tried

A_WHILE = timedelta(days=3)  # no task of a day is spoken of for longer, in whatever zone its day is
JUST_NOW = timedelta(seconds=2)  # a CRM that compares whole seconds cannot tell what changed in the same one
_NOT_SENT = frozenset({Event.REFUSED, Event.CHANGED, Event.LATER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One manager's day in one CRM, and the task with its mark as journal and CRM show it."""

    manager: str
    at: datetime  # now, in the manager's zone
    mark: str
    body: str  # field of a task that holds its text
    noted: Sequence[tuple[Entry, Event]]
    tasks: Sequence[Task]

    @property
    def date(self) -> date:
        """The day, as the manager's calendar has it."""
        return self.at.date()

    @property
    def task(self) -> Task | None:
        """The task, as long as it is open; the older one if somebody made a second."""
        return min((task for task in self.tasks if task.is_open), key=lambda task: (task.created_at, task.record), default=None)

    @property
    def about(self) -> RecordKey | None:
        """The lead that the task hangs on, as far as anybody knows one."""
        return next((about for task in self.tasks for about in task.about), None) or next(iter(_abouts(e for e, _ in self.noted)), None)

    def why_not(self) -> str | None:
        """Say why nothing can be added to the task now, nor one be created; None if it can."""
        if any(event in OPEN for _, event in self.noted):
            return "whether an earlier line of today's task arrived is not known yet; the next run looks again"
        task = self.task
        if task is not None:
            return "today's task changed a moment ago; the next run looks again" if self.at - task.changed_at < JUST_NOW else None
        if self.tasks or any(event in (Event.VERIFIED, Event.OVERWRITTEN) for _, event in self.noted):
            return "the manager's task of today is done or was removed; tomorrow's lists it"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """Carries out the escalations of one plan."""

    plan: int
    sender_at: Callable[[datetime], Sender]
    look: LookAgain
    stopping: Stopping
    accounts: Mapping[str, Account]  # by CRM
    now: Callable[[], datetime]

    def all(self, steps: Iterable[Numbered]) -> Tally:
        """Carry out steps that nothing blocks, manager by manager."""
        tally, in_order = Tally(), sorted(steps, key=lambda one: (*_whose(one[1]), one[0]))
        for (crm, manager), theirs in groupby(in_order, key=lambda one: _whose(one[1])):
            try:
                self._of_manager(crm, manager, list(theirs), tally)
            except ConnectorError as error:
                tally.stopped_by = error
                break
        tally.left = len(in_order) - tally.events.total()
        return tally

    def _of_manager(self, crm: str, manager: str, steps: Sequence[Numbered], tally: Tally) -> None:
        sender = self.sender_at(self.now())
        ready = list(self._ready(steps, sender, tally))
        if ready:
            self._escalate(ready, self._day(crm, manager, ready, sender), sender, tally)

    def _ready(self, steps: Sequence[Numbered], sender: Sender, tally: Tally) -> Iterator[tuple[Place, Step, str]]:
        """Yield the steps that are still asked for, each with the line about it; note why of the others."""
        for start in range(0, len(steps), AT_ONCE):
            some = steps[start : start + AT_ONCE]
            again = self.look.read((step.lead for _, step in some), now=sender.now)
            for position, step in some:
                place, its = Place(self.plan, position), again.rows.get(step.lead)
                why = again.why_not(step)
                if why is None and its is not None:
                    yield place, step, self._line(step, its)
                else:
                    _skip([(place, step)], why or "the lead is gone", sender, tally)

    def _line(self, step: Step, rows: LeadRows) -> str:
        terms, crm = self.look.planner.terms, step.record.crm
        record = next((person for person in rows.people if person.key == step.record), None)
        owner = record.values.get(terms.crms[crm].vocabulary.owner) if record is not None else None
        page = self.accounts[crm].record_pages.get(step.record.kind)
        return line_of(step, page=f"{page}{step.record.id}" if page else None, owner=terms.crms[crm].names.get(owner or ""))

    def _day(self, crm: str, manager: str, ready: Sequence[tuple[Place, Step, str]], sender: Sender) -> Day:
        """Look for the task of a manager's day: it hangs on a lead that the journal names, or on one of these."""
        at = _local(self.look.planner.terms, crm, manager, sender.now)
        mark = mark_of(self.accounts[crm].id, manager, at.date())
        noted = sender.journal.of_task(mark, since=sender.now - A_WHILE)
        persons = {*_abouts(entry for entry, _ in noted), *(step.record for _, step, _ in ready)}
        tasks = sender.writers[crm].marked_tasks(sorted(persons), mark)
        body = self.look.known.vocabularies[crm].task_body
        return Day(manager=manager, at=at, mark=mark, body=body, noted=noted, tasks=tasks)

    def _escalate(self, ready: Sequence[tuple[Place, Step, str]], day: Day, sender: Sender, tally: Tally) -> None:
        ready = list(self._let_pass(ready, sender, tally))
        why = day.why_not() if ready else None
        if why is not None:
            _skip([(place, step) for place, step, _ in ready], why, sender, tally)
            return
        text = text_with(day.task.body if day.task is not None else None, ((step, line) for _, step, line in ready))
        full = [(place, step) for place, step, _ in ready if step in text.left_out]
        _skip(full, "the manager's task of today is full; tomorrow's lists it", sender, tally)
        told = [(place, step) for place, step, _ in ready if step not in text.left_out]
        if told:
            _send(told, day, text.body, sender, tally)

    def _let_pass(self, ready: Sequence[tuple[Place, Step, str]], sender: Sender, tally: Tally) -> Iterator[tuple[Place, Step, str]]:
        """Yield the steps that nobody stopped meanwhile; note why of the others."""
        why_not = self.stopping.look()
        for place, step, line in ready:
            if (why := why_not(step)) is None:
                yield place, step, line
            else:
                _skip([(place, step)], why, sender, tally)
                tally.stopped += 1


def _whose(step: Step) -> tuple[str, str]:
    return step.record.crm, step.manager or ""


def _local(terms: Terms, crm: str, manager: str, now: datetime) -> datetime:
    """Return `now` in the zone of a manager's calendar: it says which day it is for them."""
    return now.astimezone(ZoneInfo(terms.calendar_of(crm, manager, terms.agreement_at(now)).zone))


def _abouts(intents: Iterable[Entry]) -> Iterator[RecordKey]:
    """Yield on which leads the tasks of some intents hang."""
    yield from dict.fromkeys(RecordKey.parse(about) for entry in intents if (about := (entry.after or {}).get("about")) is not None)


def _skip(steps: Sequence[tuple[Place, Step]], why: str, sender: Sender, tally: Tally) -> None:
    sender.note([place for place, _ in steps], Event.SKIPPED, why)
    for _, step in steps:
        tally.add(step, Event.SKIPPED, why)


def _send(steps: Sequence[tuple[Place, Step]], day: Day, text: str, sender: Sender, tally: Tally) -> None:
    """Note each step's intent, send the task or its longer text once, and read back what stands."""
    about = day.about or steps[0][1].record
    intents = {place: _intent(place, step, about, day, sender.now) for place, step in steps}
    sender.journal.note(sender.run_id, list(intents.values()))
    event, said = _sent(list(intents), day, text, about, sender)
    if event in _NOT_SENT:
        for _, step in steps:
            tally.add(step, event, said)
        return
    for settled in settle_escalations(sender, [Tried(step=step, intents=(intents[place],)) for place, step in steps]):
        tally.add(settled.step, settled.event, settled.said)


def _intent(place: Place, step: Step, about: RecordKey, day: Day, now: datetime) -> Entry:
    """Return what is noted before a task says anything of a lead: by its mark, the line's, and the lead it hangs on it is found again."""
    after = {"task": day.mark, "line": token_of(step), "about": str(about)}
    return Entry(
        place=place, event=Event.INTENDED, at=now, before={}, after=after, record=day.task.record if day.task is not None else None
    )


def _sent(places: Sequence[Place], day: Day, text: str, about: RecordKey, sender: Sender) -> tuple[Event, str | None]:
    """Send the task of a day, new or with more text, and note of each step what the CRM answered.

    Without the right to write tasks everything else goes on: the escalations are refused. Other refusals of the whole are raised.
    """
    if day.task is not None and day.task.body == text:
        return Event.DONE, None
    try:
        told = _written(day, text, sender) if day.task is not None else _created(day, text, about, sender)
    except Forbidden as error:
        told = Event.REFUSED, f"{error}; {error.fix}"
    except ConnectorError as error:
        sender.note(places, Event.LATER, str(error))
        raise
    sender.note(places, *told)
    return told


def _created(day: Day, text: str, about: RecordKey, sender: Sender) -> tuple[Event, str | None]:
    task = NewTask(about=about, owner=day.manager, subject=subject_of(day.mark, day.date), body=text, due_at=day.at)
    created = sender.writers[about.crm].create_task(task)
    return EVENTS[created.fate], created.said


def _written(day: Day, text: str, sender: Sender) -> tuple[Event, str | None]:
    assert day.task is not None, "a text is added to what is there"
    change = Change(record=day.task.record, values={day.body: text}, unless_changed_since=day.task.changed_at)
    writer = sender.writers[change.record.crm]
    (outcome,) = (outcome for batch in writer.batches([change]) for outcome in writer.write(batch))
    return EVENTS[outcome.fate], outcome.said


def settle_escalations(sender: Sender, tried: Sequence[Tried]) -> list[Settled]:
    """Look for the tasks of escalations by the leads they hang on, and note what stands; what may still arrive stays open."""
    found = []
    for (crm, mark), theirs in groupby(sorted(tried, key=_task_of), key=_task_of):
        some = [(one.step, one.intents[0]) for one in theirs]
        tasks = sender.writers[crm].marked_tasks(list(_abouts(intent for _, intent in some)), mark)
        newest = {entry.place: event for entry, event in sender.journal.of_task(mark, since=min(intent.at for _, intent in some))}
        told = [(step, intent, *what_tasks_tell(intent, newest[intent.place], tasks, sender.now)) for step, intent in some]
        ends = [Entry(place=intent.place, event=event, at=sender.now, said=said) for _, intent, event, said in told if event is not None]
        sender.journal.note(sender.run_id, ends)
        found += [Settled(step=step, event=event or Event.UNKNOWN, said=said) for step, _, event, said in told]
    return found


def _task_of(tried: Tried) -> tuple[str, str]:
    return tried.step.record.crm, str((tried.intents[0].after or {})["task"])
