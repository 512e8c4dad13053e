"""What is planned to happen to one lead: its passages, its owners, what was done to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from sandbox.world.beside import Beside
from sandbox.world.clock import OpenHours
from sandbox.world.deeds import Deed
from sandbox.world.ownership import Ownership, Tenure
from sandbox.world.sheet import Sheet

MARGIN = timedelta(minutes=3)  # between now and any moment that decides a status
SHORT_MARGIN = timedelta(seconds=75)  # for the three minutes in which an unassigned lead is at risk
Handoff = Literal["sdr", "ae"]
Opening = Literal["stage", "hand-raise", "score"]


class PlanError(Exception):
    """A lead cannot be planned so."""


class DoesNotFit(PlanError):
    """A drawn plan has a moment too close to now, in the future, or that no rule decides; draw another one."""


@dataclass(slots=True, kw_only=True)
class Passage:
    """What is planned to happen to a lead between its handoff and the end of that cycle.

    Moments that have not come yet are None: a plan holds only what the portal shows.
    """

    opened_at: datetime
    handoff: Handoff = "sdr"
    by: Opening = "stage"
    tenures: list[Tenure] = field(default_factory=list)  # oldest first, no two overlap
    ended_at: datetime | None = None
    ending: str = ""  # how, in words

    @property
    def hand_raise(self) -> bool:
        """Whether the person's own wish opened it."""
        return self.by == "hand-raise"

    def holds(self, at: datetime) -> bool:
        """Whether `at` belongs to it; both its ends do."""
        return self.opened_at <= at and (self.ended_at is None or at <= self.ended_at)


@dataclass(kw_only=True)
class Course:
    """Everything that was planned for one lead, ready for a verdict."""

    contact: Sheet
    company: Sheet | None
    ownership: Ownership
    passages: Sequence[Passage]  # oldest first
    deeds: Sequence[Deed]  # by when they happened
    hours: Mapping[str, OpenHours]
    excused_at: datetime | None = None  # opted out of mail and calls
    deals_closed: Sequence[datetime] = ()
    beside: Beside | None = None  # with two CRMs

    @cached_property
    def executives(self) -> Ownership:
        """Its owners, where only account executives count."""
        return self.ownership.only("ae")

    def owners(self, passage: Passage) -> Ownership:
        """Whose ownership counts in `passage`."""
        return self.executives if passage.handoff == "ae" else self.ownership

    def tenures(self, passage: Passage) -> list[Tenure]:
        """The assignments within `passage`."""
        return self.owners(passage).tenures(passage.opened_at, passage.ended_at)

    def of(self, handoff: Handoff) -> list[Passage]:
        """Its passages through one handoff."""
        return [passage for passage in self.passages if passage.handoff == handoff]

    def calendar(self, passage: Passage, at: datetime) -> OpenHours:
        """The hours of a clock that starts at `at` and names no calendar: its owner's, else the default ones."""
        owner = self.owners(passage).at(at)
        return self.hours[owner.calendar if owner else "default"]
