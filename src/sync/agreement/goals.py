"""What the two teams want to reach, how it is measured, and what follows if it is missed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sync.agreement.criteria import Criterion
from sync.agreement.spans import Period


@dataclass(frozen=True, slots=True)
class Amount:
    """A target in the metric's own unit."""

    value: float


@dataclass(frozen=True, slots=True)
class Share:
    """A target as a share: `90%` is 0.9."""

    value: float


@dataclass(frozen=True, slots=True)
class Change:
    """A target relative to the goal's baseline: `+20%` is 0.2."""

    value: float


@dataclass(frozen=True, slots=True)
class Solve:
    """A target worked backwards from another goal by the teams' own rates."""

    goal: str


Target = Amount | Share | Change | Solve


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A number that one side (or the company) owes in each period."""

    name: str
    side: str  # company, marketing or sales
    metric: str
    measures: str | None  # the clock or cadence whose attainment is meant, for `attainment: NAME`
    scope: Criterion | None
    target: Target
    period: str
    split: Mapping[str, float]  # side -> share of the target
    baseline: str | None
    by: date | None
    owner: str | None
    serves: str | None  # the goal that this one adds up to
    soft: bool
    contingency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a consequence falls due: a goal stayed below (or above) a level for so long."""

    goal: str
    direction: Literal["below", "above"]
    level: Amount | Share
    streak: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What follows if a goal is missed again and again; `then` is kept as written."""

    condition: Condition
    then: tuple[str, ...]
