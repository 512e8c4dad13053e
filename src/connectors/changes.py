"""What a CRM is asked to change, and what became of it: frozen, CRM-neutral. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.records import RecordKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New values for some fields of one record."""

    record: RecordKey
    values: Mapping[str, str | None]  # as the CRM writes them; None clears the field
    unless_changed_since: datetime | None = None  # refused by a CRM that can tell, if the record changed later (seconds count, not less)


class Fate(StrEnum):
    """What became of a change."""

    DONE = "done"  # the CRM says so
    REFUSED = "refused"  # by a rule of the CRM's, for this record: the same change will be refused again
    CHANGED = "changed"  # not written: the record changed meanwhile, or is gone or merged away
    LATER = "later"  # not written, for a reason that passes: a lock, a limit, a server's error that tells so
    UNKNOWN = "unknown"  # sent, and the answer was lost: only reading tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a CRM answered to one change."""

    change: Change
    fate: Fate
    said: str | None = None  # the CRM's own code and words, where it did not simply do it
    at: datetime | None = None  # server time of the answer, where there was one


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task that somebody is to be given."""

    about: RecordKey  # a person, company or deal; the task is associated with it from the start
    owner: str  # the CRM's owner id
    subject: str
    body: str | None = None
    due_at: datetime  # aware; of a CRM whose tasks fall due on a day it is the day in the zone that the moment carries


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What became of a task that was to be created; creating twice makes two, so one that is unknown is looked for."""

    task: NewTask
    fate: Fate
    record: RecordKey | None = None  # the new task, where it is done
    said: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as its CRM shows it now."""

    record: RecordKey
    subject: str | None
    body: str | None
    owner: str | None
    about: tuple[RecordKey, ...]  # of the persons that were asked about; at least one
    created_at: datetime
    changed_at: datetime
    is_open: bool  # not done
