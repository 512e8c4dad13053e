"""Soon assigned, touched and decided: the practice world's verdicts, against plans judged by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.world.passage import DoesNotFit, Passage
from tests.unit.world_course import ANN, BEN, DAY, EVE, HOUR, MINUTE, NOW, SECOND, TEN, a_course, a_deed, a_rep, told

BOOKED = {"flaw": "booked, no outcome logged"}
MILLISECOND = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("after", "status"), [(15 * MINUTE, "kept"), (15 * MINUTE - SECOND, "kept"), (15 * MINUTE + MILLISECOND, "breached")]
)
def test_a_lead_assigned_exactly_at_the_fifteenth_minute_is_in_time(after: timedelta, status: str) -> None:
    (row,) = told(a_course(owners=[(TEN + after, ANN)]), "assigned")

    assert (status, TEN + 15 * MINUTE, "system") == (row.status, row.due_at, row.side)


def test_a_lead_owned_at_the_handoff_uses_its_owners_calendar() -> None:
    (row,) = told(a_course(owners=[(TEN - DAY, a_rep(3, team=2))]), "touched")  # San Francisco opens an hour later

    assert row.due_at == TEN + 3 * HOUR


def test_a_lead_assigned_after_the_handoff_uses_the_default_calendar() -> None:
    (row,) = told(a_course(owners=[(TEN + MINUTE, a_rep(3, team=2))]), "touched")

    assert row.due_at == TEN + 2 * HOUR


def test_a_lead_of_a_large_company_has_one_hour() -> None:
    (row,) = told(a_course(firm={"numberofemployees": "1001"}), "touched")

    assert row.due_at == TEN + HOUR


@pytest.mark.parametrize(
    ("assigned_after", "touched_after", "side"),
    [
        pytest.param(MINUTE, None, "owner", id="assigned in time"),
        pytest.param(60 * MINUTE, 170 * MINUTE, "system", id="assigned late, called within two hours of that"),
        pytest.param(60 * MINUTE, 181 * MINUTE, "owner", id="assigned late, and two hours let pass as well"),
        pytest.param(60 * MINUTE, None, "owner", id="assigned late, never called"),
        pytest.param(121 * MINUTE, 240 * MINUTE, "system", id="assigned after the deadline, called within two hours of that"),
    ],
)
def test_a_missed_first_touch_is_the_systems_where_the_owners_never_had_the_whole_span(
    assigned_after: timedelta, touched_after: timedelta | None, side: str
) -> None:
    deeds = [] if touched_after is None else [a_deed(TEN + touched_after)]

    (row,) = told(a_course(owners=[(TEN + assigned_after, ANN)], deeds=deeds), "touched")

    assert ("breached", side) == (row.status, row.side)


def test_a_lead_nobody_has_owes_no_decision() -> None:
    course = a_course(owners=[])

    assert told(course, "decided") == []
    assert [(row.status, row.side) for row in told(course, "touched")] == [("breached", "system")]


def test_each_owner_has_a_day_and_the_superseded_one_is_excused() -> None:
    course = a_course(owners=[(TEN, ANN), (TEN + 10 * HOUR, BEN)], values={"hs_lead_status": [(TEN + 30 * HOUR, "IN_PROGRESS")]})

    first, second = told(course, "decided")

    assert (first.status, first.side) == ("excused", "none")
    assert (second.status, second.due_at) == ("kept", TEN + 34 * HOUR)


def test_an_owner_who_comes_after_the_decision_has_no_clock() -> None:
    course = a_course(owners=[(TEN, ANN), (TEN + 2 * HOUR, BEN)], values={"hs_lead_status": [(TEN + HOUR, "IN_PROGRESS")]})

    assert [row.status for row in told(course, "decided")] == ["kept"]


def test_a_lead_of_paid_search_is_decided_in_half_a_day() -> None:
    (row,) = told(a_course(values={"hs_analytics_source": [(TEN - 10 * DAY, "PAID_SEARCH")]}), "decided")

    assert row.due_at == TEN + MINUTE + 12 * HOUR


def test_a_rejection_keeps_the_decision_and_excuses_the_touch() -> None:
    passage = Passage(opened_at=TEN, ended_at=TEN + HOUR, ending="rejected")
    course = a_course(passages=[passage], values={"hs_lead_status": [(TEN + HOUR, "UNQUALIFIED")]})

    assert [row.status for row in told(course, "decided")] == ["kept"]
    assert [row.status for row in told(course, "touched")] == ["excused"]


def test_a_booked_meeting_suspends_the_touch_until_its_end() -> None:
    # Half an hour is used when the meeting is booked; it ends on Tuesday at 15:00 in New York, an hour and a half later it is 16:30.
    ends = TEN + DAY + 5 * HOUR
    meeting = a_deed(ends - 30 * MINUTE, "meeting", logged_at=TEN + 30 * MINUTE, over_at=ends, frees_until=ends, **BOOKED)

    (row,) = told(a_course(deeds=[meeting]), "touched")

    assert ends + 90 * MINUTE == row.due_at


def test_a_meeting_booked_after_the_deadline_suspends_nothing() -> None:
    ends = TEN + DAY
    meeting = a_deed(ends - 30 * MINUTE, "meeting", logged_at=TEN + 3 * HOUR, over_at=ends, frees_until=ends, **BOOKED)

    (row,) = told(a_course(deeds=[meeting]), "touched")

    assert row.due_at == TEN + 2 * HOUR


@pytest.mark.parametrize(
    ("logged_after", "kept_at"),
    [pytest.param(4 * HOUR, TEN + HOUR, id="logged at the limit"), pytest.param(4 * HOUR + SECOND, None, id="logged a second later")],
)
def test_a_call_logged_more_than_four_open_hours_later_counts_from_then(logged_after: timedelta, kept_at: object) -> None:
    call = a_deed(TEN + HOUR, logged_at=TEN + HOUR + logged_after)

    (row,) = told(a_course(deeds=[call]), "touched")

    assert ("kept" if kept_at else "breached") == row.status


def test_a_call_by_somebody_else_is_no_touch() -> None:
    assert [row.status for row in told(a_course(deeds=[a_deed(TEN + HOUR, rep=BEN)]), "touched")] == ["breached"]


@pytest.mark.parametrize(("gone", "status"), [(30, "running"), (70, "at_risk"), (110, "at_risk"), (130, "breached")])
def test_an_untouched_lead_is_at_risk_once_half_of_the_span_is_gone(gone: int, status: str) -> None:
    (row,) = told(a_course(), "touched", TEN + gone * MINUTE)

    assert status == row.status


def test_a_plan_that_is_decided_by_a_minute_does_not_fit() -> None:
    with pytest.raises(DoesNotFit):
        told(a_course(), "touched", TEN + 61 * MINUTE)


def test_an_sdr_is_no_account_executive() -> None:
    # Qualified on Tuesday at ten in New York; eight open hours later it is Thursday half past nine, for Wednesday is a holiday.
    qualified = TEN + DAY
    course = a_course(
        passages=[Passage(opened_at=TEN), Passage(opened_at=qualified, handoff="ae")],
        owners=[(TEN, ANN), (qualified + HOUR, BEN), (qualified + 3 * DAY, EVE)],
        values={"lifecyclestage": [(qualified, "salesqualifiedlead")]},
    )

    (row,) = told(course, "taken over", NOW)

    assert (row.status, row.side, row.due_at) == ("breached", "manager", TEN + 3 * DAY - 30 * MINUTE)
