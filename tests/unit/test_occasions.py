"""Which reports come back, when each is due, and of which time it tells: each promise falls into one of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync.agreement.parties import Meeting
from sync.occasions import Regular, begun, coming, due, next_due, regulars
from tests.builders import the_agreement

ZONE = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)
RECAP = Meeting(name="Recap and kick-off", on="first Tuesday of the month 10:00", led="working managers", agenda=())
MONDAYS = Meeting(name="Check-in", on="every Monday 09:00", led="working managers", agenda=())
VAGUE = Meeting(name="Lunch", on="now and then", led="nobody", agenda=())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def found(*meetings: Meeting, every: str = "off", before: timedelta = 2 * HOUR, with_meetings: bool = True) -> list[Regular]:
    agreement = replace(the_agreement(), meetings=meetings)
    return list(regulars(agreement, every=every, before=before, meetings=with_meetings))


def test_meetings_whose_days_are_understood_have_a_report_and_the_config_may_add_one() -> None:
    assert [one.title for one in found(RECAP, VAGUE, MONDAYS, every="Monday 07:00")] == ["Recap and kick-off", "Check-in", ""]
    assert [one.title for one in found(RECAP, every="Monday 07:00", with_meetings=False)] == [""]
    assert found(VAGUE) == []


def test_names_of_files_sort_by_time_and_no_two_reports_share_one() -> None:
    names = (RECAP, replace(RECAP, name="Recap & kick off!"), replace(RECAP, name="月次"), replace(RECAP, name="Report"))
    slugs = [coming(one, at("2026-11-20T12:00"), ZONE).name(ZONE) for one in found(*names, every="first Tuesday of the month 10:00")]
    assert slugs == [
        "2026-12-01-1000-recap-and-kick-off",
        "2026-12-01-1000-recap-kick-off",
        "2026-12-01-1000-meeting",
        "2026-12-01-1000-report-2",
        "2026-12-01-1000-report",
    ]
    twins = found(RECAP, replace(RECAP, name="Recap and kick off"))
    assert len({one.slug for one in twins}) == 2


def test_a_report_is_due_before_its_meeting_once() -> None:
    (recap,) = found(RECAP)
    last = at("2026-11-03T10:00")
    assert next_due(recap, last, ZONE) == at("2026-12-01T08:00")
    assert due(recap, last, at("2026-12-01T07:59"), ZONE) is None
    made = due(recap, last, at("2026-12-01T08:00"), ZONE)
    assert made is not None
    assert (made.at, made.since, made.upto) == (at("2026-12-01T10:00"), at("2026-11-03T08:00"), at("2026-12-01T08:00"))
    assert due(recap, made.at, at("2026-12-01T12:00"), ZONE) is None
    assert next_due(recap, made.at, ZONE) == at("2027-01-05T08:00")


def test_of_several_that_were_slept_over_the_last_is_made_late() -> None:
    (monday,) = found(MONDAYS)
    made = due(monday, at("2026-11-02T09:00"), at("2026-11-26T15:00"), ZONE)
    assert made is not None
    assert (made.at, made.since) == (at("2026-11-23T09:00"), at("2026-11-16T07:00"))
    assert due(monday, made.at, at("2026-11-26T15:00"), ZONE) is None


def test_one_that_is_heard_of_now_begins_with_its_next_moment() -> None:
    (monday,) = found(MONDAYS)
    heard = at("2026-11-25T12:00")
    assert due(monday, begun(heard), heard, ZONE) is None
    assert next_due(monday, begun(heard), ZONE) == at("2026-11-30T07:00")
    soon = at("2026-11-30T08:00")  # an hour before the meeting: it is not too late for it
    made = due(monday, begun(soon), soon, ZONE)
    assert made is not None
    assert made.at == at("2026-11-30T09:00")


def test_a_report_that_was_made_is_not_made_again_where_the_time_before_it_changes() -> None:
    (early,), (late,) = found(MONDAYS, before=3 * HOUR), found(MONDAYS, before=HOUR)
    made = due(early, at("2026-11-23T09:00"), at("2026-11-30T06:00"), ZONE)
    assert made is not None
    assert due(late, made.at, at("2026-11-30T08:30"), ZONE) is None


def test_the_times_of_which_reports_tell_follow_each_other_without_a_gap() -> None:
    (recap,) = found(RECAP)
    first = coming(recap, at("2026-11-01T00:00"), ZONE)
    for _ in range(30):
        following = coming(recap, first.at + 3 * HOUR, ZONE)
        assert following.since == first.upto
        first = following
