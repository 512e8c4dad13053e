"""What a level changes: each override read over the rule that it names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from sync.agreement.schema import CadenceTable, ClockTable, LevelTable
from sync.agreement.schema_people import GoalTable
from sync.problems import Problem, choose_fix, listed, quoted
from sync.shape import Table, key_of, prefixed, shape_problems

Rule = TypeVar("Rule", bound=Table)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRules:
    """The rules that a level changes, complete as they hold there."""

    clocks: tuple[ClockTable, ...]
    cadences: tuple[CadenceTable, ...]
    goals: tuple[GoalTable, ...]


def overridden(document: Mapping[str, Any], level: LevelTable, *, where: str, file: str) -> tuple[LevelRules, list[Problem]]:
    """Read the overrides of `level` over the rules of `document`, with everything that is wrong with them."""
    reader = _Reader(document, where=where, file=file)
    rules = LevelRules(
        clocks=tuple(reader.read("clock", ClockTable, level.clock)),
        cadences=tuple(reader.read("cadence", CadenceTable, level.cadence)),
        goals=tuple(reader.read("goal", GoalTable, level.goal)),
    )
    return rules, reader.problems


class _Reader:
    """Reads the overrides of one level and gathers what is wrong with them."""

    def __init__(self, document: Mapping[str, Any], *, where: str, file: str) -> None:
        self._document = document
        self._where = where
        self._file = file
        self.problems: list[Problem] = []

    def read(self, section: str, model: type[Rule], overrides: Mapping[str, Mapping[str, Any]]) -> list[Rule]:
        """Return the rules that `overrides` make of those of a section, in their order."""
        written = self._document.get(section)
        entries = written if isinstance(written, list) else []
        rules = {rule["name"]: rule for rule in entries if isinstance(rule, Mapping) and isinstance(rule.get("name"), str)}
        read = [
            self._merged(f"{section}.{key_of(name)}", model, rules.get(name), override)
            for name, override in overrides.items()
            if name in rules
        ]
        for name in overrides:
            if name not in rules:
                fix = choose_fix(name, rules, otherwise=f"known are: {listed(rules)}")
                self._complain(f"{section}.{key_of(name)}", found=quoted(name), expected=f"the name of a {section}", fix=fix)
        return [rule for rule in read if rule is not None]

    def _merged(self, key: str, model: type[Rule], rule: Mapping[str, Any] | None, override: Mapping[str, Any]) -> Rule | None:
        if "name" in override:
            self._complain(f"{key}.name", found="a new name", expected="no `name`", fix="remove it: a level keeps the rule's name")
            return None
        merged = {**(rule or {}), **override}
        try:
            return model.model_validate(merged)
        except ValidationError as error:
            for problem in shape_problems(error, model=model, document=merged, file=self._file):
                if problem.where.partition(".")[0].partition("[")[0] in override:  # the rule's own slips are told once, at the rule
                    self.problems.append(prefixed(problem, f"{self._where}.{key}"))
            return None

    def _complain(self, key: str, *, found: str, expected: str, fix: str) -> None:
        self.problems.append(Problem(file=self._file, where=f"{self._where}.{key}", found=found, expected=expected, fix=fix))
