"""HubSpot's tasks: those of some contacts that are open, and new ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from connectors.changes import Created, Fate, NewTask, Task
from connectors.hubspot.answers import BatchRefused
from connectors.hubspot.client import Client
from connectors.hubspot.mapping import VOCABULARY, changed_at_of, created_at_of, key_of
from connectors.hubspot.outcomes import fate_of_refusal, said_of
from connectors.hubspot.reading import Item, read_associations, read_by_ids
from connectors.hubspot.streams import PLURALS, ObjectStream
from connectors.hubspot.values import id_of, text_of
from connectors.pacing import TryAgain
from connectors.records import RecordKey
from connectors.sending import fate_of
from connectors.wire import date_in

KIND = "task"
_SUBJECT, _STATUS, _DONE = "hs_task_subject", "hs_task_status", "COMPLETED"
_TASKS = ObjectStream(name=PLURALS[KIND], kind=KIND, fields=(_SUBJECT, _STATUS, VOCABULARY.owner, VOCABULARY.task_body), history=())
_TYPE_IDS = {"contact": 204, "company": 192, "deal": 216}  # of a task's association (crm-facts, HubSpot, section 1.3)


def open_tasks(client: Client, persons: Sequence[RecordKey]) -> list[Task]:
    """Read the tasks associated with contacts that are not completed. Associations are read from the store, not from the index."""
    return [task for task in _tasks(client, persons) if task.is_open]


def marked_tasks(client: Client, persons: Sequence[RecordKey], mark: str) -> list[Task]:
    """Read the tasks associated with contacts whose subject holds `mark`, completed ones too."""
    return [task for task in _tasks(client, persons) if mark in (task.subject or "")]


def _tasks(client: Client, persons: Sequence[RecordKey]) -> list[Task]:
    links = read_associations(client, VOCABULARY.person, KIND, [person.id for person in persons])
    about: dict[str, list[RecordKey]] = defaultdict(list)
    for link in links:
        about[link.right.id].append(link.left)
    found = read_by_ids(client, _TASKS, sorted(about))
    return [_task(item, about[id_of(item)]) for item in found.items]


def _task(item: Item, about: Sequence[RecordKey]) -> Task:
    properties = item.get("properties") or {}
    return Task(
        record=key_of(KIND, id_of(item)),
        subject=text_of(properties.get(_SUBJECT)),
        body=text_of(properties.get(VOCABULARY.task_body)),
        owner=text_of(properties.get(VOCABULARY.owner)),
        about=tuple(about),
        created_at=created_at_of(item),
        changed_at=changed_at_of(item),
        is_open=properties.get(_STATUS) != _DONE,
    )


def create(client: Client, task: NewTask) -> Created:
    """Create a task with its association in the same call. Source: crm-facts, HubSpot, section 1.9."""
    try:
        answer = client.write(client.paths.objects(PLURALS[KIND]), _body(task))
    except BatchRefused as refused:
        said = said_of(refused.answer.told(), (task.subject, task.body))
        at = date_in(refused.answer.headers.get("date"))
        return Created(task=task, fate=fate_of_refusal(refused.answer), said=said, at=at)
    except TryAgain as error:
        return Created(task=task, fate=fate_of(error), said=str(error))
    id_ = id_of(answer.told)
    if not id_:
        return Created(task=task, fate=Fate.UNKNOWN, said="the answer names no task", at=answer.at)
    return Created(task=task, fate=Fate.DONE, record=key_of(KIND, id_), at=answer.at)


def _body(task: NewTask) -> dict[str, Any]:
    properties = {
        "hs_timestamp": task.due_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        _SUBJECT: task.subject,
        VOCABULARY.task_body: task.body or "",
        _STATUS: "NOT_STARTED",
        VOCABULARY.owner: task.owner,
    }
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TYPE_IDS[task.about.kind]}
    return {"properties": properties, "associations": [{"to": {"id": task.about.id}, "types": [kind]}]}
