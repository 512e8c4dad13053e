"""Handoffs that should not have been, leads that should have been handed over, and leads that Sales took too early."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import FieldChange
from sync.agreement.model import Agreement
from sync.judge.findings import Finding, Side, Status
from sync.judge.judge import judge_lead
from tests.builders import (
    ANN,
    BEN,
    BORN,
    COMPANY,
    LEAD,
    MS,
    fits,
    judged,
    mql,
    ny,
    owned_by,
    raised,
    set_to,
    status,
    the_agreement,
    the_practice_agreement,
    the_roster,
    the_rows,
    the_terms,
    unreachable,
    without_stream,
)

HANDOFF = ny("2026-09-14 10:00")  # a Monday
QUALIFIED = ny("2026-09-15 10:00")
DUE = ny("2026-09-16 10:00")  # 24 hours later
NOW = ny("2026-09-25 16:00")
QUARTER = timedelta(minutes=15)
MARKETING_TO_SDR = "Marketing to SDR"


def by_rule(
    changes: list[FieldChange],
    rule: str,
    *,
    now: datetime = NOW,
    born: datetime = BORN,
    agreement: Agreement | None = None,
    gone: datetime | None = None,
) -> list[Finding]:
    """Judge one lead by the practice agreement, in which Ann and Ben are the pool of SDRs; findings of the first handoff."""
    roster = the_roster(pools={"sdr": [ANN, BEN], "ae": ["21"]})
    terms = the_terms(upto=now, roster=roster, agreement=agreement or the_practice_agreement())
    rows = the_rows(changes, born=born, gone_at={LEAD: gone} if gone else None)
    return [f for f in judge_lead(rows, terms, now).findings if f.rule == rule and f.cycle.handoff == MARKETING_TO_SDR]


def premature(changes: list[FieldChange], **more: object) -> Finding:
    (finding,) = by_rule(changes, "premature_handoff", **more)  # type: ignore[arg-type]
    return finding


def without(field: str, changes: list[FieldChange]) -> list[FieldChange]:
    return [change for change in changes if change.field != field]


def but(field: str, value: str | None, changes: list[FieldChange]) -> list[FieldChange]:
    return [replace(change, value=value) if change.field == field else change for change in changes]


FIT = [*fits(HANDOFF), mql(HANDOFF)]


def test_a_lead_that_qualifies_at_the_very_moment_is_handed_over_as_agreed() -> None:
    finding = premature(FIT)
    assert (finding.status, finding.side, finding.settled_at) == (Status.KEPT, Side.MARKETING, HANDOFF)
    assert (finding.started_at, finding.due_at, finding.late_by_s, finding.owed) == (HANDOFF, HANDOFF, None, False)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (but("hubspotscore", "59", FIT), "`score >= 60` was false"),
        ([*fits(HANDOFF + MS), mql(HANDOFF), set_to("hubspotscore", "12", BORN)], "`score >= 60` was false"),
        (but("jobtitle", "Intern", FIT), "`buyer` was false"),
        (but("industry", "RETAIL", FIT), "`icp` was false"),
        (but("phone", None, FIT), "phone blank"),
        (but("phone", "", FIT), "phone blank"),
        (without("email", FIT), "email blank"),
    ],
    ids=["score too low", "score a moment too late", "no buyer", "no fit", "phone cleared", "phone empty", "never an email"],
)
def test_a_lead_that_does_not_qualify_is_marketings_breach_and_the_message_names_what_was_missing(
    changes: list[FieldChange], told: str
) -> None:
    finding = premature(changes)
    assert (finding.status, finding.side, finding.settled_at, finding.late_by_s) == (Status.BREACHED, Side.MARKETING, None, 0)
    assert told in finding.message
    assert finding.owed


def test_the_message_never_tells_a_value() -> None:
    finding = premature(but("jobtitle", "Intern", but("hubspotscore", "59.25", FIT)))
    assert "Intern" not in finding.message
    assert "59.25" not in finding.message


def test_a_premature_handoff_whose_passage_is_over_is_owed_no_more() -> None:
    changes = [*but("hubspotscore", "59", FIT), status("UNQUALIFIED", HANDOFF + timedelta(days=1))]
    assert premature(changes).owed is False


@pytest.mark.parametrize("field", ["hubspotscore", "numberofemployees", "industry"])
def test_a_blank_that_leaves_the_criteria_open_makes_it_unknown(field: str) -> None:
    finding = premature(but(field, None, FIT))
    assert (finding.status, finding.side) == (Status.UNKNOWN, Side.NONE)
    assert "was blank" in finding.message


def test_a_blank_does_not_matter_where_another_condition_is_false_anyway() -> None:
    assert premature(but("industry", None, but("hubspotscore", "12", FIT))).status is Status.BREACHED


def without_history(field: str, *, changed_at: datetime, value: str = "400") -> Finding:
    """Judge a company whose `field` has no history, and which was last changed at `changed_at`."""
    rows = the_rows(without(field, FIT))
    assert rows.company is not None
    company = replace(rows.company, values={**rows.company.values, field: value}, changed_at=changed_at)
    terms = the_terms(upto=NOW, agreement=the_practice_agreement())
    (finding,) = [f for f in judge_lead(replace(rows, company=company), terms, NOW).findings if f.rule == "premature_handoff"]
    return finding


@pytest.mark.parametrize(("changed_at", "expected"), [(HANDOFF, Status.KEPT), (HANDOFF + MS, Status.UNKNOWN)])
def test_a_value_without_history_counts_only_if_nothing_changed_since_the_handoff(changed_at: datetime, expected: Status) -> None:
    finding = without_history("numberofemployees", changed_at=changed_at)
    assert finding.status is expected
    assert ("employees has no history" in finding.message) is (expected is Status.UNKNOWN)


@pytest.mark.parametrize(("changed_at", "expected"), [(HANDOFF, Status.KEPT), (HANDOFF + MS, Status.UNKNOWN)])
def test_so_does_a_required_field_without_history(changed_at: datetime, expected: Status) -> None:
    rows = the_rows(without("phone", FIT))
    person = replace(rows.people[0], values={**rows.people[0].values, "phone": "+1 555 0100"}, changed_at=changed_at)
    terms = the_terms(upto=NOW, agreement=the_practice_agreement())
    (finding,) = [f for f in judge_lead(replace(rows, people=(person,)), terms, NOW).findings if f.rule == "premature_handoff"]
    assert finding.status is expected
    assert ("phone has no history" in finding.message) is (expected is Status.UNKNOWN)


@pytest.mark.parametrize(("late", "expected"), [(timedelta(seconds=5), Status.KEPT), (timedelta(seconds=5) + MS, Status.BREACHED)])
def test_values_written_within_five_seconds_belong_to_a_record_created_in_the_stage(late: timedelta, expected: Status) -> None:
    created = [mql(HANDOFF), *fits(HANDOFF + late, born=HANDOFF)]
    created.append(set_to("hubspotscore", "12", HANDOFF))
    assert premature(created, born=HANDOFF).status is expected


def test_values_written_a_moment_after_the_handoff_of_an_older_record_are_too_late() -> None:
    changes = [*without("hubspotscore", FIT), set_to("hubspotscore", "12", BORN), set_to("hubspotscore", "75", HANDOFF + MS)]
    assert premature(changes, born=HANDOFF - timedelta(seconds=6)).status is Status.BREACHED


def test_a_hand_raise_is_asked_nothing() -> None:
    assert by_rule(raised("Demo request", HANDOFF), "premature_handoff") == []


@pytest.mark.parametrize(("phone", "expected"), [("+1 555 0100", Status.KEPT), (None, Status.BREACHED)])
def test_a_handoff_that_a_score_opened_is_asked_for_the_required_fields_only(phone: str | None, expected: Status) -> None:
    changes = but("phone", phone, but("jobtitle", "Intern", fits(HANDOFF, score="97")))
    finding = premature(changes)
    assert (finding.status, finding.cycle.opened_by) == (expected, "score")


REQUIRED_ALONE = (
    ('criteria = "icp AND buyer AND score >= 60"\nrequired = ["email", "company", "phone"]\n', ""),
    ('name     = "Marketing to SDR"\nopens_on', 'name     = "Marketing to SDR"\nrequired = ["title"]\nopens_on'),
    ('if_premature = ["return"]\nif_missed    = ["promote"]\n', ""),
)


@pytest.mark.parametrize(("title", "expected"), [("Intern", Status.KEPT), (None, Status.BREACHED)])
def test_what_the_handoff_requires_is_asked_where_the_stage_states_nothing(title: str | None, expected: Status) -> None:
    finding = premature([set_to("jobtitle", title, BORN), mql(HANDOFF)], agreement=the_practice_agreement(*REQUIRED_ALONE))
    assert finding.status is expected


def test_an_agreement_that_asks_nothing_judges_no_handoff_premature() -> None:
    agreement = the_practice_agreement(REQUIRED_ALONE[0], REQUIRED_ALONE[2])
    assert by_rule([mql(HANDOFF)], "premature_handoff", agreement=agreement) == []


# --- missed handoffs


def missed(changes: list[FieldChange], **more: object) -> list[Finding]:
    return by_rule(changes, "missed_handoff", **more)  # type: ignore[arg-type]


WAITS = fits(QUALIFIED)


@pytest.mark.parametrize(("now", "expected"), [(DUE, Status.RUNNING), (DUE + MS, Status.BREACHED)])
def test_a_lead_that_qualified_is_missed_after_a_day(now: datetime, expected: Status) -> None:
    (finding,) = missed(WAITS, now=now)
    assert (finding.status, finding.started_at, finding.due_at, finding.owed) == (expected, QUALIFIED, DUE, True)
    assert (finding.side, finding.owner, finding.cycle.number) == (Side.MARKETING, None, 0)


@pytest.mark.parametrize(("late", "expected"), [(timedelta(), Status.KEPT), (MS, Status.BREACHED)])
@pytest.mark.parametrize("hand_over", [lambda at: [mql(at)], lambda at: raised("Demo request", at)], ids=["stage", "hand-raise"])
def test_a_passage_that_opens_by_the_deadline_keeps_it_and_a_later_one_settles_the_breach(
    hand_over: object, late: timedelta, expected: Status
) -> None:
    (finding,) = missed([*WAITS, *hand_over(DUE + late)])  # type: ignore[operator]
    assert (finding.status, finding.settled_at, finding.owed) == (expected, DUE + late, False)


def test_a_lead_that_qualifies_at_the_very_moment_of_its_handoff_was_not_missed() -> None:
    assert missed(FIT) == []
    (finding,) = missed([*fits(HANDOFF - MS), mql(HANDOFF)])
    assert finding.status is Status.KEPT


@pytest.mark.parametrize(
    "changes",
    [
        but("hubspotscore", "59", WAITS),
        but("phone", None, WAITS),
        without("email", WAITS),
        but("industry", None, WAITS),
        [*WAITS, set_to("lifecyclestage", "salesqualifiedlead", BORN)],
        [*WAITS, status("IN_PROGRESS", BORN)],
        [*WAITS, set_to("lifecyclestage", "customer", BORN)],
        [*WAITS, status("DISQUALIFIED", BORN)],
        [*WAITS, mql(HANDOFF)],
    ],
    ids=["score", "phone", "email", "blank", "further on", "in work", "customer", "disqualified", "in a passage"],
)
def test_a_lead_that_does_not_qualify_is_further_on_or_out_is_not_missed(changes: list[FieldChange]) -> None:
    assert missed(changes) == []


@pytest.mark.parametrize(("late", "expected"), [(timedelta(), Status.EXCUSED), (MS, Status.BREACHED)])
@pytest.mark.parametrize(
    ("end", "why"),
    [
        (lambda at: [set_to("hubspotscore", "12", at)], "it no longer qualifies"),
        (lambda at: [set_to("phone", None, at)], "it no longer qualifies"),
        (lambda at: [set_to("lifecyclestage", "salesqualifiedlead", at)], "reached SQL"),
        (lambda at: [status("DISQUALIFIED", at)], "disqualified"),
        (unreachable, "There is no lawful way to reach this person."),
    ],
    ids=["score fell", "phone cleared", "further on", "disqualified", "excused"],
)
def test_what_takes_the_handoff_its_reason_by_the_deadline_excuses_it(end: object, why: str, late: timedelta, expected: Status) -> None:
    (finding,) = missed([*WAITS, *end(DUE + late)])  # type: ignore[operator]
    assert finding.status is expected
    assert (why in finding.message) is (expected is Status.EXCUSED)


@pytest.mark.parametrize(("late", "expected"), [(timedelta(), Status.EXCUSED), (MS, Status.BREACHED)])
def test_a_lead_deleted_by_the_deadline_is_not_missed(late: timedelta, expected: Status) -> None:
    (finding,) = missed(WAITS, gone=DUE + late)
    assert finding.status is expected


def test_each_time_a_lead_qualifies_is_a_finding_of_its_own() -> None:
    again = DUE + timedelta(days=1)
    findings = missed([*WAITS, set_to("hubspotscore", "12", QUALIFIED + QUARTER), set_to("hubspotscore", "80", again)])
    assert [(f.started_at, f.status) for f in findings] == [(QUALIFIED, Status.EXCUSED), (again, Status.BREACHED)]


def test_a_score_that_rises_further_qualifies_nobody_anew() -> None:
    assert [f.started_at for f in missed([*WAITS, set_to("hubspotscore", "90", QUALIFIED + QUARTER)])] == [QUALIFIED]


def test_one_that_went_on_to_qualify_through_the_end_of_a_passage_does_not_qualify_anew() -> None:
    assert missed([*FIT, status("UNQUALIFIED", HANDOFF + timedelta(days=1))]) == []


def requalified(at: datetime, *, exit: str) -> list[FieldChange]:
    """A lead that left its passage on Tuesday and qualifies again at `at`."""
    left = HANDOFF + timedelta(days=1)
    return [
        *FIT,
        status(exit, left),
        set_to("hubspotscore", "12", left),
        set_to("lifecyclestage", "lead", left),
        set_to("hubspotscore", "75", at),
    ]


def test_a_recycled_lead_is_not_missed_during_its_cool_off() -> None:
    over = ny("2026-10-15 10:00")  # 30 days after it was recycled, at the same time of day
    later = over + timedelta(days=2)
    assert missed(requalified(over - MS, exit="RECYCLED"), now=later) == []
    assert [f.status for f in missed(requalified(over, exit="RECYCLED"), now=later)] == [Status.BREACHED]


def test_a_rejected_lead_that_qualifies_again_is_missed_and_a_disqualified_one_is_not() -> None:
    again = HANDOFF + timedelta(days=3)
    assert [f.status for f in missed(requalified(again, exit="UNQUALIFIED"))] == [Status.BREACHED]
    assert missed(requalified(again, exit="DISQUALIFIED")) == []


def test_a_disqualification_before_the_last_passage_is_forgotten() -> None:
    again = HANDOFF + timedelta(days=3)
    changes = [status("DISQUALIFIED", HANDOFF - timedelta(days=2)), status("NEW", HANDOFF), *requalified(again, exit="UNQUALIFIED")]
    assert [f.status for f in missed(changes)] == [Status.BREACHED]


def test_a_missed_handoff_is_not_called_so_while_the_contacts_were_not_read() -> None:
    terms = without_stream(the_terms(upto=NOW, agreement=the_agreement()), "contacts")
    (finding,) = [f for f in judge_lead(the_rows(WAITS), terms, NOW).findings if f.rule == "missed_handoff"]
    assert (finding.status, finding.side) == (Status.UNKNOWN, Side.NONE)
    terms = without_stream(the_terms(upto=NOW, agreement=the_agreement()), "calls")
    (finding,) = [f for f in judge_lead(the_rows(WAITS), terms, NOW).findings if f.rule == "missed_handoff"]
    assert finding.status is Status.BREACHED


def test_a_business_span_to_hand_over_counts_in_the_calendar_of_the_pool() -> None:
    pool = '[pool.sdr]\ncalendar = "berlin"\n\n[pool.ae]\n\n[[handoff]]\nname     = "Marketing to SDR"'
    agreement = the_practice_agreement(
        ('hand_over_within = "24 hours"', 'hand_over_within = "3 business hours"'), ('[[handoff]]\nname     = "Marketing to SDR"', pool)
    )
    (finding,) = missed(WAITS, agreement=agreement)
    assert finding.due_at == ny("2026-09-16 04:00")  # 16:00 in Berlin, which closes at 18:00 and opens at 9


def test_a_company_without_history_is_not_known_to_have_qualified() -> None:
    rows = the_rows([change for change in WAITS if change.record != COMPANY])
    company = the_rows(WAITS).company
    assert company is not None
    terms = the_terms(upto=NOW, agreement=the_practice_agreement())
    judged = judge_lead(replace(rows, company=replace(company, changed_at=QUALIFIED + MS)), terms, NOW)
    assert [f for f in judged.findings if f.rule == "missed_handoff"] == []
    judged = judge_lead(replace(rows, company=replace(company, changed_at=QUALIFIED)), terms, NOW)
    assert [f.status for f in judged.findings if f.rule == "missed_handoff"] == [Status.BREACHED]


# --- owners of the pool before the first handoff


def early(changes: list[FieldChange], **more: object) -> list[Finding]:
    return by_rule(changes, "early_pull", **more)  # type: ignore[arg-type]


TAKEN = ny("2026-09-10 11:00")


@pytest.mark.parametrize(("ahead", "told"), [(QUARTER, False), (QUARTER + MS, True)])
def test_an_owner_of_the_pool_may_come_a_quarter_of_an_hour_before_the_handoff(ahead: timedelta, told: bool) -> None:
    findings = early([owned_by(ANN, HANDOFF - ahead), mql(HANDOFF)])
    assert [(f.status, f.side, f.owner, f.started_at, f.due_at, f.settled_at) for f in findings] == (
        [(Status.BREACHED, Side.OWNER, ANN, HANDOFF - ahead, HANDOFF - ahead, HANDOFF)] if told else []
    )


def test_an_early_pull_is_told_once_the_handoff_has_not_come_for_a_quarter_of_an_hour() -> None:
    assert early([owned_by(ANN, TAKEN)], now=TAKEN + QUARTER) == []
    (finding,) = early([owned_by(ANN, TAKEN)], now=TAKEN + QUARTER + MS)
    assert (finding.status, finding.settled_at, finding.owed, finding.cycle.number) == (Status.BREACHED, None, True, 0)
    terms = the_terms(upto=TAKEN, roster=the_roster(pools={"sdr": [ANN]}), agreement=the_practice_agreement())
    for now in (TAKEN, TAKEN + QUARTER):
        assert judge_lead(the_rows([owned_by(ANN, TAKEN)]), terms, now).next_at == TAKEN + QUARTER + MS


@pytest.mark.parametrize("after", [BEN, "21", None], ids=["a colleague", "somebody else", "nobody"])
def test_an_early_pull_is_settled_when_the_lead_is_given_up(after: str | None) -> None:
    given_up = TAKEN + timedelta(hours=3)
    finding = early([owned_by(ANN, TAKEN), owned_by(after, given_up), mql(HANDOFF)])[0]
    assert (finding.owner, finding.settled_at, finding.owed) == (ANN, given_up, False)


def test_each_owner_of_the_pool_who_took_it_is_told_and_setting_the_same_one_again_is_not() -> None:
    changes = [owned_by(ANN, TAKEN), owned_by(ANN, TAKEN + QUARTER), owned_by(BEN, TAKEN + 2 * QUARTER)]
    assert [(f.owner, f.started_at) for f in early(changes)] == [(ANN, TAKEN), (BEN, TAKEN + 2 * QUARTER)]


@pytest.mark.parametrize("owner", ["21", "90", "91", None], ids=["of another pool", "a placeholder", "a queue", "nobody"])
def test_who_is_not_of_the_pool_pulls_nothing(owner: str | None) -> None:
    assert early([owned_by(owner, TAKEN)]) == []


def test_an_owner_set_after_the_first_passage_is_no_early_pull() -> None:
    assert early([mql(HANDOFF), status("UNQUALIFIED", HANDOFF + QUARTER), owned_by(ANN, HANDOFF + 2 * QUARTER)]) == []
    assert early([mql(HANDOFF), owned_by(ANN, HANDOFF)]) == []


def test_an_agreement_that_does_not_keep_leads_until_the_handoff_tells_no_early_pull() -> None:
    agreement = the_practice_agreement(("kept_until_handoff = true", "kept_until_handoff = false"))
    assert early([owned_by(ANN, TAKEN)], agreement=agreement) == []


def test_values_of_which_no_history_is_kept_are_not_called_blank_however_many_they_are() -> None:
    fields = {"email": "eve@example.com", "company": "Example Ltd", "phone": "+1 555 0100", "jobtitle": "Head of Operations"}
    handed_over, seen = ny("2026-11-02 10:00"), ny("2026-11-20 10:00")
    observed = [set_to(field, value, seen, since=ny("2026-10-01 09:00")) for field, value in fields.items()]
    acted = [owned_by(ANN, handed_over + timedelta(hours=n)) for n in (1, 2, 3)]
    finding = judged([mql(handed_over), *acted, *observed], now=seen, rule="premature_handoff")
    assert (finding.status, finding.side) == (Status.UNKNOWN, Side.NONE)
