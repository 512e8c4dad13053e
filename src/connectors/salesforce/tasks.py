"""Salesforce's Tasks: those of some persons that are open, and new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.changes import Created, Fate, NewTask, Task
from connectors.pacing import TryAgain
from connectors.records import RecordKey
from connectors.salesforce.activities import TASK, person_link
from connectors.salesforce.answers import BatchRefused
from connectors.salesforce.client import Client
from connectors.salesforce.evidence import IDS_AT_ONCE
from connectors.salesforce.mapping import CREATED, ID, MOVED, VOCABULARY, changed_at_of, key_in, key_of
from connectors.salesforce.outcomes import refusal_in
from connectors.salesforce.reading import all_rows
from connectors.salesforce.soql import Query, select, texts
from connectors.salesforce.values import Item, id_in, is_true, moment_or_refuse, text_of
from connectors.sending import fate_of
from connectors.wire import date_in

_SUBJECT, _PERSON, _OTHER = "Subject", "WhoId", "WhatId"
_CLOSED = "IsClosed"
_FIELDS = (ID, _SUBJECT, VOCABULARY.task_body, VOCABULARY.owner, _PERSON, _CLOSED, CREATED, MOVED)


def open_tasks(client: Client, persons: Sequence[RecordKey]) -> list[Task]:
    """Read the Tasks that name Leads or Contacts and are not closed; a query reads the rows themselves."""
    return list(_tasks(client, persons, f"{_CLOSED} = false"))


def marked_tasks(client: Client, persons: Sequence[RecordKey], mark: str) -> list[Task]:
    """Read the Tasks that name Leads or Contacts and whose subject holds `mark`, closed ones too."""
    return [task for task in _tasks(client, persons) if mark in (task.subject or "")]


def _tasks(client: Client, persons: Sequence[RecordKey], condition: str = "") -> Iterator[Task]:
    ids = [person.id for person in persons]
    for start in range(0, len(ids), IDS_AT_ONCE):
        named = f"{_PERSON} IN {texts(ids[start : start + IDS_AT_ONCE])}"
        for rows in all_rows(client, Query(soql=select(_FIELDS, TASK, condition, named, order=ID))):
            yield from (_task(row) for row in rows.items)


def _task(row: Item) -> Task:
    link = person_link(TASK, row)
    return Task(
        record=key_in(TASK, row),
        subject=text_of(row.get(_SUBJECT)),
        body=text_of(row.get(VOCABULARY.task_body)),
        owner=id_in(row, VOCABULARY.owner),
        about=(link.right,) if link is not None else (),
        created_at=moment_or_refuse(row, CREATED),
        changed_at=changed_at_of(row),
        is_open=not is_true(row.get(_CLOSED)),
    )


def create(client: Client, task: NewTask) -> Created:
    """Create a Task; its due time is a day. Source: crm-facts, Salesforce, section 6."""
    try:
        answer = client.write("POST", client.paths.rows(TASK), _values(task))
    except BatchRefused as refused:
        fate, said = refusal_in(refused.answer.errors(), (task.subject, task.body), status=refused.answer.status)
        return Created(task=task, fate=fate, said=said, at=date_in(refused.answer.headers.get("date")))
    except TryAgain as error:
        return Created(task=task, fate=fate_of(error), said=str(error))
    at, told = date_in(answer.headers.get("date")), answer.told
    id_ = id_in(told, "id") if isinstance(told, Mapping) and told.get("success") is True else None
    if id_ is None:
        return Created(task=task, fate=Fate.UNKNOWN, said="the answer names no Task", at=at)
    return Created(task=task, fate=Fate.DONE, record=key_of(TASK, id_), at=at)


def _values(task: NewTask) -> dict[str, str | None]:
    named = _PERSON if task.about.kind in VOCABULARY.persons else _OTHER
    return {
        VOCABULARY.owner: task.owner,
        named: task.about.id,
        _SUBJECT: task.subject,
        VOCABULARY.task_body: task.body,
        "ActivityDate": task.due_at.date().isoformat(),
    }
