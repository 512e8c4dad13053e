"""Findings of two leads never have one key, also where one fact is both leads'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.records import Activity, FieldChange, RecordKey
from sync.judge.findings import Finding
from sync.judge.judge import judge_lead
from sync.rows import LeadRows
from tests.builders import CRM, LEAD, a_call, a_reply, fits, mql, ny, owned_by, set_to, status, the_practice_agreement, the_rows, the_terms

OTHER = RecordKey(CRM, "contact", "2")
NOW = ny("2026-11-20 16:00")
MONDAY = ny("2026-11-02 10:00")


def colleague_of(rows: LeadRows) -> LeadRows:
    """Return another lead of the same company with the same history and the same activities."""
    changes = tuple(replace(one, record=OTHER) if one.record == LEAD else one for one in rows.changes)
    return replace(rows, lead=str(OTHER), people=tuple(replace(one, key=OTHER) for one in rows.people), changes=changes)


def both(changes: Sequence[FieldChange], activities: Sequence[Activity] = (), *, rule: str) -> tuple[list[Finding], list[Finding]]:
    rows, terms = the_rows(changes, activities), the_terms(upto=NOW, agreement=the_practice_agreement())
    first, second = ([f for f in judge_lead(one, terms, NOW).findings if f.rule == rule] for one in (rows, colleague_of(rows)))
    return first, second


def assert_apart(found: tuple[list[Finding], list[Finding]], *, each: int) -> None:
    assert [len(findings) for findings in found] == [each, each]
    assert len({finding.key for findings in found for finding in findings}) == 2 * each


def test_a_reply_from_two_leads_starts_a_clock_of_each() -> None:
    changes = [*fits(MONDAY), mql(MONDAY), owned_by("11", MONDAY)]
    assert_apart(both(changes, [a_reply(ny("2026-11-03 10:00"))], rule="answer_reply"), each=1)


def test_a_call_with_two_leads_begins_a_stretch_of_each() -> None:
    changes = [*fits(MONDAY), mql(MONDAY), owned_by("11", MONDAY), status("IN_PROGRESS", MONDAY)]
    assert_apart(both(changes, [a_call(ny("2026-11-04 10:00"))], rule="stale SAL"), each=1)


def test_a_company_that_grows_makes_each_of_its_leads_qualify() -> None:
    grown = set_to("numberofemployees", "500", ny("2026-11-03 10:00"), record=RecordKey(CRM, "company", "7"))
    changes = [*(one for one in fits(MONDAY) if one.field != "numberofemployees"), grown]
    assert_apart(both(changes, rule="missed_handoff"), each=1)


def test_a_company_that_grows_hands_over_each_of_its_leads_with_a_high_score() -> None:
    grown = set_to("numberofemployees", "500", ny("2026-11-03 10:00"), record=RecordKey(CRM, "company", "7"))
    changes = [*(one for one in fits(MONDAY, score="98") if one.field != "numberofemployees"), grown]
    for rule in ("first_touch", "premature_handoff"):
        assert_apart(both(changes, rule=rule), each=1)
