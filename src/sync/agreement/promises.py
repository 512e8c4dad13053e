"""The promises of an agreement: what opens a handoff, starts and keeps a clock, and what counts as a touch. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sync.agreement.criteria import Criterion
from sync.agreement.spans import Span


@dataclass(frozen=True, slots=True)
class StageEntered:
    """A handoff opens, or a clock starts, when this stage is entered."""

    stage: str


@dataclass(frozen=True, slots=True)
class HandRaise:
    """A handoff opens when one of these forms is submitted; any form where none is named."""

    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoreCrossed:
    """A handoff opens when this criterion turns true."""

    criterion: Criterion


Trigger = StageEntered | HandRaise | ScoreCrossed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One remedy of a ladder: `reassign`, `recycle: stale`."""

    action: str
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nurtured:
    """How a lead must have been nurtured before it is handed over."""

    at_least: int
    kinds: tuple[str, ...]
    unless: Trigger | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """How a lead passes from one team to the next."""

    name: str
    opens_on: tuple[Trigger, ...]
    pool: str | None
    assigned_by: str  # who gives its leads to their first owner: `leadpact`, or `others`, which are people and other tools
    ownership: str  # `anyone`, or `pool`: only an owner of the pool counts as assigned
    required: tuple[str, ...]  # beside what the stage requires
    tell: tuple[str, ...]  # `owner`, a role, or a channel
    nurtured: Nurtured | None
    reopen_after: timedelta  # a stage left and entered again within this was never left
    hand_over_within: Span  # how soon a lead that qualifies is handed over
    kept_until_handoff: bool  # whether Marketing keeps leads to itself until they are handed over
    if_premature: tuple[Rung, ...]
    if_missed: tuple[Rung, ...]


class StartWord(StrEnum):
    """The facts, besides stages, at which a clock can start."""

    HANDOFF = "handoff"
    ASSIGNED = "assigned"
    HAND_RAISE = "hand-raise"
    REPLY = "reply"
    RECYCLED = "recycled"


Start = StartWord | StageEntered


@dataclass(frozen=True, slots=True)
class Assigned:
    """Kept when somebody owns the lead."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Kept by the first touch that counts."""


@dataclass(frozen=True, slots=True)
class StageReached:
    """Kept when the lead reaches this stage or a later one."""

    stage: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Kept when Sales rejects the lead."""


@dataclass(frozen=True, slots=True)
class Recycled:
    """Kept when the lead goes back to Marketing."""


@dataclass(frozen=True, slots=True)
class Disqualified:
    """Kept when the lead is out for good."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Kept when the lead is returned as handed over wrongly."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Kept when a reply is answered."""


@dataclass(frozen=True, slots=True)
class NurturedBy:
    """Kept by any touch of anybody, marketing mails, sequences and bulk included."""


KeptBy = Assigned | Touch | StageReached | Rejected | Recycled | Disqualified | Returned | Answered | NurturedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A promise with a deadline: starts at a fact, is kept by a fact."""

    name: str
    starts: Start
    kept_by: tuple[KeptBy, ...]  # any of them keeps it
    by: str  # whose touch counts: `owner`, `team` or `anyone`
    within: Span
    calendar: str | None  # name of a calendar, or `owner`
    warn_at: tuple[float, ...]  # shares of the span, ascending
    ladder: tuple[Rung, ...]
    owed_by: str
    handoff: str | None  # the only handoff it is for; None: all
    counts_sequence: bool | None  # None: not for the first touch of a hand-raise, elsewhere yes
    meaning: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often, how long, in which rhythm and by which channels a lead is worked."""

    name: str
    stage: str
    attempts: int
    within: Span
    gap_at_least: Span | None
    gap_at_most: Span | None
    channels: Mapping[str, int]  # kind of touch -> how many at least
    calendar: str | None
    recycle: str | None  # the reason with which the lead goes back when the attempts are used up
    content: tuple[str, ...]  # what each attempt is about, for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Touches:
    """What counts as a touch."""

    late_logging: Span  # logged later than this, it counts from when it was logged
    shortest_call: timedelta  # for calls logged as connected
    bulk_alike: int  # so many alike of one owner ...
    bulk_within: timedelta  # ... logged within this are bulk
    trusted: frozenset[str]  # sources that never log late
