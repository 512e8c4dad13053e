"""Plans the people of a world: each draws its story until it fits, as the CRM that tells it will show it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any, Protocol, TypeVar

from sandbox.world.catalogue import ENOUGH_FOR_ALL, pick_stories
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


S = TypeVar("S", bound=Shown)


class Telling(Protocol[S]):
    """How one CRM tells of people: which stories it can tell, and what its records show of each."""

    @property
    def stories(self) -> tuple[Story, ...]:
        """The stories that it can tell."""

    def show(self, draft: Draft) -> S:
        """What its records show of `draft`. Raises DoesNotFit where they cannot."""

    def owner(self, owner_id: str) -> str:
        """The id under which it knows somebody who can own a lead."""

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
        complete=cast.leads >= ENOUGH_FOR_ALL,
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
            promises_about(shown)
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
