"""Plans the people of a world: each draws its story until it fits, as the CRM that tells it will show it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any, Protocol, TypeVar

from sandbox.world.catalogue import pick_stories
from sandbox.world.draft import Draft, Scene
from sandbox.world.passage import Course, DoesNotFit, PlanError
from sandbox.world.promises import NotCounted, Promise
from sandbox.world.stories.bystanders import newcomer, reader
from sandbox.world.story import Story
from sandbox.world.verdict import handing_over_of, not_counted, promises_of

MOST_DRAWS = 2_000  # far more than any story needs


class Shown(Protocol):
    """One planned lead as a CRM shows it."""

    @property
    def draft(self) -> Draft:
        """What was planned."""

    @property
    def course(self) -> Course:
        """What the CRM shows of it, ready for a verdict."""

    @property
    def silent(self) -> bool:
        """Whether nothing is promised about it."""

    @property
    def apart(self) -> Sequence[Shown]:
        """What came of the same plan and is another lead."""


S = TypeVar("S", bound=Shown)


class Telling(Protocol[S]):
    """How one CRM tells of people: which stories it can tell, and what its records show of each."""

    @property
    def stories(self) -> tuple[Story, ...]:
        """The stories that it can tell."""

    @property
    def enough_for_all(self) -> int:
        """Leads from which on every one of them is told."""

    def show(self, draft: Draft) -> S:
        """What its records show of `draft`. Raises DoesNotFit where they cannot."""

    def ids_of(self, owner_id: str) -> Mapping[str, str]:
        """CRM -> the id under which it knows somebody who can own a lead."""

    def lines(self, shown: Sequence[S], rng: Random) -> list[dict[str, Any]]:
        """Number all records and write them down, in an order that can be loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """How many people there are to plan, and from what."""

    leads: int
    seed: int
    scene: Scene
    rng: Random


def plan_all(cast: Cast, telling: Telling[S]) -> Iterator[S]:
    """Plan those who never reach a handoff first, for others' mail goes to them too."""
    bystanders = cast.leads // 3
    known = [
        _plan(
            Story(title="bystander", tell=reader if number % 2 == 0 else newcomer), cast.scene, f"{cast.seed} bystander {number}", telling
        )
        for number in range(bystanders)
    ]
    readers = tuple(shown.draft.contact for shown in known[::2])
    scene = replace(cast.scene, readers=readers)
    stories = pick_stories(
        telling.stories,
        count=cast.leads - bystanders,
        complete=cast.leads >= telling.enough_for_all,
        readers=len(readers),
        rng=cast.rng,
    )
    yield from known
    for number, story in enumerate(stories):
        yield _plan(story, scene, f"{cast.seed} lead {number}", telling)


def _plan(story: Story, scene: Scene, seed: str, telling: Telling[S]) -> S:
    """Draw `story` until it fits between its beginning and now."""
    rng = Random(seed)
    for _ in range(MOST_DRAWS):
        draft = Draft(scene=scene, rng=rng, title=story.title)
        try:
            story.tell(draft)
            draft.refuse_if_in_future()
            shown = telling.show(draft)
            leads: list[Shown] = [shown, *shown.apart]
            for lead in leads:
                promises_about(lead)
        except DoesNotFit:
            continue
        return shown
    raise StoryNeverFits(story.title, scene.now)


class StoryNeverFits(PlanError):
    """A story has no room before now: a fault of this package, not of its caller."""

    def __init__(self, title: str, now: datetime) -> None:
        super().__init__(f"the story {title!r} never fits before {now.isoformat()}")


def promises_about(shown: Shown) -> list[Promise]:
    """Every promise about one lead. Raises DoesNotFit as `promises_of` does."""
    if shown.silent:
        return []
    draft = shown.draft
    judge = handing_over_of if draft.unseen else promises_of
    told = [replace(promise, record=shown.course.contact.key, why=f"{draft.title}: {promise.why}") for promise in draft.unknowable]
    return [*judge(shown.course, title=draft.title, now=draft.now), *told]


def not_counted_about(shown: Shown) -> list[NotCounted]:
    """Every activity on one lead that is no touch, or no attempt."""
    return [] if shown.silent or shown.draft.unseen else list(not_counted(shown.course))
