"""HubSpot as a Connector and Writer: one account, read page by page, written batch by batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectors.budget import Purpose
from connectors.changes import Change, Created, NewTask, Outcome, Task
from connectors.definitions import Definitions
from connectors.errors import Forbidden, Misconfigured
from connectors.hubspot import lists, properties, tasks, write
from connectors.hubspot.client import Client
from connectors.hubspot.dates import lost_dates
from connectors.hubspot.evidence import evidence_pages
from connectors.hubspot.incremental import count
from connectors.hubspot.ladder import in_order
from connectors.hubspot.mapping import CRM, LIFECYCLE_STAGE, VOCABULARY, record_pages
from connectors.hubspot.pull import object_pages
from connectors.hubspot.reading import PAGE, results_of
from connectors.hubspot.reference import definition_pages, owner_pages
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.streams import PLURALS, object_streams
from connectors.hubspot.values import text_of
from connectors.hubspot.vanished import as_they_are, bin_pages, live_ids, looked_up
from connectors.memberships import apart, cut_by_list, sort_apart, what_is_joined
from connectors.new_fields import NewField
from connectors.pacing import Waiting
from connectors.records import Account, FieldDefinition, Page, RecordKey, Usage, Wanted
from connectors.zones import zone_of


class HubSpot:
    """One HubSpot account, closed by its caller. Several streams may be read at once, each by a thread of its own.

    `wanted` names the fields of contacts, companies and deals that the agreement needs beyond those every lead needs.
    """

    def __init__(self, settings: HubSpotSettings, wanted: Wanted, waiting: Waiting) -> None:
        self._client = Client(settings, waiting)
        self._base_url = settings.base_url
        self._objects = object_streams(wanted)
        self._lists = wanted.lists
        self._definitions = Definitions()

    @property
    def crm(self) -> str:
        """`hubspot`."""
        return CRM

    @property
    def server_now(self) -> datetime | None:
        """The server's time (whole seconds, UTC) at its last answer; None before the first."""
        return self._client.server_now

    def account(self) -> Account:
        """Read which portal this is and the server's time, in one call; begins a run.

        The deadline for retries and the day's budget count from here.
        """
        line = self._client.line
        line.start_run()
        details = self._client.get(self._client.paths.account())
        portal, server_now, zone = text_of(details.get("portalId")), self._client.server_now, text_of(details.get("timeZone"))
        if portal is None or server_now is None:
            raise Misconfigured("the answer about the account is not HubSpot's", fix="check hubspot.base_url")
        line.budget.begin_day(server_now, zone_of(zone))
        return Account(
            crm=CRM,
            id=portal,
            time_zone=zone,
            kind=text_of(details.get("accountType")) or "",
            server_now=server_now,
            record_pages=record_pages(portal, text_of(details.get("uiDomain")), api=self._base_url),
        )

    def resume(self, account: Account) -> Account:
        """Begin another run; the server's time is that of its last answer and what has passed since. Makes no call."""
        self._client.line.start_run()
        return replace(account, server_now=self._client.line.estimated_now() or account.server_now)

    def uses_leads_object(self) -> bool:
        """Whether the portal keeps Leads: one row of the list tells; without the feature or scope it is closed to us."""
        try:
            answer = self._client.get(self._client.paths.objects("leads"), {"limit": "1"})
        except (Forbidden, Misconfigured):
            return False
        return bool(results_of(answer, "leads"))

    def streams(self) -> tuple[str, ...]:
        """Name the streams: definitions, owners, then each kind of object."""
        return ("definitions", "owners", *self._objects)

    def kinds(self) -> Mapping[str, str]:
        """Name the kind of each stream of objects."""
        return {name: stream.kind for name, stream in self._objects.items()}

    def expect(self, cursors: Mapping[str, str | None]) -> None:
        """Nothing to prepare: HubSpot answers for one stream a call."""

    def pages(self, stream: str, cursor: str | None) -> Iterator[Page]:
        """Yield what changed in `stream` since `cursor`; definitions and owners come whole each time.

        What vanished is not told, but for what vanished while it was read: see `archived`. Raises Forbidden where the token lacks
        the stream's scope.
        """
        match stream:
            case "definitions":
                return self._definitions.overheard(definition_pages(self._client, self._lists))
            case "owners":
                return owner_pages(self._client, cursor)
            case _:
                return object_pages(self._client, self._objects[stream], cursor)

    def evidence(self, persons: Sequence[RecordKey], *, without: Collection[str] = ()) -> Iterator[Page]:
        """Yield the activities associated with some contacts now, in a call a stream and thousand contacts and one a hundred activities."""
        streams = [self._objects[name] for name in VOCABULARY.touch_streams if name not in without]
        return evidence_pages(self._client.on(Purpose.EVIDENCE), streams, [person.id for person in persons]) if persons else iter(())

    def count(self, stream: str, *, created_before: datetime) -> int:
        """Ask the search index how many live objects were created before a moment."""
        return count(self._client.on(Purpose.SWEEP), self._objects[stream], before=created_before)

    def archived(self, stream: str) -> Iterator[Page]:
        """Yield what lies in the recycle bin as gone; HubSpot keeps it for 90 days, and none of meetings and communications."""
        return bin_pages(self._client.on(Purpose.SWEEP), self._objects[stream])

    def live_ids(self, stream: str) -> Iterator[Sequence[str]]:
        """Yield the ids of all that is live, in one call a hundred."""
        return live_ids(self._client.on(Purpose.SWEEP), self._objects[stream])

    def look_up(self, stream: str, ids: Sequence[str]) -> Iterator[Page]:
        """Yield what became of `ids`, a hundred a page."""
        return looked_up(self._client.on(Purpose.SWEEP), self._objects[stream], ids)

    @property
    def condition_grain(self) -> None:
        """HubSpot has no write that depends on what the record holds."""
        return None

    def learn(self, definitions: Iterable[FieldDefinition]) -> None:
        """Take over the order of life-cycle stages from definitions that were read earlier."""
        self._definitions.learn(definitions)

    def in_order(self, change: Change, held: Mapping[str, str | None]) -> tuple[Change, ...]:
        """Clear the life-cycle stage in a change of its own first, unless it is blank or surely moves up; join and leave lists last."""
        own, joins = apart(change)
        stages = self._definitions.values_of(change.record.kind, LIFECYCLE_STAGE)
        return (*(in_order(own, held, stages) if own is not None else ()), *joins)

    def lost_by(self, changes: Sequence[Change]) -> Mapping[RecordKey, Mapping[str, str | None]]:
        """Read the dates of stages, which HubSpot may clear together with the stage, in a call a hundred contacts."""
        return lost_dates(self._client.on(Purpose.VERIFY), changes, self._definitions)

    def batches(self, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        """Cut changes into a hundred of one type, or of one list, each."""
        own, joins = sort_apart(changes)
        yield from write.batches(own)
        yield from cut_by_list(joins, most=PAGE)

    def write(self, batch: Sequence[Change]) -> Sequence[Outcome]:
        """Send one of `batches`; in parts where HubSpot refuses it whole for what one row says. `unless_changed_since` means nothing."""
        client = self._client.on(Purpose.WRITE)
        return write.write(client, batch) if what_is_joined(batch) is None else lists.write(client, batch)

    def memberships(self, persons: Sequence[RecordKey], fields: Collection[str]) -> Mapping[RecordKey, Mapping[str, str | None]]:
        """Read which of some lists contacts are on, a hundred a call."""
        return lists.memberships(self._client.on(Purpose.VERIFY), persons, fields)

    def read_now(self, persons: Sequence[RecordKey]) -> Iterator[Page]:
        """Yield persons by id with their histories, fifty a page and call; those that are not there as gone, merged or erased."""
        for kind in dict.fromkeys(person.kind for person in persons):
            ids = [person.id for person in persons if person.kind == kind]
            yield from as_they_are(self._client.on(Purpose.VERIFY), self._objects[PLURALS[kind]], ids)

    def open_tasks(self, persons: Sequence[RecordKey]) -> Sequence[Task]:
        """Read the open tasks of contacts, in a call a thousand contacts and one a hundred tasks."""
        return tasks.open_tasks(self._client.on(Purpose.VERIFY), persons)

    def marked_tasks(self, persons: Sequence[RecordKey], mark: str) -> Sequence[Task]:
        """Read the tasks of contacts, open or done, whose subject holds `mark`."""
        return tasks.marked_tasks(self._client.on(Purpose.VERIFY), persons, mark)

    def create_task(self, task: NewTask) -> Created:
        """Create a task, associated with the contact, company or deal it is about."""
        return tasks.create(self._client.on(Purpose.WRITE), task)

    def field_line(self, new: NewField) -> str:
        """Say what a new property is."""
        return properties.property_line(new)

    def create_field(self, new: NewField) -> None:
        """Define a property in the group `leadpact`, in two calls, three for the first one."""
        properties.create_property(self._client.on(Purpose.WRITE), new)

    def add_earlier_calls(self, calls: int) -> None:
        """Count the calls that earlier runs made on the account's present day."""
        self._client.line.budget.add_earlier(calls)

    def usage(self) -> Usage:
        """Tell how many calls were made, failed ones included, and what the day has left."""
        return self._client.usage()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
