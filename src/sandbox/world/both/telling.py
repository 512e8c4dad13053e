"""How a HubSpot portal and a Salesforce org tell of the same people, and the lines of their file. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from random import Random
from typing import Any

from sandbox.world.both.places import NOWHERE
from sandbox.world.both.shown import OnBoth, show_both
from sandbox.world.both.stories import arriving, differing, doubled
from sandbox.world.catalogue import STORIES
from sandbox.world.draft import Draft, Scene
from sandbox.world.hubspot import number, portal_lines
from sandbox.world.salesforce.stories import conversions
from sandbox.world.salesforce.telling import SalesforceTelling

FAMILIES = (conversions, arriving, differing, doubled)
SHORT_ID = 15  # what older programs write of an id of eighteen letters


class BothTelling:
    """How a portal and an org that share their people tell of them."""

    stories = (*(story for story in STORIES if story.title not in NOWHERE), *(story for family in FAMILIES for story in family.STORIES))

    enough_for_all = 870

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._salesforce = SalesforceTelling(scene)

    def show(self, draft: Draft) -> OnBoth:
        """What the two show of `draft`. Raises DoesNotFit where they cannot."""
        return show_both(draft)

    def ids_of(self, owner_id: str) -> dict[str, str]:
        """The ids of an owner in both."""
        return {"hubspot": owner_id, **self._salesforce.ids_of(owner_id)}

    def lines(self, shown: Sequence[OnBoth], rng: Random) -> list[dict[str, Any]]:
        """Number all records, let them name each other, and write them down: HubSpot's first."""
        everyone = [lead for each in shown for lead in (each, *each.apart)]
        theirs = [each.salesforce for each in everyone if each.salesforce is not None]
        others = list(chain.from_iterable(each.extras.leads for each in shown))
        salesforces = self._salesforce.lines([*theirs, *others], rng)
        sheets = [*self._scene.companies, *chain.from_iterable(each.hubspots() for each in shown)]
        number(sheets)
        for each in shown:
            self._name_each_other(each, rng)
        return [*portal_lines(self._scene.staff, sheets, rng), *_merged(salesforces, shown)]

    def _name_each_other(self, each: OnBoth, rng: Random) -> None:
        """Let contacts point at the records of Salesforce, and everything that was planned of the contact bear its id."""
        if each.contact is None:
            return
        each.draft.contact.id = each.course.contact.id = each.contact.id
        if each.extras.link == "pointer to nothing":
            each.contact.put(salesforceleadid=self._salesforce.unused_id("Lead"))
        elif each.salesforce is not None and each.extras.link == "pointer":
            _point(each, each.salesforce.course.contact.id, rng)


def _point(each: OnBoth, lead_id: str, rng: Random) -> None:
    """Name the Lead, in full or cut short, and what it was converted into; one in four then names that alone."""
    length = SHORT_ID if rng.random() < 0.2 else len(lead_id)
    converted = each.salesforce.contact if each.salesforce is not None else None
    for contact in (each.contact, *each.extras.contacts):
        if contact is not None and (converted is None or rng.random() < 0.75):
            contact.put(salesforceleadid=lead_id[:length])
        if contact is not None and converted is not None:
            contact.put(salesforcecontactid=converted.id[:length])


def _merged(lines: list[dict[str, Any]], shown: Sequence[OnBoth]) -> list[dict[str, Any]]:
    """The same lines, where Leads that were merged away name the one that they were merged into."""
    masters = {
        lead.course.contact.id: each.salesforce.course.contact.id
        for each in shown
        if each.extras.merged and each.salesforce is not None
        for lead in each.extras.leads
    }
    return [{**line, "MasterRecordId": masters[line["Id"]]} if line.get("Id") in masters else line for line in lines]
