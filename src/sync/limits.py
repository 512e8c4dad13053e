"""How much one plan may change before a person must say yes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from sync.judge.findings import Finding
from sync.ladder import MOVES
from sync.steps import Step


class Limits(Protocol):
    """Most moves of one run, rolling hour and day, and of one offboarding; the share is of the rule's open passages."""

    moves_per_run: int
    moves_per_hour: int
    moves_per_day: int
    moves_share: float
    moves_at_least: int
    offboard_moves: int


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Moves that were made before, as the journal counts them."""

    hour: int = 0  # in the last hour
    day: int = 0  # in the last 24 hours


NOTHING_SPENT = Spent()


@dataclass(slots=True)
class Toll:
    """Counts moves and open passages of one plan, lead by lead; memory does not grow with the leads."""

    moves: Counter[str] = field(default_factory=Counter)  # rule -> moves that nothing but mode and agreement is against
    free: Counter[str] = field(default_factory=Counter)  # rule -> those of them that nothing is against
    open_passages: Counter[str] = field(default_factory=Counter)  # rule -> passages in which it still runs, or is broken and owed

    def add(self, findings: Iterable[Finding], steps: Iterable[Step]) -> None:
        """Count one lead."""
        for rule, *_ in {(finding.rule, finding.cycle.handoff, finding.cycle.number) for finding in findings if finding.owed}:
            self.open_passages[rule] += 1
        for step in steps:
            self.moves[step.rule] += step.action in MOVES and step.is_pending
            self.free[step.rule] += step.action in MOVES and not step.blocked_by

    def trips(self, limits: Limits, spent: Spent = NOTHING_SPENT) -> dict[str, str]:
        """Return the rules whose moves go beyond the limits, with the figures and what would let this plan pass.

        Of a rule that acts count the moves that would be made, so that what is only observed holds nobody's moves back. Of one that
        does not act yet counts what it would do: it is told, as a limit of the day on which it may.
        """
        found = {}
        for rule in filter(self.moves.__getitem__, self.moves):
            counted = self.free if self.free[rule] else self.moves
            told = self._trip(rule, counted[rule], limits) or beyond(sum(counted.values()), limits, spent)
            if told is not None:
                found[rule] = told
        return found

    def _trip(self, rule: str, moves: int, limits: Limits) -> str | None:
        passages = self.open_passages[rule]
        by_share = max(limits.moves_at_least, int(passages * limits.moves_share))
        if moves <= by_share:
            return None
        return (
            f"{moves} moves for {rule}, {by_share} are allowed ({limits.moves_share:.0%} of its {passages} open passages,"
            f" at least {limits.moves_at_least}); to let them pass: [limits] moves_share or moves_at_least in config.toml"
        )


def beyond(moves: int, limits: Limits, spent: Spent) -> str | None:
    """Say which limit all moves of a plan together go beyond, and what would let it pass."""
    for span, before, key, most in (
        ("a run", 0, "moves_per_run", limits.moves_per_run),
        ("an hour", spent.hour, "moves_per_hour", limits.moves_per_hour),
        ("a day", spent.day, "moves_per_day", limits.moves_per_day),
    ):
        if moves and moves + before > most:
            made = f", {before} were made" if before else ""
            way_out = f"to let it pass: [limits] {key} = {moves + before} in config.toml"
            return f"the plan makes {moves} moves{made}, {most} are allowed {span}; {way_out}"
    return None


def hold_back(steps: Sequence[Step], trips: Mapping[str, str]) -> list[Step]:
    """Return the steps, the moves of tripped rules with the reason: a plan that goes beyond a limit is held whole."""
    return [step.held_by(trips[step.rule]) if step.action in MOVES and step.rule in trips else step for step in steps]
