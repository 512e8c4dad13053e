"""Reps who work leads by a plan of their own while a daemon looks on: what they did with each lead is written down."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.faults.both import Both
from tests.faults.office import OFFICES, Office
from tests.flow.enforcing import Enforced
from tests.flow.people import People

TO_TOUCH = timedelta(hours=2)  # of the owner's open time, from the handover
SETTLED = timedelta(minutes=30)
IN_TIME = timedelta(minutes=2)  # before a deadline: who is later than that leaves it


@dataclass(kw_only=True)
class Story:
    """A lead that was handed over, and what was done with it."""

    lead: str
    named_by: str  # id of the record that names the lead
    owner: str
    office: Office  # whose hours its first touch has
    at: datetime
    due_at: datetime  # of the first touch
    plan: str
    called_at: datetime | None = None  # by its owner, and linked with it
    unlinked: str | None = None  # a call that the owner made in time, linked with nobody
    passed_at: datetime | None = None  # to somebody else, by a person
    passed_to: str | None = None
    accepted_at: datetime | None = None
    has_deal: bool = False

    @property
    def is_protected(self) -> bool:
        """Whether leadpact may not move it."""
        return self.has_deal or self.passed_at is not None


@dataclass(kw_only=True)
class Reps:
    """They hand leads over and work them; every deed takes some seconds, so that no two things happen at one moment."""

    one: Enforced
    rng: random.Random
    stories: list[Story] = field(default_factory=list)

    def __post_init__(self) -> None:
        roster = tomllib.loads((self.one.files / "roster.toml").read_text(encoding="utf-8"))
        self._offices = {str(person.get(self.one.world.crm)): person["calendar"] for person in roster["person"]}

    def now(self) -> datetime:
        """Return the CRM's time."""
        return datetime.fromisoformat(self.one.world.people.now())

    def work(self) -> None:
        """Do with each lead what its plan has for this moment."""
        now = self.now()
        for story in self.stories:
            if now < story.due_at + SETTLED:
                PLANS[story.plan](self, story)

    def hand_over(self, plan: str) -> Story:
        """Hand a new lead over to somebody who is there."""
        self.takes_a_while()
        owner = self.rng.choice(self.one.present())
        at = self.now()
        lead = self.one.hand_over(owner, len(self.stories))
        office, name = OFFICES[self._offices[owner]], lead
        if isinstance(self.one, Both):
            office, name = OFFICES["default"], self.one.named_by(lead)  # nobody had it as it was handed over
        due_at = office.hours_after(at, TO_TOUCH)
        story = Story(lead=lead, named_by=name, owner=owner, office=office, at=at, due_at=due_at, plan=plan)
        self.stories.append(story)
        PREPARED.get(plan, _leave)(self, story)
        return story

    def edit(self) -> None:
        """Change on some leads what no promise is about."""
        for story in self.rng.sample(self.stories, min(2, len(self.stories))):
            self.takes_a_while()
            self.change(story.lead, {"city": f"City {self.rng.randint(1, 99)}"}, {"City": f"City {self.rng.randint(1, 99)}"})

    def change(self, lead: str, hubspot: Mapping[str, str], salesforce: Mapping[str, str]) -> None:
        """Edit a lead, in either CRM's words."""
        people = self.one.world.people
        if isinstance(people, People):
            people.ask("PATCH", f"/crm/v3/objects/contacts/{lead}", {"properties": hubspot})
        else:
            people.write("Lead", dict(salesforce), id_=lead)

    def takes_a_while(self) -> datetime:
        """Let some seconds pass; return what time it is then."""
        self.one.world.people.rest(self.rng.randint(3, 25))
        return self.now()


def _leave(_: Reps, __: Story) -> None:
    """Nobody cares for it."""


def _call_in_time(reps: Reps, story: Story) -> None:
    if story.called_at is None and reps.now() < story.due_at - IN_TIME:
        story.called_at = reps.takes_a_while()
        reps.one.call(story.lead, story.owner)


def _call_late(reps: Reps, story: Story) -> None:
    """Call it after the deadline, and before it is moved: it stays."""
    if story.called_at is None and _is_late(reps, story):
        story.called_at = reps.takes_a_while()
        reps.one.call(story.lead, story.owner)


def _is_late(reps: Reps, story: Story) -> bool:
    return story.due_at < reps.now() < story.due_at + SETTLED - IN_TIME


def _call_unlinked(reps: Reps, story: Story) -> None:
    reps.takes_a_while()
    story.unlinked = reps.one.call(None, story.owner)


def _link_late(reps: Reps, story: Story) -> None:
    """Link the call of before only when the promise seems broken: it was kept."""
    if story.called_at is None and story.unlinked is not None and _is_late(reps, story):
        story.called_at = reps.takes_a_while()
        people = reps.one.world.people
        if isinstance(people, People):
            reps.one.link(story.lead, story.unlinked)
        else:
            people.write("Task", {"WhoId": story.lead}, id_=story.unlinked)


def _pass_on(reps: Reps, story: Story) -> None:
    """Give it to somebody else by hand: whom a person chose is not changed."""
    if story.passed_at is not None or reps.now() > story.due_at - IN_TIME:
        return
    story.passed_at = reps.takes_a_while()
    story.passed_to = reps.rng.choice([owner for owner in reps.one.present() if owner != story.owner])
    people = reps.one.world.people
    if isinstance(people, People):
        people.give_by_hand(story.lead, story.passed_to)
    else:
        reps.one.pass_on(story.lead, story.passed_to)


def _open_a_deal(reps: Reps, story: Story) -> None:
    people = reps.one.world.people
    assert isinstance(people, People)
    reps.takes_a_while()
    people.open_a_deal(story.lead)
    story.has_deal = True


def _accept(reps: Reps, story: Story) -> None:
    """Accept it, and call nobody."""
    if story.accepted_at is None and reps.now() < story.due_at - IN_TIME:
        story.accepted_at = reps.takes_a_while()
        reps.change(story.lead, {"hs_lead_status": "IN_PROGRESS"}, {"Status": "Accepted"})


def _call_and_accept(reps: Reps, story: Story) -> None:
    _call_in_time(reps, story)
    _accept(reps, story)


PLANS: dict[str, Callable[[Reps, Story], None]] = {
    "left": _leave,
    "called": _call_in_time,
    "called and accepted": _call_and_accept,
    "called late": _call_late,
    "linked late": _link_late,
    "passed on": _pass_on,
    "deal": _leave,
    "accepted": _accept,
}
PREPARED = {"linked late": _call_unlinked, "deal": _open_a_deal}
NOT_IN = {"hubspot": frozenset[str](), "salesforce": frozenset({"deal"})}  # an Opportunity takes a converted Lead
