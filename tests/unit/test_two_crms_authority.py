"""Whose word counts where a lead has records in both CRMs, and what a deleted or converted record leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import Activity, FieldChange, Record, RecordKey
from sync.judge.findings import Finding, Status
from sync.judge.judge import judge_lead
from sync.only import parse_only
from sync.protect import Shielded, protections
from sync.roster import Person, Roster
from sync.rows import LeadRows
from sync.terms import Terms
from sync.timeline import build_timeline
from tests.builders import (
    ANN,
    BEN,
    BORN,
    COMPANY,
    LEAD,
    SF,
    SF_ANN,
    SF_BEN,
    SF_CONTACT,
    SF_LEAD,
    a_call,
    a_meeting,
    a_reply,
    both_rows,
    both_terms,
    fits,
    mql,
    ny,
    owned_by,
    set_to,
    sf_owned_by,
    sf_status,
    status,
)

OPENED = ny("2026-09-14 10:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = OPENED + 4 * DAY
HUBSPOT_ONLY, SALESFORCE_ONLY = {LEAD: BORN}, {SF_LEAD: BORN}
DEAL, OPPORTUNITY = RecordKey("hubspot", "deal", "5"), RecordKey(SF, "Opportunity", "0061")


def found(rule: str, rows: LeadRows, *, terms: Terms | None = None) -> list[Finding]:
    return [finding for finding in judge_lead(rows, terms or both_terms(upto=NOW), NOW).findings if finding.rule == rule]


def one(rule: str, changes: Sequence[FieldChange], activities: Sequence[Activity] = (), **more: object) -> Finding:
    (finding,) = found(rule, both_rows(changes, activities, **more))  # type: ignore[arg-type]
    return finding


def passage(changes: Sequence[FieldChange], **more: object) -> tuple[datetime | None, str | None]:
    """Return when and why the first passage closed."""
    cycle = found("first_touch", both_rows(changes, **more))[0].cycle  # type: ignore[arg-type]
    return cycle.closed_at, cycle.closed_by


def in_salesforce(activity: Activity, id_: str = "00T1") -> Activity:
    return replace(activity, key=RecordKey(SF, "Task", id_))


def an_opportunity(closed: datetime) -> tuple[Record, list[FieldChange]]:
    changes = [set_to("IsClosed", "true", closed, record=OPPORTUNITY)]
    return Record(key=OPPORTUNITY, values={"IsClosed": "true"}, created_at=BORN, changed_at=closed), changes


# owner


def test_the_owner_is_the_sales_crms_by_its_own_id() -> None:
    changes = [mql(OPENED), owned_by(BEN, OPENED), sf_owned_by(SF_ANN, OPENED)]
    assert one("first_touch", changes).owner == SF_ANN


def test_the_only_record_that_there_is_speaks_in_its_own_ids() -> None:
    assert one("first_touch", [mql(OPENED), owned_by(BEN, OPENED)], born=HUBSPOT_ONLY).owner == BEN


def test_the_marketing_crms_owner_counts_where_the_config_says_so() -> None:
    rows = both_rows([mql(OPENED), owned_by(BEN, OPENED), sf_owned_by(SF_ANN, OPENED)])
    (finding,) = found("first_touch", rows, terms=both_terms(upto=NOW, parts={"owner": "hubspot"}))
    assert finding.owner == BEN


@pytest.mark.parametrize(("caller", "kept"), [(ANN, True), (BEN, False)])
def test_the_owners_call_counts_in_whichever_crm_it_was_logged(caller: str, kept: bool) -> None:
    changes = [mql(OPENED), sf_owned_by(SF_ANN, OPENED)]
    finding = one("first_touch", changes, [a_call(OPENED + HOUR, owner=caller)])
    assert (finding.status is Status.KEPT) is kept


def test_owners_without_an_address_are_the_same_person_by_the_roster() -> None:
    terms = both_terms(upto=NOW)
    terms = replace(terms, crms={**terms.crms, SF: replace(terms.crms[SF], emails={})})
    rows = both_rows([mql(OPENED), sf_owned_by(SF_ANN, OPENED)], [a_call(OPENED + HOUR, owner=ANN)])
    assert found("first_touch", rows, terms=terms)[0].status is not Status.KEPT
    terms = replace(terms, roster=_with_ids(terms, ANN, SF_ANN))
    assert found("first_touch", rows, terms=terms)[0].status is Status.KEPT


def _with_ids(terms: Terms, hubspot: str, salesforce: str) -> Roster:
    ids = {"hubspot": hubspot, SF: salesforce}
    person = Person(name="Ann", email=None, ids=ids, manager=None, team=None, calendar=None, hours=None, absences=())
    return replace(terms.roster, people={"Ann": person}, by_id={(crm, id_): "Ann" for crm, id_ in ids.items()})


def test_a_report_limited_to_an_owner_shows_what_the_sales_crms_id_says() -> None:
    terms = both_terms(upto=NOW)
    terms = replace(terms, crms={**terms.crms, SF: replace(terms.crms[SF], names={SF_ANN: "Ann"})})
    finding = one("first_touch", [mql(OPENED), sf_owned_by(SF_ANN, OPENED)])
    assert parse_only(["owner:ann"], terms.spans[0].agreement).shows(finding, terms)


# stages and ways out


def test_a_stage_of_marketing_is_what_the_marketing_crm_shows() -> None:
    assert found("first_touch", both_rows([sf_status("Marketing Qualified", OPENED)])) == []
    assert one("first_touch", [mql(OPENED), sf_status("Marketing Qualified", OPENED + DAY)]).started_at == OPENED


def test_a_stage_of_sales_is_what_the_sales_crm_shows() -> None:
    lead = [mql(OPENED), sf_owned_by(SF_ANN, OPENED)]
    assert one("accept_or_reject", [*lead, status("IN_PROGRESS", OPENED + HOUR)]).status is Status.BREACHED
    assert one("accept_or_reject", [*lead, sf_status("Accepted", OPENED + HOUR)]).status is Status.KEPT


def test_a_stage_is_that_crms_which_the_config_names() -> None:
    terms = both_terms(upto=NOW, parts={"stages": {"MQL": SF}})
    assert found("first_touch", both_rows([mql(OPENED)]), terms=terms) == []
    (finding,) = found("first_touch", both_rows([sf_status("Marketing Qualified", OPENED)]), terms=terms)
    assert finding.started_at == OPENED


def test_where_the_lead_has_one_record_that_speaks_of_everything() -> None:
    changes = [mql(OPENED), owned_by(ANN, OPENED), status("IN_PROGRESS", OPENED + HOUR)]
    assert one("accept_or_reject", changes, born=HUBSPOT_ONLY).status is Status.KEPT
    changes = [sf_status("Marketing Qualified", OPENED), sf_owned_by(SF_ANN, OPENED), sf_status("Accepted", OPENED + HOUR)]
    assert one("accept_or_reject", changes, born=SALESFORCE_ONLY).status is Status.KEPT


@pytest.mark.parametrize(("sales", "marketing", "why"), [("Rejected", "UNQUALIFIED", "rejected"), ("Recycled", "RECYCLED", "recycled")])
def test_a_way_out_is_what_the_sales_crm_shows(sales: str, marketing: str, why: str) -> None:
    out = OPENED + DAY
    assert passage([mql(OPENED), status(marketing, out)]) == (None, None)
    assert passage([mql(OPENED), sf_status(sales, out)]) == (out, why)
    assert passage([mql(OPENED), status(marketing, out)], born=HUBSPOT_ONLY) == (out, why)


def test_a_deal_ends_a_passage_by_the_sales_crms_word_else_by_the_others() -> None:
    out, early = OPENED + DAY, OPENED + HOUR
    opportunity, closing = an_opportunity(out)
    deal = Record(key=DEAL, values={"hs_is_closed": "true"}, created_at=BORN, changed_at=early)
    closed = [set_to("hs_is_closed", "true", early, record=DEAL)]
    assert passage([mql(OPENED), *closing, *closed], deals=(deal, opportunity)) == (out, "deal closed")
    assert passage([mql(OPENED), *closed], deals=(deal,)) == (early, "deal closed")


def test_leaving_a_stage_of_a_picklist_that_is_no_ladder_is_no_return() -> None:
    changes = [sf_status("Marketing Qualified", OPENED), sf_status("Working", OPENED + HOUR)]
    assert passage(changes, born=SALESFORCE_ONLY) == (None, None)


# deleted and converted records


def test_a_lead_is_deleted_once_all_its_records_are_and_when_the_last_was() -> None:
    first, last = OPENED + HOUR, OPENED + DAY
    assert passage([mql(OPENED)], gone_at={LEAD: last}) == (None, None)
    assert passage([mql(OPENED)], gone_at={SF_LEAD: first}) == (None, None)
    assert passage([mql(OPENED)], gone_at={LEAD: first, SF_LEAD: last}) == (last, "deleted")


def test_a_converted_lead_is_carried_on_by_its_contact() -> None:
    at = OPENED + DAY
    changes = [mql(OPENED), set_to("ConvertedContactId", SF_CONTACT.id, at, record=SF_LEAD), sf_owned_by(SF_ANN, OPENED)]
    changes += [set_to("OwnerId", SF_BEN, at, record=SF_CONTACT)]
    rows = both_rows(changes, born={LEAD: BORN, SF_LEAD: BORN, SF_CONTACT: at})
    assert passage(changes, born={LEAD: BORN, SF_LEAD: BORN, SF_CONTACT: at}) == (None, None)
    owners = [(f.owner, f.started_at) for f in found("accept_or_reject", rows)]
    assert owners == [(SF_ANN, OPENED), (SF_BEN, at)]


# fields


def premature(changes: Sequence[FieldChange], *, parts: dict[str, object] | None = None) -> Status:
    rows = both_rows([mql(OPENED), *changes])
    (finding,) = found("premature_handoff", rows, terms=both_terms(upto=NOW, parts=parts))
    return finding.status


def test_a_field_is_the_marketing_crms_unless_the_config_gives_it_to_sales() -> None:
    changes = [*fits(BORN), set_to("Lead_Score__c", "10", BORN, record=SF_LEAD)]
    assert premature(changes) is Status.KEPT
    assert premature(changes, parts={"fields": {"score": SF}}) is Status.BREACHED


def test_what_marketing_knows_of_the_company_comes_before_what_sales_knows_of_the_person() -> None:
    """Before the lead was delivered the sales CRM knew nothing, and a lead was not handed over too early because it had not."""
    changes = [*fits(BORN), set_to("NumberOfEmployees", "9000", OPENED + HOUR, record=SF_LEAD)]
    assert premature(changes) is Status.KEPT


def test_a_field_that_the_marketing_crm_has_not_is_the_sales_crms() -> None:
    changes = [one for one in fits(BORN) if one.record != COMPANY]
    changes += [set_to("NumberOfEmployees", "400", BORN, record=SF_LEAD), set_to("Industry", "COMPUTER_SOFTWARE", BORN, record=SF_LEAD)]
    assert premature(changes) is Status.KEPT


# touches and replies


def test_a_touch_in_either_crm_counts_and_one_in_both_counts_once() -> None:
    lead = [mql(OPENED), sf_owned_by(SF_ANN, OPENED)]
    at = OPENED + HOUR
    copies = [a_call(at, owner=ANN), in_salesforce(a_call(at + MINUTE, owner=SF_ANN, logged=at + 2 * MINUTE))]
    for calls in (copies, copies[:1], copies[1:]):
        finding = one("first_touch", lead, calls)
        touches = [e.source for e in finding.evidence if e.source in {str(call.key) for call in calls}]
        assert (finding.status, touches) == (Status.KEPT, [str(calls[0].key)])


def test_a_reply_in_either_crm_starts_the_answer_clock() -> None:
    lead = [mql(OPENED), sf_owned_by(SF_ANN, OPENED)]
    reply = a_reply(OPENED + HOUR)
    for activity in (reply, in_salesforce(reply)):
        assert [f.started_at for f in found("answer_reply", both_rows(lead, [activity]))] == [OPENED + HOUR]


# keys


def test_a_promise_keeps_its_key_when_the_salesforce_lead_turns_out_to_be_a_contact_of_the_other_crm() -> None:
    """Nobody is told twice of one thing because two records were linked."""
    alone = [sf_status("Accepted", OPENED), sf_owned_by(SF_ANN, OPENED), set_to("Lead_Score__c", "99", OPENED, record=SF_LEAD)]
    terms = both_terms(upto=NOW, parts={"stages": {"MQL": SF}, "fields": {"score": SF, "employees": SF, "industry": SF}})
    alone += [sf_status("Marketing Qualified", OPENED - HOUR)]
    activities = [in_salesforce(a_reply(OPENED + HOUR)), in_salesforce(a_call(OPENED + 2 * DAY, owner=SF_ANN), "00T2")]
    before = judge_lead(both_rows(alone, activities, born=SALESFORCE_ONLY), terms, NOW)
    after = judge_lead(both_rows(alone, activities, born={LEAD: OPENED + 3 * DAY, SF_LEAD: BORN}), terms, NOW)
    assert {f.rule for f in before.findings} >= {"first_touch", "stale SAL"}
    assert {f.key for f in before.findings if f.rule != "crm_data"} <= {f.key for f in after.findings}


# protection


def reasons(changes: Sequence[FieldChange], activities: Sequence[Activity] = (), **more: object) -> list[str]:
    rows = both_rows([mql(OPENED), sf_owned_by(SF_ANN, OPENED), *changes], activities, **more)  # type: ignore[arg-type]
    terms = both_terms(upto=NOW)
    agreement = terms.spans[0].agreement
    timeline = build_timeline(rows, agreement, terms, now=NOW)
    return list(protections(Shielded(rows=rows, timeline=timeline, agreement=agreement, terms=terms, since=OPENED, now=NOW)))


def test_a_meeting_with_the_owner_protects_in_whichever_crm_it_stands() -> None:
    assert len(reasons([], [a_meeting(NOW + DAY, booked=OPENED, owner=ANN)])) == 1
    assert reasons([], [a_meeting(NOW + DAY, booked=OPENED, owner=BEN)]) == []


@pytest.mark.parametrize(
    ("changes", "more", "why"),
    [
        ([], {"doubts": (RecordKey("hubspot", "contact", "2"),)}, "perhaps the same person as hubspot/contact/2"),
        (
            [],
            {"born": {LEAD: BORN, SF_LEAD: BORN, RecordKey(SF, "Lead", "00Q2"): BORN}},
            "several open records of one person: salesforce/Lead/00Q1, salesforce/Lead/00Q2",
        ),
        ([set_to("salesforcecontactid", "0039", BORN)], {}, "pointer to nothing: hubspot/contact/1#salesforcecontactid"),
    ],
    ids=["doubt", "several", "pointer"],
)
def test_a_lead_whose_records_were_mixed_up_is_not_moved(changes: list[FieldChange], more: dict[str, object], why: str) -> None:
    assert reasons(changes, **more) == [f"protected: {why}"]
