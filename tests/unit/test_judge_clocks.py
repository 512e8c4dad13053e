"""First touch, assignment and acceptance: in time, late, at the second, and whose fault it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import ActivityStatus, StatusChange
from sync.judge.findings import Side, Status
from sync.judge.judge import judge_lead
from tests.builders import (
    ANN,
    BEN,
    a_call,
    a_meeting,
    judged,
    judgement,
    mql,
    ny,
    owned_by,
    set_to,
    status,
    the_rows,
    the_terms,
    without_stream,
)

HANDOFF = ny("2026-11-18 10:00")  # a Wednesday
LATER = ny("2026-11-18 16:00")
DUE = ny("2026-11-18 12:00")


def test_a_call_at_the_deadline_keeps_the_first_touch() -> None:
    finding = judged([mql(HANDOFF), owned_by(ANN, HANDOFF)], [a_call(DUE)], now=LATER, rule="first_touch")
    assert (finding.status, finding.due_at, finding.settled_at) == (Status.KEPT, DUE, DUE)


def test_a_call_a_millisecond_later_is_a_breach_kept_late() -> None:
    finding = judged([mql(HANDOFF), owned_by(ANN, HANDOFF)], [a_call(DUE + timedelta(milliseconds=1))], now=LATER, rule="first_touch")
    assert (finding.status, finding.side) == (Status.BREACHED, Side.OWNER)
    assert finding.settled_at == DUE + timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("now", "expected"),
    [("10:59:59", Status.RUNNING), ("11:00", Status.AT_RISK), ("12:00", Status.AT_RISK), ("12:00:01", Status.BREACHED)],
)
def test_a_clock_is_at_risk_from_the_first_warning_to_the_deadline(now: str, expected: Status) -> None:
    assert judged([mql(HANDOFF), owned_by(ANN, HANDOFF)], now=ny(f"2026-11-18 {now}"), rule="first_touch").status is expected


def test_reassigning_does_not_reset_the_lead_clock_but_starts_an_owner_clock() -> None:
    passed_on = ny("2026-11-18 11:30")
    found = judgement([mql(HANDOFF), owned_by(ANN, HANDOFF), owned_by(BEN, passed_on)], now=LATER).findings
    touch = [f for f in found if f.rule == "first_touch"]
    accepts = [f for f in found if f.rule == "accept_or_reject"]
    assert [f.started_at for f in touch] == [HANDOFF]
    assert [(f.started_at, f.status, f.owner) for f in accepts] == [(HANDOFF, Status.EXCUSED, ANN), (passed_on, Status.RUNNING, BEN)]


def test_nobody_is_blamed_for_the_time_the_router_took() -> None:
    assigned = ny("2026-11-18 11:40")
    finding = judged([mql(HANDOFF), owned_by(ANN, assigned)], [a_call(ny("2026-11-18 12:10"))], now=LATER, rule="first_touch")
    assert (finding.status, finding.side) == (Status.BREACHED, Side.SYSTEM)


def test_the_owner_is_to_blame_once_their_own_time_is_over_too() -> None:
    assigned = ny("2026-11-18 11:40")
    finding = judged([mql(HANDOFF), owned_by(ANN, assigned)], [a_call(ny("2026-11-18 13:41"))], now=LATER, rule="first_touch")
    assert finding.side is Side.OWNER


def test_an_owner_who_was_there_before_is_assigned_at_the_handoff() -> None:
    finding = judged([owned_by(ANN, HANDOFF - timedelta(days=9)), mql(HANDOFF)], now=LATER, rule="speed_to_assign")
    assert (finding.status, finding.settled_at) == (Status.KEPT, HANDOFF)


@pytest.mark.parametrize("nobody", ["90", "91", None])
def test_a_placeholder_a_queue_and_a_blank_are_nobody(nobody: str | None) -> None:
    finding = judged([mql(HANDOFF), owned_by(nobody, HANDOFF)], now=LATER, rule="speed_to_assign")
    assert (finding.status, finding.side, finding.settled_at) == (Status.BREACHED, Side.SYSTEM, None)


@pytest.mark.parametrize("stage", ["salesqualifiedlead", "opportunity"])
def test_a_later_stage_stands_for_the_acceptance(stage: str) -> None:
    reached = ny("2026-11-18 15:00")
    finding = judged([mql(HANDOFF), owned_by(ANN, HANDOFF), set_to("lifecyclestage", stage, reached)], now=LATER, rule="accept_or_reject")
    assert (finding.status, finding.settled_at) == (Status.KEPT, reached)


def test_an_acceptance_before_the_new_owner_came_starts_no_clock_for_them() -> None:
    changes = [mql(HANDOFF), owned_by(ANN, HANDOFF), status("IN_PROGRESS", ny("2026-11-18 11:00")), owned_by(BEN, ny("2026-11-18 12:00"))]
    found = [f for f in judgement(changes, now=LATER).findings if f.rule == "accept_or_reject"]
    assert [(f.owner, f.status) for f in found] == [(ANN, Status.KEPT)]


def test_a_booked_meeting_stops_the_clock_until_its_end() -> None:
    meeting = a_meeting(ny("2026-11-18 14:00"), booked=ny("2026-11-18 10:30"))
    finding = judged([mql(HANDOFF), owned_by(ANN, HANDOFF)], [meeting], now=ny("2026-11-18 13:00"), rule="first_touch")
    assert (finding.status, finding.due_at) == (Status.RUNNING, ny("2026-11-18 16:00"))  # 1.5 hours were left at the booking


def test_a_cancelled_meeting_stops_the_clock_only_until_it_was_cancelled() -> None:
    booked, cancelled = ny("2026-11-18 11:00"), ny("2026-11-18 11:30")
    meeting = replace(
        a_meeting(ny("2026-11-19 14:00"), booked=booked),
        statuses=(StatusChange(status=ActivityStatus.BOOKED, at=booked), StatusChange(status=ActivityStatus.CANCELLED, at=cancelled)),
    )
    finding = judged([mql(HANDOFF), owned_by(ANN, HANDOFF)], [meeting], now=LATER, rule="first_touch")
    assert (finding.status, finding.due_at) == (Status.BREACHED, ny("2026-11-18 12:30"))


def test_a_meeting_booked_after_the_passage_closed_moves_no_deadline_in_it() -> None:
    closed = ny("2026-11-18 10:30")
    meeting = a_meeting(ny("2026-11-18 14:00"), booked=closed)
    changes = [mql(HANDOFF), owned_by(ANN, HANDOFF), status("UNQUALIFIED", closed)]
    assert judged(changes, [meeting], now=LATER, rule="first_touch").due_at == DUE
    before = a_meeting(ny("2026-11-18 14:00"), booked=closed - timedelta(minutes=1))
    assert judged(changes, [before], now=LATER, rule="first_touch").due_at != DUE


def test_a_breach_is_not_proven_while_a_stream_was_not_read_up_to_the_deadline() -> None:
    rows = the_rows([mql(HANDOFF), owned_by(ANN, HANDOFF)])
    terms = without_stream(the_terms(upto=LATER), "calls")
    status_of = {f.rule: f.status for f in judge_lead(rows, terms, LATER).findings}
    assert status_of["first_touch"] is Status.UNKNOWN
    assert status_of["speed_to_assign"] is Status.KEPT


def test_a_late_touch_proves_no_breach_while_an_earlier_one_may_stand_in_what_was_not_read() -> None:
    rows = the_rows([mql(HANDOFF), owned_by(ANN, HANDOFF)], [a_call(DUE + timedelta(hours=1))])
    terms = without_stream(the_terms(upto=LATER), "emails")
    finding = next(f for f in judge_lead(rows, terms, LATER).findings if f.rule == "first_touch")
    assert (finding.status, finding.side) == (Status.UNKNOWN, Side.NONE)
    read = next(f for f in judge_lead(rows, the_terms(upto=DUE), LATER).findings if f.rule == "first_touch")
    assert (read.status, read.settled_at) == (Status.BREACHED, DUE + timedelta(hours=1))


def test_a_touch_that_is_there_keeps_the_promise_whatever_else_could_not_be_read() -> None:
    rows = the_rows([mql(HANDOFF), owned_by(ANN, HANDOFF)], [a_call(ny("2026-11-18 11:00"))])
    terms = without_stream(the_terms(upto=LATER), "emails")
    assert {f.rule: f.status for f in judge_lead(rows, terms, LATER).findings}["first_touch"] is Status.KEPT


def test_a_stage_without_history_makes_unknown_what_depends_on_it() -> None:
    unsure = set_to("lifecyclestage", "marketingqualifiedlead", LATER, since=ny("2026-11-01 09:00"))
    finding = judged([unsure, owned_by(ANN, ny("2026-10-01 09:00"))], now=LATER, rule="first_touch")
    assert (finding.status, finding.side, finding.started_at, finding.due_at) == (Status.UNKNOWN, Side.NONE, None, None)


def test_a_promise_broken_at_both_ends_of_an_unknown_moment_may_have_been_kept_between() -> None:
    accepted = set_to("hs_lead_status", "IN_PROGRESS", ny("2026-11-20 10:00"), since=ny("2026-11-01 09:00"))
    finding = judged([mql(HANDOFF), owned_by(ANN, HANDOFF), accepted], now=ny("2026-11-20 10:00"), rule="accept_or_reject")
    assert (finding.status, finding.started_at) == (Status.UNKNOWN, HANDOFF)


def test_the_next_moment_is_the_first_warning_then_the_deadline_then_the_end_of_settling_then_the_next_attempt() -> None:
    changes = [mql(HANDOFF), owned_by(ANN, HANDOFF), status("IN_PROGRESS", HANDOFF + timedelta(minutes=1))]
    moments = [judgement(changes, now=ny(f"2026-11-18 {now}")).next_at for now in ("10:30", "11:40", "12:10", "12:31")]
    assert moments == [
        ny("2026-11-18 11:00"),
        DUE + timedelta(milliseconds=1),
        ny("2026-11-18 12:30"),
        ny("2026-11-23 10:01") + timedelta(milliseconds=1),
    ]
