"""What is said of a held plan that may not pass any more, and the small texts by which people stop leadpact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sync.errors import UsageError
from sync.holding import parted, refuse_if_ended
from sync.report.stopped import held_lines
from sync.stopped import given_reason, given_span
from sync.store.held import Dropped, HeldPlan
from tests.unit.test_limits import a_step

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
HELD = HeldPlan(
    plan=17,
    run="20261120T090000Z-0003",
    at=NINE,
    until=NINE + timedelta(days=1),
    ahead=timedelta(),
    trips={"first_touch": "6 moves for first_touch, 5 are allowed"},
    moves={"first_touch": 6},
    applied_by=None,
    dropped=None,
)
DROPPED = replace(HELD, dropped=Dropped(at=NINE, who="ann", why="looks wrong"))


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (replace(HELD, applied_by="20261120T100000Z-0004"), "plan 17 was carried out by run 20261120T100000Z-0004"),
        (DROPPED, "plan 17 was dropped by ann at 2026-11-20T09:00:00+00:00: looks wrong"),
        (replace(HELD, until=NINE + timedelta(hours=1)), "plan 17 was held until 2026-11-20T10:00:00+00:00"),
    ],
    ids=["applied", "dropped", "expired"],
)
def test_a_held_plan_that_ended_says_how(held: HeldPlan, said: str) -> None:
    with pytest.raises(UsageError, match="plan 17") as caught:
        refuse_if_ended(held, NINE + timedelta(hours=1))
    assert str(caught.value) == said


def test_a_plan_that_waits_or_that_this_very_run_took_up_may_pass() -> None:
    refuse_if_ended(HELD, NINE + timedelta(hours=23))
    refuse_if_ended(replace(HELD, applied_by="this"), NINE, by="this")
    with pytest.raises(UsageError, match="dropped by ann"):
        refuse_if_ended(replace(DROPPED, applied_by="this"), NINE, by="this")


def test_of_a_plan_beyond_a_limit_the_moves_of_its_rule_wait_and_the_rest_goes_on() -> None:
    steps = [a_step("first_touch"), a_step("first_touch", "remind"), a_step("decide"), a_step("first_touch", "undo")]
    free, trips = parted(enumerate(steps), {"first_touch": "too many", "accept_or_reject": "too many, if it were enforced"})
    assert [position for position, _ in free] == [1, 2]
    assert trips == {"first_touch": "too many"}


def test_a_held_plan_is_told_with_its_limit_and_the_commands_that_end_it() -> None:
    assert list(held_lines(HELD)) == [
        "plan 17, made 2026-11-20 09:00:00 UTC by run 20261120T090000Z-0003, expires 2026-11-21 09:00:00 UTC",
        "    first_touch: 6 moves held: 6 moves for first_touch, 5 are allowed",
        "    see its steps: leadpact show 20261120T090000Z-0003",
        "    let it pass: leadpact apply 17",
        "    drop it: leadpact drop 17 --reason …",
    ]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        (" 2 d ", timedelta(days=2)),
        ("4 hours", timedelta(hours=4)),
        ("366d", timedelta(days=366)),
    ],
)
def test_a_span_is_written_short_or_in_words(text: str, span: timedelta) -> None:
    assert given_span(text) == span


@pytest.mark.parametrize("text", ["", "4", "4x", "0h", "-4h", "367d", "999999d", "4 business hours", "4h30m", "99999999999999999999 hours"])
def test_a_span_that_is_none_or_longer_than_a_year_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no span up to a year") as caught:
        given_span(text)
    assert caught.value.exit_code == 64


def test_a_reason_is_one_line_that_harms_no_terminal() -> None:
    assert given_reason(" quarter\n end\x1b[2J ") == "quarter end[2J"
    with pytest.raises(UsageError, match="--reason is empty"):
        given_reason(" \n ")
