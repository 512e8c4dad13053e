"""Who made the agreement, what they owe each other in words, and how it ends. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from sync.agreement.spans import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """A budget: at most `count` within any `per`."""

    count: int
    per: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the agreement says, why it was made and how it works, each in a sentence or two."""

    what: str
    why: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsibility:
    """Something a party does; owner role, measure and due time where the agreement names them."""

    what: str
    owner: str | None = None
    metric: str | None = None
    due: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One side of the agreement."""

    side: str  # marketing or sales
    signatory: str  # the role that signs
    responsibilities: tuple[Responsibility, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Somebody the company sells to, described for people."""

    name: str
    meaning: str
    duties: tuple[str, ...]
    problems: tuple[str, ...]
    goals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team that the agreement names; who is in it stands in the roster."""

    name: str
    side: str
    calendar: str | None
    meaning: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Who hears of what, beside the new owners that a handoff tells of: owner, manager, team, marketing, ops, or channels."""

    at_risk: tuple[str, ...] = ()  # of a promise past a warning; who owes it is reminded anyway
    broken: tuple[str, ...] = ()
    recycled: tuple[str, ...] = ("marketing",)
    daily: tuple[str, ...] = ()  # what is open, due today and broken since yesterday
    daily_at: time = time(8)  # by the reader's clock, on the days on which they work
    reports: tuple[str, ...] = ("ops",)  # that the report of a meeting, or of the week, is made, and where it lies


@dataclass(frozen=True, slots=True, kw_only=True)
class Raci:
    """Who does a stage's work, who answers for it, who is asked and who is told; roles, not people."""

    responsible: str
    accountable: str
    consulted: tuple[str, ...]
    informed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivers:
    """Who may excuse a breach by hand, and how often."""

    by: str
    budget: AtMost | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A standing meeting of both teams; `on` is kept as written, `recurrence` reads it."""

    name: str
    on: str
    led: str
    agenda: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """When the agreement may be ended, and with how much notice."""

    when: tuple[str, ...]
    notice: Period | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One side's yes to the text with this hash."""

    side: str
    name: str
    at: datetime
    hash: str
