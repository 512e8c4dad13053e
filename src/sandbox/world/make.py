"""Makes a company's HubSpot portal, with the truth about every promise as each lead is planted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any

from sandbox.world.campaigns import INDUSTRIES, make_shared_companies
from sandbox.world.catalogue import ENOUGH_FOR_ALL, pick_stories
from sandbox.world.clock import OpenHours
from sandbox.world.draft import Draft, Scene
from sandbox.world.passage import DoesNotFit, PlanError
from sandbox.world.people import Person, make_staff, people_of, staff_lines
from sandbox.world.picklists import reason_lines
from sandbox.world.promises import CALENDARS, COMPETITOR_INDUSTRY, NotCounted, Promise
from sandbox.world.sheet import Sheet, to_ms
from sandbox.world.stories.bystanders import newcomer, reader
from sandbox.world.story import Story
from sandbox.world.verdict import handing_over_of, not_counted, promises_of

FIRST_ID = {"contacts": 100_001, "companies": 500_001, "deals": 700_001}
FIRST_ACTIVITY_ID = 1_000_001
MOST_DRAWS = 2_000  # far more than any story needs
DEAL_STAGES = (  # id, label, probability, closed
    ("appointmentscheduled", "Appointment scheduled", "0.2", False),
    ("qualifiedtobuy", "Qualified to buy", "0.4", False),
    ("presentationscheduled", "Presentation scheduled", "0.6", False),
    ("contractsent", "Contract sent", "0.9", False),
    ("closedwon", "Closed won", "1.0", True),
    ("closedlost", "Closed lost", "0.0", True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A portal at one moment, and what is true in it."""

    now: datetime
    lines: list[dict[str, Any]]  # the portal file's objects, in an order that can be loaded
    promises: list[Promise]  # one for every cycle and rule that applies
    not_counted: list[NotCounted]  # activities that are no touch, or no attempt
    people: list[Person]
    placeholders: list[str]  # ids of owners who stand for nobody and are no queue
    pools: dict[str, list[str]]  # pool -> owner ids of who gets its leads


def make_world(*, leads: int, seed: int, now: datetime) -> World:
    """Make a portal with `leads` contacts as it stands at `now` (aware); the same arguments make the same world."""
    now = to_ms(now)
    rng = Random(f"world {seed} {leads}")
    hours = {name: OpenHours(calendar) for name, calendar in CALENDARS.items()}
    staff = make_staff(leads=leads, today=hours["default"].local_day(now), rng=rng)
    companies = make_shared_companies(leads=leads, now=now, rng=rng)
    scene = Scene(now=now, staff=staff, hours=hours, companies=companies, readers=())
    drafts = list(_plan_all(scene, leads=leads, seed=seed, rng=rng))
    _number([*companies, *(sheet for draft in drafts for sheet in draft.sheets())])
    records = [sheet.line() for sheet in companies]
    records += [sheet.line() for draft in drafts for sheet in draft.sheets()]
    return World(
        now=now,
        lines=[*_portal_lines(rng.randrange(1_000_000, 100_000_000)), *staff_lines(staff), *records],
        promises=[promise for draft in drafts for promise in _promises(draft)],
        not_counted=[row for draft in drafts if not (draft.silent or draft.unseen) for row in not_counted(draft.course())],
        people=people_of(staff),
        placeholders=[staff.placeholder_id],
        pools={
            "sdr": [rep.owner_id for rep in staff.active()],
            "ae": [rep.owner_id for rep in staff.executives],
        },
    )


def _plan_all(scene: Scene, *, leads: int, seed: int, rng: Random) -> Iterator[Draft]:
    """Plan those who never reach a handoff first, for others' mail goes to them too."""
    bystanders = leads // 3
    known = [
        _plan(Story(title="bystander", tell=reader if number % 2 == 0 else newcomer), scene, Random(f"{seed} bystander {number}"))
        for number in range(bystanders)
    ]
    readers = tuple(draft.contact for draft in known[::2])
    scene = replace(scene, readers=readers)
    complete = leads >= ENOUGH_FOR_ALL
    stories = pick_stories(count=leads - bystanders, complete=complete, readers=len(readers), rng=rng)
    yield from known
    for number, story in enumerate(stories):
        yield _plan(story, scene, Random(f"{seed} lead {number}"))


def _plan(story: Story, scene: Scene, rng: Random) -> Draft:
    """Draw `story` until it fits between its beginning and now."""
    for _ in range(MOST_DRAWS):
        draft = Draft(scene=scene, rng=rng, title=story.title)
        try:
            story.tell(draft)
            draft.refuse_if_in_future()
            _promises(draft)
        except DoesNotFit:
            continue
        return draft
    raise StoryNeverFits(story.title, scene.now)


class StoryNeverFits(PlanError):
    """A story has no room before now: a fault of this package, not of its caller."""

    def __init__(self, title: str, now: datetime) -> None:
        super().__init__(f"the story {title!r} never fits before {now.isoformat()}")


def _promises(draft: Draft) -> list[Promise]:
    if draft.silent:
        return []
    judge = handing_over_of if draft.unseen else promises_of
    record = f"hubspot/contact/{draft.contact.id}"
    told = [replace(promise, record=record, why=f"{draft.title}: {promise.why}") for promise in draft.unknowable]
    return [*judge(draft.course(), title=draft.title, now=draft.now), *told]


def _number(sheets: list[Sheet]) -> None:
    """Give every record its id, unique within its kind; activities share one run of numbers."""
    given: Counter[str] = Counter()
    for sheet in sheets:
        run = sheet.kind if sheet.kind in FIRST_ID else "activities"
        sheet.id = str(FIRST_ID.get(run, FIRST_ACTIVITY_ID) + given[run])
        given[run] += 1


def _portal_lines(portal_id: int) -> list[dict[str, Any]]:
    """The account, an id of its own for every world, and what is special about its definitions."""
    account = {"object": "account", "portalId": portal_id, "timeZone": "America/New_York"}
    industries = sorted({*INDUSTRIES, COMPETITOR_INDUSTRY})
    options = [{"value": name, "label": name.replace("_", " ").title(), "displayOrder": at} for at, name in enumerate(industries)]
    industry = {"object": "properties", "objectType": "companies", "name": "industry", "label": "Industry", "type": "enumeration"}
    stages = [_stage(order, *stage) for order, stage in enumerate(DEAL_STAGES)]
    pipeline = {"object": "pipelines", "objectType": "deals", "id": "default", "label": "Sales", "stages": stages}
    return [account, {**industry, "fieldType": "select", "options": options}, *reason_lines(), pipeline]


def _stage(order: int, name: str, label: str, probability: str, closed: bool) -> dict[str, Any]:
    metadata = {"isClosed": "true" if closed else "false", "probability": probability}
    return {"id": name, "label": label, "displayOrder": order, "metadata": metadata}
