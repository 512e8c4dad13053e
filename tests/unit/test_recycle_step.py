"""Which fields of which record are written when a lead goes back to Marketing, and why it does not go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.records import FieldChange
from sync.agreement.model import Agreement
from sync.agreement.spans import parse_span
from sync.fresh import why_not_now
from sync.judge.findings import Status
from sync.judge.judge import judge_lead
from sync.plan import Planner, Policy
from sync.route import Routing
from sync.rows import LeadRows
from sync.steps import Step
from sync.terms import Terms
from tests.builders import (
    ANN,
    BORN,
    LEAD,
    NURTURE,
    SF_ANN,
    SF_CONTACT,
    SF_LEAD,
    a_finding,
    both_rows,
    both_terms,
    mql,
    ny,
    owned_by,
    set_to,
    sf_owned_by,
    sf_status,
    status,
    the_practice_agreement,
    the_rows,
    the_terms,
)

HANDOFF = ny("2026-11-18 10:00")
NOW = HANDOFF + timedelta(minutes=40)
TO = '{ owner = "marketing queue", status = "Recycled", nurture_list = "Nurture 2026" }'
NOT_OUT = set_to("hs_email_optout", "false", BORN)
EARLY = [mql(HANDOFF), status("NEW", HANDOFF), owned_by(ANN, HANDOFF), NOT_OUT]
STATUSES = {("contact", "hs_lead_status"): {"NEW": "New", "RECYCLED": "Back to Marketing"}}
STAGES = {("contact", "lifecyclestage"): {"lead": "Lead", "marketingqualifiedlead": "MQL"}}


def agreed(to: str = TO, *, by: str = "status") -> Agreement:
    """The practice agreement, in which leads go back `to` something else."""
    return the_practice_agreement((TO, to + f'\nby = "{by}"'))


def planned(rows: LeadRows, terms: Terms, agreement: Agreement) -> list[Step]:
    policy = Policy(
        mode_of=lambda *_: "enforce", not_enforcing=None, max_act_age=parse_span("2 business days"), enforced_since=lambda _: BORN
    )
    planner = Planner(agreement=agreement, terms=terms, policy=policy, routing=Routing(seats={}), now=NOW)
    return [step for step in planner.steps(rows, judge_lead(rows, terms, NOW).findings) if step.action in ("return", "recycle")]


def step_of(agreement: Agreement | None = None, changes: Iterable[FieldChange] = EARLY, **crm_terms: Any) -> Step:
    """The only step for a contact that was handed over too early."""
    agreement = agreement or agreed()
    (step,) = planned(the_rows(list(changes)), the_terms(upto=NOW, agreement=agreement, **crm_terms), agreement)
    return step


def written(step: Step) -> dict[str, str | None]:
    return {write.field: write.after for write in step.fields}


BACK = {"hs_lead_status": "RECYCLED", "hubspot_owner_id": "90", "list:7": "member"}


def test_a_returned_lead_gets_status_owner_and_list_in_one_step() -> None:
    step = step_of()
    assert (step.action, step.blocked_by, written(step)) == ("return", (), BACK)
    assert step.reason.endswith("; joins list `Nurture 2026`")


@pytest.mark.parametrize(
    ("to", "by", "expected"),
    [
        ("{ }", "status", {"hs_lead_status": "RECYCLED"}),
        ('{ status = "back-to marketing" }', "status", {"hs_lead_status": "RECYCLED"}),
        ('{ owner = "90" }', "status", {"hs_lead_status": "RECYCLED", "hubspot_owner_id": "90"}),
        ('{ stage = "Lead" }', "status", {"hs_lead_status": "RECYCLED", "lifecyclestage": "lead"}),
        ('{ stage = "lead" }', "stage", {"lifecyclestage": "lead"}),
        ('{ stage = "Lead", status = "Recycled" }', "stage", {"lifecyclestage": "lead", "hs_lead_status": "RECYCLED"}),
        ('{ nurture_list = "7" }', "status", {"hs_lead_status": "RECYCLED", "list:7": "member"}),
    ],
)
def test_what_is_written_is_what_the_agreement_names_by_value_or_label(to: str, by: str, expected: Mapping[str, str]) -> None:
    step = step_of(agreed(to, by=by), labels=STATUSES | STAGES)
    assert (step.blocked_by, written(step)) == ((), expected)


@pytest.mark.parametrize(
    ("to", "by", "crm_terms", "why"),
    [
        ('{ status = "Recicled" }', "status", {"labels": STATUSES}, "hubspot contact has no value `Recicled` of hs_lead_status"),
        ('{ status = "New" }', "status", {"labels": STATUSES}, "hs_lead_status `NEW` would not show a hubspot contact as recycled"),
        ('{ stage = "Nobody" }', "status", {"labels": STAGES}, "hubspot contact has no value `Nobody` of lifecyclestage"),
        ('{ status = "Recycled" }', "stage", {}, "the agreement does not say which value recycles a hubspot contact"),
        ('{ owner = "Sales queue" }', "status", {}, "hubspot has no owner `Sales queue`"),
        (
            '{ owner = "Queue" }',
            "status",
            {"names": {"1": "Queue", "2": "queue"}},
            "hubspot has 2 owners called `Queue`: name one by its id",
        ),
        (
            '{ owner = "Marketing queue" }',
            "status",
            {"gone": {"90": (None, BORN)}},
            "owner `Marketing queue` of hubspot takes no leads: it is not active, or no queue of leads",
        ),
        ('{ nurture_list = "Nurture 2025" }', "status", {}, "hubspot has no list `Nurture 2025`"),
        (
            '{ nurture_list = "Nurture 2026" }',
            "status",
            {"lists": (NURTURE, replace(NURTURE, name="list:8"))},
            "hubspot has 2 lists called `Nurture 2026`: name one by its id",
        ),
        (
            '{ nurture_list = "Nurture 2026" }',
            "status",
            {"lists": (replace(NURTURE, read_only=True),)},
            "hubspot fills list `Nurture 2026` itself: nobody can be put on it",
        ),
    ],
)
def test_what_cannot_be_named_keeps_the_lead_and_is_said(to: str, by: str, crm_terms: Mapping[str, Any], why: str) -> None:
    assert step_of(agreed(to, by=by), **crm_terms).blocked_by == (why,)


def test_of_several_owners_of_one_name_the_one_that_stands_for_nobody_is_meant() -> None:
    step = step_of(names={"90": "Marketing queue", "14": "marketing queue"})
    assert written(step)["hubspot_owner_id"] == "90"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([set_to("hs_email_optout", "true", BORN)], "joins no list: they opted out of e-mail (hubspot hs_email_optout)"),
        ([], "joins no list: whether they opted out of e-mail is not known (hs_email_optout)"),
    ],
)
def test_who_opted_out_or_may_have_goes_back_and_joins_no_list(told: list[FieldChange], why: str) -> None:
    step = step_of(changes=[*EARLY[:-1], *told])
    assert (step.blocked_by, "list:7" in written(step)) == ((), False)
    assert step.reason.endswith(f"; {why}")


def test_nobody_joins_a_list_whose_record_shows_everything_else_already() -> None:
    shown = [mql(HANDOFF), status("RECYCLED", HANDOFF - timedelta(days=90)), owned_by("90", HANDOFF), NOT_OUT]
    assert planned(the_rows(shown), the_terms(upto=NOW, agreement=agreed()), agreed()) == []


BOTH = [
    mql(HANDOFF),
    owned_by(ANN, HANDOFF),
    NOT_OUT,
    sf_status("Marketing Qualified", HANDOFF),
    sf_owned_by(SF_ANN, HANDOFF),
    set_to("HasOptedOutOfEmail", "false", BORN, record=SF_LEAD),
]


def both_planned(changes: list[FieldChange], **more: Any) -> list[Step]:
    return planned(both_rows(changes, **more), both_terms(upto=NOW), the_practice_agreement())


def test_of_two_records_each_is_written_in_a_step_of_its_own() -> None:
    found = both_planned(BOTH)
    assert [(step.record, written(step)) for step in found] == [
        (SF_LEAD, {"Status": "Recycled", "OwnerId": "00G1"}),
        (LEAD, {"list:7": "member"}),
    ]
    assert {step.blocked_by for step in found} == {()}


def test_a_step_is_looked_for_again_by_its_record() -> None:
    main, beside = both_planned(BOTH)
    assert [why_not_now(step, [main, beside], []) for step in (main, beside)] == [None, None]
    assert why_not_now(beside, [main], []) == f"{SF_LEAD} would be written now"


def test_a_lead_that_was_converted_is_given_back_by_its_contact_if_the_agreement_says_how() -> None:
    converted = [*BOTH, set_to("ConvertedContactId", SF_CONTACT.id, HANDOFF, record=SF_LEAD)]
    converted += [set_to("OwnerId", SF_ANN, HANDOFF, record=SF_CONTACT)]
    (step, *_) = both_planned(converted, born={LEAD: BORN, SF_LEAD: BORN, SF_CONTACT: HANDOFF})
    assert step.record == SF_CONTACT
    assert step.blocked_by[0] == "the agreement does not say which value recycles a salesforce Contact"
    assert "keeps its owner: no queue can own a Contact" in step.reason


def test_a_converted_lead_whose_contact_is_not_known_is_left_alone() -> None:
    (step, *_) = both_planned([*BOTH, set_to("ConvertedContactId", "0039", HANDOFF, record=SF_LEAD)])
    assert step.blocked_by[0] == f"{SF_LEAD} was converted, and no record that carries it on is known"


def test_a_lead_is_recycled_no_more_often_than_is_agreed() -> None:
    past = [status("RECYCLED", HANDOFF - timedelta(days=days)) for days in (300, 200, 100)]
    past += [status("NEW", HANDOFF - timedelta(days=days)) for days in (299, 199, 99)]
    rows, agreement = the_rows([*past, *EARLY]), agreed()
    terms = the_terms(upto=NOW, agreement=agreement)
    policy = Policy(
        mode_of=lambda *_: "enforce", not_enforcing=None, max_act_age=parse_span("2 business days"), enforced_since=lambda _: BORN
    )
    planner = Planner(agreement=agreement, terms=terms, policy=policy, routing=Routing(seats={}), now=NOW)
    due = a_finding("recycle_due", HANDOFF, kind="recycle", reason="timing", status=Status.BREACHED)
    (step,) = planner.steps(rows, [due])
    assert step.action == "recycle"
    assert [why for why in step.blocked_by if "recycled 3 times" in why] == [
        "recycled 3 times since 2025-11-18; at most 3 in 12 months are agreed"
    ]
