"""How the time of a promise went: whose it was, and when nobody was asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from connectors.records import Activity, FieldChange
from sync.judge.findings import Elapsed
from tests.builders import ANN, a_call, a_meeting, judged, mql, ny, owned_by, status, unreachable

OPENED = ny("2026-09-14 10:00")  # a Monday
TOUCHED = ny("2026-09-15 09:30")
NOW = ny("2026-09-18 16:00")
HOUR = 3600
HALF = timedelta(minutes=30)


def parts(changes: Sequence[FieldChange], activities: Sequence[Activity] = (), *, rule: str = "first_touch") -> Elapsed:
    elapsed = judged([mql(OPENED), *changes], activities, now=NOW, rule=rule).elapsed
    assert elapsed is not None
    return elapsed


def the_parts(*, excused: int = 0, suspended: int = 0, system: int = 0, owner: int = 0, off_hours: int = 0) -> Elapsed:
    return Elapsed(excused_s=excused, suspended_s=suspended, system_s=system, owner_s=owner, off_hours_s=off_hours)


def test_all_five_parts_of_a_touch_that_came_late() -> None:
    changes = [
        owned_by(ANN, OPENED + HALF),
        *unreachable(ny("2026-09-14 13:00")),
        *unreachable(ny("2026-09-14 14:00"), value="false"),
    ]
    meeting = a_meeting(OPENED + 2 * HALF, booked=OPENED + 2 * HALF, id="1")  # booked as it began, at 11:00, for half an hour
    # Ann's: 10:30 to 11:00, 11:30 to 13:00, 14:00 to 17:30, and half an hour of Tuesday
    assert parts(changes, [meeting, a_call(TOUCHED, id="2")]) == the_parts(
        excused=HOUR, suspended=HOUR // 2, system=HOUR // 2, owner=6 * HOUR, off_hours=15 * HOUR + HOUR // 2
    )


def test_the_time_ends_where_the_promise_was_kept() -> None:
    assert parts([owned_by(ANN, OPENED)], [a_call(OPENED + HALF)]) == the_parts(owner=HOUR // 2)


def test_the_time_ends_where_the_passage_did() -> None:
    changes = [owned_by(ANN, OPENED), status("UNQUALIFIED", OPENED + HALF)]
    assert parts(changes) == the_parts(owner=HOUR // 2)


def test_the_time_of_a_promise_that_is_open_still_goes_on() -> None:
    whole = parts([owned_by(ANN, OPENED)])
    assert whole == the_parts(owner=7 * HOUR + HOUR // 2 + 3 * (8 * HOUR + HOUR // 2) + 7 * HOUR, off_hours=4 * 15 * HOUR + 2 * HOUR)


@pytest.mark.parametrize("nobody", [None, "90", "91"])
def test_the_time_in_which_nobody_had_the_lead_is_the_systems_day_and_night(nobody: str | None) -> None:
    changes = [owned_by(nobody, OPENED), owned_by(ANN, TOUCHED)]
    assert parts(changes, [a_call(TOUCHED)]) == the_parts(system=23 * HOUR + HOUR // 2)


def test_an_excuse_and_a_meeting_speak_before_the_system() -> None:
    excused = unreachable(ny("2026-09-14 14:00")) + unreachable(ny("2026-09-14 15:00"), value="false")
    meeting = a_meeting(OPENED + 2 * HALF, booked=OPENED + HALF, id="1")  # an hour from its booking to its end
    elapsed = parts([owned_by(ANN, TOUCHED), *excused], [meeting, a_call(TOUCHED, id="2")])
    assert elapsed == the_parts(excused=HOUR, suspended=HOUR, system=21 * HOUR + HOUR // 2)
