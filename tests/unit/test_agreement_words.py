from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from sync.agreement import words
from sync.agreement.goals import Amount, Change, Share, Solve
from sync.agreement.promises import HandRaise, Recycled, Rung, StageEntered, StageReached, StartWord
from sync.agreement.spans import SpanError, parse_period


@pytest.mark.parametrize(
    ("read", "text", "meaning"),
    [
        (words.read_start, "recycled", StartWord.RECYCLED),
        (words.read_start, "stage Sales Accepted", StageEntered("Sales Accepted")),
        (words.read_kept_by, "recycled", Recycled()),
        (words.read_kept_by, "stage SQL", StageReached("SQL")),
        (words.read_trigger, "hand-raise", HandRaise(())),
        (words.read_trigger, "hand-raise: Demo request,  Contact sales ,", HandRaise(("Demo request", "Contact sales"))),
        (words.read_trigger, "score: score >= 80", "score >= 80"),
        (words.read_rung, "recycle: no response", Rung(action="recycle", detail="no response")),
        (words.read_rung, "remind", Rung(action="remind", detail=None)),
        (words.read_recycling, "recycle:stale", "stale"),
        (words.read_protection, "open deal", ("open deal", None)),
        (words.read_protection, "conversation in 5 business days", ("conversation", "5 business days")),
        (words.read_wall_span, "90 seconds", timedelta(seconds=90)),
        (words.read_percent, "12.5 %", 0.125),
        (words.read_target, "90%", Share(0.9)),
        (words.read_target, "+20%", Change(0.2)),
        (words.read_target, "-5%", Change(-0.05)),
        (words.read_target, 334, Amount(334)),
        (words.read_target, "solve: Inbound revenue", Solve("Inbound revenue")),
    ],
)
def test_a_word_means_what_it_says(read: Callable[[object], object], text: object, meaning: object) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize(
    ("text", "count", "span"), [("5 a month", 5, "1 month"), ("3 in 12 months", 3, "12 months"), ("1 per quarter", 1, "1 quarter")]
)
def test_a_budget_is_a_count_and_its_span(text: str, count: int, span: str) -> None:
    budget = words.read_budget(text)

    assert (budget.count, budget.per) == (count, parse_period(span))


@pytest.mark.parametrize(
    ("text", "goal", "direction", "level"),
    [
        ("First touch in time below 80% for 2 months", "First touch in time", "below", Share(0.8)),
        ("Rejected above 40 for 1 quarter", "Rejected", "above", Amount(40)),
    ],
)
def test_a_condition_is_a_goal_a_level_and_a_streak(text: str, goal: str, direction: str, level: object) -> None:
    condition = words.read_condition(text)

    assert (condition.goal, condition.direction, condition.level) == (goal, direction, level)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (words.read_start, "stage"),
        (words.read_start, ""),
        (words.read_kept_by, "stage "),
        (words.read_trigger, "score:"),
        (words.read_event, "score: a > 1"),
        (words.read_rung, "recycle"),
        (words.read_recycling, "escalate"),
        (words.read_wall_span, "2 business hours"),
        (words.read_budget, "0 a month"),
        (words.read_budget, "some"),
        (words.read_percent, "101%"),
        (words.read_percent, "+5%"),
        (words.read_percent, "5"),
        (words.read_target, True),
        (words.read_target, float("nan")),
        (words.read_target, -1),
        (words.read_target, "solve:"),
        (words.read_condition, "A below +5% for 2 months"),
        (words.read_condition, "A under 5% for 2 months"),
    ],
)
def test_anything_else_is_refused_with_a_fix(read: Callable[[object], object], text: object) -> None:
    with pytest.raises(words.WordError) as caught:
        read(text)

    assert caught.value.fix


def test_a_span_within_a_word_is_checked_too() -> None:
    with pytest.raises(SpanError):
        words.read_condition("A below 5% for 2 moons")
