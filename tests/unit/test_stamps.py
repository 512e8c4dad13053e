"""What is stamped on the records of a lead, when, and what keeps it from being stamped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.hubspot.mapping import VOCABULARY
from connectors.records import FieldChange, RecordKey
from connectors.salesforce.mapping import VOCABULARY as SF_VOCABULARY
from sync.agreement.spans import parse_span
from sync.fresh import why_not_now
from sync.judge.findings import Finding, Status
from sync.judge.judge import judge_lead
from sync.orders import Backlog
from sync.own_fields import Standing
from sync.plan import Planner, Policy
from sync.refused import Refusal, refused_too_often, unless_refused, values_of
from sync.route import Routing
from sync.rows import LeadRows
from sync.stamps import STAMP, STAMPS, StampsLeft, present, stamp_of, touch_rules_of
from sync.steps import Step
from sync.terms import Terms
from tests.builders import (
    ANN,
    BORN,
    CRM,
    LEAD,
    SF,
    SF_CONTACT,
    SF_LEAD,
    a_call,
    a_finding,
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
    the_agreement,
    the_practice_agreement,
    the_rows,
    the_terms,
)

HANDOFF = ny("2026-11-18 10:00")
DUE = ny("2026-11-18 12:00")
OWN = {"sla_status": "sla", "sla_deadline": "due", "first_touch": "touched", "breaches": "broken"}
HANDED = [mql(HANDOFF), owned_by(ANN, HANDOFF)]


def the_terms_with_fields(now: datetime, own: Mapping[str, str] = OWN, **more: object) -> Terms:
    return the_terms(upto=now, vocabulary=replace(VOCABULARY, own_fields=own), **more)  # type: ignore[arg-type]


def stamps(
    rows: LeadRows, terms: Terms, now: datetime, *, since: datetime | None = BORN, mode: str = "enforce", unsigned: str | None = None
) -> list[Step]:
    agreement = terms.agreement_at(now)
    planner = Planner(
        agreement=agreement,
        terms=terms,
        policy=Policy(
            mode_of=lambda _rule, _team: mode,
            not_enforcing=unsigned,
            max_act_age=parse_span("2 business days"),
            enforced_since=lambda rule: since if rule == STAMPS else BORN,
        ),
        routing=Routing(seats={}),
        now=now,
    )
    return [step for step in planner.steps(rows, judge_lead(rows, terms, now).findings) if step.action == STAMP]


def written(step: Step) -> dict[str, str | None]:
    return {write.field: write.after for write in step.fields}


def stamped(changes: Sequence[FieldChange], now: datetime, **more: object) -> dict[str, str | None]:
    (step,) = stamps(the_rows(changes), the_terms_with_fields(now), now, **more)  # type: ignore[arg-type]
    return written(step)


def test_a_lead_on_track_shows_its_next_deadline() -> None:
    shown = stamped(HANDED, HANDOFF + timedelta(minutes=1))
    assert shown == {"sla": "on_track", "due": "2026-11-18T17:00:00Z", "broken": "0"}


def test_a_broken_promise_speaks_and_its_deadline_stays_until_it_is_kept() -> None:
    shown = stamped(HANDED, DUE + timedelta(hours=1))
    assert (shown["sla"], shown["due"], shown["broken"]) == ("breached", "2026-11-18T17:00:00Z", "1")


def test_the_first_touch_is_the_one_that_keeps_a_clock_late_or_not() -> None:
    now = DUE + timedelta(hours=2)
    rows = the_rows(HANDED, [a_call(DUE + timedelta(hours=1, microseconds=300))])
    (step,) = stamps(rows, the_terms_with_fields(now), now)
    assert (written(step)["touched"], written(step)["broken"]) == ("2026-11-18T18:00:00Z", "1")


def test_a_record_that_shows_it_already_in_whichever_form_is_left_alone() -> None:
    now = HANDOFF + timedelta(minutes=1)
    held = {"sla": "on_track", "due": "2026-11-18T17:00:00.000+0000", "broken": "0.0"}
    changes = [*HANDED, *(set_to(field, value, HANDOFF) for field, value in held.items())]
    assert stamps(the_rows(changes), the_terms_with_fields(now), now) == []


def test_only_what_differs_is_written() -> None:
    now = HANDOFF + timedelta(minutes=1)
    changes = [*HANDED, set_to("sla", "breached", HANDOFF), set_to("due", "2026-11-18T17:00:00Z", HANDOFF)]
    (step,) = stamps(the_rows(changes), the_terms_with_fields(now), now)
    assert [(w.field, w.before, w.after) for w in step.fields] == [("broken", None, "0"), ("sla", "breached", "on_track")]


def test_only_named_fields_are_written_and_none_without_a_name() -> None:
    now = HANDOFF + timedelta(minutes=1)
    (step,) = stamps(the_rows(HANDED), the_terms_with_fields(now, {"sla_deadline": "due", "recycle_count": "times"}), now)
    assert written(step) == {"due": "2026-11-18T17:00:00Z"}
    assert stamps(the_rows(HANDED), the_terms_with_fields(now, {"recycle_count": "times"}), now) == []
    assert stamps(the_rows(HANDED), the_terms(upto=now), now) == []


def test_a_picklist_gets_its_own_value() -> None:
    now = HANDOFF + timedelta(minutes=1)
    labels = {("contact", "sla"): {"1": "On track", "2": "Breached"}}
    (step,) = stamps(the_rows(HANDED), the_terms_with_fields(now, labels=labels), now)
    assert written(step)["sla"] == "1"


def test_a_lead_that_was_never_handed_over_is_left_alone() -> None:
    now = HANDOFF
    assert stamps(the_rows([owned_by(ANN, BORN)]), the_terms_with_fields(now), now) == []


def test_what_opened_before_stamping_began_is_stamped_only_where_a_stamp_stands() -> None:
    now, since = HANDOFF + timedelta(hours=1), HANDOFF + timedelta(seconds=1)
    terms = the_terms_with_fields(now)
    assert stamps(the_rows(HANDED), terms, now, since=since) == []
    assert stamps(the_rows(HANDED), terms, now, since=None) == []
    (step,) = stamps(the_rows([*HANDED, set_to("sla", "no_clock", HANDOFF)]), terms, now, since=since)
    assert written(step)["sla"] == "at_risk"


def test_a_field_that_somebody_else_fills_in_is_left_alone() -> None:
    now, city = HANDOFF + timedelta(minutes=1), set_to("sla", "Bonn", HANDOFF)
    terms = the_terms_with_fields(now)
    (step,) = stamps(the_rows([*HANDED, city]), terms, now)
    assert step.blocked_by[0].startswith("sla shows what is no SLA status")
    assert stamps(the_rows([*HANDED, city]), terms, now, since=now) == []


def test_mode_and_agreement_hold_a_stamp_back() -> None:
    now = HANDOFF + timedelta(minutes=1)
    (step,) = stamps(the_rows(HANDED), the_terms_with_fields(now), now, mode="remind", unsigned="not signed by sales")
    assert step.blocked_by == ("mode is remind (config.toml, [mode] default)", "not signed by sales")


def test_each_record_of_a_lead_is_stamped_but_no_converted_one() -> None:
    now = HANDOFF + timedelta(minutes=1)
    changes = [
        *fits(HANDOFF),
        mql(HANDOFF),
        owned_by(ANN, HANDOFF),
        sf_status("Marketing Qualified", HANDOFF),
        sf_owned_by("0051", HANDOFF),
    ]
    converted = [set_to("ConvertedContactId", SF_CONTACT.id, HANDOFF, record=SF_LEAD)]
    terms = both_terms(upto=now, vocabulary=replace(VOCABULARY, own_fields=OWN))
    salesforce = replace(terms.crms[SF], vocabulary=replace(SF_VOCABULARY, own_fields={"sla_status": "SLA__c"}))
    terms = replace(terms, crms={CRM: terms.crms[CRM], SF: salesforce})
    two = stamps(both_rows(changes), terms, now)
    assert [step.record for step in two] == [LEAD, SF_LEAD]
    assert written(two[1]) == {"SLA__c": "on_track"}
    born = {LEAD: BORN, SF_LEAD: BORN, SF_CONTACT: BORN}
    records: list[RecordKey] = [step.record for step in stamps(both_rows([*changes, *converted], born=born), terms, now)]
    assert records == [LEAD, SF_CONTACT]
    assert why_not_now(two[1], two, []) is None, "a step is compared with that of its own record"


@pytest.mark.parametrize(
    ("statuses", "standing"),
    [
        (("running", "breached", "at_risk"), Standing.BREACHED),
        (("running", "at_risk", "unknown"), Standing.AT_RISK),
        (("running", "unknown", "kept"), Standing.UNKNOWN),
        (("kept", "running", "late"), Standing.ON_TRACK),
        (("kept", "late", "excused"), Standing.LATE),
        (("kept", "excused"), Standing.KEPT),
        (("excused",), Standing.EXCUSED),
        ((), Standing.NO_CLOCK),
    ],
)
def test_the_worst_that_is_still_owed_speaks_then_what_became_of_the_rest(statuses: tuple[str, ...], standing: Standing) -> None:
    findings = [_with_status(f"rule {place}", one) for place, one in enumerate(statuses)]
    other = a_finding("reject_reason", HANDOFF, kind="reason")
    stamp = stamp_of([other, *findings], frozenset())
    assert stamp.standing is standing
    spoken = [finding for finding, one in zip(findings, statuses, strict=True) if one == {"on_track": "running"}.get(standing, standing)]
    assert stamp.speaks in (spoken or [other])


def _with_status(rule: str, word: str) -> Finding:
    broken = word in ("breached", "late")
    return a_finding(rule, HANDOFF, status=Status.BREACHED if broken else Status(word), owed=word in ("breached", "running", "at_risk"))


def test_open_passages_count_and_else_the_one_that_opened_last() -> None:
    old, new = a_finding("a", HANDOFF, number=1), a_finding("b", DUE, number=2)
    closed = [replace(one, cycle=replace(one.cycle, closed_at=DUE, closed_by="recycled")) for one in (old, new)]
    odd = a_finding("crm_data", DUE, number=0)
    assert present([closed[0], new, odd]) == [new]
    assert present([*closed, odd]) == [closed[1]]
    assert present([odd]) == []


def test_a_lead_that_left_shows_how_its_passage_ended_and_what_is_owed_since() -> None:
    left = HANDOFF + timedelta(minutes=30)
    shown = stamped([*HANDED, status("DISQUALIFIED", left)], HANDOFF + timedelta(hours=30))
    assert (shown["sla"], shown.get("due")) == ("kept", None)
    shown = stamped([*HANDED, status("RECYCLED", left)], HANDOFF + timedelta(hours=30))
    assert (shown["sla"], shown["due"]) == ("on_track", "2026-11-25T15:30:00Z"), "Marketing nurtures what went back"


def test_beyond_the_limit_stamps_wait_and_say_so() -> None:
    now = HANDOFF + timedelta(minutes=1)
    (step,) = stamps(the_rows(HANDED), the_terms_with_fields(now), now)
    move, left = replace(step, action="reassign"), StampsLeft(2)
    held = [left.hold([move, step]) for _ in range(3)]
    assert [[bool(one.blocked_by) for one in steps] for steps in held] == [[False, False], [False, False], [False, True]]
    assert held[2][1].blocked_by == ("a run stamps 2 records ([limits] stamps_per_run): it waits for the next",)
    assert left.waiting == {step.lead}


def test_a_stamp_that_its_crm_refused_twice_in_the_same_words_is_left_alone_for_a_week_or_until_it_changes() -> None:
    now = HANDOFF + timedelta(minutes=1)
    rows, terms = the_rows(HANDED), the_terms_with_fields(now)
    (step,) = stamps(rows, terms, now)
    first, again = (
        Refusal(record=step.record, values=values_of(step.fields), said="VALIDATION: ask Ops", at=now - ago)
        for ago in (timedelta(hours=2), timedelta(hours=1))
    )
    assert refused_too_often([first]) == refused_too_often([first, replace(again, said="LOCKED")]) == {}
    calls = [replace(one, said=f"LOCKED, correlation id {number}-{number}") for number, one in enumerate((first, again))]
    assert next(iter(refused_too_often(calls).values())).times == 2
    refused = refused_too_often([again, first])

    def held(step: Step, at: datetime) -> tuple[str, ...]:
        return unless_refused(step, refused, at, terms.agreement_at(at).zone).blocked_by

    (why,) = held(step, now)
    assert why.startswith(f"hubspot refused {step.fields[0].field}, ")
    assert why.endswith(" twice (VALIDATION: ask Ops): leadpact leaves it alone until Wed 2026-11-25 09:01 EST")
    assert held(step, again.at + timedelta(days=7)) == ()
    other = replace(step, fields=tuple(replace(write, after="9") for write in step.fields))
    assert held(other, now) == held(replace(step, action="reassign"), now) == ()


def test_a_stamp_that_is_no_longer_asked_for_says_why() -> None:
    now = HANDOFF + timedelta(minutes=1)
    (step,) = stamps(the_rows(HANDED), the_terms_with_fields(now), now)
    assert why_not_now(step, [], []) == "the record shows it already, or something else is to be stamped by now"


def test_clocks_that_a_rep_keeps_by_a_touch_tell_the_first_one() -> None:
    assert "first_touch" in touch_rules_of(the_agreement())
    assert {"speed_to_assign", "nurture_returned"} & touch_rules_of(the_practice_agreement()) == set()


def test_a_plan_of_the_backlog_stamps_nothing() -> None:
    now = HANDOFF + timedelta(minutes=1)
    rows, terms = the_rows(HANDED), the_terms_with_fields(now)
    policy = Policy(
        mode_of=lambda *_: "enforce", not_enforcing=None, max_act_age=parse_span("2 business days"), enforced_since=lambda _: BORN
    )
    planner = Planner(agreement=the_agreement(), terms=terms, policy=policy, routing=Routing(seats={}), now=now)
    findings = judge_lead(rows, terms, now).findings
    assert [step.action for step in planner.steps(rows, findings)] == [STAMP]
    assert replace(planner, policy=replace(policy, backlog=Backlog())).steps(rows, findings) == ()
