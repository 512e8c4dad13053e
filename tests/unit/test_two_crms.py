"""What is between two CRMs: leads that did not arrive, leads about which the CRMs disagree, and what was mixed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import FieldChange, RecordKey
from sync.judge.findings import Finding, Side, Status
from sync.judge.judge import judge_lead
from sync.rows import LeadRows
from sync.terms import Terms
from tests.builders import (
    ANN,
    BEN,
    BORN,
    COMPANY,
    LEAD,
    MS,
    SF,
    SF_ANN,
    SF_BEN,
    SF_CONTACT,
    SF_LEAD,
    both_rows,
    both_terms,
    mql,
    ny,
    owned_by,
    set_to,
    sf_owned_by,
    sf_status,
    status,
    unreachable,
)

OPENED = ny("2026-09-14 10:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LAG = 30 * MINUTE
NOW = OPENED + 4 * DAY
OTHER_CONTACT = RecordKey("hubspot", "contact", "2")
OTHER_LEAD = RecordKey(SF, "Lead", "00Q2")
Told = tuple[Status, datetime | None, datetime | None, datetime | None]


def found(rule: str, rows: LeadRows, *, now: datetime = NOW, terms: Terms | None = None) -> list[Finding]:
    return [finding for finding in judge_lead(rows, terms or both_terms(upto=now), now).findings if finding.rule == rule]


def told(findings: Sequence[Finding]) -> list[Told]:
    return [(one.status, one.started_at, one.due_at, one.settled_at) for one in findings]


def read_upto(stream: str, upto: datetime, *, crm: str = SF) -> Terms:
    terms = both_terms(upto=NOW)
    known = terms.crms[crm]
    return replace(terms, crms={**terms.crms, crm: replace(known, upto={**known.upto, stream: upto})})


# not_delivered


def arriving(at: datetime | None) -> LeadRows:
    return both_rows([mql(OPENED)], born={LEAD: BORN} | ({SF_LEAD: at} if at is not None else {}))


@pytest.mark.parametrize(
    ("arrived", "status"),
    [
        (OPENED - MS, None),
        (OPENED, None),
        (OPENED + MS, Status.KEPT),
        (OPENED + HOUR, Status.KEPT),
        (OPENED + HOUR + MS, Status.BREACHED),
    ],
    ids=["before", "as it opened", "just after", "at the deadline", "too late"],
)
def test_a_lead_must_be_in_the_sales_crm_within_the_agreed_time_of_its_handoff(arrived: datetime, status: Status | None) -> None:
    assert told(found("not_delivered", arriving(arrived))) == ([] if status is None else [(status, OPENED, OPENED + HOUR, arrived)])


def test_a_lead_that_never_arrives_is_the_systems_breach_and_nobody_elses() -> None:
    (finding,) = found("not_delivered", arriving(None))
    assert (finding.status, finding.side, finding.owner, finding.settled_at) == (Status.BREACHED, Side.SYSTEM, None, None)
    assert (finding.cycle.handoff, finding.cycle.number) == ("Marketing to SDR", 1)


@pytest.mark.parametrize(("now", "status"), [(OPENED + HOUR, Status.RUNNING), (OPENED + HOUR + MS, Status.BREACHED)])
def test_exactly_at_the_deadline_it_may_still_arrive(now: datetime, status: Status) -> None:
    assert [finding.status for finding in found("not_delivered", arriving(None), now=now)] == [status]


@pytest.mark.parametrize(("stream", "crm"), [("Lead", SF), ("Contact", SF), ("contacts", "hubspot")])
def test_no_breach_before_the_persons_of_both_crms_were_read_up_to_the_deadline(stream: str, crm: str) -> None:
    for upto, expected in ((OPENED + HOUR - MS, Status.UNKNOWN), (OPENED + HOUR, Status.BREACHED)):
        assert [f.status for f in found("not_delivered", arriving(None), terms=read_upto(stream, upto, crm=crm))] == [expected]


@pytest.mark.parametrize(
    "changes",
    [
        [set_to("lifecyclestage", "lead", OPENED + LAG)],
        [status("UNQUALIFIED", OPENED + LAG)],
        unreachable(OPENED + LAG),
    ],
    ids=["returned", "rejected", "unreachable"],
)
def test_it_is_excused_if_there_was_no_need_any_more_before_it_was_due(changes: list[FieldChange]) -> None:
    (finding,) = found("not_delivered", both_rows([mql(OPENED), *changes], born={LEAD: BORN}))
    assert (finding.status, finding.side) == (Status.EXCUSED, Side.NONE)


def test_what_happens_after_the_deadline_excuses_nothing() -> None:
    changes = [mql(OPENED), status("UNQUALIFIED", OPENED + HOUR + MS)]
    (finding,) = found("not_delivered", both_rows(changes, born={LEAD: BORN}))
    assert finding.status is Status.BREACHED


@pytest.mark.parametrize(("gone", "missing"), [(OPENED - MS, True), (OPENED, True), (OPENED + MS, False)])
def test_a_record_that_was_deleted_before_the_handoff_was_not_there(gone: datetime, missing: bool) -> None:
    rows = both_rows([mql(OPENED)], gone_at={SF_LEAD: gone})
    assert [f.status for f in found("not_delivered", rows)] == ([Status.BREACHED] if missing else [])


def test_a_contact_of_the_sales_crm_will_do() -> None:
    assert found("not_delivered", both_rows([mql(OPENED)], born={LEAD: BORN, SF_CONTACT: BORN})) == []


def test_a_lead_that_the_marketing_crm_does_not_have_is_asked_nothing() -> None:
    rows = both_rows([sf_status("Marketing Qualified", OPENED)], born={SF_LEAD: BORN})
    assert found("premature_handoff", rows) != []
    assert found("not_delivered", rows) == []


def test_each_passage_asks_for_itself() -> None:
    again = OPENED + DAY
    changes = [mql(OPENED), set_to("lifecyclestage", "lead", OPENED + LAG), mql(again)]
    first, second = found("not_delivered", both_rows(changes, born={LEAD: BORN}))
    assert [(one.status, one.started_at, one.cycle.number) for one in (first, second)] == [
        (Status.EXCUSED, OPENED, 1),
        (Status.BREACHED, again, 2),
    ]
    assert first.key != second.key


# drift


def drift(changes: Sequence[FieldChange], *, now: datetime = NOW, terms: Terms | None = None, **more: object) -> list[Finding]:
    return found("drift", both_rows(changes, **more), now=now, terms=terms)  # type: ignore[arg-type]


SAME_OWNER = [owned_by(ANN, BORN), sf_owned_by(SF_ANN, BORN)]


@pytest.mark.parametrize(("followed", "drifted"), [(LAG - MS, False), (LAG, False), (LAG + MS, True)])
def test_the_crms_may_disagree_for_the_lag_and_no_longer(followed: timedelta, drifted: bool) -> None:
    for changes in (
        [mql(OPENED), sf_status("Marketing Qualified", OPENED + followed)],
        [*SAME_OWNER, mql(OPENED), sf_status("Marketing Qualified", OPENED), *_both_ben(OPENED + DAY, followed)],
    ):
        since = OPENED if len(changes) == 2 else OPENED + DAY
        expected: list[Told] = [(Status.BREACHED, since, since + LAG, since + followed)]
        assert told(drift(changes)) == (expected if drifted else [])


def _both_ben(at: datetime, followed: timedelta) -> list[FieldChange]:
    return [sf_owned_by(SF_BEN, at), owned_by(BEN, at + followed)]


@pytest.mark.parametrize(("now", "drifted"), [(OPENED + LAG, False), (OPENED + LAG + MS, True)])
def test_a_stretch_that_goes_on_counts_once_it_is_longer_than_the_lag(now: datetime, drifted: bool) -> None:
    assert told(drift([mql(OPENED)], now=now)) == ([(Status.BREACHED, OPENED, OPENED + LAG, None)] if drifted else [])


def test_a_young_stretch_is_looked_at_again_just_after_the_lag() -> None:
    judgement = judge_lead(both_rows([mql(OPENED), *SAME_OWNER]), both_terms(upto=NOW), OPENED + LAG)
    assert judgement.next_at == OPENED + LAG + MS


def test_they_agree_from_the_very_moment_of_the_second_change_on() -> None:
    now = OPENED + HOUR
    assert told(drift([mql(OPENED), sf_status("Marketing Qualified", now)], now=now)) == [(Status.BREACHED, OPENED, OPENED + LAG, now)]


def test_drift_is_the_systems_and_nobodys_in_particular() -> None:
    (finding,) = drift([mql(OPENED), *SAME_OWNER])
    assert (finding.side, finding.owner, finding.cycle.number) == (Side.SYSTEM, None, 1)


@pytest.mark.parametrize(
    ("changes", "behind"),
    [
        ([mql(OPENED)], "salesforce is behind"),
        ([mql(OPENED), sf_status("Marketing Qualified", OPENED + HOUR)], "salesforce was behind"),
        ([mql(OPENED), sf_status("Marketing Qualified", OPENED), sf_status("Accepted", OPENED + HOUR)], "hubspot is behind"),
        (
            [
                mql(OPENED),
                sf_status("Marketing Qualified", OPENED),
                sf_status("Accepted", OPENED + HOUR),
                status("IN_PROGRESS", OPENED + 3 * HOUR),
            ],
            "hubspot was behind",
        ),
        (
            [
                mql(OPENED),
                sf_status("Marketing Qualified", OPENED),
                sf_status("Accepted", OPENED + HOUR),
                sf_status("Marketing Qualified", OPENED + 3 * HOUR),
            ],
            "hubspot was behind",
        ),
    ],
    ids=["still", "followed late", "the other way", "followed late the other way", "taken back"],
)
def test_the_message_says_which_crm_is_behind(changes: list[FieldChange], behind: str) -> None:
    (finding,) = drift(changes)
    assert finding.message.endswith(behind)


def test_nothing_is_compared_before_the_first_handoff() -> None:
    early = OPENED - DAY
    assert drift([sf_status("Accepted", early)]) == []
    (finding,) = drift([sf_status("Accepted", early), mql(OPENED)])
    assert finding.started_at == OPENED


def test_after_the_passage_they_are_compared_still() -> None:
    out = OPENED + DAY
    changes = [mql(OPENED), sf_status("Marketing Qualified", OPENED), sf_status("Rejected", out)]
    assert told(drift(changes)) == [(Status.BREACHED, out, out + LAG, None)]
    assert drift([*changes, status("UNQUALIFIED", out + LAG)]) == []


@pytest.mark.parametrize(
    ("hubspot", "salesforce"),
    [("RECYCLED", "Recycled"), ("UNQUALIFIED", "Rejected"), ("DISQUALIFIED", "Disqualified"), ("IN_PROGRESS", "Accepted")],
)
def test_they_agree_on_a_way_out_or_a_stage_each_in_its_own_words(hubspot: str, salesforce: str) -> None:
    changes = [mql(OPENED), sf_status("Marketing Qualified", OPENED)]
    assert drift([*changes, status(hubspot, OPENED + DAY), sf_status(salesforce, OPENED + DAY)]) == []


def test_it_is_the_last_stage_shown_that_counts() -> None:
    """HubSpot shows MQL and SAL in two fields, Salesforce one or the other in one."""
    changes = [mql(OPENED), status("IN_PROGRESS", OPENED), sf_status("Accepted", OPENED)]
    assert drift(changes) == []


def test_a_converted_lead_goes_on_showing_what_it_showed() -> None:
    at = OPENED + DAY
    changes = [mql(OPENED), sf_status("Marketing Qualified", OPENED), set_to("IsConverted", "true", at, record=SF_LEAD)]
    changes += [set_to("lifecyclestage", "salesqualifiedlead", at)]
    assert drift(changes, born={LEAD: BORN, SF_LEAD: BORN, SF_CONTACT: at}) == []


def test_a_record_of_a_kind_that_shows_no_stage_disagrees_with_nobody() -> None:
    assert drift([mql(OPENED)], born={LEAD: BORN, SF_CONTACT: BORN}) == []


def test_what_one_crm_is_not_told_how_to_show_is_compared_in_neither() -> None:
    terms = both_terms(upto=NOW)
    (span,) = terms.spans
    stages = tuple(
        replace(one, recognised={kind: test for kind, test in one.recognised.items() if kind[0] == "hubspot"}) if one.name == "SAL" else one
        for one in span.agreement.stages
    )
    terms = replace(terms, spans=(replace(span, agreement=replace(span.agreement, stages=stages)),))
    changes = [mql(OPENED), sf_status("Marketing Qualified", OPENED), status("IN_PROGRESS", OPENED + DAY)]
    assert drift(changes, terms=terms) == []


def test_the_stretch_begins_when_both_have_the_lead() -> None:
    born = OPENED + DAY
    assert told(drift([mql(OPENED)], born={LEAD: BORN, SF_LEAD: born})) == [(Status.BREACHED, born, born + LAG, None)]


@pytest.mark.parametrize(("gone", "drifted"), [(OPENED + LAG, False), (OPENED + LAG + MS, True)])
def test_the_stretch_ends_when_one_record_is_deleted(gone: datetime, drifted: bool) -> None:
    findings = drift([mql(OPENED)], gone_at={SF_LEAD: gone})
    assert told(findings) == ([(Status.BREACHED, OPENED, OPENED + LAG, gone)] if drifted else [])


def test_several_stretches_have_a_finding_each() -> None:
    steps = [("Marketing Qualified", 0), ("Accepted", 1), ("Marketing Qualified", 2), ("Accepted", 3)]
    changes = [mql(OPENED), *(sf_status(value, OPENED + days * DAY) for value, days in steps)]
    findings = drift(changes)
    assert told(findings) == [
        (Status.BREACHED, OPENED + DAY, OPENED + DAY + LAG, OPENED + 2 * DAY),
        (Status.BREACHED, OPENED + 3 * DAY, OPENED + 3 * DAY + LAG, None),
    ]
    assert len({one.key for one in findings}) == 2


def test_stage_and_owner_drift_apart_by_themselves() -> None:
    findings = drift([mql(OPENED), owned_by(ANN, OPENED), sf_owned_by(SF_BEN, OPENED)])
    assert sorted(one.message.split(" is ")[0] for one in findings) == ["drift: owner", "drift: stage"]


@pytest.mark.parametrize(
    ("hubspot", "salesforce", "drifted"),
    [
        (ANN, SF_ANN, False),
        (ANN, SF_BEN, True),
        (None, None, False),
        (None, "00G1", False),
        ("91", None, False),
        ("90", "00G1", False),
        (ANN, "00G1", True),
        (None, SF_ANN, True),
        ("77", SF_ANN, True),
    ],
    ids=["same", "other", "nobody", "nobody and queue", "queue and nobody", "placeholder and queue", "queue", "hubspot none", "unknown"],
)
def test_owners_are_compared_as_people_and_whoever_stands_for_nobody_is_nobody(
    hubspot: str | None, salesforce: str | None, drifted: bool
) -> None:
    changes = [mql(OPENED), sf_status("Marketing Qualified", OPENED), owned_by(hubspot, OPENED), sf_owned_by(salesforce, OPENED)]
    assert [one.started_at for one in drift(changes)] == ([OPENED] if drifted else [])


def test_the_passage_is_the_last_one_that_had_opened() -> None:
    again, late = OPENED + DAY, OPENED + 2 * DAY
    changes = [*SAME_OWNER, mql(OPENED), sf_status("Marketing Qualified", OPENED)]
    changes += [set_to("lifecyclestage", "lead", OPENED + HOUR), sf_status("Working", OPENED + HOUR)]
    changes += [mql(again), sf_status("Marketing Qualified", again), sf_owned_by(SF_BEN, late)]
    (finding,) = drift(changes)
    assert (finding.started_at, finding.cycle.number) == (late, 2)


@pytest.mark.parametrize(
    ("since", "at", "expected"),
    [
        (OPENED + MINUTE, OPENED + LAG, []),
        (OPENED + MINUTE, OPENED + 2 * HOUR, [(Status.UNKNOWN, OPENED, OPENED + LAG, None)]),
        (OPENED + LAG + MS, OPENED + 2 * HOUR, [(Status.BREACHED, OPENED, OPENED + LAG, None)]),
    ],
    ids=["in time anyway", "in time or not", "late anyway"],
)
def test_an_end_that_was_only_observed_is_unknown_where_it_makes_a_difference(since: datetime, at: datetime, expected: list[Told]) -> None:
    assert told(drift([mql(OPENED), sf_status("Marketing Qualified", at, since=since)])) == expected


def test_a_person_whom_one_crm_has_twice_is_not_compared() -> None:
    assert drift([mql(OPENED)], born={LEAD: BORN, SF_LEAD: BORN, OTHER_LEAD: BORN}) == []


def test_no_drift_is_told_before_both_crms_were_read_up_to_the_end_of_the_lag() -> None:
    for upto, expected in ((OPENED + LAG - MS, Status.UNKNOWN), (OPENED + LAG, Status.BREACHED)):
        assert [one.status for one in drift([mql(OPENED)], terms=read_upto("Lead", upto))] == [expected]


# oddities


def sorts(changes: Sequence[FieldChange] = (), **more: object) -> list[tuple[str, datetime | None]]:
    findings = found("crm_data", both_rows([mql(OPENED), *changes], **more))  # type: ignore[arg-type]
    return [(one.cycle.opened_by, one.started_at) for one in findings]


def named(field: str, id_: str) -> FieldChange:
    return set_to(field, id_, BORN)


def converted(*leads: RecordKey) -> list[FieldChange]:
    return [set_to("ConvertedContactId", SF_CONTACT.id, OPENED, record=lead) for lead in leads]


@pytest.mark.parametrize(
    ("changes", "more", "sort"),
    [
        ([], {}, None),
        ([], {"doubts": (OTHER_CONTACT,)}, "address of several records"),
        ([], {"born": {LEAD: BORN, OTHER_CONTACT: BORN}}, "several records of one person"),
        ([], {"born": {LEAD: BORN, SF_LEAD: BORN, OTHER_LEAD: BORN}}, "several records of one person"),
        ([], {"born": {LEAD: BORN, SF_LEAD: BORN, OTHER_LEAD: BORN}, "gone_at": {OTHER_LEAD: OPENED}}, None),
        ([], {"born": {LEAD: BORN, SF_LEAD: BORN, SF_CONTACT: BORN}}, None),
        (converted(SF_LEAD, OTHER_LEAD), {"born": {LEAD: BORN, SF_LEAD: BORN, OTHER_LEAD: BORN, SF_CONTACT: OPENED}}, None),
        ([named("salesforceleadid", SF_LEAD.id)], {}, None),
        ([named("salesforceleadid", "00Q9")], {"born": {LEAD: BORN}}, "pointer to nothing"),
        ([named("salesforceleadid", "00Q9")], {"merged": {SF_LEAD._replace(id="00Q9"): SF_LEAD}}, None),
        (
            [named("salesforceleadid", "00Q9")],
            {"merged": {SF_LEAD._replace(id="00Q9"): SF_LEAD}, "gone_at": {SF_LEAD: OPENED}},
            "pointer to nothing",
        ),
        ([named("salesforcecontactid", "0039")], {}, "pointer to nothing"),
        ([named("salesforceleadid", SF_LEAD.id)], {"gone_at": {SF_LEAD: OPENED}}, "pointer to nothing"),
        ([named("salesforceleadid", SF_LEAD.id)], {"born": {LEAD: BORN}, "gone_at": {LEAD: OPENED + DAY}}, None),
    ],
    ids=[
        "in order",
        "doubtful",
        "two contacts",
        "two leads",
        "one of two deleted",
        "lead and contact",
        "two leads of one contact",
        "pointer",
        "no such lead",
        "a lead merged away",
        "its survivor deleted",
        "no such contact",
        "lead deleted",
        "pointing record deleted",
    ],
)
def test_records_that_were_mixed_up_are_told_from_the_first_handoff_on(
    changes: list[FieldChange], more: dict[str, object], sort: str | None
) -> None:
    assert sorts(changes, **more) == ([(sort, OPENED)] if sort else [])


def test_a_pointer_into_what_was_never_read_is_no_pointer_to_nothing() -> None:
    terms = both_terms(upto=NOW)
    unread = {name: at for name, at in terms.crms[SF].upto.items() if name != "Contact"}
    terms = replace(terms, crms={**terms.crms, SF: replace(terms.crms[SF], upto=unread)})
    rows = both_rows([mql(OPENED), named("salesforcecontactid", "0039")])
    assert found("crm_data", rows, terms=terms) == []


def test_a_company_of_the_marketing_crm_is_no_record_of_the_person() -> None:
    assert sorts([set_to("industry", "BANKING", BORN, record=COMPANY)]) == []
