"""Leads of which nobody can say for certain which records are theirs, and one that was put in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sandbox.world.both.stories.beginnings import handed_over, worked
from sandbox.world.draft import Draft
from sandbox.world.story import Story
from sandbox.world.sync import Extra, Link, Place


def doubled(draft: Draft, place: Place, link: Link, extra: Extra | None) -> None:
    """Handed over and worked, with `extra` beside its own records, which are linked by `link`."""
    draft.sync.place, draft.sync.link, draft.sync.extra = place, link, extra
    worked(draft, handed_over(draft))


def two_leads_with_its_address(draft: Draft) -> None:
    """A contact and its Lead, worked in both, do not know each other, and a second Lead claims their address: none is linked."""
    draft.sync.extra = "two leads with its address"
    draft.sync.place, draft.sync.link = "hubspot", "address"
    worked(draft, handed_over(draft))


def _stories() -> Iterator[Story]:
    tellings: tuple[tuple[str, Place, Link, Extra | None], ...] = (
        ("another Lead has its address", "both", "pointer", "lead with its address"),
        ("two contacts, one Lead", "both", "pointer", "second contact"),
        ("names a Lead that is not there", "hubspot", "pointer to nothing", None),
        ("names a Lead that is not there, linked by its address", "both", "pointer to nothing", None),
        ("a Lead was merged into its own", "both", "pointer", "merged lead"),
        ("linked by its address alone", "both", "address", None),
    )
    for title, place, link, extra in tellings:
        yield Story(title=title, tell=partial(doubled, place=place, link=link, extra=extra), least=3)
    yield Story(title="two Leads have its address", tell=two_leads_with_its_address, least=3)


STORIES = tuple(_stories())
