"""How much one plan may change before a person must say yes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from sync.judge.findings import Finding
from sync.ladder import ASSIGN, MOVES
from sync.steps import Step


class Limits(Protocol):
    """Most moves and assignments of one run, rolling hour and day, and of one offboarding; the share is of the rule's open passages."""

    moves_per_run: int
    moves_per_hour: int
    moves_per_day: int
    moves_share: float
    moves_at_least: int
    assignments_per_run: int
    assignments_per_hour: int
    assignments_per_day: int
    offboard_moves: int


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Moves that were made before, as the journal counts them, and leads that got their first owner, which are counted apart."""

    hour: int = 0  # in the last hour
    day: int = 0  # in the last 24 hours
    assigned_hour: int = 0
    assigned_day: int = 0


NOTHING_SPENT = Spent()


@dataclass(slots=True)
class Count:
    """Counts steps of one kind, rule by rule."""

    meant: Counter[str] = field(default_factory=Counter)  # rule -> steps that nothing but mode and agreement is against
    free: Counter[str] = field(default_factory=Counter)  # rule -> those of them that nothing is against

    def add(self, step: Step) -> None:
        """Count one step."""
        self.meant[step.rule] += step.is_pending
        self.free[step.rule] += not step.blocked_by

    def by_rule(self) -> Iterator[tuple[str, Counter[str]]]:
        """Yield each rule that has steps, with the steps of all rules that count for it.

        Of a rule that acts count the steps that would be taken, so that what is only observed holds nobody's back. Of one that does
        not act yet counts what it would do: it is told, as a limit of the day on which it may.
        """
        for rule in filter(self.meant.__getitem__, self.meant):
            yield rule, self.free if self.free[rule] else self.meant


@dataclass(slots=True)
class Toll:
    """Counts moves, assignments and open passages of one plan, lead by lead; memory does not grow with the leads."""

    moves: Count = field(default_factory=Count)
    assignments: Count = field(default_factory=Count)
    open_passages: Counter[str] = field(default_factory=Counter)  # rule -> passages in which it still runs, or is broken and owed

    def add(self, findings: Iterable[Finding], steps: Iterable[Step]) -> None:
        """Count one lead."""
        for rule, *_ in {(finding.rule, finding.cycle.handoff, finding.cycle.number) for finding in findings if finding.owed}:
            self.open_passages[rule] += 1
        for step in steps:
            if step.action == ASSIGN:
                self.assignments.add(step)
            elif step.action in MOVES:
                self.moves.add(step)

    def trips(self, limits: Limits, spent: Spent = NOTHING_SPENT) -> dict[str, str]:
        """Return the rules whose moves or assignments go beyond the limits, with the figures and what would let this plan pass.

        An assignment is measured by no share: the open passages of its rule are the very leads that wait for an owner.
        """
        assigned = {rule: _assigned_beyond(counted.total(), limits, spent) for rule, counted in self.assignments.by_rule()}
        moved = {
            rule: self._trip(rule, counted[rule], limits) or beyond(counted.total(), limits, spent)
            for rule, counted in self.moves.by_rule()
        }
        return {rule: told for rule, told in [*assigned.items(), *moved.items()] if told is not None}

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
    allowed = (limits.moves_per_run, limits.moves_per_hour, limits.moves_per_day)
    return _beyond(moves, "moves", allowed, (0, spent.hour, spent.day))


def _assigned_beyond(assignments: int, limits: Limits, spent: Spent) -> str | None:
    allowed = (limits.assignments_per_run, limits.assignments_per_hour, limits.assignments_per_day)
    return _beyond(assignments, "assignments", allowed, (0, spent.assigned_hour, spent.assigned_day))


def _beyond(steps: int, what: str, allowed: Sequence[int], made: Sequence[int]) -> str | None:
    """Say beyond which of what is `allowed` a run, an hour and a day some steps go, with those that were `made` before."""
    for span, most, before in zip(("run", "hour", "day"), allowed, made, strict=True):
        if steps and steps + before > most:
            told = f", {before} were made" if before else ""
            way_out = f"to let it pass: [limits] {what}_per_{span} = {steps + before} in config.toml"
            return f"the plan makes {steps} {what}{told}, {most} are allowed {_A[span]}; {way_out}"
    return None


_A = {"run": "a run", "hour": "an hour", "day": "a day"}


def hold_back(steps: Sequence[Step], trips: Mapping[str, str]) -> list[Step]:
    """Return the steps, the moves of tripped rules with the reason: a plan that goes beyond a limit is held whole."""
    return [step.held_by(trips[step.rule]) if step.action in MOVES and step.rule in trips else step for step in steps]
