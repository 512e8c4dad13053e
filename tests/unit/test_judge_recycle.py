"""Leads that should go back to Marketing: for what cause, by when, and what makes it pointless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import Activity, FieldChange
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
    a_reply,
    judgement,
    mql,
    ny,
    owned_by,
    raised,
    set_to,
    status,
    the_agreement,
    the_roster,
    the_rows,
    the_terms,
    unreachable,
    without_stream,
)

OPENED = ny("2026-09-14 10:00")  # a Monday
NOW = ny("2026-10-09 16:00")
LEAD_OF_ANN = [mql(OPENED), owned_by(ANN, OPENED)]
WORKED = [*LEAD_OF_ANN, status("IN_PROGRESS", OPENED)]

ONE_ATTEMPT = """attempts = 1
within   = "1 business day"
then     = "recycle: no response"
"""
THE_CADENCE = """attempts = 6
within   = "10 business days"
gap      = { at_least = "4 business hours", at_most = "3 business days" }
channels = { call = 3, email = 2 }
then     = "recycle: no response"
"""


def terms_of(*swaps: tuple[str, str], upto: datetime = NOW, **crm_terms: object) -> Terms:
    return the_terms(upto=upto, agreement=the_agreement(*swaps), roster=the_roster(), **crm_terms)


def due_back(
    changes: Sequence[FieldChange],
    activities: Sequence[Activity] = (),
    *,
    terms: Terms | None = None,
    now: datetime = NOW,
    gone: datetime | None = None,
) -> list[Finding]:
    """Judge one lead and return why it should go back."""
    rows = the_rows(changes, activities, gone_at={LEAD: gone} if gone else None)
    return [f for f in judge_lead(rows, terms or terms_of(), now).findings if f.rule == "recycle_due"]


def deal_won(at: datetime) -> list[FieldChange]:
    return [set_to("hs_is_closed", "true", at, record=DEAL)]


# The lead goes back a business day after each of these causes; each makes the only finding.
REJECTED = ny("2026-09-15 10:00")
STALE = ny("2026-09-21 10:00")  # 5 business days after SAL was entered
EXHAUSTED = ny("2026-09-14 15:00")
LEFT = ny("2026-09-15 12:00")
GONE = ny("2026-09-16 12:00")  # a business day later nobody had taken over from her


def rejected(*more: FieldChange, **other: object) -> list[Finding]:
    return due_back([*LEAD_OF_ANN, status("UNQUALIFIED", REJECTED), *more], **other)  # type: ignore[arg-type]


def stale(*more: FieldChange, activities: Sequence[Activity] = (), **other: object) -> list[Finding]:
    terms = terms_of(('then     = "recycle: no response"\n', ""))
    return due_back([*WORKED, *more], activities, terms=other.pop("terms", terms), **other)  # type: ignore[arg-type]


def exhausted(*more: FieldChange, activities: Sequence[Activity] = (), **other: object) -> list[Finding]:
    terms = terms_of((THE_CADENCE, ONE_ATTEMPT), ('stale_after = "5 business days"', ""), (', stale = "stale"', ""))
    return due_back([*WORKED, *more], [a_call(EXHAUSTED), *activities], terms=other.pop("terms", terms), **other)  # type: ignore[arg-type]


def owner_gone(*more: FieldChange, **other: object) -> list[Finding]:
    return due_back([*LEAD_OF_ANN, *more], terms=terms_of(gone={ANN: (LEFT, LEFT)}), **other)  # type: ignore[arg-type]


CAUSES = {
    "rejected": (rejected, REJECTED, "needs nurture"),
    "stale": (stale, STALE, "stale"),
    "exhausted": (exhausted, EXHAUSTED, "no response"),
    "owner gone": (owner_gone, GONE, "timing"),
}
ALL = pytest.mark.parametrize("cause", CAUSES)
IN_CYCLE = pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause != "rejected"])
LATE = pytest.mark.parametrize("late", [timedelta(), MS], ids=["at the deadline", "a millisecond later"])


def one_day_after(at: datetime) -> datetime:
    """Return a business day later, where no weekend lies between."""
    return at + timedelta(days=1)


@ALL
def test_each_cause_gives_a_business_day_to_send_the_lead_back_with_its_reason(cause: str) -> None:
    judge, since, reason = CAUSES[cause]
    (running,) = judge(now=one_day_after(since))
    assert (running.status, running.started_at, running.due_at, running.reason) == (Status.RUNNING, since, one_day_after(since), reason)
    (broken,) = judge(now=one_day_after(since) + MS)
    assert (broken.status, broken.settled_at, broken.owed, broken.side, broken.owner) == (Status.BREACHED, None, True, Side.OWNER, ANN)
    assert reason in broken.message


@ALL
@pytest.mark.parametrize("value", ["RECYCLED", "DISQUALIFIED"])
@LATE
def test_sending_it_back_by_the_deadline_keeps_it_and_later_settles_the_breach(cause: str, value: str, late: timedelta) -> None:
    judge, since, _ = CAUSES[cause]
    at = one_day_after(since) + late
    finding = judge(status(value, at))[0]
    assert (finding.status, finding.settled_at, finding.owed) == (Status.BREACHED if late else Status.KEPT, at, False)


@ALL
@LATE
def test_a_return_to_an_earlier_stage_is_sending_it_back(cause: str, late: timedelta) -> None:
    judge, since, _ = CAUSES[cause]
    at = one_day_after(since) + late
    finding = judge(set_to("lifecyclestage", "lead", at))[0]
    assert (finding.status, finding.settled_at) == (Status.BREACHED if late else Status.KEPT, at)


@ALL
@LATE
@pytest.mark.parametrize("end", [deal_won, unreachable], ids=["deal closed", "an excuse"])
def test_a_closed_deal_and_an_excuse_make_it_pointless_up_to_the_deadline(cause: str, end: object, late: timedelta) -> None:
    judge, since, _ = CAUSES[cause]
    finding = judge(*end(one_day_after(since) + late))[0]  # type: ignore[operator]
    assert (finding.status, finding.settled_at) == (Status.BREACHED if late else Status.EXCUSED, None)


@ALL
@LATE
def test_so_does_deleting_the_lead(cause: str, late: timedelta) -> None:
    judge, since, _ = CAUSES[cause]
    finding = judge(gone=one_day_after(since) + late)[0]
    assert finding.status is (Status.BREACHED if late else Status.EXCUSED)


@ALL
@LATE
def test_so_does_handing_it_over_again(cause: str, late: timedelta) -> None:
    judge, since, _ = CAUSES[cause]
    at = one_day_after(since) + late
    stage_of_old = set_to("lifecyclestage", "a value that is listed no more", at - timedelta(hours=1))
    finding = judge(*(raised("Demo request", at) if cause == "rejected" else [stage_of_old, mql(at)]))[0]
    assert finding.status is (Status.BREACHED if late else Status.EXCUSED)


@IN_CYCLE
@LATE
def test_so_does_a_later_stage(cause: str, late: timedelta) -> None:
    judge, since, _ = CAUSES[cause]
    finding = judge(set_to("lifecyclestage", "salesqualifiedlead", one_day_after(since) + late))[0]
    assert finding.status is (Status.BREACHED if late else Status.EXCUSED)


def test_a_later_stage_after_a_rejection_sends_nothing_back() -> None:
    (finding,) = rejected(set_to("lifecyclestage", "salesqualifiedlead", REJECTED + timedelta(hours=1)))
    assert finding.status is Status.BREACHED


@LATE
def test_a_reply_makes_it_pointless_to_send_back_a_lead_that_had_not_answered(late: timedelta) -> None:
    (finding,) = exhausted(activities=[a_reply(one_day_after(EXHAUSTED) + late, id="77")])
    assert finding.status is (Status.BREACHED if late else Status.EXCUSED)


def test_a_touch_after_the_last_attempt_does_not_keep_the_lead() -> None:
    (finding,) = exhausted(activities=[a_call(EXHAUSTED + timedelta(hours=1), id="77")])
    assert finding.status is Status.BREACHED


def test_a_lead_recycled_with_its_last_attempt_went_back_in_time() -> None:
    (finding,) = exhausted(status("RECYCLED", EXHAUSTED))
    assert (finding.status, finding.settled_at) == (Status.KEPT, EXHAUSTED)


@pytest.mark.parametrize("cause", ["stale", "exhausted"])
def test_the_stage_in_which_it_stood_entered_once_more_is_no_later_one(cause: str) -> None:
    judge, since, _ = CAUSES[cause]
    (finding, *_) = judge(status("NEW", since + timedelta(hours=1)), status("IN_PROGRESS", since + timedelta(hours=2)))
    assert finding.status is Status.BREACHED


@pytest.mark.parametrize("ahead", [MS, timedelta(hours=1)])
def test_a_lead_that_replied_before_the_last_attempt_is_not_exhausted(ahead: timedelta) -> None:
    assert exhausted(activities=[a_reply(EXHAUSTED - ahead, id="77")]) == []


def test_a_lead_is_exhausted_by_attempts_that_came_late_too() -> None:
    late = ny("2026-09-17 11:00")
    terms = terms_of((THE_CADENCE, ONE_ATTEMPT), ('stale_after = "5 business days"', ""), (', stale = "stale"', ""))
    (finding,) = due_back(WORKED, [a_call(late)], terms=terms)
    assert (finding.started_at, finding.reason) == (late, "no response")


def test_a_lead_whose_attempts_are_not_all_made_is_not_exhausted() -> None:
    two = ONE_ATTEMPT.replace("attempts = 1", "attempts = 2")
    terms = terms_of((THE_CADENCE, two), ('stale_after = "5 business days"', ""), (', stale = "stale"', ""))
    assert exhausted(terms=terms) == []


def test_a_cadence_without_then_sends_nobody_back() -> None:
    without_then = ONE_ATTEMPT.replace('then     = "recycle: no response"\n', "")
    terms = terms_of((THE_CADENCE, without_then), ('stale_after = "5 business days"', ""), (', stale = "stale"', ""))
    assert exhausted(terms=terms) == []


@LATE
@pytest.mark.parametrize("sign", [a_call, a_reply])
def test_a_sign_of_life_makes_it_pointless_to_send_back_a_stale_lead(sign: object, late: timedelta) -> None:
    finding = stale(activities=[sign(one_day_after(STALE) + late)])[0]  # type: ignore[operator]
    assert finding.status is (Status.BREACHED if late else Status.EXCUSED)


def test_a_stretch_that_was_not_broken_sends_nobody_back() -> None:
    assert stale(activities=[a_call(STALE)], now=STALE + timedelta(days=1)) == []


def test_each_broken_stretch_is_a_cause_of_its_own() -> None:
    again = STALE + timedelta(hours=2)
    findings = stale(activities=[a_call(again)])
    assert [(f.started_at, f.status) for f in findings] == [(STALE, Status.EXCUSED), (ny("2026-09-28 12:00"), Status.BREACHED)]


@LATE
def test_somebody_who_is_there_makes_it_pointless_to_send_back_a_lead_of_one_who_left(late: timedelta) -> None:
    finding = owner_gone(owned_by(BEN, one_day_after(GONE) + late))[0]
    assert finding.status is (Status.BREACHED if late else Status.EXCUSED)


def test_a_lead_of_one_who_is_only_away_is_not_sent_back() -> None:
    roster = the_roster(away=[(ANN, LEFT, NOW + timedelta(days=9))])
    terms = the_terms(upto=NOW, roster=roster)
    assert [f.status for f in judgement(LEAD_OF_ANN, now=NOW, terms=terms).findings if f.rule == "covered"] == [Status.BREACHED]
    assert due_back(LEAD_OF_ANN, terms=terms) == []


def test_a_lead_taken_over_in_time_from_one_who_left_is_not_sent_back() -> None:
    assert owner_gone(owned_by(BEN, GONE)) == []


@pytest.mark.parametrize("owner", [None, "90"])
def test_a_lead_that_was_nobodys_when_it_was_rejected_is_the_systems(owner: str | None) -> None:
    (finding,) = due_back([mql(OPENED), owned_by(owner, OPENED), status("UNQUALIFIED", REJECTED), owned_by(BEN, REJECTED)])
    assert (finding.status, finding.side, finding.owner) == (Status.BREACHED, Side.SYSTEM, None)


def test_a_rejected_lead_is_owed_by_who_had_it_when_it_was_rejected() -> None:
    (finding,) = rejected(owned_by(BEN, REJECTED))
    assert (finding.side, finding.owner) == (Side.OWNER, ANN)


@pytest.mark.parametrize("value", ["DISQUALIFIED", "RECYCLED"])
def test_a_passage_that_ended_otherwise_is_no_rejection(value: str) -> None:
    assert due_back([*LEAD_OF_ANN, status(value, REJECTED)]) == []


def test_an_agreement_that_names_no_reason_sends_nobody_back() -> None:
    silent = ('when         = { rejected = "needs nurture", stale = "stale", "owner gone" = "timing" }\n', "")
    assert rejected(terms=terms_of(silent)) == []
    assert stale(terms=terms_of(silent, ('then     = "recycle: no response"\n', ""))) == []


def test_the_day_from_which_it_may_return_is_told() -> None:
    assert "as `needs nurture`, for 45 days" in rejected()[0].message


def test_the_time_to_send_it_back_is_the_agreements() -> None:
    longer = ('within       = "1 business day"\nat_most', 'within       = "3 hours"\nat_most')
    (finding,) = rejected(terms=terms_of(longer))
    assert finding.due_at == REJECTED + timedelta(hours=3)


def test_a_lead_is_not_called_overdue_while_a_stream_was_not_read() -> None:
    (finding,) = rejected(terms=without_stream(terms_of(), "contacts"))
    assert (finding.status, finding.side) == (Status.UNKNOWN, Side.NONE)


def test_what_leadpact_recycled_itself_is_sent_back() -> None:
    ours = replace(status("RECYCLED", one_day_after(REJECTED)), source_id="4711")
    (finding,) = rejected(ours, terms=terms_of(own_app="4711"))
    assert finding.status is Status.KEPT
