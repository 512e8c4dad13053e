"""Edges at which a lead was judged wrongly once: slips in the CRM's data, moments that fall together, versions that change."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.records import ActivityStatus
from sync.agreement.eras import AgreementSpan
from sync.agreement.model import Agreement
from sync.history import History
from sync.judge.cycles import pending_return
from sync.judge.findings import Side, Status
from sync.judge.judge import judge_lead
from sync.terms import Terms
from sync.timeline import build_timeline
from tests.builders import (
    ANN,
    BEN,
    BORN,
    COMPANY,
    MS,
    a_meeting,
    found,
    judged,
    mql,
    ny,
    owned_by,
    set_to,
    status,
    the_practice_agreement,
    the_rows,
    the_terms,
)

MONDAY = ny("2026-11-09 10:00")
NOW = ny("2026-11-13 16:00")
HOUR = timedelta(hours=1)
HANDED_OVER = [mql(MONDAY), owned_by(ANN, MONDAY)]
OPENS_ON = 'opens_on = ["stage MQL", "hand-raise: Demo request, Contact sales", "score: score >= 97 AND icp"]'
REJECTED = "hubspot.contact = \"hs_lead_status = 'UNQUALIFIED'\""
ICP_SINCE_JANUARY = [
    set_to("numberofemployees", "400", ny("2026-01-05 10:00"), record=COMPANY),
    set_to("industry", "COMPUTER_SOFTWARE", ny("2026-01-05 10:00"), record=COMPANY),
]


def terms_of(agreement: Agreement) -> Terms:
    return the_terms(upto=NOW, agreement=agreement)


def test_a_lead_does_not_qualify_by_its_company_before_it_was_created() -> None:
    agreement = the_practice_agreement(
        ('criteria = "icp AND buyer AND score >= 60"', 'criteria = "icp"'), ('required = ["email", "company", "phone"]', "")
    )
    born = ny("2026-11-12 10:00")
    rows = the_rows([*ICP_SINCE_JANUARY, set_to("email", "eve@example.com", born)], born=born)
    (missed,) = judge_lead(rows, terms_of(agreement), NOW).findings
    assert (missed.rule, missed.started_at) == ("missed_handoff", born)


def test_a_score_of_the_company_alone_opens_no_passage_before_the_lead_was_created() -> None:
    agreement = the_practice_agreement(("score: score >= 97 AND icp", "score: icp"))
    born = ny("2026-11-12 10:00")
    rows = the_rows([*ICP_SINCE_JANUARY, set_to("email", "eve@example.com", born)], born=born)
    assert {f.cycle.opened_at for f in judge_lead(rows, terms_of(agreement), NOW).findings} == {born}


@pytest.mark.parametrize("ends", [datetime(1990, 1, 1, tzinfo=UTC), MONDAY + HOUR - MS])
def test_a_meeting_that_ends_before_it_begins_is_over_when_it_begins(ends: datetime) -> None:
    meeting = a_meeting(MONDAY + HOUR, booked=MONDAY + 2 * HOUR, outcome=ActivityStatus.HELD)
    finding = judged(HANDED_OVER, [replace(meeting, ends_at=ends)], now=NOW, rule="first_touch")
    assert (finding.status, finding.settled_at) == (Status.KEPT, MONDAY + HOUR)


@pytest.mark.parametrize("rule", ["first_touch", "accept_or_reject"])
def test_a_level_may_change_the_calendar_of_a_clock(rule: str) -> None:
    other = f'clock.{rule}.calendar = "berlin"\nclock.{rule}.within = "1 business hour"'
    agreement = the_practice_agreement(('clock.first_touch.within = "1 business hour"', other))
    evening = ny("2026-11-09 16:00")
    large = set_to("numberofemployees", "3000", BORN, record=COMPANY)
    finding = judged([large, mql(evening), owned_by(ANN, evening)], now=NOW, rule=rule, terms=terms_of(agreement))
    assert (finding.level, finding.due_at) == ("Enterprise", ny("2026-11-10 04:00"))


def test_a_level_may_change_the_calendar_of_a_returned_leads_clock() -> None:
    other = 'clock.nurture_returned.calendar = "berlin"\nclock.nurture_returned.within = "1 business hour"'
    agreement = the_practice_agreement(('clock.first_touch.within = "1 business hour"', other))
    evening = ny("2026-11-09 16:00")
    large = set_to("numberofemployees", "3000", BORN, record=COMPANY)
    finding = judged([large, mql(MONDAY), status("RECYCLED", evening)], now=NOW, rule="nurture_returned", terms=terms_of(agreement))
    assert finding.due_at == ny("2026-11-10 04:00")


@pytest.mark.parametrize("taken_by", [BEN, "91"])
@pytest.mark.parametrize(("rule", "expected"), [("decide", Status.KEPT), ("work_the_lead", Status.EXCUSED), ("stale SAL", Status.KEPT)])
def test_who_gets_the_lead_by_the_closing_write_has_no_part_in_its_promises(taken_by: str, rule: str, expected: Status) -> None:
    closing = MONDAY + 5 * HOUR
    changes = [*HANDED_OVER, status("IN_PROGRESS", MONDAY + HOUR), status("RECYCLED", closing), owned_by(taken_by, closing)]
    finding = judged(changes, now=NOW, rule=rule, terms=terms_of(the_practice_agreement()))
    assert (finding.status, finding.owner) == (expected, ANN)


NURTURED_BY_OWNER = ('within  = "5 business days"\nowed_by = "marketing"', 'within  = "4 business hours"\nowed_by = "owner"')


def test_no_former_owner_is_blamed_for_a_returned_lead_that_nobody_owns() -> None:
    closing = MONDAY + 5 * HOUR
    changes = [*HANDED_OVER, status("RECYCLED", closing), owned_by("91", closing)]
    finding = judged(changes, now=NOW, rule="nurture_returned", terms=terms_of(the_practice_agreement(NURTURED_BY_OWNER)))
    assert (finding.status, finding.side, finding.owner) == (Status.BREACHED, Side.SYSTEM, None)


def test_who_owns_a_returned_lead_after_its_passage_is_the_one_who_owes_it_an_answer() -> None:
    closing = MONDAY + 5 * HOUR
    changes = [mql(MONDAY), status("RECYCLED", closing), owned_by(BEN, closing + HOUR)]
    finding = judged(changes, now=NOW, rule="nurture_returned", terms=terms_of(the_practice_agreement(NURTURED_BY_OWNER)))
    assert (finding.status, finding.side, finding.owner) == (Status.BREACHED, Side.OWNER, BEN)


def test_where_it_is_not_known_which_of_two_owners_had_the_lead_neither_is_blamed() -> None:
    passed_on = set_to("hubspot_owner_id", BEN, MONDAY + 4 * HOUR, since=MONDAY + HOUR)
    finding = judged([*HANDED_OVER, passed_on], now=NOW, rule="first_touch")
    assert (finding.status, finding.side, finding.owner) == (Status.BREACHED, Side.SYSTEM, None)


def test_of_two_changes_that_were_seen_one_after_the_other_the_later_one_stands() -> None:
    seen_first = set_to("hubspot_owner_id", BEN, MONDAY + HOUR, since=MONDAY)
    seen_then = set_to("hubspot_owner_id", ANN, MONDAY + HOUR, since=MONDAY + HOUR)
    rows = the_rows([seen_then, seen_first])
    assert [change.value for change in History(rows).changes(rows.people[0], "hubspot_owner_id")] == [BEN, ANN]


def test_two_stages_that_hand_over_and_are_entered_at_one_moment_open_one_passage() -> None:
    agreement = the_practice_agreement(
        (OPENS_ON, 'opens_on = ["stage MQL", "stage SAL"]'), (REJECTED, "hubspot.contact = \"lead_reject_reason = 'duplicate'\"")
    )
    changes = [mql(MONDAY), status("IN_PROGRESS", MONDAY), set_to("lead_reject_reason", "duplicate", MONDAY)]
    finding = judged(changes, now=NOW, rule="first_touch", terms=terms_of(agreement))
    assert (finding.cycle.number, finding.cycle.closed_by) == (1, "rejected")


def test_the_first_of_two_stages_that_are_about_to_be_left_says_when_the_judgement_changes() -> None:
    agreement = the_practice_agreement((OPENS_ON, 'opens_on = ["stage MQL", "stage SQL"]'))
    fell, minutes = MONDAY + HOUR, timedelta(minutes=1)
    changes = [set_to("lifecyclestage", "salesqualifiedlead", MONDAY), mql(fell), set_to("lifecyclestage", "lead", fell + 5 * minutes)]
    now = fell + 6 * minutes
    timeline = build_timeline(the_rows(changes), agreement, terms_of(agreement), now=now)
    assert pending_return(timeline, agreement.handoffs[0], now) == fell + 15 * minutes + MS


def in_turn(old: Agreement, new: Agreement, at: datetime) -> Terms:
    """Terms by which `new` took the place of `old` at `at`."""
    spans = (AgreementSpan(agreement=old, since=None, until=at), AgreementSpan(agreement=new, since=at, until=None))
    return replace(terms_of(new), spans=spans)


def test_a_passage_has_one_bounce_limit_though_the_agreement_changed_within_it() -> None:
    old = the_practice_agreement(("bounce_limit = 2", "bounce_limit = 1"))
    changes = [*HANDED_OVER, owned_by(BEN, MONDAY + HOUR), owned_by(ANN, MONDAY + 30 * HOUR)]
    terms = in_turn(old, the_practice_agreement(), MONDAY + 24 * HOUR)
    (finding,) = found(changes, now=NOW, rule="bounce_limit", terms=terms)
    assert (finding.status, finding.due_at) == (Status.BREACHED, MONDAY + 30 * HOUR)


def test_what_follows_from_a_stale_stretch_is_judged_by_the_version_that_judged_the_stretch() -> None:
    one, three = (the_practice_agreement(('stale_after = "5 business days"', f'stale_after = "{n} business days"')) for n in (1, 3))
    changes = [*HANDED_OVER, status("IN_PROGRESS", MONDAY + HOUR)]
    judgement = judge_lead(the_rows(changes), in_turn(one, three, MONDAY + 40 * HOUR), NOW)
    assert max(Counter(finding.key for finding in judgement.findings).values()) == 1
    (due,) = (finding for finding in judgement.findings if finding.rule == "recycle_due")
    assert due.started_at == MONDAY + 25 * HOUR
