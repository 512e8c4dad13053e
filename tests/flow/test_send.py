"""What sending does about a door that is closed for one object, and about a CRM that takes no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from connectors.changes import Change, Fate, Outcome
from connectors.errors import ConnectorError, Exhausted, Forbidden
from connectors.protocol import WritingConnector
from connectors.records import RecordKey
from sync.journal import Event, Place, what_stands
from sync.send import Part, Sender, replaced
from sync.store.database import Database
from sync.store.journal import Journal
from tests.flow.store_values import NINE
from tests.flow.test_store_journal import FREE, a_plan

CLOSED = Forbidden("the token may not write tasks", fix="give the app the scope crm.objects.tasks.write")
USED_UP = Exhausted("the day's calls are used up", fix="run again tomorrow")


@dataclass
class Crm:
    """Takes changes of one kind a call; refuses whole calls of some kinds."""

    refuses: dict[str, ConnectorError] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)

    def batches(self, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        for change in changes:
            yield [change]

    def write(self, batch: Sequence[Change]) -> Sequence[Outcome]:
        for change in batch:
            if (error := self.refuses.get(change.record.kind)) is not None:
                raise error
            self.taken.append(str(change.record))
        return [Outcome(change=change, fate=Fate.DONE) for change in batch]


def send(store: Database, records: Sequence[RecordKey], **crms: Crm) -> tuple[Sender, dict[str, tuple[Event, str | None]]]:
    """Send one change to each record; return what the journal says of each."""
    run, plan = a_plan(store, *[FREE] * len(records))
    sender = Sender(writers=cast("dict[str, WritingConnector]", crms), journal=Journal(store), run_id=run, now=NINE)
    parts = [Part(place=Place(plan, n), change=Change(record=record, values={"owner": "78"})) for n, record in enumerate(records)]
    before: dict[Place, Any] = {}
    for part in parts:
        before |= replaced([part], {"owner": "77"})
    sender.intend(parts, before)
    told = sender.send(parts)
    stands = {place: (entry.event, entry.said) for place, entry in what_stands(Journal(store).of_plan(plan)).items()}
    assert {place: event for place, (event, _) in stands.items()} == told, "what is returned is what was noted"
    return sender, {str(record): stands[Place(plan, n)] for n, record in enumerate(records)}


CONTACT, TASK, LEAD = RecordKey("hubspot", "contact", "1"), RecordKey("hubspot", "task", "2"), RecordKey("salesforce", "Lead", "3")


def test_a_right_that_is_missing_for_one_object_stops_no_other(store: Database) -> None:
    hubspot = Crm(refuses={"contact": CLOSED})
    sender, told = send(store, [CONTACT, TASK], hubspot=hubspot)
    assert told == {str(CONTACT): (Event.REFUSED, f"{CLOSED}; {CLOSED.fix}"), str(TASK): (Event.DONE, None)}
    assert sender.ended_by == []


def test_what_ends_one_crm_for_the_run_leaves_its_rest_for_later_and_the_other_crm_goes_on(store: Database) -> None:
    hubspot, salesforce = Crm(refuses={"task": USED_UP}), Crm()
    more = RecordKey("hubspot", "task", "9")
    sender, told = send(store, [CONTACT, TASK, more, LEAD], hubspot=hubspot, salesforce=salesforce)
    later = (Event.LATER, str(USED_UP))
    assert told == {str(CONTACT): (Event.DONE, None), str(TASK): later, str(more): later, str(LEAD): (Event.DONE, None)}
    assert sender.ended_by == [USED_UP]
