"""What holds otherwise for some leads: which level speaks, and that it was decided when the promise started."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connectors.records import FieldChange
from sync.judge.findings import Finding
from sync.judge.judge import judge_lead
from sync.terms import Terms
from tests.builders import (
    ANN,
    BEN,
    COMPANY,
    MS,
    mql,
    ny,
    owned_by,
    set_to,
    status,
    the_agreement,
    the_rows,
    the_terms,
)

OPENED = ny("2026-09-14 10:00")  # a Monday
HOUR = timedelta(hours=1)
NOW = ny("2026-09-14 10:30")

LEVELS = """
[[level]]
name   = "Paid search"
source = "PAID_SEARCH"
clock.first_touch.within = "3 business hours"

[[level]]
name    = "Small"
segment = "employees < 200"
clock.first_touch.within = "4 business hours"
clock.decide.within = "5 business days"
cadence.work_the_lead.attempts = 8

[[level]]
name    = "Tiny"
segment = "employees < 20"
clock.first_touch.within = "5 business hours"

[[level]]
name = "West"
team = "west"
clock.first_touch.within = "6 business hours"
clock.accept_or_reject.within = "12 hours"

"""
HOURS = {"Paid search": 3, "Small": 4, "Tiny": 5, "West": 6, None: 2}


def terms_of(*, pool: str = "", levels: str = LEVELS) -> Terms:
    agreement = the_agreement(("[touches]", f"{pool}{levels}[touches]"))
    return the_terms(upto=NOW, agreement=agreement, teams={BEN: "west"})


def sized(employees: str | None, at: datetime = OPENED) -> FieldChange:
    return set_to("numberofemployees", employees, at, record=COMPANY)


def from_source(value: str, at: datetime = OPENED) -> FieldChange:
    return set_to("hs_analytics_source", value, at)


def judged_as(*changes: FieldChange, rule: str = "first_touch", terms: Terms | None = None, now: datetime = NOW) -> Finding:
    (finding,) = [f for f in judge_lead(the_rows([mql(OPENED), *changes]), terms or terms_of(), now).findings if f.rule == rule]
    return finding


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ([owned_by(ANN, OPENED)], None),
        ([sized("200")], None),
        ([sized("199")], "Small"),
        ([sized("19")], "Tiny"),
        ([sized(None)], None),
        ([owned_by(BEN, OPENED)], "West"),
        ([owned_by(BEN, OPENED), sized("19")], "West"),
        ([from_source("PAID_SEARCH")], "Paid search"),
        ([from_source("paid_search")], "Paid search"),
        ([from_source("DIRECT_TRAFFIC")], None),
        ([from_source("PAID_SEARCH"), owned_by(BEN, OPENED), sized("19")], "Paid search"),
    ],
    ids=["nobody's", "too big", "small", "both", "blank", "team", "team, last", "source", "case", "another source", "source before all"],
)
def test_a_source_speaks_before_segment_and_team_and_of_those_the_one_written_last(changes: list[FieldChange], level: str | None) -> None:
    finding = judged_as(*changes)
    assert finding.level == level
    assert finding.due_at == OPENED + HOURS[level] * HOUR
    assert (f"({level})" in finding.message) is (level is not None)


@pytest.mark.parametrize(("changed_at", "level"), [(OPENED, "Small"), (OPENED + MS, None)])
def test_the_values_when_the_clock_started_decide(changed_at: datetime, level: str | None) -> None:
    assert judged_as(sized("500", OPENED - HOUR), sized("50", changed_at)).level == level


def test_a_value_that_changes_afterwards_moves_nothing() -> None:
    assert judged_as(sized("50"), sized("500", OPENED + MS)).level == "Small"


def test_a_clock_that_starts_later_is_judged_by_the_values_then() -> None:
    accepted = OPENED + HOUR
    decide = judged_as(sized("500"), sized("50", accepted), status("IN_PROGRESS", accepted), rule="decide", now=OPENED + 2 * HOUR)
    assert (decide.level, decide.due_at) == ("Small", ny("2026-09-21 11:00"))
    touch = judged_as(sized("500"), sized("50", accepted), status("IN_PROGRESS", accepted), now=OPENED + HOUR)
    assert touch.level is None


def test_each_owner_clock_is_judged_by_the_team_of_its_owner() -> None:
    changes = [mql(OPENED), owned_by(ANN, OPENED), owned_by(BEN, OPENED + HOUR)]
    findings = judge_lead(the_rows(changes), terms_of(), OPENED + 2 * HOUR).findings
    accepts = [(f.owner, f.level, f.due_at) for f in findings if f.rule == "accept_or_reject"]
    assert accepts == [(ANN, None, OPENED + 24 * HOUR), (BEN, "West", OPENED + 13 * HOUR)]


def test_the_team_of_the_pool_speaks_where_nobody_owns_the_lead() -> None:
    pool = '[pool.sdr]\nteam = "west"\n\n'
    assert judged_as(terms=terms_of(pool=pool)).level == "West"
    assert judged_as(owned_by(ANN, OPENED), terms=terms_of(pool=pool)).level is None
    assert judged_as(owned_by("90", OPENED), terms=terms_of(pool=pool)).level == "West"
    assert judged_as().level is None


def test_a_level_changes_only_the_rules_it_names() -> None:
    small = judged_as(sized("50"), rule="speed_to_assign")
    assert (small.level, small.due_at) == (None, OPENED + timedelta(minutes=15))


def test_a_cadence_too_has_its_level() -> None:
    cadence = judged_as(sized("50"), status("IN_PROGRESS", OPENED), rule="work_the_lead")
    assert cadence.level == "Small"
    assert "8 attempts" in cadence.message
    everybody = judged_as(sized("500"), status("IN_PROGRESS", OPENED), rule="work_the_lead")
    assert everybody.level is None
    assert "6 attempts" in everybody.message


def test_a_source_without_the_rule_leaves_it_to_the_segment() -> None:
    finding = judged_as(from_source("PAID_SEARCH"), sized("50"), status("IN_PROGRESS", OPENED), rule="decide")
    assert finding.level == "Small"


def test_of_two_sources_the_one_written_last_speaks() -> None:
    again = '[[level]]\nname = "Search again"\nsource = "PAID_SEARCH"\nclock.first_touch.within = "7 business hours"\n\n'
    assert judged_as(from_source("PAID_SEARCH"), terms=terms_of(levels=LEVELS + again)).level == "Search again"
