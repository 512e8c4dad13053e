"""How Salesforce tells of people: which stories it can show, and the lines of its org's file. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from random import Random
from typing import Any

from sandbox.salesforce.ids import Mint
from sandbox.world.catalogue import ENOUGH_FOR_ALL, STORIES
from sandbox.world.draft import Draft, Scene
from sandbox.world.salesforce.course import OWNER
from sandbox.world.salesforce.fields import LEAD_FIELDS, UNTRACKED, SalesforceField
from sandbox.world.salesforce.histories import HistoryRow, changes, created, history_lines, owner_changes
from sandbox.world.salesforce.left_out import LEFT_OUT
from sandbox.world.salesforce.org import org_lines
from sandbox.world.salesforce.records import Written, lines_of
from sandbox.world.salesforce.roll import Roll
from sandbox.world.salesforce.shown import OnSalesforce, show
from sandbox.world.salesforce.stories import conversions
from sandbox.world.sheet import Sheet

PREFIXES = {"Lead": "00Q", "Contact": "003", "Account": "001", "Opportunity": "006", "Task": "00T", "Event": "00U"}
SINCE = datetime(2020, 1, 1, tzinfo=UTC)  # the org is older than everything in it


class SalesforceTelling:
    """How a Salesforce org tells of people."""

    stories = (*(story for story in STORIES if story.title not in LEFT_OUT), *conversions.STORIES)
    enough_for_all = ENOUGH_FOR_ALL

    def __init__(self, scene: Scene) -> None:
        self._mint = Mint()
        self._roll = Roll(scene.staff, self._mint)

    def show(self, draft: Draft) -> OnSalesforce:
        """What the org shows of `draft`. Raises DoesNotFit where it cannot."""
        return show(draft)

    def ids_of(self, owner_id: str) -> dict[str, str]:
        """The id of a User or a Group."""
        return {"salesforce": self._roll.owner(owner_id)}

    def unused_id(self, sobject: str) -> str:
        """An id that no record has."""
        return self._mint.new(PREFIXES[sobject])

    def lines(self, shown: Sequence[OnSalesforce], rng: Random) -> list[dict[str, Any]]:
        """Number all records and write them down: the org, its people, the records, their histories."""
        for sheet in chain.from_iterable(each.sheets() for each in shown):
            sheet.id = self._mint.new(PREFIXES[sheet.kind])
        since = SINCE
        persons = {id(each.draft.contact): each for each in shown}
        written = Written(roll=self._roll, persons=persons, touched=_touched(shown, persons))
        rows = chain.from_iterable(self._history(each) for each in shown)
        return [
            *org_lines(since, self._mint, rng),
            *self._roll.lines(since),
            *chain.from_iterable(lines_of(each, written) for each in shown),
            *history_lines(rows, self._mint),
        ]

    def _history(self, shown: OnSalesforce) -> Iterator[HistoryRow]:
        """Every row of the histories of one lead's records."""
        if shown.lead is not None:
            yield from self._lead_history(shown, shown.lead)
        if shown.contact is not None:
            yield created(shown.contact, self._roll.automation)
            yield from owner_changes(shown.contact, shown.contact.versions(OWNER), self._roll)
        if shown.opportunity is not None:
            stages = shown.opportunity.versions("StageName")
            yield created(shown.opportunity, self._roll.automation)
            yield from changes(shown.opportunity, stages, SalesforceField(name="StageName"), self._roll)

    def _lead_history(self, shown: OnSalesforce, lead: Sheet) -> Iterator[HistoryRow]:
        yield created(lead, self._roll.automation)
        firm = shown.course.company
        for name, field in LEAD_FIELDS.items():
            versions = lead.versions(name) or (firm.versions(name) if firm else [])
            if name not in UNTRACKED:
                yield from changes(lead, versions, field, self._roll)
        yield from owner_changes(lead, lead.versions(OWNER), self._roll)
        if shown.contact is not None:
            yield HistoryRow(of=lead, field="leadConverted", at=shown.contact.written_at, author=self._roll.automation)


def _touched(shown: Sequence[OnSalesforce], persons: dict[int, OnSalesforce]) -> dict[str, datetime]:
    """When an activity on a person was last written: that stamps the person anew."""
    last: dict[str, datetime] = {}
    for activity in chain.from_iterable(each.activities for each in shown):
        done = activity.plain.get("CompletedDateTime")
        at = max(activity.written_at, datetime.fromisoformat(done)) if done else activity.written_at
        who = persons[id(activity.links[0])].person.id
        last[who] = max(last.get(who, at), at)
    return last
