"""Open tasks that go along with a lead: once it is seen to be its new owner's, so are they; undone with it, finished after a crash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from connectors.changes import Change, Task
from connectors.records import RecordKey, Vocabulary
from sync.journal import Entry, Event, Place, what_reading_tells
from sync.remedies.manager_task import is_of_manager, is_ours
from sync.send import Part, Sender
from sync.steps import FieldWrite, Step
from sync.store.journal import UNDO

Numbered = tuple[int, Step]  # position in the plan
Tasks = Mapping[RecordKey, Sequence[Task]]  # by the record they hang on
Lines = Mapping[int, Sequence[Entry]]  # by position
_TOLD = frozenset({Event.REFUSED, Event.CHANGED, Event.LATER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Went:
    """The tasks that go along with one step, and what became of the step's own write."""

    record: RecordKey  # that gets another owner
    event: Event
    lines: Sequence[Entry]  # the intents, a task each


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """Finds the tasks that go along with steps."""

    plan: int
    words: Mapping[str, Vocabulary]  # by CRM
    all_tasks: bool  # also the tasks that the former owner has from elsewhere, not ours only

    def read(self, steps: Iterable[Numbered], sender: Sender) -> Tasks:
        """Read the open tasks of the records of which a step changes the owner; before anything is looked at again and sent."""
        return _tasks_by_record(sender, (step.record for _, step in steps if self._owner_write(step) is not None))

    def intend(self, steps: Iterable[Numbered], parts: Mapping[int, Sequence[Part]], tasks: Tasks, sender: Sender) -> Lines:
        """Note for each step that changes an owner, after its own parts, which tasks go along; return the lines by position.

        A task that hangs on several leads goes with the first of them.
        """
        taken: set[RecordKey] = set()
        found = {}
        for position, step in steps:
            going = [one for one in self._going(step, tasks.get(step.record, ()), sender) if one.record not in taken]
            taken.update(one.record for one in going if one.record is not None)
            first = len(parts[position])
            found[position] = [replace(one, place=Place(self.plan, position, number)) for number, one in enumerate(going, start=first)]
        sender.journal.note(sender.run_id, [line for lines in found.values() for line in lines])
        return found

    def _owner_write(self, step: Step) -> FieldWrite | None:
        owner = self.words[step.record.crm].owner
        writes = (write for write in step.fields if write.field == owner and write.before and write.after)
        return next(writes, None) if step.action in ("reassign", UNDO) else None

    def _going(self, step: Step, tasks: Iterable[Task], sender: Sender) -> Iterator[Entry]:
        """Yield an intent for each task of whom the lead is taken from: it becomes the new owner's, or again that of whose it was."""
        write = self._owner_write(step)
        theirs = [task for task in tasks if write is not None and task.owner == write.before]
        if write is None or not theirs:
            return
        if step.action == UNDO:
            went = sender.journal.went_along(step.finding, step.rung)
            back_to = {entry.record: (entry.before or {}).get(write.field) for entry in went}
            moves = [(task, back_to[task.record]) for task in theirs if task.record in back_to]
        else:
            moves = [(task, write.after) for task in theirs if (self.all_tasks or is_ours(task)) and not is_of_manager(task)]
        for task, owner in moves:
            before, after = {write.field: task.owner}, {write.field: owner}
            yield Entry(place=Place(self.plan, 0), event=Event.INTENDED, at=sender.now, before=before, after=after, record=task.record)


def is_along(entry: Entry) -> bool:
    """Whether a line is about a task that goes along."""
    return entry.record is not None and entry.record.kind.casefold() == "task"


def stay(lines: Iterable[Entry], event: Event, sender: Sender) -> None:
    """Note that tasks stay where they are, because the lead was not given to anybody."""
    sender.note([line.place for line in lines], event, "its lead has the owner that it had")


def settle_tasks(along: Sequence[Went], sender: Sender) -> dict[Place, tuple[Event, str | None]]:
    """Pass tasks on whose lead was seen to be its new owner's, read them back, and note what stands; return that by place.

    A task that is done by now, or that somebody gave to another person, is left alone.
    """
    tasks = _tasks_by_record(sender, (one.record for one in along))
    due = {change.record: Part(place=place, change=change) for place, change in _due(along, tasks)}
    answers = sender.send(list(due.values()))
    if due:
        tasks = _tasks_by_record(sender, (one.record for one in along))
    seen = {line.place: _tells(line, tasks.get(one.record, ())) for one in along for line in one.lines}
    refused = {place for place, (event, _) in seen.items() if event is Event.NOT_WRITTEN and answers.get(place) in _TOLD}
    ends = [Entry(place=place, event=event, at=sender.now, said=said) for place, (event, said) in seen.items() if place not in refused]
    sender.journal.note(sender.run_id, ends)
    return seen | {place: (answers[place], "a task stays with the former owner") for place in refused}


def _due(along: Iterable[Went], tasks: Tasks) -> Iterator[tuple[Place, Change]]:
    """Yield the changes that are still to be made: the lead is its new owner's, the task is not."""
    for line, task in (
        (line, _named(tasks.get(one.record, ()), line)) for one in along if one.event is Event.VERIFIED for line in one.lines
    ):
        if task is not None and _tells(line, [task])[0] is Event.NOT_WRITTEN:
            yield line.place, Change(record=task.record, values=line.after or {}, unless_changed_since=task.changed_at)


def _tasks_by_record(sender: Sender, records: Iterable[RecordKey]) -> Tasks:
    """Read the open tasks of some leads' records."""
    found: dict[RecordKey, list[Task]] = defaultdict(list)
    for crm, keys in groupby(sorted(set(records)), key=lambda key: key.crm):
        for task in sender.writers[crm].open_tasks(list(keys)):
            for about in task.about:
                found[about].append(task)
    return found


def _named(tasks: Iterable[Task], line: Entry) -> Task | None:
    return next((task for task in tasks if task.record == line.record), None)


def _tells(line: Entry, tasks: Iterable[Task]) -> tuple[Event, str | None]:
    """Say what the open tasks of a lead tell about one that was to go along."""
    task = _named(tasks, line)
    if task is None:
        return Event.CHANGED, "the task is not open any more"
    owners = [(values or {}).values() for values in (line.before, line.after)]
    event = what_reading_tells({"owner": next(iter(owners[0]), None)}, {"owner": next(iter(owners[1]), None)}, {"owner": task.owner})
    return event, "somebody else has the task by now" if event is Event.OVERWRITTEN else None
