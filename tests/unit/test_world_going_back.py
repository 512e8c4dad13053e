"""Handed over, given back, covered: the practice world's verdicts, against plans judged by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sandbox.world.passage import Course, Passage
from sandbox.world.people import GONE, Absence, Rep
from sandbox.world.picklists import RECYCLE_FIELD, REJECT_FIELD
from sandbox.world.verdicts.handing_over import cool_off_end
from tests.unit.world_course import ANN, BEN, DAY, EVE, HOUR, MINUTE, NOW, SECOND, TEN, a_course, a_deed, a_rep, told

BORN = TEN - 10 * DAY
FIRM = {"numberofemployees": "5000", "industry": "FINANCIAL_SERVICES"}
CARL = a_rep(3)


def person(**values: str) -> dict[str, list[tuple[datetime, str]]]:
    """What somebody who qualifies has, but for `values`."""
    fitting = {"jobtitle": "VP Operations", "email": "a@b.example", "company": "B", "phone": "1", "hubspotscore": "60"}
    return {name: [(BORN, value)] for name, value in (fitting | values).items()}


@pytest.mark.parametrize(
    ("values", "firm", "status"),
    [
        pytest.param({}, {}, "kept", id="all met"),
        pytest.param({"hubspotscore": "59.9"}, {}, "breached", id="score too low"),
        pytest.param({"jobtitle": "Student"}, {}, "breached", id="no buyer"),
        pytest.param({"phone": ""}, {}, "breached", id="a required field is blank"),
        pytest.param({}, {"numberofemployees": "5001"}, "breached", id="too large"),
        pytest.param({}, {"industry": ""}, "unknown", id="industry blank"),
        pytest.param({"jobtitle": "Student"}, {"industry": ""}, "breached", id="industry blank, and no buyer"),
        pytest.param({"phone": ""}, {"industry": ""}, "breached", id="industry blank, and a required field"),
    ],
)
def test_what_is_handed_over_qualifies(values: dict[str, str], firm: dict[str, str], status: str) -> None:
    (row,) = told(a_course(values=person(**values), firm=FIRM | firm), "fit")

    assert (status, TEN, TEN) == (row.status, row.started_at, row.due_at)


def test_a_lead_that_a_score_hands_over_is_asked_for_its_required_fields_alone() -> None:
    passages = [Passage(opened_at=TEN, by="score")]

    assert [
        told(a_course(values=person(jobtitle="Student", **values), firm=FIRM, passages=passages), "fit")[0].status
        for values in ({}, {"company": ""})
    ] == ["kept", "breached"]


@pytest.mark.parametrize(("offset", "status"), [(timedelta(0), "kept"), (SECOND, "breached")])
def test_what_qualifies_is_handed_over_within_a_day(offset: timedelta, status: str) -> None:
    values = person() | {"hubspotscore": [(TEN - DAY - offset, "60")]}

    (row,) = told(a_course(values=values, firm=FIRM), "offered")

    assert (status, "marketing", TEN - offset) == (row.status, row.side, row.due_at)


def test_a_lead_that_no_longer_qualifies_was_not_missed() -> None:
    values = person() | {"hubspotscore": [(TEN, "60"), (TEN + 23 * HOUR, "59")]}

    assert [row.status for row in told(a_course(values=values, firm=FIRM, passages=[]), "offered")] == ["excused"]


def test_a_lead_that_qualifies_as_it_is_handed_over_was_not_missed() -> None:
    assert told(a_course(values=person() | {"hubspotscore": [(TEN, "60")]}, firm=FIRM), "offered") == []


def test_the_cool_off_ends_at_the_same_local_time() -> None:
    recycled = datetime.fromisoformat("2026-10-20T14:00:00+00:00")  # ten in New York, in summer

    assert cool_off_end(recycled) == datetime.fromisoformat("2026-11-19T15:00:00+00:00")


@pytest.mark.parametrize(("before", "count"), [(15 * MINUTE, 0), (15 * MINUTE + SECOND, 1)])
def test_nobody_of_the_pool_has_a_lead_long_before_it_is_handed_over(before: timedelta, count: int) -> None:
    rows = told(a_course(owners=[(TEN - before, ANN)]), "kept back")

    assert [(TEN - before, "breached", "owner")] * count == [(row.started_at, row.status, row.side) for row in rows]


def test_a_manager_is_not_of_the_pool() -> None:
    boss = Rep(owner_id="8", user_id=8, name="C D", email="c@d.example", team=ANN.team, habit=ANN.habit)

    assert told(a_course(owners=[(TEN - DAY, boss)]), "kept back") == []


def closed(status: str, ending: str, *, at: datetime = TEN + HOUR, **more: Any) -> Course:
    values = {"hs_lead_status": [(at, status)]} | more.pop("values", {})
    return a_course(passages=[Passage(opened_at=TEN, ended_at=at, ending=ending)], values=values, **more)


@pytest.mark.parametrize(
    ("value", "after", "status"),
    [
        pytest.param("BAD_DATA", timedelta(0), "kept", id="by its value"),
        pytest.param("R3", timedelta(0), "kept", id="by its label"),
        pytest.param("NO_BUDGET", timedelta(0), "breached", id="not permitted"),
        pytest.param("DUPLICATE", 15 * MINUTE, "kept", id="in the fifteenth minute"),
        pytest.param("DUPLICATE", 15 * MINUTE + SECOND, "breached", id="a second later"),
        pytest.param("DUPLICATE", -DAY, "kept", id="it stood already"),
    ],
)
def test_a_rejection_says_why(value: str, after: timedelta, status: str) -> None:
    (row,) = told(closed("UNQUALIFIED", "rejected", values={REJECT_FIELD: [(TEN + HOUR + after, value)]}), "reject reason")

    assert (status, "owner", TEN + HOUR + 15 * MINUTE) == (row.status, row.side, row.due_at)


def test_nobody_is_blamed_for_a_recycling_of_what_nobody_had() -> None:
    (row,) = told(closed("RECYCLED", "recycled", owners=[], values={RECYCLE_FIELD: [(TEN, "OTHER")]}), "recycle reason")

    assert (row.status, row.side) == ("breached", "system")


@pytest.mark.parametrize(("after", "status"), [(DAY, "kept"), (DAY + SECOND, "breached")])
def test_a_rejected_lead_goes_back_within_a_working_day(after: timedelta, status: str) -> None:
    at = TEN + HOUR
    course = closed("UNQUALIFIED", "rejected", values={"hs_lead_status": [(at, "UNQUALIFIED"), (at + after, "RECYCLED")]})

    (row,) = told(course, "given back")

    assert (status, at + DAY) == (row.status, row.due_at)


@pytest.mark.parametrize(
    ("deed", "status"),
    [
        pytest.param({"flaw": "automated", "nurtures": True}, "kept", id="a marketing mail"),
        pytest.param({"flaw": "bounced"}, "breached", id="a mail that bounced"),
        pytest.param({"flaw": "inbound", "reply": True}, "breached", id="a mail of theirs"),
    ],
)
def test_a_recycled_lead_is_spoken_to_within_five_working_days(deed: dict[str, Any], status: str) -> None:
    (row,) = told(closed("RECYCLED", "recycled", deeds=[a_deed(TEN + DAY, "email", **deed)]), "nurtured")

    assert (status, "marketing", TEN + HOUR + 8 * DAY) == (row.status, row.side, row.due_at)


def away(first: int, last: int) -> Rep:
    """A rep in New York who is away on these days of November."""
    return a_rep(4, absences=(Absence(first=date(2026, 11, first), last=date(2026, 11, last), why="leave"),))


@pytest.mark.parametrize(("offset", "status"), [(timedelta(0), "kept"), (SECOND, "breached")])
def test_a_lead_of_somebody_who_is_away_has_another_owner_within_a_working_day(offset: timedelta, status: str) -> None:
    assigned = TEN + MINUTE

    (row,) = told(a_course(owners=[(assigned, away(9, 20)), (assigned + DAY + offset, BEN)]), "covered")

    assert (assigned, assigned + DAY, status, "manager") == (row.started_at, row.due_at, row.status, row.side)


def test_an_absence_lasts_from_midnight_to_midnight() -> None:
    (row,) = told(a_course(owners=[(TEN, away(10, 10))]), "covered")

    assert (datetime.fromisoformat("2026-11-10T05:00:00+00:00"), "kept") == (row.started_at, row.status)


def test_nobody_is_away_before_somebody_had_the_lead() -> None:
    assert told(a_course(owners=[(TEN + DAY, ANN)]), "covered") == []


def test_a_lead_that_lost_its_owner_is_the_systems() -> None:
    (row,) = told(a_course(owners=[(TEN, ANN), (TEN + HOUR, None)]), "covered")

    assert (row.started_at, row.status, row.side) == (TEN + HOUR, "breached", "system")


def test_nobody_knows_when_somebody_left() -> None:
    departed = Rep(owner_id="5", user_id=5, name="G H", email="g@h.example", team=ANN.team, habit=GONE)

    (row,) = told(a_course(owners=[(TEN, departed)]), "covered")

    assert (row.started_at, row.due_at, row.status, row.side) == (None, None, "unknown", "none")


@pytest.mark.parametrize(
    ("reps", "expected"),
    [
        pytest.param([ANN, BEN], [], id="once"),
        pytest.param([ANN, BEN, CARL], [("at_risk", None)], id="as often as agreed"),
        pytest.param([ANN, BEN, CARL, ANN], [("breached", TEN + 3 * HOUR)], id="too often"),
        pytest.param([ANN, None, ANN, None, ANN], [], id="from nobody to the same"),
    ],
)
def test_a_lead_changes_hands_twice_at_most(reps: list[Rep | None], expected: list[tuple[str, datetime | None]]) -> None:
    rows = told(a_course(owners=[(TEN + hour * HOUR, rep) for hour, rep in enumerate(reps)]), "few hands")

    assert expected == [(row.status, row.due_at) for row in rows]


def test_what_cannot_be_is_told_once_of_each_sort() -> None:
    stranger = a_rep(6, stranger=True)
    course = a_course(
        owners=[(TEN, stranger), (TEN + HOUR, EVE)],
        deeds=[a_deed(BORN - DAY), a_deed(BORN - HOUR)],
        values={"hs_lead_status": [(TEN - DAY, "IN_PROGRESS")]},
    )

    assert [row.started_at for row in told(course, "sound data", NOW)] == [BORN - DAY, TEN - DAY, TEN]
