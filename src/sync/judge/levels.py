"""Which level of the agreement speaks for a lead when one of its rules starts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from sync.agreement.model import Cadence, Clock, Level
from sync.judge.case import Case

Rule = TypeVar("Rule", Clock, Cadence)


def clock_at(case: Case, clock: Clock, at: datetime) -> tuple[Clock, str | None]:
    """Return `clock` as it holds for a start at `at`, and the level that says so; None: everybody's."""
    changed = [(level, one) for level in case.agreement.levels for one in level.clocks if one.name == clock.name]
    return _speaking(case, changed, at, otherwise=clock)


def cadence_at(case: Case, cadence: Cadence, at: datetime) -> tuple[Cadence, str | None]:
    """Return `cadence` as it holds for a start at `at`, and the level that says so; None: everybody's."""
    changed = [(level, one) for level in case.agreement.levels for one in level.cadences if one.name == cadence.name]
    return _speaking(case, changed, at, otherwise=cadence)


def _speaking(case: Case, changed: Sequence[tuple[Level, Rule]], at: datetime, *, otherwise: Rule) -> tuple[Rule, str | None]:
    """Return what the level says that is nearest to the lead: a source before segments and teams, the last written before the others."""
    spoken = [(level, rule) for level, rule in changed if _holds(case, level, at)]
    if not spoken:
        return otherwise, None
    level, rule = max(enumerate(spoken), key=lambda numbered: (numbered[1][0].by_source, numbered[0]))[1]
    return rule, level.name


def _holds(case: Case, level: Level, at: datetime) -> bool:
    if level.applies is not None:
        return level.applies.truth(case.timeline.values.at(level.applies.fields, at)) is True
    return level.team is not None and case.team_at(at) == level.team
