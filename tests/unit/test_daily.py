"""The daily digest: due once a working day by its reader's clock, the newest alone, with what concerns them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from sync.agreement.calendar import compile_calendar
from sync.daily import Owed, Reader, due_now, is_on_time, next_due, overview
from sync.judge.findings import Side, Status
from sync.messages import Recipient
from tests.builders import ny

AT = time(8)
WEDNESDAY = date(2026, 11, 18)
SPAN = {"since": date(2026, 1, 1), "upto": date(2027, 12, 31)}
OFFICE = compile_calendar(name="ny", hours="Mo-Fr 09:00-17:30; PH off", zone="America/New_York", holidays="US", **SPAN)
NIGHTS = compile_calendar(name="nights", hours="Mo-Su 22:00-06:00", zone="America/New_York", holidays=None, **SPAN)
ANN = Reader(recipient=Recipient(role="owner", of="hubspot/11"), calendar=OFFICE, owners=frozenset({"hubspot/11", "salesforce/0051"}))
ROOM = Reader(recipient=Recipient(role="#room"), calendar=OFFICE, owners=None)


@pytest.mark.parametrize(
    ("now", "told", "expected"),
    [
        ("2026-11-18 07:59", None, None),
        ("2026-11-18 08:00", None, WEDNESDAY),
        ("2026-11-18 08:00", date(2026, 11, 17), WEDNESDAY),
        ("2026-11-18 23:00", WEDNESDAY, None),
        ("2026-11-18 12:00", date(2026, 11, 11), WEDNESDAY),  # after a week of downtime the newest alone
        ("2026-11-21 12:00", date(2026, 11, 19), None),  # nobody works on a Saturday: Friday's comes no more
        ("2026-11-26 12:00", None, None),  # nor at Thanksgiving
    ],
)
def test_it_is_due_once_from_the_agreed_hour_of_a_working_day(now: str, told: date | None, expected: date | None) -> None:
    assert due_now(ANN, AT, ny(now), told) == expected


@pytest.mark.parametrize(
    ("now", "told", "expected"),
    [
        ("2026-11-18 07:00", None, "2026-11-18 08:00"),
        ("2026-11-18 12:00", None, "2026-11-18 08:00"),  # it is past: now
        ("2026-11-18 12:00", WEDNESDAY, "2026-11-19 08:00"),
        ("2026-11-20 12:00", date(2026, 11, 20), "2026-11-23 08:00"),
    ],
)
def test_the_next_one_is_known_beforehand(now: str, told: date | None, expected: str) -> None:
    assert next_due(ANN, AT, ny(now), told) == ny(expected)


def test_at_the_hour_that_clocks_skip_it_is_due_all_the_same_and_the_hour_that_comes_twice_has_one() -> None:
    reader = replace(ANN, calendar=NIGHTS)
    skipped = next_due(reader, time(2, 30), ny("2026-03-08 00:00"), date(2026, 3, 7))
    assert skipped == datetime.fromisoformat("2026-03-08T07:30:00+00:00")
    twice = ny("2026-11-01 01:30")
    assert due_now(reader, time(1, 30), twice, date(2026, 10, 31)) == date(2026, 11, 1)
    assert due_now(reader, time(1, 30), twice + timedelta(hours=1), date(2026, 11, 1)) is None


def test_it_is_on_time_for_an_hour() -> None:
    assert [is_on_time(OFFICE, AT, WEDNESDAY, ny(f"2026-11-18 {now}")) for now in ("07:59", "08:00", "08:59", "09:00")] == [
        False,
        True,
        True,
        False,
    ]


def owed(due: str | None, status: Status = Status.RUNNING, **more: object) -> Owed:
    due_at = ny(due) if due else None
    one = Owed(
        lead="hubspot/contact/1", rule="first_touch", status=status, side=Side.OWNER, owner="hubspot/11", due_at=due_at, opened_at=None
    )
    return replace(one, **more)  # type: ignore[arg-type]


TODAY, TOMORROW = owed("2026-11-18 23:59"), owed("2026-11-19 00:00")
NEWLY, LONG_AGO = owed("2026-11-17 08:01", Status.BREACHED), owed("2026-11-17 08:00", Status.BREACHED)


def test_it_tells_what_is_open_due_today_and_broken_since_the_digest_before() -> None:
    told = overview(ANN, [TOMORROW, LONG_AGO, NEWLY, TODAY, owed(None)], at=AT, day=WEDNESDAY)
    assert (told.open, told.late, told.today, told.broken) == (5, 2, [TODAY], [NEWLY])


def test_on_a_monday_it_goes_back_to_friday() -> None:
    friday = owed("2026-11-20 12:00", Status.BREACHED)
    assert overview(ANN, [friday], at=AT, day=date(2026, 11, 23)).broken == [friday]


def test_each_reads_of_their_own_leads_by_any_of_their_ids_and_a_channel_of_all() -> None:
    by_other_id, of_ben, of_nobody = owed(None, owner="salesforce/0051"), owed(None, owner="hubspot/12"), owed(None, owner=None)
    of_marketing = owed(None, side=Side.MARKETING)
    everything = [by_other_id, of_ben, of_nobody, of_marketing]
    assert overview(ANN, everything, at=AT, day=WEDNESDAY).open == 1
    assert overview(ROOM, everything, at=AT, day=WEDNESDAY).open == 4
    assert overview(replace(ROOM, side=Side.MARKETING), everything, at=AT, day=WEDNESDAY).open == 1
