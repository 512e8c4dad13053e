"""Ways out that name no permitted reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import FieldChange
from sync.judge.findings import Finding, Side, Status
from sync.terms import Terms
from tests.builders import (
    ANN,
    BEN,
    CRM,
    MS,
    found,
    judged,
    judgement,
    mql,
    ny,
    owned_by,
    set_to,
    status,
    the_practice_agreement,
    the_terms,
    without_stream,
)

OPENED = ny("2026-09-14 10:00")
OUT = ny("2026-09-15 10:00")
DUE = OUT + timedelta(minutes=15)
NOW = ny("2026-09-18 16:00")
LEAD = [mql(OPENED), owned_by(ANN, OPENED)]
WITH_ALL = (
    ("recycle_reason    = {", 'disqualify_reason = { type = "text", hubspot = "lead_disqualify_reason" }\nrecycle_reason    = {'),
    (
        'reasons = ["student", "competitor", "do not contact"]',
        'reasons = ["student", "competitor", "do not contact"]\nreason = "disqualify_reason"',
    ),
)
OPTIONS = {("contact", "lead_reject_reason"): {"r1": "Bad data", "r2": "No budget"}}


def terms(upto: datetime = NOW, **crm_terms: object) -> Terms:
    """The practice agreement with reasons for every way out, as the CRM's options are labelled."""
    return the_terms(upto=upto, agreement=the_practice_agreement(*WITH_ALL), labels=OPTIONS, **crm_terms)


def because(value: str | None, when: datetime, field: str = "lead_reject_reason") -> FieldChange:
    return set_to(field, value, when, source="CRM_UI")


def rejected(*more: FieldChange, now: datetime = NOW, rule: str = "reject_reason") -> Finding:
    return judged([*LEAD, status("UNQUALIFIED", OUT), *more], now=now, rule=rule, terms=terms(now))


@pytest.mark.parametrize(
    "value",
    ["bad data", "Bad Data", "BAD_DATA", "bad-data", "not_our-market", " bad  data ", "r1"],
    ids=["as written", "case", "underscore", "dash", "both", "spaces", "the label of an option"],
)
def test_a_permitted_reason_may_be_written_like_a_value_or_like_a_label(value: str) -> None:
    finding = rejected(because(value, OUT))
    assert (finding.status, finding.settled_at, finding.side) == (Status.KEPT, OUT, Side.OWNER)


@pytest.mark.parametrize("value", ["r2", "no budget", "data", "bad data!", "r3", "", None, "no response"])
def test_any_other_reason_and_a_blank_are_not_permitted(value: str | None) -> None:
    assert rejected(because(value, OUT)).status is Status.BREACHED


def test_a_reason_that_stood_before_counts() -> None:
    finding = rejected(because("duplicate", OPENED - timedelta(days=1)))
    assert (finding.status, finding.settled_at) == (Status.KEPT, OUT)


def test_a_reason_that_was_taken_back_before_does_not_count() -> None:
    assert rejected(because("duplicate", OPENED), because(None, OUT - MS)).status is Status.BREACHED


@pytest.mark.parametrize(("late", "expected"), [(timedelta(), Status.KEPT), (MS, Status.BREACHED)])
def test_status_and_reason_are_two_edits_within_a_quarter_of_an_hour(late: timedelta, expected: Status) -> None:
    finding = rejected(because("r2", OUT), because("duplicate", DUE + late))
    assert (finding.status, finding.started_at, finding.due_at, finding.settled_at) == (expected, OUT, DUE, DUE + late)


@pytest.mark.parametrize(("now", "expected"), [(OUT, Status.RUNNING), (DUE, Status.RUNNING), (DUE + MS, Status.BREACHED)])
def test_until_the_quarter_of_an_hour_is_over_it_runs(now: datetime, expected: Status) -> None:
    finding = rejected(now=now)
    assert (finding.status, finding.settled_at) == (expected, None)
    if expected is Status.RUNNING:
        changes = [*LEAD, status("UNQUALIFIED", OUT)]
        assert judgement(changes, now=now, terms=terms(now)).next_at == DUE + MS


@pytest.mark.parametrize(
    ("value", "field", "rule", "permitted", "other"),
    [
        ("UNQUALIFIED", "lead_reject_reason", "reject_reason", "duplicate", "timing"),
        ("RECYCLED", "lead_recycle_reason", "recycle_reason", "Needs_Nurture", "duplicate"),
        ("DISQUALIFIED", "lead_disqualify_reason", "disqualify_reason", "student", "stale"),
    ],
)
def test_each_way_out_has_reasons_of_its_own(value: str, field: str, rule: str, permitted: str, other: str) -> None:
    for reason, expected in ((permitted, Status.KEPT), (other, Status.BREACHED)):
        changes = [*LEAD, status(value, OUT), because(reason, OUT, field)]
        findings = [f for f in judgement(changes, now=NOW, terms=terms()).findings if f.kind == "reason"]
        assert [(f.rule, f.status) for f in findings] == [(rule, expected)]


@pytest.mark.parametrize(("later", "settles"), [(timedelta(), True), (MS, False)])
def test_a_reason_given_after_all_settles_the_breach_while_no_later_passage_has_opened(later: timedelta, settles: bool) -> None:
    again = OUT + timedelta(hours=5)
    reopened = [set_to("lifecyclestage", "lead", OUT), set_to("lifecyclestage", "marketingqualifiedlead", again)]
    finding = rejected(*reopened, because("duplicate", again + later))
    assert (finding.status, finding.settled_at) == (Status.BREACHED, again if settles else None)
    assert finding.owed is False


def test_a_rejection_without_a_reason_is_owed_as_long_as_the_lead_is_not_handed_over_again() -> None:
    assert rejected().owed is True


@pytest.mark.parametrize(
    ("owner", "side", "who"),
    [
        ([owned_by(BEN, OUT - MS)], Side.OWNER, BEN),
        ([owned_by(None, OUT - MS)], Side.SYSTEM, None),
        ([owned_by(BEN, OUT)], Side.OWNER, ANN),
    ],
    ids=["the last one", "nobody", "not whom the closing write set"],
)
def test_it_is_owed_by_who_owned_the_lead_when_it_went_out(owner: list[FieldChange], side: Side, who: str | None) -> None:
    finding = rejected(*owner)
    assert (finding.side, finding.owner) == (side, who)


def test_what_leadpact_itself_did_is_not_judged() -> None:
    ours = FieldChange(record=LEAD[0].record, field="hs_lead_status", value="RECYCLED", at=OUT, source="INTEGRATION", source_id="4711")
    assert found([*LEAD, ours], now=NOW, rule="recycle_reason", terms=terms(own_app="4711")) == []
    assert len(found([*LEAD, ours], now=NOW, rule="recycle_reason", terms=terms(own_app="4712"))) == 1


def test_a_way_out_before_the_passage_or_without_one_is_not_asked_for_its_reason() -> None:
    assert found([status("UNQUALIFIED", OPENED - MS), *LEAD], now=NOW, rule="reject_reason", terms=terms()) == []
    assert found([status("UNQUALIFIED", OUT)], now=NOW, rule="reject_reason", terms=terms()) == []


def test_a_way_out_whose_agreement_names_no_field_is_not_asked_for_its_reason() -> None:
    plain = the_terms(upto=NOW, agreement=the_practice_agreement())
    assert found([*LEAD, status("DISQUALIFIED", OUT)], now=NOW, rule="disqualify_reason", terms=plain) == []


PASSED_ON = (set_to("lifecyclestage", "salesqualifiedlead", OUT - timedelta(hours=1)), status("UNQUALIFIED", OUT))


def test_a_rejection_at_the_moment_of_the_next_handoff_is_of_the_passage_that_it_closed() -> None:
    agreement = the_practice_agreement(*WITH_ALL)
    one_handoff = the_terms(upto=NOW, agreement=replace(agreement, handoffs=agreement.handoffs[:1]), labels=OPTIONS)
    findings = found([*LEAD, *PASSED_ON, mql(OUT)], now=NOW, rule="reject_reason", terms=one_handoff)
    assert [(f.cycle.number, f.cycle.closed_by) for f in findings] == [(1, "rejected")]


@pytest.mark.parametrize("rule", ["reject_reason", "recycle_due"])
def test_a_rejection_while_two_passages_are_open_is_told_once_by_the_one_that_opened_last(rule: str) -> None:
    findings = found([*LEAD, *PASSED_ON], now=NOW, rule=rule, terms=terms())
    assert [(f.cycle.handoff, f.cycle.number, f.cycle.closed_by) for f in findings] == [("SDR to AE", 1, "rejected")]


def test_a_missing_reason_is_not_called_a_breach_while_the_contacts_were_not_read() -> None:
    unread = without_stream(terms(), "contacts")
    finding = judged([*LEAD, status("UNQUALIFIED", OUT)], now=NOW, rule="reject_reason", terms=unread)
    assert (finding.status, finding.side) == (Status.UNKNOWN, Side.NONE)
    assert unread.crms[CRM].upto  # the calls were read, and do not matter
    without_calls = without_stream(terms(), "calls")
    assert judged([*LEAD, status("UNQUALIFIED", OUT)], now=NOW, rule="reject_reason", terms=without_calls).status is Status.BREACHED
