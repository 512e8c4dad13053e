"""Clocks that start at a stage, a reply, a hand-raise or a recycling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, FieldChange
from sync.judge.findings import Finding, Side, Status
from sync.judge.judge import judge_lead
from sync.terms import Terms
from tests.builders import (
    ANN,
    BEN,
    DEAL,
    LEAD,
    MS,
    a_call,
    a_mail,
    a_meeting,
    a_reply,
    an_activity,
    found,
    judged,
    judgement,
    mql,
    ny,
    owned_by,
    raised,
    set_to,
    status,
    the_agreement,
    the_rows,
    the_terms,
    unreachable,
    without_stream,
)

OPENED = ny("2026-09-14 09:30")  # a Monday
THEN = ny("2026-09-14 10:00")
DUE = ny("2026-09-14 14:00")  # 4 business hours later
NOW = ny("2026-10-20 16:00")
HOUR = timedelta(hours=1)
OWNED = [mql(OPENED), owned_by(ANN, OPENED)]
LATE = pytest.mark.parametrize("late", [timedelta(), MS], ids=["at the deadline", "a millisecond later"])


# --- stages


def decide(*changes: FieldChange, now: datetime = NOW) -> list[Finding]:
    return found([*OWNED, *changes], now=now, rule="decide")


DECIDE_BY = ny("2026-10-05 10:00")  # 15 business days after THEN


def test_a_stage_clock_starts_when_the_stage_is_first_entered_in_the_passage() -> None:
    (finding,) = decide(status("IN_PROGRESS", THEN), status("NEW", THEN + HOUR), status("IN_PROGRESS", THEN + 5 * HOUR), now=DECIDE_BY)
    assert (finding.started_at, finding.due_at, finding.status) == (THEN, DECIDE_BY, Status.RUNNING)


@LATE
def test_a_stage_clock_is_kept_by_its_deadline_and_broken_after_it(late: timedelta) -> None:
    (finding,) = decide(status("IN_PROGRESS", THEN), set_to("lifecyclestage", "salesqualifiedlead", DECIDE_BY + late))
    assert (finding.status, finding.settled_at) == (Status.BREACHED if late else Status.KEPT, DECIDE_BY + late)


@pytest.mark.parametrize(
    "changes",
    [[set_to("lifecyclestage", "opportunity", THEN)], [status("IN_PROGRESS", OPENED - MS)], []],
    ids=["passed over", "stood before", "never"],
)
def test_a_stage_passed_over_or_entered_before_the_passage_starts_none(changes: list[FieldChange]) -> None:
    assert decide(*changes) == []


def test_a_stage_entered_at_the_very_moment_of_the_handoff_starts_it() -> None:
    assert [f.started_at for f in decide(status("IN_PROGRESS", OPENED))] == [OPENED]


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ([owned_by(ANN, DECIDE_BY)], Side.OWNER),
        ([owned_by(ANN, DECIDE_BY + MS)], Side.SYSTEM),
        ([owned_by(ANN, OPENED), owned_by(None, THEN)], Side.SYSTEM),
        ([owned_by(ANN, OPENED), owned_by(None, THEN + MS)], Side.OWNER),
    ],
    ids=["at the deadline", "later", "until the start", "a moment longer"],
)
def test_a_broken_stage_clock_is_the_owners_if_anybody_owned_the_lead_in_its_time(owner: list[FieldChange], expected: Side) -> None:
    finding = judged([mql(OPENED), status("IN_PROGRESS", THEN), *owner], now=NOW, rule="decide")
    assert (finding.status, finding.side) == (Status.BREACHED, expected)


def test_a_stage_clock_of_nobody_runs_for_the_system_and_is_nobodys_once_excused() -> None:
    nobodys = [mql(OPENED), status("IN_PROGRESS", THEN)]
    assert judged(nobodys, now=DECIDE_BY, rule="decide").side is Side.SYSTEM
    assert judged([*nobodys, status("UNQUALIFIED", DECIDE_BY)], now=NOW, rule="decide").side is Side.NONE


def test_a_meeting_does_not_suspend_a_clock_that_no_touch_keeps() -> None:
    meeting = a_meeting(ny("2026-09-16 10:00"), booked=THEN)
    finding = judged([*OWNED, status("IN_PROGRESS", THEN)], [meeting], now=NOW, rule="decide")
    assert finding.due_at == DECIDE_BY


def test_a_stage_clock_starts_anew_in_the_next_passage() -> None:
    again = ny("2026-09-21 11:00")
    back = [set_to("lifecyclestage", "lead", again - HOUR), mql(again), status("NEW", again - HOUR), status("IN_PROGRESS", again)]
    assert [(f.cycle.number, f.started_at, f.status) for f in decide(status("IN_PROGRESS", THEN), *back, now=again)] == [
        (1, THEN, Status.EXCUSED),
        (2, again, Status.RUNNING),
    ]


# --- replies


def answers(*activities: Activity, more: Sequence[FieldChange] = (), now: datetime = NOW, terms: Terms | None = None) -> list[Finding]:
    return found([*OWNED, *more], activities, now=now, rule="answer_reply", terms=terms)


@LATE
def test_an_answer_at_the_deadline_keeps_it_and_a_later_one_settles_the_breach(late: timedelta) -> None:
    (finding,) = answers(a_reply(THEN, id="1"), a_call(DUE + late, id="2"))
    assert (finding.started_at, finding.due_at) == (THEN, DUE)
    assert (finding.status, finding.settled_at) == (Status.BREACHED if late else Status.KEPT, DUE + late)


@pytest.mark.parametrize(
    ("now", "expected"),
    [(THEN, Status.RUNNING), (ny("2026-09-14 13:12"), Status.AT_RISK), (DUE, Status.AT_RISK), (DUE + MS, Status.BREACHED)],
)
def test_an_unanswered_reply_runs_is_at_risk_and_is_broken(now: datetime, expected: Status) -> None:
    (finding,) = answers(a_reply(THEN, id="1"), now=now)
    assert (finding.status, finding.side) == (expected, Side.OWNER)


def test_a_touch_before_the_reply_answers_nothing_and_one_at_its_moment_does() -> None:
    assert [f.status for f in answers(a_call(THEN - MS, id="2"), a_reply(THEN, id="1"))] == [Status.BREACHED]
    assert [f.status for f in answers(a_call(THEN, id="2"), a_reply(THEN, id="1"))] == [Status.KEPT]


def test_while_one_waits_for_an_answer_another_reply_starts_no_clock() -> None:
    replies = [a_reply(THEN + number * HOUR, id=str(number)) for number in range(3)]
    assert [f.started_at for f in answers(*replies)] == [THEN]


def test_a_reply_after_an_answer_starts_the_next_clock_and_one_at_its_moment_does_not() -> None:
    answered = THEN + 2 * HOUR
    replies = [a_reply(at, id=str(number)) for number, at in enumerate((THEN, THEN + HOUR, answered, answered + MS, answered + HOUR))]
    assert [(f.started_at, f.status) for f in answers(*replies, a_call(answered, id="9"))] == [
        (THEN, Status.KEPT),
        (answered + MS, Status.BREACHED),
    ]


def test_a_reply_after_a_late_answer_starts_the_next_clock_too() -> None:
    late = DUE + HOUR
    findings = answers(a_reply(THEN, id="1"), a_call(late, id="2"), a_reply(late + MS, id="3"), now=late + HOUR)
    assert [(f.started_at, f.status) for f in findings] == [(THEN, Status.BREACHED), (late + MS, Status.RUNNING)]


CAME_IN = {
    "a mail": (a_reply(THEN), True),
    "a message": (an_activity(ActivityKind.MESSAGE, THEN, direction=Direction.IN, owner=None, outcome=ActivityStatus.SENT), True),
    "a call that nobody took": (a_call(THEN, ActivityStatus.MISSED, direction=Direction.IN), True),
    "an automatic reply": (replace(a_reply(THEN), auto_reply=True), False),
    "marketing": (replace(a_reply(THEN), marketing=True), False),
    "our own mail": (a_mail(THEN), False),
    "a note": (an_activity(ActivityKind.NOTE, THEN, direction=Direction.IN), False),
    "deleted": (replace(a_reply(THEN), archived_at=THEN + MS), False),
    "failed": (replace(a_reply(THEN), statuses=a_mail(THEN, ActivityStatus.FAILED).statuses), False),
}


@pytest.mark.parametrize("what", CAME_IN)
def test_a_reply_is_anything_that_came_in_and_is_no_machine(what: str) -> None:
    activity, starts = CAME_IN[what]
    assert [f.started_at for f in answers(activity)] == ([THEN] if starts else [])


def test_an_inbound_call_that_was_answered_is_its_own_answer() -> None:
    (finding,) = answers(a_call(THEN, ActivityStatus.CONNECTED, direction=Direction.IN, seconds=95))
    assert (finding.status, finding.settled_at) == (Status.KEPT, THEN)
    (short,) = answers(a_call(THEN, ActivityStatus.CONNECTED, direction=Direction.IN, seconds=19))
    assert short.status is Status.BREACHED


@pytest.mark.parametrize(("at", "starts"), [(OPENED - MS, False), (OPENED, True)])
def test_a_reply_before_the_passage_starts_none(at: datetime, starts: bool) -> None:
    assert bool(answers(a_reply(at))) is starts


def test_a_reply_after_the_passage_starts_none() -> None:
    closed = status("UNQUALIFIED", THEN)
    assert answers(a_reply(THEN + MS), more=[closed]) == []
    assert [f.status for f in answers(a_reply(THEN), more=[closed])] == [Status.EXCUSED]


@LATE
@pytest.mark.parametrize("end", [lambda at: [status("RECYCLED", at)], unreachable], ids=["closed", "an excuse"])
def test_what_ends_the_passage_excuses_the_answer_up_to_the_deadline(end: object, late: timedelta) -> None:
    (finding,) = answers(a_reply(THEN), more=end(DUE + late))  # type: ignore[operator]
    assert finding.status is (Status.BREACHED if late else Status.EXCUSED)


@pytest.mark.parametrize("sequence", [True, False])
def test_a_sequence_mail_is_no_answer_unless_the_rule_says_so(sequence: bool) -> None:
    text = 'kept_by = "answered"\n'
    terms = the_terms(upto=NOW, agreement=the_agreement((text, f"{text}counts_sequence = true\n")) if sequence else the_agreement())
    mail = replace(a_mail(THEN + HOUR, id="2"), sequence="77")
    (finding,) = answers(a_reply(THEN, id="1"), mail, terms=terms)
    assert finding.status is (Status.KEPT if sequence else Status.BREACHED)
    assert any("a sequence does not answer a reply" in e.what for e in finding.evidence) is not sequence


def test_a_colleague_does_not_answer_for_the_owner() -> None:
    assert [f.status for f in answers(a_reply(THEN, id="1"), a_call(THEN + HOUR, owner=BEN, id="2"))] == [Status.BREACHED]


def test_a_booked_meeting_suspends_an_answer() -> None:
    meeting = a_meeting(ny("2026-09-14 12:30"), booked=THEN + HOUR, id="2")  # to 13:00; 3 hours were left
    (finding,) = answers(a_reply(THEN, id="1"), meeting)
    assert finding.due_at == ny("2026-09-14 16:00")


def test_an_answer_is_not_called_missing_while_the_mails_were_not_read() -> None:
    (finding,) = answers(a_reply(THEN), terms=without_stream(the_terms(upto=NOW), "emails"))
    assert (finding.status, finding.side) == (Status.UNKNOWN, Side.NONE)


# --- hand-raises


BY_HAND_RAISE = the_agreement(('name    = "answer_reply"\nstarts  = "reply"', 'name    = "answer_reply"\nstarts  = "hand-raise"'))


def hand_raises(*changes: FieldChange, activities: Sequence[Activity] = (), now: datetime = NOW) -> list[Finding]:
    return found([*OWNED, *changes], activities, now=now, rule="answer_reply", terms=the_terms(upto=now, agreement=BY_HAND_RAISE))


def test_a_listed_hand_raise_starts_its_clock_in_an_open_passage_too() -> None:
    (finding,) = hand_raises(*raised("Demo request", THEN), activities=[a_call(DUE)])
    assert (finding.started_at, finding.status, finding.cycle.opened_by) == (THEN, Status.KEPT, "stage MQL")
    assert hand_raises(*raised("Newsletter", THEN)) == []


def test_while_one_hand_raise_waits_another_starts_none_and_after_an_answer_it_does() -> None:
    again = raised("Contact sales", THEN + HOUR)
    assert [f.started_at for f in hand_raises(*raised("Demo request", THEN), *again)] == [THEN]
    answered = [a_call(THEN + HOUR / 2)]
    assert [f.started_at for f in hand_raises(*raised("Demo request", THEN), *again, activities=answered)] == [THEN, THEN + HOUR]


def test_a_sequence_mail_answers_no_hand_raise() -> None:
    mail = replace(a_mail(THEN + HOUR), sequence="77")
    (finding,) = hand_raises(*raised("Demo request", THEN), activities=[mail])
    assert finding.status is Status.BREACHED
    assert any("a sequence does not answer a hand-raise" in e.what for e in finding.evidence)


def test_the_hand_raise_that_opened_the_passage_starts_the_clock_as_well() -> None:
    terms = the_terms(upto=NOW, agreement=BY_HAND_RAISE)
    finding = judged([*raised("Demo request", THEN), owned_by(ANN, THEN)], now=NOW, rule="answer_reply", terms=terms)
    assert finding.started_at == THEN


# --- recycled leads


BACK = ny("2026-09-15 10:00")
NURTURE_BY = ny("2026-09-22 10:00")  # 5 business days later
RULE = "nurture_returned"


def nurtured(
    *activities: Activity, more: Sequence[FieldChange] = (), now: datetime = NOW, gone: datetime | None = None, terms: Terms | None = None
) -> Finding:
    changes = [*OWNED, status("RECYCLED", BACK), *more]
    rows = the_rows(changes, activities, gone_at={LEAD: gone} if gone else None)
    (finding,) = [f for f in judge_lead(rows, terms or the_terms(upto=now), now).findings if f.rule == RULE]
    return finding


@pytest.mark.parametrize(("now", "expected"), [(NURTURE_BY, Status.RUNNING), (NURTURE_BY + MS, Status.BREACHED)])
def test_a_recycled_lead_is_marketings_to_nurture_after_its_passage(now: datetime, expected: Status) -> None:
    finding = nurtured(now=now)
    assert (finding.status, finding.started_at, finding.due_at) == (expected, BACK, NURTURE_BY)
    assert (finding.side, finding.cycle.number, finding.cycle.closed_by, finding.owed) == (Side.MARKETING, 1, "recycled", True)


NURTURING = {
    "marketing": (replace(a_mail(NURTURE_BY), marketing=True, owner=None), True),
    "a sequence": (replace(a_mail(NURTURE_BY), sequence="77"), True),
    "a colleague's call": (a_call(NURTURE_BY, owner=BEN), True),
    "nobody's call": (a_call(NURTURE_BY, owner=None), True),
    "an automatic reply": (replace(a_mail(NURTURE_BY), auto_reply=True), False),
    "a bounced mail": (a_mail(NURTURE_BY, ActivityStatus.BOUNCED), False),
    "a reply": (a_reply(NURTURE_BY), False),
    "a note": (an_activity(ActivityKind.NOTE, NURTURE_BY), False),
    "before it was recycled": (a_call(BACK - MS), False),
    "at the moment of recycling": (a_call(BACK), True),
    "too late": (a_call(NURTURE_BY + MS), False),
}


@pytest.mark.parametrize("what", NURTURING)
def test_any_touch_by_anybody_nurtures(what: str) -> None:
    activity, nurtures = NURTURING[what]
    assert nurtured(activity).status is (Status.KEPT if nurtures else Status.BREACHED)


def test_bulk_nurtures_too() -> None:
    mail = a_mail(NURTURE_BY)
    rows = the_rows([*OWNED, status("RECYCLED", BACK)], [mail], alike={mail.key: 500})
    (finding,) = [f for f in judge_lead(rows, the_terms(upto=NOW), NOW).findings if f.rule == RULE]
    assert finding.status is Status.KEPT


@LATE
@pytest.mark.parametrize(
    ("end", "why"),
    [
        (lambda at: [set_to("lifecyclestage", "lead", BACK), *raised("Demo request", at)], "handed over again"),
        (lambda at: [status("DISQUALIFIED", at)], "disqualified"),
        (lambda at: [set_to("hs_is_closed", "true", at, record=DEAL)], "deal closed"),
        (unreachable, "no lawful way"),
    ],
    ids=["handed over again", "disqualified", "deal closed", "an excuse"],
)
def test_what_takes_the_lead_from_marketing_again_excuses_it_up_to_the_deadline(end: object, why: str, late: timedelta) -> None:
    finding = nurtured(more=end(NURTURE_BY + late))  # type: ignore[operator]
    assert finding.status is (Status.BREACHED if late else Status.EXCUSED)
    assert (why in finding.message) is not bool(late)


@LATE
def test_so_does_deleting_it(late: timedelta) -> None:
    assert nurtured(gone=NURTURE_BY + late).status is (Status.BREACHED if late else Status.EXCUSED)


def test_a_lead_handed_over_again_is_owed_no_more_nurturing() -> None:
    over = raised("Demo request", NURTURE_BY + HOUR)
    finding = nurtured(a_call(NURTURE_BY + 2 * HOUR), more=over)
    assert (finding.status, finding.settled_at, finding.owed) == (Status.BREACHED, None, False)


@pytest.mark.parametrize("value", ["UNQUALIFIED", "DISQUALIFIED"])
def test_a_passage_that_ended_otherwise_starts_no_nurturing(value: str) -> None:
    assert found([*OWNED, status(value, BACK)], now=NOW, rule=RULE) == []


def test_a_recycling_outside_of_a_passage_starts_none() -> None:
    assert found([*OWNED, status("UNQUALIFIED", BACK - HOUR), status("RECYCLED", BACK)], now=NOW, rule=RULE) == []


def test_each_recycling_that_closes_a_passage_starts_one() -> None:
    again, back = BACK + timedelta(days=1), BACK + timedelta(days=2)
    more = [*raised("Demo request", again), status("NEW", again), status("RECYCLED", back)]
    findings = found([*OWNED, status("RECYCLED", BACK), *more], now=back, rule=RULE)
    assert [(f.cycle.number, f.started_at, f.status) for f in findings] == [(1, BACK, Status.EXCUSED), (2, back, Status.RUNNING)]


def test_a_booked_meeting_suspends_nurturing() -> None:
    meeting = a_meeting(ny("2026-09-17 09:30"), booked=BACK, owner=BEN)  # to 10:00 on Thursday: two days
    assert nurtured(meeting, now=BACK + HOUR).due_at == ny("2026-09-24 10:00")


def test_a_closed_deal_closes_the_passage_itself() -> None:
    closed = judgement([*OWNED, set_to("hs_is_closed", "true", THEN, record=DEAL)], now=NOW).findings
    assert {f.cycle.closed_by for f in closed} == {"deal closed"}
