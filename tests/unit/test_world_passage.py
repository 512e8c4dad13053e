"""The promises that follow from a plan, against plans judged by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.world.clock import OpenHours
from sandbox.world.passage import DoesNotFit, Passage, Tenure, promises_of
from sandbox.world.people import PROMPT, TEAMS, Rep
from sandbox.world.promises import CALENDARS, Promise

HOURS = {name: OpenHours(calendar) for name, calendar in CALENDARS.items()}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEN = datetime(2026, 11, 16, 15, tzinfo=UTC)  # a Monday, ten o'clock in New York
NOW = TEN + 7 * DAY


def a_rep(number: int = 1, team: int = 0) -> Rep:
    return Rep(owner_id=str(number), user_id=number, name="A B", email="a@b.example", team=TEAMS[team], habit=PROMPT)


def truth(passage: Passage, now: datetime = NOW) -> dict[str, list[Promise]]:
    told: dict[str, list[Promise]] = {"assigned": [], "touched": [], "decided": []}
    for promise in promises_of(passage, record="hubspot/contact/1", title="by hand", hours=HOURS, now=now):
        told[promise.promise].append(promise)
    return told


def a_passage(*, assigned_after: timedelta = MINUTE, touched_after: timedelta | None = None, **more: object) -> Passage:
    passage = Passage(opened_at=TEN, tenures=[Tenure(rep=a_rep(), at=TEN + assigned_after)], **more)  # type: ignore[arg-type]
    passage.touched_at = None if touched_after is None else TEN + touched_after
    return passage


@pytest.mark.parametrize(
    ("after", "status"),
    [(15 * MINUTE, "kept"), (15 * MINUTE - timedelta(seconds=1), "kept"), (15 * MINUTE + timedelta(milliseconds=1), "breached")],
)
def test_a_lead_assigned_exactly_at_the_fifteenth_minute_is_in_time(after: timedelta, status: str) -> None:
    (assigned,) = truth(a_passage(assigned_after=after))["assigned"]

    assert (status, TEN + 15 * MINUTE, "system") == (assigned.status, assigned.due_at, assigned.side)


def test_a_lead_owned_at_the_handoff_uses_its_owners_calendar() -> None:
    passage = a_passage()
    passage.tenures = [Tenure(rep=a_rep(team=2), at=TEN)]  # San Francisco opens an hour later

    (touched,) = truth(passage)["touched"]

    assert touched.due_at == TEN + 3 * HOUR


def test_a_lead_assigned_after_the_handoff_uses_the_default_calendar() -> None:
    passage = a_passage()
    passage.tenures = [Tenure(rep=a_rep(team=2), at=TEN + MINUTE)]

    (touched,) = truth(passage)["touched"]

    assert touched.due_at == TEN + 2 * HOUR


@pytest.mark.parametrize(
    ("assigned_after", "touched_after", "side"),
    [
        pytest.param(MINUTE, None, "owner", id="assigned in time"),
        pytest.param(60 * MINUTE, 170 * MINUTE, "system", id="assigned late, called within two hours of that"),
        pytest.param(60 * MINUTE, 181 * MINUTE, "owner", id="assigned late, and two hours let pass as well"),
        pytest.param(60 * MINUTE, None, "owner", id="assigned late, never called"),
        pytest.param(121 * MINUTE, 240 * MINUTE, "system", id="assigned after the deadline, called within two hours of that"),
        pytest.param(121 * MINUTE, 300 * MINUTE, "owner", id="assigned after the deadline, and two hours let pass as well"),
    ],
)
def test_a_missed_first_touch_is_the_systems_where_the_owners_never_had_the_whole_span(
    assigned_after: timedelta, touched_after: timedelta | None, side: str
) -> None:
    (touched,) = truth(a_passage(assigned_after=assigned_after, touched_after=touched_after))["touched"]

    assert ("breached", side) == (touched.status, touched.side)


def test_a_lead_nobody_has_owes_no_decision() -> None:
    told = truth(Passage(opened_at=TEN))

    assert told["decided"] == []
    assert [told["touched"][0].status, told["touched"][0].side] == ["breached", "system"]


def test_each_owner_has_a_day_and_the_superseded_one_is_excused() -> None:
    passage = a_passage(decided_at=TEN + 30 * HOUR)
    passage.tenures[0].until = TEN + 10 * HOUR
    passage.tenures.append(Tenure(rep=a_rep(2), at=TEN + 10 * HOUR))

    first, second = truth(passage)["decided"]

    assert (first.status, first.side) == ("excused", "none")
    assert (second.status, second.due_at) == ("kept", TEN + 34 * HOUR)


def test_an_owner_who_comes_after_the_decision_has_no_clock() -> None:
    passage = a_passage(decided_at=TEN + HOUR)
    passage.tenures[0].until = TEN + 2 * HOUR
    passage.tenures.append(Tenure(rep=a_rep(2), at=TEN + 2 * HOUR))

    assert [promise.status for promise in truth(passage)["decided"]] == ["kept"]


def test_a_rejection_keeps_the_decision_and_excuses_the_touch() -> None:
    told = truth(a_passage(decided_at=TEN + HOUR, ended_at=TEN + HOUR, ending="rejected"))

    assert [told["decided"][0].status, told["touched"][0].status] == ["kept", "excused"]


def test_an_ending_after_the_deadline_excuses_nothing() -> None:
    told = truth(a_passage(ended_at=TEN + 3 * DAY, ending="opted out"))

    assert [told["decided"][0].status, told["touched"][0].status] == ["breached", "breached"]


def test_a_booked_meeting_suspends_the_touch_until_its_end() -> None:
    # Half an hour is used when the meeting is booked; it ends on Tuesday at 15:00 in New York, an hour and a half later it is 16:30.
    booked, ends = TEN + 30 * MINUTE, TEN + DAY + 5 * HOUR

    (touched,) = truth(a_passage(suspended=[(booked, ends)]))["touched"]

    assert ends + 90 * MINUTE == touched.due_at


def test_a_meeting_booked_after_the_deadline_suspends_nothing() -> None:
    (touched,) = truth(a_passage(suspended=[(TEN + 3 * HOUR, TEN + DAY)]))["touched"]

    assert touched.due_at == TEN + 2 * HOUR


def test_a_second_meeting_suspends_what_the_first_one_moved() -> None:
    # The first leaves an hour and a half from Tuesday 10:00; booked again at 11:00, half an hour is left after Wednesday 12:00.
    first, second = (TEN + 30 * MINUTE, TEN + DAY), (TEN + DAY + HOUR, TEN + 2 * DAY + 2 * HOUR)

    (touched,) = truth(a_passage(suspended=[first, second]))["touched"]

    assert touched.due_at == TEN + 2 * DAY + 2 * HOUR + 30 * MINUTE


def test_a_decision_by_the_next_owner_does_not_settle_the_breach_of_the_first() -> None:
    passage = a_passage(decided_at=TEN + 40 * HOUR)
    passage.tenures[0].until = TEN + 30 * HOUR
    passage.tenures.append(Tenure(rep=a_rep(2), at=TEN + 30 * HOUR))

    first, second = truth(passage)["decided"]

    assert (first.status, "late" in first.why) == ("breached", False)
    assert second.status == "kept"


@pytest.mark.parametrize(("gone", "status"), [(30, "running"), (70, "at_risk"), (110, "at_risk"), (130, "breached")])
def test_an_untouched_lead_is_at_risk_once_half_of_the_span_is_gone(gone: int, status: str) -> None:
    (touched,) = truth(a_passage(), now=TEN + gone * MINUTE)["touched"]

    assert status == touched.status


def test_a_plan_that_is_decided_by_a_minute_does_not_fit() -> None:
    with pytest.raises(DoesNotFit):
        truth(a_passage(), now=TEN + 61 * MINUTE)
