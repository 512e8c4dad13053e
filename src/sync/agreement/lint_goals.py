"""Goals nobody answers for or that cannot be measured, and consequences that can never fall due. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.agreement.flaws import Flaw, error, warning
from sync.agreement.goals import Amount, Change, Consequence, Goal, Share, Solve
from sync.agreement.lines import Path
from sync.agreement.model import Agreement
from sync.agreement.spans import Period

_DAYS = {"week": 7, "month": 28, "quarter": 89, "half year": 181, "year": 365, "fiscal year": 365}  # the least it may have


def goal_flaws(goal: Goal, path: Path, agreement: Agreement) -> Iterator[Flaw]:
    """What is wrong with one goal, which stands at `path`."""
    if not _has_owner(goal, agreement):
        fix = "name its `owner`, split it between the sides, or let another goal serve it"
        if goal.side != "company":
            fix = f'name its `owner`, or add [[party]] with side = "{goal.side}"'
        yield warning(path, "nobody is accountable for it", fix=fix)
    if isinstance(goal.target, Change) and goal.by is None:
        yield warning((*path, "target"), "no day is named by which that much is reached", fix="add `by = ` and the day")
    if goal.measures is not None and not isinstance(goal.target, Share | Solve):
        amount = goal.target.value if isinstance(goal.target, Amount) else None
        if amount is not None and amount > 1:
            yield error((*path, "target"), f"attainment is a share, and {amount:g} is more than all", fix=f'write target = "{amount:g}%"')
    if goal.by is not None and goal.by < agreement.effective.astimezone(agreement.zone).date():
        yield warning((*path, "by"), f"{goal.by} is before the agreement takes effect", fix="correct the day")


def _has_owner(goal: Goal, agreement: Agreement) -> bool:
    """A side's goal is its signatory's; the company's is anybody's who owns a part of it."""
    if goal.owner is not None:
        return True
    if goal.side != "company":
        return goal.side in {party.side for party in agreement.parties}
    others = [other for other in agreement.goals if other.name != goal.name]
    return bool(goal.split) or any(other.serves == goal.name or other.target == Solve(goal.name) for other in others)


def circle_flaws(agreement: Agreement) -> Iterator[Flaw]:
    """Goals that are worked backwards from one another, or add up to one another, in a circle."""
    solved = {goal.name: goal.target.goal for goal in agreement.goals if isinstance(goal.target, Solve)}
    served = {goal.name: goal.serves for goal in agreement.goals if goal.serves is not None}
    for key, towards in (("target", solved), ("serves", served)):
        circles: dict[frozenset[str], list[str]] = {}
        for name in towards:
            if circle := _circle(name, towards):
                circles.setdefault(frozenset(circle), circle)
        for circle in circles.values():
            what = f"goes in a circle: {' -> '.join([*circle, circle[0]])}"
            yield error(
                ("goal", circle[0], key), what, fix="give one of these goals a number of its own" if key == "target" else "take one out"
            )


def _circle(name: str, towards: Mapping[str, str]) -> list[str]:
    """The goals on the way from `name` back to itself; none if the way ends or circles elsewhere."""
    way = [name]
    while (following := towards.get(way[-1])) is not None:
        if following == name:
            return way
        if following in way:
            break
        way.append(following)
    return []


def consequence_flaws(consequence: Consequence, path: Path, agreement: Agreement) -> Iterator[Flaw]:
    """What is wrong with one consequence, which stands at `path`."""
    condition = consequence.condition
    goal = next(goal for goal in agreement.goals if goal.name == condition.goal)
    if goal.soft:
        fix = "take `soft` from the goal, or the consequence out"
        yield warning(path, f"`{goal.name}` is soft, which means that it has no hard consequence", fix=fix)
    if _most_days(condition.streak) < _DAYS[goal.period]:
        what = f"`{goal.name}` is measured by the {goal.period}, and `{condition.streak.text}` holds none"
        yield warning((*path, "if"), what, fix=f"write a streak of at least one {goal.period}")
    if goal.measures is not None and (beyond := _never_due(condition.direction, condition.level)):
        yield warning((*path, "if"), f"attainment lies between 0% and 100%, so it is never {beyond}", fix="correct the level")


def _most_days(streak: Period) -> int:
    return streak.months * 31 + streak.days


def _never_due(direction: str, level: Amount | Share) -> str | None:
    if direction == "below" and level.value == 0:
        return "below 0"
    if direction == "above" and level.value == 1:
        return "above all"
    return None
