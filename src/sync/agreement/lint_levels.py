"""Levels that change nothing, that hold for nobody, or of which two speak of the same leads. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from sync.agreement.flaws import Flaw, error, note, warning
from sync.agreement.goals import Goal
from sync.agreement.lint_criteria import implies
from sync.agreement.lint_stages import same_criterion
from sync.agreement.model import Agreement, Cadence, Clock, Level
from sync.problems import choose_fix, listed
from sync.roster import Roster


def level_flaws(agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """What is wrong with each level, then with each two; whether its segment can hold is told with the criteria."""
    for level in agreement.levels:
        if not _rules(level):
            fix = 'add what holds otherwise, such as clock.first_touch.within = "4 hours"'
            yield warning(("level", level.name), "it changes no clock, cadence or goal", fix=fix)
        yield from _without_people(level, roster)
    for one, other in combinations(agreement.levels, 2):
        if not (shared := _rules(one) & _rules(other)):
            continue
        if alike := _alike(one, other):
            what = f"it overlaps with level {one.name}: both change {listed(shared)} for {alike}"
            yield warning(("level", other.name), what, fix="join the two, or tell them apart")
        else:
            yield from _silent(one, other, shared, agreement)


def _silent(one: Level, other: Level, shared: frozenset[str], agreement: Agreement) -> Iterator[Flaw]:
    """Of two levels, `other` written later, the one whose leads all have the other one, which speaks before it."""
    silent, speaks = (other, one) if one.by_source and not other.by_source else (one, other)
    if silent.applies is None or speaks.applies is None or not implies(silent.applies, speaks.applies, agreement):
        return
    what = f"it never speaks of {listed(shared)}: level {speaks.name} holds for all its leads, and speaks first"
    later = silent.by_source == speaks.by_source
    yield error(("level", silent.name), what, fix="write it after the other" if later else "take it out: a level of a source speaks first")


def _rules(level: Level) -> frozenset[str]:
    rules: tuple[Clock | Cadence | Goal, ...] = (*level.clocks, *level.cadences, *level.goals)
    return frozenset(rule.name for rule in rules)


def _without_people(level: Level, roster: Roster) -> Iterator[Flaw]:
    """Whose team the roster leaves open has that of the CRM, so it may be this one."""
    teams = {person.team for person in roster.people.values()}
    if level.team is None or level.team in teams:
        return
    everybody_has_one = bool(teams) and None not in teams
    what = f"nobody in roster.toml is in the team {level.team}" + (
        "" if everybody_has_one else "; it holds for those whom the CRM puts there"
    )
    fix = choose_fix(level.team, filter(None, teams), otherwise=f'write team = "{level.team}" for its people in roster.toml')
    yield (warning if everybody_has_one else note)(("level", level.name, "team"), what, fix=fix)


def _alike(one: Level, other: Level) -> str | None:
    """For whom both hold, as far as it is certain; None if there may be nobody."""
    if one.team is not None and one.team == other.team:
        return f"the team {one.team}"
    if one.applies is None or other.applies is None:
        return None
    if one.applies.picklist is not None and other.applies.picklist is not None and one.applies.picklist[0] == other.applies.picklist[0]:
        shared = one.applies.picklist[1] & other.applies.picklist[1]
        return f"{one.applies.picklist[0]} {listed(shared)}" if shared else None
    return "the same leads" if same_criterion(one.applies, other.applies) else None
