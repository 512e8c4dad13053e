"""How much one plan may change before a person must say yes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from sync.limits import Spent, Toll, hold_back
from sync.steps import Step
from tests.builders import LEAD, a_finding, ny

NOW = ny("2026-09-14 10:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTheConfig:
    moves_per_run: int = 25
    moves_per_hour: int = 40
    moves_per_day: int = 100
    offboard_moves: int = 500
    moves_share: float = 0.1
    moves_at_least: int = 5
    assignments_per_run: int = 50
    assignments_per_hour: int = 100
    assignments_per_day: int = 400


LIMITS = OfTheConfig()


def a_step(rule: str, action: str = "reassign") -> Step:
    return Step(
        lead=str(LEAD), record=LEAD, action=action, fields=(), finding="1", rule=rule, rung=1, reason=f"{rule}: broken", blocked_by=()
    )


def toll(passages: dict[str, int], moves: dict[str, int], *, action: str = "reassign") -> Toll:
    """Count leads of which each has one open passage of a rule, and steps."""
    counted = Toll()
    for rule, count in passages.items():
        for _ in range(count):
            counted.add([a_finding(rule, NOW)], [])
    for rule, count in moves.items():
        counted.add([], [a_step(rule, action)] * count)
    return counted


@pytest.mark.parametrize(
    ("passages", "moves", "trips"),
    [
        (0, 5, False),
        (0, 6, True),
        (59, 5, False),
        (59, 6, True),
        (60, 6, False),
        (60, 7, True),
        (69, 7, True),
        (70, 7, False),
    ],
)
def test_a_rule_may_move_a_tenth_of_its_open_passages_and_never_fewer_than_five(passages: int, moves: int, trips: bool) -> None:
    found = toll({"first_touch": passages}, {"first_touch": moves}).trips(LIMITS)
    assert bool(found) is trips
    if trips:
        assert f"{moves} moves for first_touch" in found["first_touch"]
        assert f"of its {passages} open passages" in found["first_touch"]
        assert "moves_share" in found["first_touch"]


def test_each_rule_is_measured_by_its_own_passages() -> None:
    found = toll({"first_touch": 100, "decide": 10}, {"first_touch": 10, "decide": 6}).trips(LIMITS)
    assert list(found) == ["decide"]


@pytest.mark.parametrize(("moves", "trips"), [(25, False), (26, True)])
def test_all_rules_together_may_move_so_many_leads_a_run(moves: int, trips: bool) -> None:
    found = toll({"first_touch": 1000, "decide": 1000}, {"first_touch": 10, "decide": moves - 10}).trips(LIMITS)
    assert sorted(found) == (["decide", "first_touch"] if trips else [])
    if trips:
        assert f"the plan makes {moves} moves, 25 are allowed a run" in found["decide"]
        assert f"moves_per_run = {moves}" in found["decide"]


def test_a_rule_that_trips_by_itself_keeps_its_own_reason_when_the_whole_plan_is_too_large() -> None:
    found = toll({"first_touch": 1000, "decide": 10}, {"first_touch": 20, "decide": 6}).trips(LIMITS)
    assert found["decide"].startswith("6 moves for decide")
    assert found["first_touch"].startswith("the plan makes 26 moves")


def test_a_rule_without_moves_is_held_by_no_limit() -> None:
    counted = toll({"first_touch": 1000, "decide": 1000}, {"first_touch": 26})
    counted.add([], [a_step("decide", "remind")])
    assert list(counted.trips(LIMITS)) == ["first_touch"]


@pytest.mark.parametrize("action", ["remind", "escalate", "stamp"])
def test_reminders_and_escalations_are_no_moves(action: str) -> None:
    assert toll({}, {"first_touch": 100}, action=action).trips(LIMITS) == {}


@pytest.mark.parametrize("action", ["return", "recycle", "promote", "reassign"])
def test_every_move_counts(action: str) -> None:
    assert list(toll({}, {"first_touch": 6}, action=action).trips(LIMITS)) == ["first_touch"]


@pytest.mark.parametrize(("leads", "trips"), [(50, False), (51, True)])
def test_leads_that_get_their_first_owner_are_counted_apart_from_moves_and_by_no_share(leads: int, trips: bool) -> None:
    counted = toll({"speed_to_assign": leads}, {"speed_to_assign": leads}, action="assign")
    counted.add([], [a_step("first_touch")] * 5)
    found = counted.trips(LIMITS)
    assert list(found) == (["speed_to_assign"] if trips else [])
    if trips:
        told = "the plan makes 51 assignments, 50 are allowed a run; to let it pass: [limits] assignments_per_run = 51 in config.toml"
        assert found["speed_to_assign"] == told


@pytest.mark.parametrize(
    ("spent", "told"),
    [
        (
            Spent(assigned_hour=91),
            ", 91 were made, 100 are allowed an hour; to let it pass: [limits] assignments_per_hour = 101 in config.toml",
        ),
        (
            Spent(assigned_hour=90, assigned_day=391),
            ", 391 were made, 400 are allowed a day; to let it pass: [limits] assignments_per_day = 401",
        ),
        (Spent(hour=1000, day=1000, assigned_hour=90, assigned_day=390), None),
    ],
)
def test_assignments_of_an_hour_and_a_day_count_and_moves_do_not(spent: Spent, told: str | None) -> None:
    found = toll({}, {"speed_to_assign": 10}, action="assign").trips(LIMITS, spent)
    assert list(found) == ([] if told is None else ["speed_to_assign"])
    assert told is None or told in found["speed_to_assign"]
    moved = toll({}, {"first_touch": 5}).trips(LIMITS, Spent(assigned_hour=1000, assigned_day=1000))
    assert moved == {}, "nor the other way about"


def test_an_open_passage_is_one_however_many_promises_of_the_rule_it_holds() -> None:
    counted = Toll()
    first, second = (a_finding("accept_or_reject", NOW + n * timedelta(hours=1)) for n in (0, 1))
    counted.add([first, second, replace(first, cycle=replace(first.cycle, number=2))], [])
    counted.add([replace(first, owed=False)], [])
    assert counted.open_passages == {"accept_or_reject": 2}


def test_what_is_only_observed_holds_nobodys_moves_back_and_is_told_all_the_same() -> None:
    counted = toll({"first_touch": 100, "decide": 1000}, {"first_touch": 10})
    counted.add([], [replace(a_step("decide"), blocked_by=("mode of decide is observe",))] * 30)
    found = counted.trips(LIMITS)
    assert list(found) == ["decide"]
    assert found["decide"].startswith("the plan makes 40 moves, 25 are allowed a run")


def test_of_a_rule_that_acts_for_one_team_count_the_moves_of_that_team() -> None:
    counted = toll({"first_touch": 10}, {"first_touch": 5})
    counted.add([], [replace(a_step("first_touch"), blocked_by=("mode of first_touch is observe",))] * 30)
    assert counted.trips(LIMITS) == {}


def test_the_limits_are_those_of_the_config() -> None:
    counted = toll({"first_touch": 100}, {"first_touch": 20})
    assert counted.trips(OfTheConfig(moves_share=0.2)) == {}
    assert counted.trips(OfTheConfig(moves_at_least=20)) == {}
    assert list(counted.trips(OfTheConfig(moves_share=0.2, moves_per_run=19))) == ["first_touch"]


def test_a_plan_beyond_a_limit_is_held_whole_and_its_reminders_are_not() -> None:
    steps = [a_step("first_touch"), a_step("first_touch", "remind"), a_step("decide"), a_step("first_touch", "recycle")]
    held = hold_back([replace(steps[0], blocked_by=("protected",)), *steps[1:]], {"first_touch": "too many"})
    assert [step.blocked_by for step in held] == [("protected", "too many"), (), (), ("too many",)]
    assert hold_back(steps, {}) == steps
