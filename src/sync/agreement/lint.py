"""What is wrong with an agreement that can be read: what cannot be kept, cannot be met, or contradicts itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sync.agreement import model
from sync.agreement.flaws import Flaw
from sync.agreement.goals import Goal
from sync.agreement.lines import Path
from sync.agreement.lint_assigning import assigning_flaws
from sync.agreement.lint_cadences import cadence_flaws
from sync.agreement.lint_calendars import calendar_flaws
from sync.agreement.lint_clocks import clock_flaws
from sync.agreement.lint_criteria import criteria_flaws
from sync.agreement.lint_escalations import escalation_flaws
from sync.agreement.lint_goals import circle_flaws, consequence_flaws, goal_flaws
from sync.agreement.lint_levels import level_flaws
from sync.agreement.lint_meetings import meeting_flaws
from sync.agreement.lint_pools import pool_flaws
from sync.agreement.lint_promises import promise_flaws
from sync.agreement.lint_stages import stage_flaws
from sync.agreement.model import Agreement, Cadence, Clock
from sync.remarks import Level, Remark
from sync.roster import Roster

Rule = Clock | Cadence | Goal


def lint_text(agreement: Agreement, roster: Roster) -> list[Remark]:
    """Return every remark about an agreement and its roster, asking no CRM: errors first, then warnings, then notes.

    What is told is certain, or said to be a note; what cannot be shown is not told. Each remark names its line where the
    table has a header of its own.
    """
    flaws = dict.fromkeys(
        [
            *criteria_flaws(agreement),
            *stage_flaws(agreement),
            *calendar_flaws(agreement, roster),
            *promise_flaws(agreement, roster),
            *assigning_flaws(agreement),
            *pool_flaws(agreement, roster),
            *escalation_flaws(agreement, roster),
            *_rules(agreement, roster),
            *circle_flaws(agreement),
            *_consequences(agreement),
            *meeting_flaws(agreement),
            *level_flaws(agreement, roster),
        ]
    )
    return [flaw.remark(agreement.text) for flaw in sorted(flaws, key=lambda flaw: list(Level).index(flaw.level))]


def _rules(agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """The flaws of every clock, cadence and goal; of a level's, only those that the rule it changes has not."""
    told: dict[tuple[str, str], set[str]] = {}
    for section, rule in _sections(agreement):
        found = list(_of_rule(rule, (section, rule.name), agreement, roster))
        told[section, rule.name] = {flaw.what for flaw in found}
        yield from found
    for level in agreement.levels:
        for section, rule in _sections(level):
            flaws = _of_rule(rule, ("level", level.name, section, rule.name), agreement, roster)
            yield from (flaw for flaw in flaws if flaw.what not in told[section, rule.name])


def _sections(of: Agreement | model.Level) -> Iterator[tuple[str, Rule]]:
    yield from (("clock", clock) for clock in of.clocks)
    yield from (("cadence", cadence) for cadence in of.cadences)
    yield from (("goal", goal) for goal in of.goals)


def _of_rule(rule: Rule, path: Path, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    match rule:
        case Clock():
            return clock_flaws(rule, path, agreement, roster)
        case Cadence():
            return cadence_flaws(rule, path, agreement, roster)
        case Goal():
            return goal_flaws(rule, path, agreement)


def _consequences(agreement: Agreement) -> Iterator[Flaw]:
    for number, consequence in enumerate(agreement.consequences, start=1):
        yield from consequence_flaws(consequence, ("consequence", number), agreement)
