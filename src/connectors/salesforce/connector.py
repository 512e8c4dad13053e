"""Salesforce as a Connector and Writer: one org, read page by page, written batch by batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock

from connectors.budget import Purpose
from connectors.changes import Change, Created, NewTask, Outcome, Task
from connectors.definitions import Definitions
from connectors.errors import Forbidden, Misconfigured
from connectors.memberships import apart, cut_by_list, sort_apart, what_is_joined
from connectors.new_fields import NewField
from connectors.pacing import Waiting
from connectors.records import Account, FieldDefinition, Page, RecordKey, Usage, Vocabulary, Wanted
from connectors.salesforce import campaigns, new_fields, owners, tasks, write
from connectors.salesforce.addresses import host_of
from connectors.salesforce.ahead import Ahead
from connectors.salesforce.client import Client
from connectors.salesforce.evidence import evidence_pages
from connectors.salesforce.known import Words
from connectors.salesforce.mapping import CRM, VOCABULARY, vocabulary
from connectors.salesforce.pull import Walk, changes_since, count_of, opening_of, row_pages
from connectors.salesforce.reading import Part, ask, path_of, together
from connectors.salesforce.reference import KINDS, definition_pages
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.soql import Query, moment, select
from connectors.salesforce.streams import RowStream, row_streams
from connectors.salesforce.values import id_in, is_true, text_of
from connectors.salesforce.vanished import as_they_are, bin_pages, kept_of, live_ids, looked_up
from connectors.zones import zone_of

_CONDITION_GRAIN = timedelta(seconds=2)
_ORGANIZATION = Query(soql=select(("Id", "TimeZoneSidKey", "OrganizationType", "IsSandbox"), "Organization"))


class Salesforce:
    """One Salesforce org, closed by its caller. Several streams may be read at once, each by a thread of its own.

    `wanted` names the fields of Leads, Contacts, Accounts and Opportunities that the agreement needs beyond those every lead needs.
    """

    def __init__(self, settings: SalesforceSettings, wanted: Wanted, waiting: Waiting) -> None:
        self._client = Client(settings, waiting)
        self._settings = settings
        self._form_fields = tuple(filter(None, (settings.form_date_field, settings.form_name_field)))
        self._rows = row_streams(wanted, self._form_fields)
        self._lists = wanted.lists
        self._definitions = Definitions()
        self._words = Words(self._client)
        self._ahead = Ahead()
        self._walk = Walk(
            client=self._client, words=self._words, ahead=self._ahead, overlap=settings.overlap, bulk_above=settings.bulk_above
        )
        self._lock = Lock()
        self._in_office: Sequence[Part] | None = None

    @property
    def crm(self) -> str:
        """`salesforce`."""
        return CRM

    @property
    def vocabulary(self) -> Vocabulary:
        """What this org calls things: the form's fields are its own."""
        return vocabulary(form_date_field=self._settings.form_date_field, form_name_field=self._settings.form_name_field)

    @property
    def server_now(self) -> datetime | None:
        """The server's time (whole seconds, UTC) at its last answer; None before the first."""
        return self._client.server_now

    def account(self) -> Account:
        """Read which org this is and the server's time, and who is in office, in one call; begins a run.

        The deadline for retries and the day's budget count from here.
        """
        line = self._client.line
        line.start_run()
        organization, *in_office = together(self._client, [path_of(self._client, query) for query in (_ORGANIZATION, *owners.IN_OFFICE)])
        row = next(iter(organization.rows().items), {})
        org, server_now, zone = id_in(row), self._client.server_now, text_of(row.get("TimeZoneSidKey"))
        if org is None or server_now is None:
            raise Misconfigured("the answer about the org is not Salesforce's", fix="check salesforce.my_domain")
        line.budget.begin_day(server_now, zone_of(zone))
        with self._lock:
            self._in_office = in_office
        kind = "SANDBOX" if is_true(row.get("IsSandbox")) else text_of(row.get("OrganizationType")) or ""
        return Account(crm=CRM, id=org, time_zone=zone, kind=kind, server_now=server_now, record_pages=self._record_pages())

    def resume(self, account: Account) -> Account:  # noqa: ARG002 - it is read anew, with who is in office
        """Begin another run, by the one call that tells who is in office."""
        return self.account()

    def _record_pages(self) -> dict[str, str]:
        """Say where people open a record; a practice org has no such pages."""
        if self._settings.base_url is not None:
            return {}
        return dict.fromkeys(KINDS, f"https://{host_of(self._settings.my_domain)}/")

    def uses_leads_object(self) -> None:
        """Not a question here: a Lead is a person."""

    def streams(self) -> tuple[str, ...]:
        """Name the streams: definitions, owners, then each object and the histories of its fields."""
        return ("definitions", "owners", *self._rows)

    def kinds(self) -> Mapping[str, str]:
        """Name the kind of each stream of rows; histories have none."""
        return {name: stream.kind for name, stream in self._rows.items() if stream.kind is not None}

    def expect(self, cursors: Mapping[str, str | None]) -> None:
        """Take note of what is about to be read: the first pages of up to five streams come by one call.

        Counts ride along where there is room: always that of Leads, of the others another one each minute.
        """
        openings = [opening for name, cursor in cursors.items() if name in self._rows and (opening := opening_of(self._rows[name], cursor))]
        turn = self._client.server_now.minute if self._client.server_now is not None else 0
        others = [one for one in openings if one.stream != VOCABULARY.person_stream]
        others = others[turn % max(1, len(others)) :] + others[: turn % max(1, len(others))]
        first = [one for one in openings if one.stream == VOCABULARY.person_stream]
        self._ahead.announce(self._client, [*first, *others])

    def pages(self, stream: str, cursor: str | None) -> Iterator[Page]:
        """Yield what changed in `stream` since `cursor`; definitions and owners in office come whole each time.

        Deleted rows are told as gone, as long as Salesforce keeps them in its bin. Raises Forbidden where the user may not read the
        stream's object; a history that is closed to us leaves changes of its fields to be observed.
        """
        match stream:
            case "definitions":
                histories = [one for one in self._rows.values() if one.kind is None]
                return self._definitions.overheard(definition_pages(self._client, self._words, histories, self._lists))
            case "owners":
                return owners.owner_pages(self._client, cursor, self._take_in_office())
            case _:
                return self._row_pages(stream, cursor)

    def evidence(self, persons: Sequence[RecordKey], *, without: Collection[str] = ()) -> Iterator[Page]:
        """Yield the activities that name some Leads or Contacts now, in a call for five hundred of them."""
        streams = [self._rows[name] for name in VOCABULARY.touch_streams if name not in without]
        return evidence_pages(self._client.on(Purpose.EVIDENCE), streams, [person.id for person in persons], self._words)

    def count(self, stream: str, *, created_before: datetime) -> int:
        """Count the live rows that were created before a moment."""
        query = count_of(self._rows[stream], f"CreatedDate < {moment(created_before)}")
        return ask(self._client.on(Purpose.SWEEP), query).total

    def archived(self, stream: str) -> Iterator[Page]:
        """Yield what lies in the recycle bin as gone, or as merged."""
        return bin_pages(self._client.on(Purpose.SWEEP), self._rows[stream], self._words)

    def live_ids(self, stream: str) -> Iterator[Sequence[str]]:
        """Yield the ids of all that is live, in one call two thousand."""
        return live_ids(self._client.on(Purpose.SWEEP), self._rows[stream])

    def look_up(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        """Yield what became of `ids`, five hundred a page."""
        return looked_up(self._client.on(Purpose.SWEEP), self._rows[stream], ids, self._words)

    @property
    def condition_grain(self) -> timedelta:
        """Two seconds: If-Unmodified-Since counts whole seconds, and the clock may turn between two changes."""
        return _CONDITION_GRAIN

    def learn(self, definitions: Iterable[FieldDefinition]) -> None:
        """Take over the types of fields from definitions that were read earlier: numbers and flags are written as such."""
        self._definitions.learn(definitions)

    def in_order(self, change: Change, held: Mapping[str, str | None]) -> tuple[Change, ...]:  # noqa: ARG002 - what it holds bars no step
        """Join and leave campaigns last; else Salesforce sets what it is asked to at once."""
        own, joins = apart(change)
        return (*((own,) if own is not None else ()), *joins)

    def lost_by(self, changes: Sequence[Change]) -> Mapping[RecordKey, Mapping[str, str | None]]:  # noqa: ARG002 - whatever they are
        """Tell of nothing: what a change does not name stays."""
        return {}

    def batches(self, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        """Cut changes into 25 where a row must not have changed, and 200 where it may, or of one campaign."""
        own, joins = sort_apart(changes)
        yield from write.batches(own)
        yield from cut_by_list(joins, most=campaigns.MEMBERS_AT_ONCE)

    def write(self, batch: Sequence[Change]) -> Sequence[Outcome]:
        """Send one of `batches`; no assignment rule runs. In parts where Salesforce refuses it whole for what one row says."""
        client = self._client.on(Purpose.WRITE)
        return write.write(client, batch, self._definitions) if what_is_joined(batch) is None else campaigns.write(client, batch)

    def memberships(self, persons: Sequence[RecordKey], fields: Collection[str]) -> Mapping[RecordKey, Mapping[str, str | None]]:
        """Read which of some campaigns Leads and Contacts are members of, five hundred a query."""
        return campaigns.memberships(self._client.on(Purpose.VERIFY), persons, fields)

    def read_now(self, persons: Sequence[RecordKey]) -> Iterator[Page]:
        """Yield persons by id and what is kept of their histories, five hundred a call; those that are not there as gone or merged."""
        client = self._client.on(Purpose.VERIFY)
        for kind in dict.fromkeys(person.kind for person in persons):
            histories = [one for one in self._rows.values() if one.kind is None and one.owner_of == kind]
            ids = [person.id for person in persons if person.kind == kind]
            yield from as_they_are(client, self._rows[kind], histories, ids, self._words)

    def open_tasks(self, persons: Sequence[RecordKey]) -> Sequence[Task]:
        """Read the open Tasks that name Leads or Contacts, five hundred persons a call."""
        return tasks.open_tasks(self._client.on(Purpose.VERIFY), persons)

    def marked_tasks(self, persons: Sequence[RecordKey], mark: str) -> Sequence[Task]:
        """Read the Tasks that name Leads or Contacts, open or closed, whose subject holds `mark`."""
        return tasks.marked_tasks(self._client.on(Purpose.VERIFY), persons, mark)

    def create_task(self, task: NewTask) -> Created:
        """Create a Task that names the record it is about; it falls due on a day."""
        return tasks.create(self._client.on(Purpose.WRITE), task)

    def field_line(self, new: NewField) -> str:
        """Say what an administrator adds."""
        return new_fields.field_line(new)

    def queue_members(self) -> Mapping[str, frozenset[str]]:
        """Read the ids of the active users whom each queue serves, by the queue's id, in one call."""
        return owners.queue_members(self._client)

    def add_earlier_calls(self, calls: int) -> None:
        """Count the calls that earlier runs made on the org's present day."""
        self._client.line.budget.add_earlier(calls)

    def usage(self) -> Usage:
        """Tell how many calls were made, failed ones included, and what the day has left."""
        return self._client.usage()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _take_in_office(self) -> Sequence[Part] | None:
        """Give what the account's call told of the owners, once."""
        with self._lock:
            told, self._in_office = self._in_office, None
        return told

    def _row_pages(self, name: str, cursor: str | None) -> Iterator[Page]:
        stream = self._rows[name]
        try:
            since = changes_since(stream, cursor)
            for page in row_pages(self._walk, stream, cursor):
                yield page if since is None or not page.records else self._with_older_changes(stream, page, since)
        except Forbidden as error:
            if stream.kind is not None:
                raise
            raise Forbidden(
                f"{error}: changes of {stream.owner_of}s are known only from what leadpact sees itself",
                fix=f"{error.fix}; and switch on Set History Tracking for {stream.owner_of}",
            ) from None

    def _with_older_changes(self, stream: RowStream, page: Page, since: datetime) -> Page:
        """Add what is kept of the records that are older than the reading: one that was restored, or shown to us only now, has a past."""
        histories = [one for one in self._rows.values() if one.kind is None and one.owner_of == stream.kind]
        ids = [record.key.id for record in page.records if record.created_at < since]
        told = kept_of(self._client, histories, ids, self._words)
        return replace(page, changes=tuple(change for kept in told for change in kept.changes))
