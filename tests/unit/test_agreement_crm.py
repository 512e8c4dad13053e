"""What an agreement says and a CRM does not have: what is refused, what is only told, and near misses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.hubspot.mapping import VOCABULARY
from connectors.records import Account, FieldDefinition, Option, Owner, Page, Team
from sync.agreement.lint import lint_text
from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement
from sync.judge.reasons import folded
from sync.lint import Facts, Misfit, lint, refuse_if_misfit
from sync.remarks import Level, Remark
from sync.roster import Person, Roster

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ACCOUNT = Account(crm="hubspot", id="1", time_zone=None, kind="STANDARD", uses_leads_object=False, server_now=NOW)

BASE = """
title     = "Leads"
effective = 2026-01-01
timezone  = "UTC"

[fields]
score = { type = "number", hubspot = "hubspotscore" }
why   = { type = "text", hubspot = "lead_reason" }

[[stage]]
name    = "MQL"
side    = "marketing"
meaning = "Ready."
hubspot.contact = "lifecyclestage = 'marketingqualifiedlead'"

[calendar.default]
hours    = "Mo-Fr 09:00-17:00"
timezone = "UTC"

[[handoff]]
name     = "to sales"
opens_on = "stage MQL"

[[clock]]
name    = "first_touch"
starts  = "handoff"
kept_by = "touch"
within  = "2 business hours"

[reject]
reasons = ["bad data", "Not our market"]
reason  = "why"
hubspot.contact = "hs_lead_status = 'UNQUALIFIED'"
"""


def definition(name: str, *options: str | tuple[str, str]) -> FieldDefinition:
    """A contact property; an option that is one text is its own label."""
    pairs = [option if isinstance(option, tuple) else (option, option) for option in options]
    listed = tuple(Option(value=value, label=label, order=place) for place, (value, label) in enumerate(pairs))
    return FieldDefinition(
        crm="hubspot", kind="contact", name=name, label=name, type="enumeration" if options else "string", options=listed
    )


STANDARD = (
    definition("hubspotscore"),
    definition("lifecyclestage", "marketingqualifiedlead"),
    definition("hs_lead_status", "UNQUALIFIED"),
    definition("hs_analytics_source", "PAID_SEARCH", "REFERRALS"),
)


def facts(*reasons: str | tuple[str, str], owner_team: str | None = None) -> Facts:
    owner = Owner(
        crm="hubspot", id="1", user_id=None, email=None, name="Ann", is_queue=False, active=True, teams=("7",) if owner_team else ()
    )
    teams = (Team(crm="hubspot", id="7", name=owner_team),) if owner_team else ()
    definitions = (*STANDARD, definition("lead_reason", *reasons))
    pages = {
        "definitions": (Page(stream="definitions", began_at=NOW, definitions=definitions, cursor=None, last=True),),
        "owners": (Page(stream="owners", began_at=NOW, owners=(owner,), teams=teams, cursor=None, last=True),),
    }
    return Facts(account=ACCOUNT, vocabulary=VOCABULARY, pages=pages)


def read(more: str = "") -> Agreement:
    return agreement_of(BASE + more, file="agreement.toml")


def told(crm: Facts, more: str = "", roster: Roster | None = None, *, about: str = "") -> list[tuple[Level, str]]:
    remarks = lint(read(more), roster or Roster(), crm)
    return [(remark.level, remark.what.partition("`")[2].partition("`")[0]) for remark in remarks if about in remark.where]


@pytest.mark.parametrize(
    "options",
    [
        ("bad data", "not our market"),
        ("BAD_DATA", "not-our-market"),
        (("1", "Bad Data"), ("2", "Not our  market"), "else"),
        (),
    ],
    ids=["as written", "by value", "by label", "free text"],
)
def test_reasons_that_people_can_choose_are_not_told(options: tuple[str | tuple[str, str], ...]) -> None:
    assert told(facts(*options), about="reject.reasons") == []


def test_every_reason_that_nobody_can_choose_is_an_error() -> None:
    assert told(facts("Bad dates", "our market"), about="reject.reasons") == [(Level.ERROR, "bad data"), (Level.ERROR, "Not our market")]
    (remark,) = [one for one in lint(read(), Roster(), facts("BAD_DATA", "wrong market")) if one.level is Level.ERROR]
    assert remark.what == "`Not our market` is no value and no label of hubspot contact property `lead_reason`, so nobody can choose it"
    assert remark.fix == "did you mean `wrong market`?"


def test_reasons_for_going_back_are_looked_for_too() -> None:
    recycle = "[recycle]\nreasons = { timing = '60 days', silence = '30 days' }\nreason = 'why'\n"
    assert told(facts("bad data", "not our market", "TIMING"), recycle, about="recycle.reasons") == [(Level.ERROR, "silence")]


def test_reasons_are_compared_without_case_and_with_dashes_as_spaces() -> None:
    assert folded("Not_Our-market ") == folded("not our  MARKET")
    assert folded("notour market") != folded("not our market")


def level(said: str) -> str:
    return f'[[level]]\nname = "one"\n{said}\nclock.first_touch.within = "1 business hour"\n'


def test_a_level_of_sources_none_of_which_exists_is_an_error() -> None:
    crm = facts()
    assert told(crm, level('source = ["PAID", "EVENTS"]'), about="level") == [(Level.ERROR, "EVENTS"), (Level.ERROR, "PAID")]
    assert told(crm, level('source = ["paid_search", "EVENTS"]'), about="level") == [(Level.WARNING, "EVENTS")]
    assert told(crm, level('source = ["paid_search", "REFERRALS"]'), about="level") == []


def test_a_value_in_a_segment_that_no_picklist_has_is_a_warning() -> None:
    assert told(facts(), level("segment = \"original_source = 'EVENTS'\""), about="level") == [(Level.WARNING, "EVENTS")]
    assert told(facts(), level("segment = \"original_source = 'REFERRALS'\""), about="level") == []


def test_a_level_of_a_team_in_which_nobody_is_is_an_error() -> None:
    emea = level('team = "EMEA"')
    ann = Person(name="Ann", email=None, ids={}, manager=None, team="EMEA", calendar=None, hours=None, absences=())
    wrong = [one for one in lint(read(emea), Roster(), facts(owner_team="AMER")) if "level" in one.where]
    assert [(one.level, one.where) for one in wrong] == [(Level.ERROR, "agreement.toml: level.one.team")]
    assert told(facts(owner_team="EMEA"), emea, about="level") == []
    assert told(facts(), emea, Roster(people={"Ann": ann}), about="level") == []
    assert told(facts(), '[pool.sdr]\nteam = "EMEA"\n' + emea, about="level") == [], "leads of nobody have the team of the pool"


# Each is wrong in another way: for the agreement alone, and for what the CRM has.
CONTRADICTIONS = [
    ('within  = "2 business hours"', 'within  = "60000 business hours"', "clock.first_touch.within"),
    ('kept_by = "touch"', 'kept_by = "recycled"', "clock.first_touch.kept_by"),
    ('hours    = "Mo-Fr 09:00-17:00"', 'hours = "2020 Mo-Fr 09:00-17:00"', "calendar.default.hours"),
    ("'UNQUALIFIED'", "'marketingqualifiedlead'", "reject.hubspot.contact"),
    ('hubspot = "hubspotscore"', 'hubspot = "hubspotscor"', "fields.score"),
]


@pytest.mark.parametrize(("right", "wrong", "where"), CONTRADICTIONS)
def test_a_run_refuses_what_check_calls_an_error(right: str, wrong: str, where: str) -> None:
    assert right in BASE
    agreement = agreement_of(BASE.replace(right, wrong, 1), file="agreement.toml")

    with pytest.raises(Misfit) as refused:
        refuse_if_misfit(agreement, Roster(), [facts()])

    assert refused.value.exit_code == 78
    assert where in str(refused.value)


def test_a_run_refuses_all_at_once_in_the_words_of_check() -> None:
    cadence = (
        '[[cadence]]\nname = "work"\nstage = "MQL"\nattempts = 9\nwithin = "1 business day"\ngap = { at_least = "4 business hours" }\n'
    )
    nobody = level('segment = "score > 5 AND score < 2"').replace("one", "two")
    agreement = read(cadence + level('team = "EMEA"') + nobody)

    with pytest.raises(Misfit) as refused:
        refuse_if_misfit(agreement, Roster(), [facts("bad data")])

    shown: list[Remark] = [*lint_text(agreement, Roster()), *lint(agreement, Roster(), facts("bad data"))]
    errors = [remark for remark in shown if remark.level is Level.ERROR]
    assert [remark.where.rpartition(": ")[2] for remark in errors] == ["level.two", "cadence.work.gap", "reject.reasons", "level.one.team"]
    assert refused.value.errors == tuple(errors)
    assert all(f"  {remark.where}: {remark.what}\n    fix: {remark.fix}" in str(refused.value) for remark in errors)


def test_what_check_only_warns_of_is_not_refused() -> None:
    warned = read(level('source = ["paid_search", "EVENTS"]'))
    crm = facts("bad data", "not our market")

    refuse_if_misfit(warned, Roster(), [crm])

    assert Level.WARNING in {remark.level for remark in lint(warned, Roster(), crm)}
