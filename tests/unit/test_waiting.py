"""When a message may go: within its reader's hours, at once if it is urgent, and later again if it failed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from sync.agreement.calendar import Calendar, compile_calendar
from sync.messages import Kind, Message, Recipient, State
from sync.waiting import Kept, again_at, hold_until, next_at
from tests.builders import ny

SINCE, UPTO = date(2026, 1, 1), date(2027, 12, 31)


def a_calendar(hours: str = "Mo-Fr 09:00-17:30; PH off") -> Calendar:
    return compile_calendar(name="ny", hours=hours, zone="America/New_York", holidays="US", since=SINCE, upto=UPTO)


OFFICE = a_calendar()


def a_message(kind: Kind = Kind.GIVEN) -> Message:
    return Message(kind=kind, recipient=Recipient(role="owner", of="hubspot/11"), rule="first_touch")


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-11-18 10:00", None),
        ("2026-11-18 09:00", None),  # exactly at opening
        ("2026-11-18 08:59", "2026-11-18 09:00"),
        ("2026-11-18 17:30", "2026-11-19 09:00"),  # closed from its last moment on
        ("2026-11-20 18:00", "2026-11-23 09:00"),  # over a weekend
        ("2026-11-25 20:00", "2026-11-27 09:00"),  # over Thanksgiving
        ("2026-03-07 22:00", "2026-03-09 09:00"),  # over the night that clocks go forward in
        ("2026-10-31 22:00", "2026-11-02 09:00"),  # and back
    ],
)
def test_a_message_waits_for_the_hours_of_who_reads_it(now: str, opening: str | None) -> None:
    assert hold_until(a_message(), OFFICE, ny(now)) == (ny(opening) if opening else None)


def test_in_the_night_that_clocks_change_the_opening_is_by_the_clock_on_the_wall() -> None:
    shift = a_calendar("Mo-Su 01:30-05:00")
    forward = hold_until(a_message(), shift, ny("2026-03-08 00:00"))
    assert forward == ny("2026-03-08 01:30")
    assert forward is not None and hold_until(a_message(), shift, forward + timedelta(hours=2, minutes=30)) == ny("2026-03-09 01:30")
    closes = ny("2026-11-01 05:00")
    assert hold_until(a_message(), shift, closes - timedelta(minutes=1)) is None
    assert hold_until(a_message(), shift, closes) == ny("2026-11-02 01:30"), "the hour that comes twice is open twice"


@pytest.mark.parametrize(
    ("kind", "due", "is_held"),
    [
        (Kind.REMINDER, "2026-11-21 10:00", False),
        (Kind.ASSIGNED, "2026-11-21 10:00", False),
        (Kind.REMINDER, "2026-11-23 09:00", False),  # exactly when they are back: too late to be told then
        (Kind.REMINDER, "2026-11-23 09:01", True),
        (Kind.REMINDER, "2026-11-20 17:59", True),  # over already
        (Kind.BROKEN, "2026-11-21 10:00", True),
        (Kind.TRIP, None, False),
        (Kind.FAILED, None, False),
        (Kind.GIVEN, None, True),
    ],
)
def test_it_goes_at_once_if_a_deadline_falls_before_they_are_back_or_somebody_must_look(kind: Kind, due: str | None, is_held: bool) -> None:
    deadlines = [ny(due)] if due else []
    assert (hold_until(a_message(kind), OFFICE, ny("2026-11-20 18:00"), deadlines=deadlines) is not None) is is_held


def test_beyond_the_days_that_a_calendar_knows_nothing_is_held() -> None:
    assert hold_until(a_message(), OFFICE, ny("2028-06-01 03:00")) is None


def test_what_failed_is_tried_again_later_and_later() -> None:
    now = ny("2026-11-18 10:00")
    assert [again_at(attempts, now) - now for attempts in range(1, 7)] == [
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        *[timedelta(hours=2)] * 3,
    ]


def kept(put: str, *, held: str | None = None, again: str | None = None) -> Kept:
    return Kept(
        id=1,
        target="desk",
        message=a_message(),
        put_at=ny(put),
        state=State.PENDING,
        at=ny(put),
        attempts=0,
        said=None,
        held_until=ny(held) if held else None,
        not_before=ny(again) if again else None,
    )


@pytest.mark.parametrize(
    ("waiting", "mornings", "expected"),
    [
        ([], [], None),
        ([kept("2026-11-18 10:00")], [], "2026-11-18 10:00"),
        ([kept("2026-11-18 20:00", held="2026-11-19 09:00"), kept("2026-11-18 20:00", again="2026-11-18 20:05")], [], "2026-11-18 20:05"),
        ([kept("2026-11-18 20:00", held="2026-11-19 09:00", again="2026-11-18 20:05")], [], "2026-11-19 09:00"),
        ([kept("2026-11-18 20:00", held="2026-11-19 09:00")], ["2026-11-19 08:00"], "2026-11-19 08:00"),
        ([], ["2026-11-20 08:00", "2026-11-19 08:00"], "2026-11-19 08:00"),
    ],
)
def test_the_next_moment_is_the_earliest_of_openings_attempts_and_daily_digests(
    waiting: list[Kept], mornings: list[str], expected: str | None
) -> None:
    assert next_at(waiting, map(ny, mornings)) == (ny(expected) if expected else None)


def test_a_moment_is_aware_and_the_same_in_any_zone() -> None:
    opening = hold_until(a_message(), OFFICE, ny("2026-11-18 20:00"))
    assert opening == datetime.fromisoformat("2026-11-19T14:00:00+00:00")
