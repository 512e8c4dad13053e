"""What can happen to a lead: the kinds of facts that a timeline holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Exit(StrEnum):
    """How a lead leaves a handoff."""

    RECYCLED = "recycled"
    REJECTED = "rejected"
    DISQUALIFIED = "disqualified"
    RETURNED = "returned"
    DEAL_CLOSED = "deal closed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened to the lead."""

    at: datetime
    name: str  # natural key: survives merges, re-links and restarts
    order: int = 0  # among the changes of one field at one moment
    source: str  # where to look it up: `hubspot/contact/1#lifecyclestage`
    actor: str | None = None
    ours: bool = False  # written by leadpact itself: never an accept
    by_hand: bool = False  # a person made it in the CRM's own pages


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntered(Fact):
    """The stage's criterion turned true."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLeft(Fact):
    """The stage's criterion turned false."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReached(Fact):
    """The lead entered the stage or passed it on the CRM's ladder."""

    stage: str
    on_ladder: bool = False  # the stage is a value of the ladder: only `FellBack` ends it, not `StageLeft`


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack(Fact):
    """The lead fell below the stage on the CRM's ladder, or its place there was cleared."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRaised(Fact):
    """The person submitted a form."""

    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Fact):
    """Something came in from the person, and not from a machine of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCrossed(Fact):
    """A criterion that opens a handoff turned true."""

    handoff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerSet(Fact):
    """The owner field took a value; `owner` is None where that stands for nobody."""

    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(Fact):
    """The lead was recycled, rejected, disqualified, its deal closed, or it was deleted."""

    how: Exit
