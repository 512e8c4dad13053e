"""Stretches in which nothing happened to a lead that stands in a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import Activity, ActivityStatus, FieldChange
from sync.judge.findings import Finding, Side, Status
from tests.builders import (
    ANN,
    BEN,
    MS,
    a_call,
    a_mail,
    a_meeting,
    a_reply,
    found,
    judged,
    judgement,
    mql,
    ny,
    owned_by,
    set_to,
    status,
    the_terms,
    unreachable,
    without_stream,
)

RULE = "stale SAL"
ENTERED = ny("2026-09-14 10:00")  # a Monday
DUE = ny("2026-09-21 10:00")  # 5 business days later
NOW = ny("2026-09-30 16:00")
QUARTER = timedelta(minutes=15)
STANDS = [mql(ENTERED - timedelta(hours=1)), owned_by(ANN, ENTERED - timedelta(hours=1)), status("IN_PROGRESS", ENTERED)]


def told(
    activities: Sequence[Activity] = (), *, more: Sequence[FieldChange] = (), now: object = NOW
) -> list[tuple[object, Status, object, object]]:
    """Return start, status, deadline and settling of every stretch that is told."""
    findings = found([*STANDS, *more], activities, now=now, rule=RULE)  # type: ignore[arg-type]
    return [(f.started_at, f.status, f.due_at, f.settled_at) for f in findings]


def stretch(activities: Sequence[Activity] = (), *, more: Sequence[FieldChange] = ()) -> Finding:
    return judged([*STANDS, *more], activities, now=NOW, rule=RULE)


@pytest.mark.parametrize(("now", "expected"), [(DUE, Status.RUNNING), (DUE + MS, Status.BREACHED)])
def test_a_lead_goes_stale_just_after_the_deadline(now: object, expected: Status) -> None:
    assert told(now=now) == [(ENTERED, expected, DUE, None)]


def test_a_sign_of_life_at_the_deadline_is_in_time_and_only_the_new_stretch_is_told() -> None:
    assert told([a_call(DUE)], now=DUE + MS) == [(DUE, Status.RUNNING, ny("2026-09-28 10:00"), None)]


def test_a_sign_of_life_a_millisecond_later_settles_a_broken_stretch_and_begins_another() -> None:
    late = DUE + MS
    assert told([a_call(late)], now=late + MS) == [
        (ENTERED, Status.BREACHED, DUE, late),
        (late, Status.RUNNING, ny("2026-09-28 10:00") + MS, None),
    ]


def test_every_broken_stretch_and_the_last_one_are_told_and_the_kept_between_are_not() -> None:
    signs = [a_call(ny(f"2026-09-{at}"), id=at[:2]) for at in ("15 11:00", "23 11:00", "24 11:00")]
    assert told(signs) == [
        (ny("2026-09-15 11:00"), Status.BREACHED, ny("2026-09-22 11:00"), ny("2026-09-23 11:00")),
        (ny("2026-09-24 11:00"), Status.RUNNING, ny("2026-10-01 11:00"), None),
    ]


@pytest.mark.parametrize(
    ("activity", "is_sign"),
    [
        (a_reply(DUE), True),
        (replace(a_mail(DUE), sequence="77"), True),
        (a_meeting(DUE, booked=DUE - MS, outcome=ActivityStatus.HELD), True),
        (a_call(DUE, owner=BEN), False),
        (a_mail(DUE, ActivityStatus.BOUNCED), False),
        (replace(a_mail(DUE), marketing=True), False),
        (replace(a_reply(DUE), auto_reply=True), False),
    ],
    ids=["a reply", "a sequence", "a meeting", "a colleague's call", "a bounced mail", "marketing", "an automatic reply"],
)
def test_a_sign_of_life_is_a_touch_that_counts_or_a_reply(activity: Activity, is_sign: bool) -> None:
    assert (told([activity])[0][0] == DUE) is is_sign


@pytest.mark.parametrize(
    ("late", "expected"),
    [(timedelta(), (ENTERED, Status.KEPT, DUE, DUE)), (MS, (ENTERED, Status.BREACHED, DUE, None))],
    ids=["at the deadline", "a millisecond later"],
)
@pytest.mark.parametrize(
    "leave",
    [
        lambda at: status("NEW", at),
        lambda at: set_to("lifecyclestage", "salesqualifiedlead", at),
        lambda at: set_to("lifecyclestage", "opportunity", at),
        lambda at: status("UNQUALIFIED", at),
        lambda at: status("RECYCLED", at),
    ],
    ids=["left", "the next stage", "a later stage still", "rejected", "recycled"],
)
def test_the_end_of_the_stage_keeps_a_stretch_that_is_not_yet_due(leave: object, late: timedelta, expected: tuple[object, ...]) -> None:
    assert told(more=[leave(DUE + late)]) == [expected]  # type: ignore[operator]


def test_a_broken_stretch_whose_stage_has_ended_is_owed_no_more() -> None:
    assert stretch(more=[status("NEW", DUE + MS)]).owed is False
    assert stretch().owed is True


def test_a_sign_of_life_after_the_stage_was_left_settles_nothing() -> None:
    left = DUE + timedelta(hours=1)
    assert stretch([a_call(left + MS)], more=[status("NEW", left)]).settled_at is None
    assert told([a_call(left)], more=[status("NEW", left)])[0] == (ENTERED, Status.BREACHED, DUE, left)


@pytest.mark.parametrize(("since", "expected"), [(DUE, Status.EXCUSED), (DUE + MS, Status.BREACHED)])
def test_an_excuse_that_came_by_the_deadline_excuses_the_stretch(since: object, expected: Status) -> None:
    finding = stretch(more=unreachable(since))  # type: ignore[arg-type]
    assert finding.status is expected
    assert ("no lawful way" in finding.message) is (expected is Status.EXCUSED)


def test_an_excuse_that_was_over_before_the_stretch_began_excuses_nothing() -> None:
    over = unreachable(ENTERED - timedelta(hours=2)) + unreachable(ENTERED, value="false")
    assert stretch(more=over).status is Status.BREACHED


def test_of_an_excuse_and_the_end_of_the_stage_the_first_speaks() -> None:
    left = DUE - timedelta(days=1)
    kept = stretch(more=[status("NEW", left), *unreachable(left + MS)])
    assert (kept.status, kept.settled_at) == (Status.KEPT, left)
    assert stretch(more=[status("NEW", left), *unreachable(left)]).status is Status.KEPT
    assert stretch(more=[status("NEW", left), *unreachable(left - MS)]).status is Status.EXCUSED


def test_a_stage_left_for_a_quarter_of_an_hour_was_never_left() -> None:
    left = ny("2026-09-16 11:00")
    assert told(more=[status("NEW", left), status("IN_PROGRESS", left + QUARTER)], now=DUE) == [(ENTERED, Status.RUNNING, DUE, None)]


def test_a_stage_entered_again_later_begins_anew_and_only_the_last_stretch_of_the_passage_is_told() -> None:
    left = ny("2026-09-16 11:00")
    again = left + QUARTER + MS
    assert told(more=[status("NEW", left), status("IN_PROGRESS", again)], now=DUE) == [
        (again, Status.RUNNING, ny("2026-09-23 11:15") + MS, None),
    ]


def test_a_broken_stretch_is_told_although_the_stage_was_entered_again() -> None:
    left, again = DUE + MS, DUE + timedelta(hours=2)
    assert told(more=[status("NEW", left), status("IN_PROGRESS", again)], now=again) == [
        (ENTERED, Status.BREACHED, DUE, None),
        (again, Status.RUNNING, ny("2026-09-28 12:00"), None),
    ]


def test_a_stage_just_left_counts_as_left_after_a_quarter_of_an_hour() -> None:
    left = ny("2026-09-16 11:00")
    assert told(more=[status("NEW", left)], now=left + QUARTER) == [(ENTERED, Status.RUNNING, DUE, None)]
    assert told(more=[status("NEW", left)], now=left + QUARTER + MS) == [(ENTERED, Status.KEPT, DUE, left)]
    assert judgement([*STANDS, status("NEW", left)], now=left + QUARTER).next_at == left + QUARTER + MS


def test_a_stage_in_which_the_lead_stood_begins_with_the_passage() -> None:
    opened = ny("2026-09-16 12:00")
    changes = [status("IN_PROGRESS", ENTERED), owned_by(ANN, ENTERED), mql(opened)]
    finding = judged(changes, now=NOW, rule=RULE)
    assert (finding.started_at, finding.due_at) == (opened, ny("2026-09-23 12:00"))


def test_a_stage_that_was_over_before_the_passage_or_without_one_is_not_looked_at() -> None:
    stood = [status("IN_PROGRESS", ENTERED), status("NEW", ENTERED + timedelta(days=1)), owned_by(ANN, ENTERED)]
    assert found([*stood, mql(ENTERED + timedelta(days=2))], now=NOW, rule=RULE) == []
    assert found([status("IN_PROGRESS", ENTERED), owned_by(ANN, ENTERED)], now=NOW, rule=RULE) == []


def test_a_booked_meeting_suspends_a_stretch() -> None:
    meeting = a_meeting(ny("2026-09-16 09:30"), booked=ENTERED)  # to 10:00 on Wednesday: two days
    assert stretch([meeting]).due_at == ny("2026-09-23 10:00")


@pytest.mark.parametrize(
    ("owner", "expected"),
    [([owned_by(ANN, DUE)], Side.OWNER), ([owned_by(ANN, DUE + MS)], Side.SYSTEM), ([], Side.SYSTEM)],
    ids=["from the deadline on", "after the deadline", "never"],
)
def test_a_stale_lead_is_the_owners_if_anybody_owned_it_by_then(owner: list[FieldChange], expected: Side) -> None:
    changes = [mql(ENTERED - timedelta(hours=1)), status("IN_PROGRESS", ENTERED), *owner]
    finding = judged(changes, now=NOW, rule=RULE)
    assert (finding.status, finding.side) == (Status.BREACHED, expected)


@pytest.mark.parametrize("stream", ["calls", "emails", "companies"])
def test_a_stretch_is_not_called_broken_while_a_stream_was_not_read(stream: str) -> None:
    terms = without_stream(the_terms(upto=NOW), stream)
    finding = judged(STANDS, now=NOW, rule=RULE, terms=terms)
    assert (finding.status, finding.side) == (Status.UNKNOWN, Side.NONE)


def test_what_was_looked_at_in_a_stretch_and_is_no_sign_of_life_is_listed() -> None:
    finding = stretch([a_call(DUE, owner=BEN), a_call(DUE + MS, owner=BEN, id="later")])
    assert [(e.source, e.what) for e in finding.evidence if not e.counted] == [
        ("hubspot/call/900", "call: by somebody else than the owner"),
    ]
