"""Worked as agreed, never left alone, replies answered: the practice world's verdicts, against plans judged by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sandbox.world.deeds import Channel
from sandbox.world.passage import Course, Passage
from sandbox.world.promises import Promise
from tests.unit.world_course import DAY, HOUR, NOW, SECOND, TEN, a_course, a_deed, a_reply, told

# Accepted on Monday at ten in New York, with attempts at the same hour on the working days after that: Tuesday, Thursday, Friday, ...
DAYS = [TEN + days * DAY for days in (1, 3, 4, 7, 8, 9, 10, 11)]
CHANNELS: list[Channel] = ["call", "email", "call", "email", "call", "message", "message", "call"]
TEN_DAYS_LATER = TEN + 15 * DAY  # ten working days, for Wednesday is Veterans Day


def accepted(*attempts: tuple[datetime, Channel], replies: tuple[datetime, ...] = (), employees: str = "200", **more: object) -> Course:
    deeds = [*(a_deed(at, channel) for at, channel in attempts), *(a_reply(at) for at in replies)]
    values = {"hs_lead_status": [(TEN, "IN_PROGRESS")]}
    return a_course(owners=[(TEN, a_deed(TEN).rep)], deeds=deeds, values=values, firm={"numberofemployees": employees}, **more)


def as_agreed(count: int) -> list[tuple[datetime, Channel]]:
    return list(zip(DAYS, CHANNELS, strict=True))[:count]


def worked(course: Course, now: datetime = NOW) -> Promise:
    (row,) = told(course, "worked", now)
    return row


def test_six_attempts_in_time_keep_the_promise() -> None:
    row = worked(accepted(*as_agreed(6)))

    assert (row.status, row.started_at, row.due_at) == ("kept", TEN, TEN_DAYS_LATER)


def test_a_large_company_is_tried_eight_times() -> None:
    assert [worked(accepted(*as_agreed(count), employees="1001")).status for count in (6, 8)] == ["breached", "kept"]


@pytest.mark.parametrize(("after", "status"), [(4 * HOUR - SECOND, "breached"), (4 * HOUR, "kept")])
def test_an_attempt_less_than_four_open_hours_after_the_last_is_none(after: timedelta, status: str) -> None:
    first, second, *rest = as_agreed(6)

    assert status == worked(accepted(first, (first[0] + after, second[1]), *rest)).status


@pytest.mark.parametrize(("offset", "status"), [(timedelta(0), "kept"), (SECOND, "breached")])
def test_three_working_days_may_pass_between_two_attempts(offset: timedelta, status: str) -> None:
    late = TEN + 4 * DAY + offset  # Tuesday, Thursday, Friday: three working days after the start
    times = [late, *(TEN + days * DAY for days in (7, 8, 9, 10, 11))]

    row = worked(accepted(*zip(times, CHANNELS, strict=False)))

    assert status == row.status
    assert row.due_at == (TEN_DAYS_LATER if status == "kept" else TEN + 4 * DAY)


def test_a_second_message_finds_no_place() -> None:
    attempts = [(at, channel) for at, channel in zip(DAYS, [*CHANNELS[:4], "message", "message", "call"], strict=False)]

    assert worked(accepted(*attempts[:5], *attempts[6:])).status == "kept"
    assert worked(accepted(*attempts[:6])).status == "breached"


def test_a_reply_ends_the_cadence() -> None:
    row = worked(accepted(*as_agreed(2), replies=(DAYS[2],)))

    assert (row.status, row.due_at) == ("excused", TEN_DAYS_LATER)


def test_a_lead_that_is_being_worked_is_due_for_the_next_attempt() -> None:
    row = worked(accepted(*as_agreed(2)), DAYS[1] + HOUR)

    assert ("running", DAYS[1] + 5 * DAY) == (row.status, row.due_at)  # Thursday, and three working days on: Tuesday


def test_an_exhausted_lead_should_go_back_a_working_day_later() -> None:
    (row,) = [row for row in told(accepted(*as_agreed(6)), "given back") if "exhausted" in row.why]

    assert (DAYS[5], DAYS[5] + DAY, "breached", "owner") == (row.started_at, row.due_at, row.status, row.side)


@pytest.mark.parametrize(("offset", "statuses"), [(timedelta(0), ["running"]), (SECOND, ["breached", "running"])])
def test_five_working_days_may_pass_without_a_sign_of_life(offset: timedelta, statuses: list[str]) -> None:
    stale = TEN + 8 * DAY  # Tuesday, Thursday, Friday, Monday, Tuesday

    rows = told(accepted((stale + offset, "email")), "alive", stale + HOUR)

    assert statuses == [row.status for row in rows]
    assert rows[0].due_at == (stale if len(rows) == 2 else stale + offset + 7 * DAY)


def test_a_stage_that_ends_in_time_was_never_stale() -> None:
    passage = Passage(opened_at=TEN, ended_at=TEN + 2 * DAY, ending="deal closed")

    (row,) = told(accepted(passages=[passage]), "alive")

    assert (row.status, row.side) == ("kept", "owner")


@pytest.mark.parametrize(("after", "status"), [(4 * HOUR, "kept"), (4 * HOUR + SECOND, "breached")])
def test_a_reply_is_answered_within_four_open_hours(after: timedelta, status: str) -> None:
    (row,) = told(accepted((TEN + HOUR + after, "email"), replies=(TEN + HOUR,)), "answered")

    assert (status, TEN + 5 * HOUR) == (row.status, row.due_at)


def test_another_reply_starts_no_clock_while_one_waits() -> None:
    replies = (TEN + HOUR, TEN + 2 * HOUR, TEN + 4 * HOUR)

    rows = told(accepted((TEN + 3 * HOUR, "call"), replies=replies), "answered")

    assert [row.started_at for row in rows] == [TEN + HOUR, TEN + 4 * HOUR]


def test_a_sequence_answers_nobody() -> None:
    course = a_course(deeds=[a_reply(TEN + HOUR), a_deed(TEN + 2 * HOUR, "email", sequence=True)])

    assert [row.status for row in told(course, "answered")] == ["breached"]


def test_what_was_accepted_is_settled_in_fifteen_working_days() -> None:
    (row,) = told(accepted(), "settled")

    assert (row.status, row.due_at) == ("breached", TEN + 23 * DAY)  # 17 weekdays on, for two of them are holidays
