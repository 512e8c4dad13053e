"""What a CRM must offer; tests/contract holds every connector to this text. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from connectors.changes import Change, Created, NewTask, Outcome, Task
from connectors.new_fields import NewField
from connectors.records import Account, FieldDefinition, Page, RecordKey, Usage


class Connector(Protocol):
    """One account of one CRM.

    Every call may raise one of the families of `connectors.errors`, Exhausted among them once it would go beyond the day's
    budget; what was yielded before stays good. A connector keeps no state between calls but its connections and its budget.
    """

    @property
    def crm(self) -> str:
        """The CRM's short name, first part of its record keys: `hubspot`, `salesforce`."""
        ...

    @property
    def server_now(self) -> datetime | None:
        """The server's time at its last answer; None before the first."""
        ...

    def account(self) -> Account:
        """Read which account this is and what time its server has, in one call; begins a run."""
        ...

    def resume(self, account: Account) -> Account:
        """Begin another run on an account that was read before, and return it with the server's time now, as far as that is known.

        Makes a call only where its answer is needed for the run anyway.
        """
        ...

    def uses_leads_object(self) -> bool | None:
        """Whether leads are kept apart from persons (HubSpot's Leads object holds records); None where it cannot be known."""
        ...

    def streams(self) -> tuple[str, ...]:
        """Name the streams in the order in which they should be pulled; definitions and owners first."""
        ...

    def kinds(self) -> Mapping[str, str]:
        """Name the kind of the rows of each stream whose rows are records or activities: contacts -> contact. Pure."""
        ...

    def expect(self, cursors: Mapping[str, str | None]) -> None:
        """Hear which streams are about to be read, and from where, so that the first pages of several may be asked for at once.

        What was fetched that way is handed out by `pages` once, for the very cursor; it may make no call at all.
        """
        ...

    def pages(self, stream: str, cursor: str | None) -> Iterator[Page]:
        """Yield what changed in `stream` since `cursor` (everything for None), with overlap.

        Rows may come again; they carry CRM ids and times, so saving them twice adds nothing. The last
        page has `last` set, also when nothing changed. A cursor of a page that was saved resumes there.
        What vanished is not told; but some page tells how many rows are live, by which it is noticed. Streams may be read at
        once, each by one thread.
        """
        ...

    def evidence(self, persons: Sequence[RecordKey], *, without: Collection[str] = ()) -> Iterator[Page]:
        """Yield the activities that are associated with `persons` now, whatever their modified time.

        An old activity can be associated with a person without being modified, so that no stream tells of it.
        The pages have no cursor, and list no links in full. Streams `without` which to do are not read.
        """
        ...

    def count(self, stream: str, *, created_before: datetime) -> int:
        """Count the live rows of a stream that were created (or logged) before a moment."""
        ...

    def archived(self, stream: str) -> Iterator[Page]:
        """Yield the rows of a stream that were deleted and can be restored, as gone; nothing where the CRM lists no such rows."""
        ...

    def live_ids(self, stream: str) -> Iterator[Sequence[str]]:
        """Yield the ids of all live rows of a stream, each once."""
        ...

    def look_up(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        """Yield what became of the rows `ids`, past any cache or index: live, gone, merged or erased. No page has a cursor."""
        ...

    def field_line(self, new: NewField) -> str:
        """Say in a line what a new field is, in the words of whoever administers the CRM. Pure."""
        ...

    def add_earlier_calls(self, calls: int) -> None:
        """Count `calls` of earlier runs on the account's present day as ours; between `account` and everything else."""
        ...

    def usage(self) -> Usage:
        """Tell what this connector has cost so far."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class Writer(Protocol):
    """The half of a connector that changes records. Nothing is ever sent twice: whoever asks decides by reading what was lost."""

    @property
    def condition_grain(self) -> timedelta | None:
        """How soon after a change a write that depends on the change time does not notice another one.

        None where no write depends on anything: what it replaced is told by the histories of `read_now` afterwards.
        """
        ...

    def learn(self, definitions: Iterable[FieldDefinition]) -> None:
        """Hear how fields are defined, as they were read earlier; what `pages` of definitions tell is known without.

        By them one knows a step back on a ladder, and how a value is written. Without them every step may be one.
        """
        ...

    def in_order(self, change: Change, held: Mapping[str, str | None]) -> tuple[Change, ...]:
        """Split a change of a record that holds `held` into those that must be sent one after the other; mostly one. Pure.

        A CRM that ignores a step back on its ladder has the field cleared first. Lists and campaigns (`connectors.memberships`) come
        last, each in a change of its own.
        """
        ...

    def lost_by(self, changes: Sequence[Change]) -> Mapping[RecordKey, Mapping[str, str | None]]:
        """Read what changes may take from their records beside the fields that they name, and that no change can put back.

        Only records that lose something are told, and of them only what holds a value. No call is made where nothing can be lost.
        """
        ...

    def batches(self, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        """Cut changes of different records into what is sent at once, in order. Pure.

        As many as a call takes; changes that must not be written over somebody else's are apart from those that may, and those of a
        list or campaign from those of another.
        """
        ...

    def write(self, batch: Sequence[Change]) -> Sequence[Outcome]:
        """Send one of `batches`, once, and tell what became of each change, in their order.

        What a CRM leaves out of its answer is told as changed or refused, never as done; if no answer came, all are unknown. Raises
        Denied, Forbidden, Exhausted or Misconfigured where the whole batch was refused for what is nobody's own fault: nothing of it
        was written. To be on a list already, or to be off it, is done. A list that is gone, that the CRM fills by itself or that is
        closed to us refuses its own changes, and no others.
        """
        ...

    def memberships(self, persons: Sequence[RecordKey], fields: Collection[str]) -> Mapping[RecordKey, Mapping[str, str | None]]:
        """Read which of the lists or campaigns `fields` persons are on now, past any search index: each person, each field.

        Who is on one holds `connectors.memberships.MEMBER`, the others None; of a list that is gone nobody is.
        """
        ...

    def read_now(self, persons: Sequence[RecordKey]) -> Iterator[Page]:
        """Yield persons as they are now, past any cache or index, with the histories of their fields; those that are gone as gone.

        The pages have no cursor.
        """
        ...

    def open_tasks(self, persons: Sequence[RecordKey]) -> Sequence[Task]:
        """Read the tasks associated with `persons` that are not done, each once, past any search index.

        Whom they belong to is changed by `write`, like any record.
        """
        ...

    def marked_tasks(self, persons: Sequence[RecordKey], mark: str) -> Sequence[Task]:
        """Read the tasks associated with `persons` whose subject holds `mark`, done or not, each once, past any search index."""
        ...

    def create_task(self, task: NewTask) -> Created:
        """Create a task and its association in one call, once. Raises as `write` does."""
        ...


class WritingConnector(Connector, Writer, Protocol):
    """A connector that reads and changes."""
