"""Exactly at the moment: what counts where two things happen at once, or at the very end of what was allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.records import ActivityStatus, Direction, FieldChange, StatusChange
from sync.agreement.eras import AgreementSpan
from sync.judge.findings import Side, Status
from sync.judge.judge import judge_lead
from sync.terms import Terms
from sync.timeline import build_timeline, pending_reply
from tests.builders import (
    ANN,
    BEN,
    MS,
    a_call,
    a_mail,
    a_meeting,
    a_reply,
    fits,
    found,
    judged,
    judgement,
    mql,
    ny,
    owned_by,
    raised,
    set_to,
    status,
    the_practice_agreement,
    the_rows,
    the_terms,
)

MONDAY = ny("2026-11-09 10:00")
NOW = ny("2026-11-13 16:00")
HOUR = timedelta(hours=1)
DUE = MONDAY + 2 * HOUR  # of the first touch
HANDED_OVER = [mql(MONDAY), owned_by(ANN, MONDAY)]
OURS = "4711"


def practice(upto: datetime = NOW) -> Terms:
    return the_terms(upto=upto, agreement=the_practice_agreement(), own_app=OURS)


def by_us(change: FieldChange) -> FieldChange:
    return replace(change, source="INTEGRATION", source_id=OURS)


def test_an_owner_who_accepts_with_the_very_write_that_gives_them_the_lead_has_kept_their_promise() -> None:
    finding = judged([*HANDED_OVER, status("IN_PROGRESS", MONDAY)], now=NOW, rule="accept_or_reject", terms=practice())
    assert (finding.status, finding.settled_at) == (Status.KEPT, MONDAY)


def test_what_leadpact_set_itself_accepts_nothing() -> None:
    changes = [*HANDED_OVER, by_us(status("IN_PROGRESS", MONDAY + HOUR))]
    assert judged(changes, now=NOW, rule="accept_or_reject", terms=practice()).status is Status.BREACHED


def test_what_leadpact_set_itself_rejects_nothing() -> None:
    changes = [*HANDED_OVER, by_us(status("UNQUALIFIED", MONDAY + HOUR))]
    assert judged(changes, now=NOW, rule="accept_or_reject", terms=practice()).status is Status.EXCUSED


def test_a_call_that_is_dated_ahead_is_judged_again_when_its_time_has_come() -> None:
    ahead = MONDAY + 5 * HOUR + timedelta(minutes=7)
    assert judgement(HANDED_OVER, [a_call(ahead, logged=MONDAY)], now=MONDAY + 5 * HOUR).next_at == ahead


def test_a_reply_that_is_dated_ahead_is_judged_again_when_its_time_has_come() -> None:
    ahead, before = MONDAY + 30 * HOUR, MONDAY + 29 * HOUR
    timeline = build_timeline(the_rows(HANDED_OVER, [a_reply(ahead, logged=MONDAY)]), the_practice_agreement(), practice(), now=before)
    assert pending_reply(timeline, before) == ahead
    assert pending_reply(timeline, ahead) is None


def test_a_touch_of_this_very_moment_counts() -> None:
    assert judged(HANDED_OVER, [a_call(MONDAY + HOUR)], now=MONDAY + HOUR, rule="first_touch").status is Status.KEPT


def test_a_meeting_that_is_booked_at_the_deadline_comes_too_late_to_move_it() -> None:
    meeting = a_meeting(DUE + 3 * HOUR, booked=DUE)
    assert judged(HANDED_OVER, [meeting], now=DUE + MS, rule="first_touch").status is Status.BREACHED


def test_a_meeting_that_is_booked_at_the_moment_of_a_warning_does_not_take_it_back() -> None:
    meeting = a_meeting(MONDAY + 4 * HOUR, booked=MONDAY + HOUR)
    assert judged(HANDED_OVER, [meeting], now=MONDAY + HOUR, rule="first_touch").status is Status.AT_RISK


def test_a_meeting_that_was_called_cancelled_after_its_end_suspended_until_its_end() -> None:
    meeting = a_meeting(MONDAY + 2 * HOUR, booked=MONDAY + HOUR, minutes=60)
    told_late = StatusChange(status=ActivityStatus.CANCELLED, at=MONDAY + 6 * HOUR)
    meeting = replace(meeting, statuses=(*meeting.statuses, told_late))
    assert judged(HANDED_OVER, [meeting], now=NOW, rule="first_touch").due_at == DUE + 2 * HOUR


def test_a_call_that_was_taken_leaves_the_next_reply_to_be_answered() -> None:
    taken = a_call(MONDAY + HOUR, ActivityStatus.CONNECTED, direction=Direction.IN, seconds=95)
    starts = [f.started_at for f in found(HANDED_OVER, [taken, a_reply(MONDAY + 3 * HOUR)], now=NOW, rule="answer_reply", terms=practice())]
    assert starts == [MONDAY + HOUR, MONDAY + 3 * HOUR]


def test_an_inbound_call_of_unknown_length_with_an_outcome_of_the_portals_own_was_not_surely_taken() -> None:
    call = a_call(MONDAY + HOUR, ActivityStatus.OTHER, direction=Direction.IN)
    assert judged(HANDED_OVER, [call], now=NOW, rule="first_touch").status is Status.BREACHED


def test_a_mail_from_before_the_handoff_that_bounced_is_told_as_bounced() -> None:
    mail = a_mail(MONDAY - HOUR, ActivityStatus.BOUNCED, logged=MONDAY)
    told = [e.what for e in judged(HANDED_OVER, [mail], now=NOW, rule="first_touch").evidence if not e.counted]
    assert told == ["email: bounced"]


def test_a_trusted_source_never_logs_in_bulk() -> None:
    agreement = the_practice_agreement(("trusted       = []", 'trusted       = ["CRM_UI"]'))
    call = a_mail(MONDAY + HOUR)
    rows = the_rows(HANDED_OVER, [call], alike={call.key: 10})
    (finding,) = (f for f in judge_lead(rows, the_terms(upto=NOW, agreement=agreement), NOW).findings if f.rule == "first_touch")
    assert finding.status is Status.KEPT


def test_a_cadence_ends_where_it_begins_if_the_lead_reaches_a_later_stage_at_that_moment() -> None:
    changes = [*HANDED_OVER, status("IN_PROGRESS", MONDAY + HOUR), set_to("lifecyclestage", "salesqualifiedlead", MONDAY + HOUR)]
    finding = judged(changes, now=NOW, rule="work_the_lead")
    assert (finding.status, finding.settled_at) == (Status.EXCUSED, None)


def test_a_lead_that_is_handed_over_and_recycled_at_one_moment_had_a_passage_and_an_owner_in_it() -> None:
    changes = [*HANDED_OVER, status("RECYCLED", MONDAY)]
    finding = judged(changes, now=NOW, rule="speed_to_assign", terms=practice())
    assert (finding.status, finding.cycle.closed_by) == (Status.KEPT, "recycled")


def test_a_form_and_a_stage_at_one_moment_are_a_handoff_by_the_stage() -> None:
    assert {f.cycle.opened_by for f in judgement([*raised("Demo request", MONDAY), *HANDED_OVER], now=NOW).findings} == {"stage MQL"}


def test_who_lost_the_lead_at_the_moment_of_the_handoff_was_not_assigned_in_it() -> None:
    changes = [owned_by(BEN, MONDAY - HOUR), *HANDED_OVER]
    assert [f.owner for f in found(changes, now=NOW, rule="accept_or_reject", terms=practice())] == [ANN]


def test_a_breach_whose_passage_closes_at_this_moment_is_owed_no_more() -> None:
    closing = DUE + HOUR
    finding = judged([*HANDED_OVER, status("UNQUALIFIED", closing)], now=closing, rule="first_touch", terms=practice())
    assert (finding.status, finding.owed) == (Status.BREACHED, False)


def test_the_moment_that_is_named_lies_always_ahead() -> None:
    at_half = judgement(HANDED_OVER, now=MONDAY + HOUR).next_at
    assert at_half is not None
    assert at_half > MONDAY + HOUR


def test_an_owner_who_came_exactly_when_the_router_had_to_be_done_answers_for_the_breach() -> None:
    changes = [mql(MONDAY), owned_by(ANN, MONDAY + timedelta(minutes=15))]
    assert judged(changes, now=DUE + MS, rule="first_touch").side is Side.OWNER


def test_a_late_routers_breach_becomes_the_owners_once_the_whole_span_was_theirs_and_that_moment_is_named() -> None:
    assigned = MONDAY + HOUR
    changes = [mql(MONDAY), owned_by(ANN, assigned)]
    theirs = assigned + 2 * HOUR
    assert judged(changes, now=theirs, rule="first_touch").side is Side.SYSTEM
    assert judged(changes, now=theirs + MS, rule="first_touch").side is Side.OWNER
    assert judgement(changes, now=theirs - MS).next_at == theirs + MS


def observed(value: str, since: datetime, at: datetime) -> FieldChange:
    return set_to("hs_lead_status", value, at, since=since)


def test_a_breach_that_may_have_been_settled_earlier_is_called_as_late_as_it_surely_was() -> None:
    finding = judged([*HANDED_OVER, observed("IN_PROGRESS", MONDAY + 25 * HOUR, MONDAY + 30 * HOUR)], now=NOW, rule="accept_or_reject")
    assert (finding.status, finding.late_by_s, finding.settled_at) == (Status.BREACHED, 3600, None)


def test_a_promise_that_exists_in_one_reading_only_is_unknown() -> None:
    passed = set_to("lifecyclestage", "opportunity", MONDAY + 2 * HOUR)
    changes = [*HANDED_OVER, observed("UNQUALIFIED", MONDAY + HOUR, MONDAY + 3 * HOUR), passed, status("IN_PROGRESS", MONDAY + 4 * HOUR)]
    agreement = the_practice_agreement()
    terms = replace(practice(), spans=(AgreementSpan(agreement=agreement, since=None, until=None),))
    changes.append(owned_by(BEN, MONDAY + 2 * HOUR))
    (bens,) = (f for f in found(changes, now=NOW, rule="accept_or_reject", terms=terms) if f.owner == BEN)
    assert bens.status is Status.UNKNOWN


def test_what_a_lead_was_before_all_calendars_is_no_missed_handoff() -> None:
    born = datetime(2005, 5, 5, 15, tzinfo=UTC)
    assert judge_lead(the_rows(fits(born, born=born), born=born), practice(), NOW).findings == ()


def test_a_reply_at_the_moment_at_which_a_cadence_begins_ends_it() -> None:
    changes = [*HANDED_OVER, status("IN_PROGRESS", MONDAY + HOUR)]
    assert judged(changes, [a_reply(MONDAY + HOUR)], now=NOW, rule="work_the_lead").status is Status.EXCUSED


def test_a_form_that_is_dated_after_it_was_written_came_in_when_it_was_written() -> None:
    date, name = raised("Demo request", MONDAY)
    ahead = replace(date, value=(MONDAY + 5 * HOUR).isoformat())
    assert {f.cycle.opened_at for f in judgement([ahead, name], now=NOW).findings} == {MONDAY}


def test_an_owner_that_was_cleared_and_set_in_one_moment_is_set() -> None:
    changes = [mql(MONDAY), owned_by(ANN, MONDAY), owned_by(None, MONDAY)]
    assert judged(changes, now=NOW, rule="first_touch").owner == ANN


def test_a_lead_of_several_records_is_never_passed_over() -> None:
    rows = the_rows([])
    other = replace(rows.people[0], key=rows.people[0].key._replace(id="2"))
    outset = practice().outsets[0]
    assert not outset.allows(rows)
    assert outset.allows(replace(rows, people=(*rows.people, other)))
