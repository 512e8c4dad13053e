"""Leads that were handed over, touched and accepted in time: where the stories of the work on them begin. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.world.clock import OpenHours
from sandbox.world.draft import Draft
from sandbox.world.passage import Passage
from sandbox.world.people import Rep
from sandbox.world.stories.sorts import routed

BY_CHANNEL = {"call": ("call, no answer", "voicemail of 4 s", "connected call"), "email": ("mail",), "message": ("SMS", "LinkedIn message")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """An accepted lead."""

    passage: Passage
    rep: Rep
    at: datetime  # when it was accepted
    hours: OpenHours  # its owner's


def taken_up(draft: Draft, *, days: tuple[float, float] = (24, 43), rep: Rep | None = None) -> Start:
    """A lead of `days` ago whose owner was never away, touched and accepted in its first open hour."""
    rep = rep or draft.rng.choice(draft.scene.staff.there())
    draft_at = draft.past(days=days)
    passage = routed(draft, rep=rep, at=draft_at)
    draft.touch(passage, draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.05, 0.3)), sort="mail")
    accepted = draft.open_span(passage.tenures[0].at, draft.rng.uniform(0.4, 0.8))
    draft.accept(passage, accepted)
    return Start(passage=passage, rep=rep, at=accepted, hours=draft.hours(rep))


def attempt(draft: Draft, start: Start, at: datetime, channel: str) -> None:
    """One attempt by `channel`."""
    draft.touch(start.passage, at, sort=draft.rng.choice(BY_CHANNEL[channel]), rep=start.rep)


def later(start: Start, at: datetime, hours: float) -> datetime:
    """`hours` of the owner's open time after `at`, to the second."""
    return start.hours.after(at, timedelta(seconds=int(hours * 3600)))
