"""Planned people as a HubSpot portal shows them, and the lines of its portal file. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.world.campaigns import INDUSTRIES
from sandbox.world.catalogue import ENOUGH_FOR_ALL, STORIES
from sandbox.world.draft import Draft, Scene
from sandbox.world.passage import Course
from sandbox.world.people import Staff, staff_lines
from sandbox.world.picklists import reason_lines
from sandbox.world.promises import COMPETITOR_INDUSTRY
from sandbox.world.sheet import Sheet

FIRST_ID = {"contacts": 100_001, "companies": 500_001, "deals": 700_001}
NURTURE_LIST = "Nurture 2026"  # whom Marketing writes to once they come back
FIRST_ACTIVITY_ID = 1_000_001
DEAL_STAGES = (  # id, label, probability, closed
    ("appointmentscheduled", "Appointment scheduled", "0.2", False),
    ("qualifiedtobuy", "Qualified to buy", "0.4", False),
    ("presentationscheduled", "Presentation scheduled", "0.6", False),
    ("contractsent", "Contract sent", "0.9", False),
    ("closedwon", "Closed won", "1.0", True),
    ("closedlost", "Closed lost", "0.0", True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnHubSpot:
    """One lead as the portal shows it: as it was planned."""

    draft: Draft
    course: Course

    @property
    def silent(self) -> bool:
        """Whether nothing is promised about it."""
        return self.draft.silent

    @property
    def apart(self) -> tuple[()]:
        """Nothing else came of it."""
        return ()


class HubSpotTelling:
    """How a HubSpot portal tells of people."""

    stories = STORIES
    enough_for_all = ENOUGH_FOR_ALL

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def show(self, draft: Draft) -> OnHubSpot:
        """What the portal shows of `draft`: all of it."""
        return OnHubSpot(draft=draft, course=draft.course())

    def ids_of(self, owner_id: str) -> dict[str, str]:
        """The same id: stories name owners as HubSpot does."""
        return {"hubspot": owner_id}

    def lines(self, shown: Sequence[OnHubSpot], rng: Random) -> list[dict[str, Any]]:
        """Number all records and write them down: the account, its people, the records."""
        sheets = [*self._scene.companies, *(sheet for each in shown for sheet in each.draft.sheets())]
        number(sheets)
        return portal_lines(self._scene.staff, sheets, rng)


def number(sheets: Sequence[Sheet]) -> None:
    """Give every record its id, unique within its kind; activities share one run of numbers."""
    given: Counter[str] = Counter()
    for sheet in sheets:
        run = sheet.kind if sheet.kind in FIRST_ID else "activities"
        sheet.id = str(FIRST_ID.get(run, FIRST_ACTIVITY_ID) + given[run])
        given[run] += 1


def portal_lines(staff: Staff, sheets: Sequence[Sheet], rng: Random) -> list[dict[str, Any]]:
    """The portal's file: the account, its people, and the records, which have their ids."""
    return [*_account_lines(rng.randrange(1_000_000, 100_000_000)), *staff_lines(staff), *(sheet.line() for sheet in sheets)]


def _account_lines(portal_id: int) -> list[dict[str, Any]]:
    """The account, an id of its own for every world, and what is special about its definitions."""
    account = {"object": "account", "portalId": portal_id, "timeZone": "America/New_York"}
    industries = sorted({*INDUSTRIES, COMPETITOR_INDUSTRY})
    options = [{"value": name, "label": name.replace("_", " ").title(), "displayOrder": at} for at, name in enumerate(industries)]
    industry = {"object": "properties", "objectType": "companies", "name": "industry", "label": "Industry", "type": "enumeration"}
    stages = [_stage(order, *stage) for order, stage in enumerate(DEAL_STAGES)]
    pipeline = {"object": "pipelines", "objectType": "deals", "id": "default", "label": "Sales", "stages": stages}
    nurture = {"object": "lists", "id": "1", "name": NURTURE_LIST}
    return [account, {**industry, "fieldType": "select", "options": options}, *reason_lines(), pipeline, nurture]


def _stage(order: int, name: str, label: str, probability: str, closed: bool) -> dict[str, Any]:
    metadata = {"isClosed": "true" if closed else "false", "probability": probability}
    return {"id": name, "label": label, "displayOrder": order, "metadata": metadata}
