from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.agreement import schema, schema_people
from sync.agreement.goals import Amount, Share, Solve
from sync.agreement.load import agreement_of, load_agreement
from sync.agreement.model import (
    Agreement,
    Answered,
    Assigned,
    HandRaise,
    NurturedBy,
    Protection,
    Rejected,
    Rung,
    ScoreCrossed,
    StageEntered,
    StageReached,
    StartWord,
    Touch,
)
from sync.agreement.parties import AtMost
from sync.agreement.spans import parse_period, parse_span
from sync.problems import Problem, Problems
from sync.shape import Table

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "agreement.example.toml"

# The least that is an agreement: no exits, no touches, `required` names fields that are built in.
MINIMAL = """
title     = "Leads"
effective = 2026-03-29
timezone  = "Europe/Berlin"

[fields]
score = { type = "number", hubspot = "hubspotscore" }

[[stage]]
name     = "MQL"
side     = "marketing"
meaning  = "Ready."
criteria = "score >= 60"
required = ["email", "phone"]
hubspot.contact = "lifecyclestage = 'marketingqualifiedlead'"

[calendar.default]
hours    = "Mo-Fr 09:00-17:00; PH off"
timezone = "Europe/Berlin"

[[handoff]]
name     = "to sales"
opens_on = "stage MQL"

[[clock]]
name    = "first_touch"
starts  = "handoff"
kept_by = "touch"
within  = "2 business hours"
"""


def read(text: str) -> Agreement:
    return agreement_of(text, file="agreement.toml")


def problems_of(text: str) -> dict[str, Problem]:
    with pytest.raises(Problems) as caught:
        read(text)
    assert caught.value.exit_code == 78
    assert all(problem.file == "agreement.toml" for problem in caught.value.problems)
    return {problem.where: problem for problem in caught.value.problems}


@pytest.fixture(scope="module")
def example() -> Agreement:
    return load_agreement(EXAMPLE)


def test_the_example_says_what_its_file_says(example: Agreement) -> None:
    speed, touch, decision, decide, answer, nurture = example.clocks

    assert [stage.name for stage in example.stages] == ["MQL", "SAL", "SQL"]
    assert (speed.kept_by, speed.owed_by, speed.warn_at) == ((Assigned(),), "system", (0.8,))
    assert (touch.starts, touch.kept_by, touch.calendar, touch.warn_at) == (StartWord.HANDOFF, (Touch(),), "owner", (0.5, 0.8))
    assert [rung.action for rung in touch.ladder] == ["reassign", "reassign", "escalate"]
    assert decision.kept_by == (StageReached("SAL"), Rejected())
    assert (decide.starts, decide.ladder[-1]) == (StageEntered("SAL"), Rung(action="recycle", detail="stale"))
    assert (answer.starts, answer.kept_by) == (StartWord.REPLY, (Answered(),))
    assert (nurture.starts, nurture.kept_by, nurture.owed_by) == (StartWord.RECYCLED, (NurturedBy(),), "marketing")
    assert example.handoffs[0].opens_on == (StageEntered("MQL"), HandRaise(("Demo request", "Contact sales")))
    assert example.cadences[0].recycle == "no response"
    assert example.recycle.returns["stale"] == parse_period("30 day")
    assert example.recycle.at_most == AtMost(count=3, per=parse_period("12 month"))
    assert Protection(what="conversation", within=parse_span("5 business days")) in example.protect.when
    assert [goal.target for goal in example.goals] == [Amount(2_000_000), Solve("Inbound revenue"), Share(0.9)]
    assert example.goals[2].measures == "first_touch"
    assert example.consequences[0].condition.streak == parse_period("2 month")


def test_the_example_promises_something_about_stages_ways_back_and_absent_owners(example: Agreement) -> None:
    recycle, cover = example.recycle, example.cover

    assert [stage.stale_after for stage in example.stages] == [None, parse_span("5 business days"), None]
    assert recycle.when == {"rejected": "needs nurture", "stale": "stale", "owner gone": "timing"}
    assert (recycle.within, recycle.cool_off) == (parse_span("1 business day"), parse_period("30 days"))
    assert cover is not None
    assert (cover.within, cover.ladder) == (parse_span("1 business day"), (Rung(action="reassign", detail=None),))


def test_the_fields_to_read_are_those_the_agreement_names(example: Agreement) -> None:
    hubspot = example.crm_fields("hubspot")

    assert hubspot["company"] == {"numberofemployees", "industry"}
    assert {"lifecyclestage", "hs_lead_status", "jobtitle", "hs_analytics_source", "email"} <= hubspot["contact"]
    assert {"Status", "IsConverted", "Lead_Score__c"} <= example.crm_fields("salesforce")["Lead"]
    assert example.crm_fields("pipedrive") == {}


def test_a_minimal_agreement_gets_the_defaults() -> None:
    agreement = read(MINIMAL)
    (clock,) = agreement.clocks

    assert (clock.by, clock.owed_by, clock.calendar, clock.warn_at, clock.ladder) == ("owner", "owner", None, (), ())
    assert agreement.handoffs[0].reopen_after == timedelta(minutes=15)
    assert agreement.handoffs[0].ownership == "anyone"
    assert agreement.touches.late_logging == parse_span("4 business hours")
    assert agreement.touches.shortest_call == timedelta(seconds=20)
    assert agreement.recycle.bounce_limit == 2
    assert (agreement.reject.recognised, agreement.disqualify.recognised, agreement.recycle.recognised) == ({}, {}, {})


def test_built_in_fields_are_read_only_where_something_names_them() -> None:
    assert set(read(MINIMAL).fields) == {"score", "email", "phone"}


def test_an_agreement_holds_from_the_start_of_its_first_day_to_the_end_of_its_last() -> None:
    agreement = read(MINIMAL.replace("timezone  =", "expires_on = 2026-10-25\ntimezone  =", 1))

    assert agreement.effective == datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert agreement.expires_at == datetime(2026, 10, 25, 23, 0, tzinfo=UTC)  # the day had 25 hours


def test_where_a_field_lives_can_be_said_in_three_ways() -> None:
    text = MINIMAL.replace(
        "[fields]",
        '[fields]\nindustry = { type = "text", hubspot = "company.industry", salesforce = { Lead = "Industry", Contact = "Industry__c" } }',
    )

    assert read(text).fields["industry"].sources == {
        ("hubspot", "company"): "industry",
        ("salesforce", "Lead"): "Industry",
        ("salesforce", "Contact"): "Industry__c",
    }


def test_a_score_can_open_a_handoff() -> None:
    (trigger,) = read(MINIMAL.replace('"stage MQL"', '"score: score >= 80"')).handoffs[0].opens_on

    assert isinstance(trigger, ScoreCrossed)
    assert trigger.criterion.truth({"score": 80.0}) is True


def test_a_level_holds_whole_rules_with_its_own_words() -> None:
    text = (
        MINIMAL
        + '[[level]]\nname = "small"\nsource = ["it\'s", "PAID"]\nclock.first_touch = { within = "1 hour", ladder = "escalate: manager" }\n'
    )

    (level,) = read(text).levels

    assert level.clocks[0].within == parse_span("1 hour")
    assert level.clocks[0].kept_by == (Touch(),)
    assert level.clocks[0].ladder == (Rung(action="escalate", detail="manager"),)
    assert level.applies is not None
    assert level.applies.truth({"original_source": "It's"}) is True


def test_a_level_is_wrong_only_in_what_it_says() -> None:
    text = MINIMAL + '[[level]]\nname = "x"\nsegment = "score > 1"\nteam = "y"\n'
    text += 'clock.first_tuch.within = "1 hour"\nclock.first_touch.within = "soon"\n'

    problems = problems_of(text)

    assert set(problems) == {"level.x", "level.x.clock.first_tuch", "level.x.clock.first_touch.within"}
    assert problems["level.x.clock.first_tuch"].fix == "did you mean `first_touch`?"


SLIPS: list[tuple[str, str, str, str]] = [
    ('name    = "first_touch"', 'name    = "first_touch"\nwithn = 1', "clock.first_touch.withn", "did you mean `within`?"),
    ("2 business hours", "2 busines hours", "clock.first_touch.within", ""),
    ('"touch"', '"tuch"', "clock.first_touch.kept_by", "did you mean `touch`?"),
    ('"touch"', '"stage MLQ"', "clock.first_touch.kept_by", "did you mean `MQL`?"),
    ('starts  = "handoff"', 'starts  = "handof"', "clock.first_touch.starts", "did you mean `handoff`?"),
    ('starts  = "handoff"', 'starts  = "stage MLQ"', "clock.first_touch.starts", "did you mean `MQL`?"),
    ('starts  = "handoff"', 'starts  = "handoff"\nhandoff = "to sale"', "clock.first_touch.handoff", "did you mean `to sales`?"),
    ('starts  = "handoff"', 'starts  = "handoff"\ncalendar = "defalt"', "clock.first_touch.calendar", "did you mean `default`?"),
    ('starts  = "handoff"', 'starts  = "handoff"\nladder = "reasign"', "clock.first_touch.ladder", "did you mean `reassign`?"),
    ('starts  = "handoff"', 'starts  = "handoff"\nladder = "recycle: stale"', "clock.first_touch.ladder", "known are: none"),
    (
        'starts  = "handoff"',
        'starts  = "handoff"\nladder = "recycle"',
        "clock.first_touch.ladder",
        "name one of the reasons under [recycle]",
    ),
    ('starts  = "handoff"', 'starts  = "handoff"\nwarn_at = "150%"', "clock.first_touch.warn_at", ""),
    ('starts  = "handoff"', 'starts  = "handoff"\nowed_by = "ownr"', "clock.first_touch.owed_by", "did you mean `owner`?"),
    ('"phone"]', '"fone"]', "stage.MQL.required", "did you mean `phone`?"),
    ("score >= 60", "scor >= 60", "stage.MQL.criteria", "score"),
    ("score >= 60", "score >= '60'", "stage.MQL.criteria", ""),
    ("lifecyclestage = 'm", "lifecyclestage = (SELECT 1) AND 'm", "stage.MQL.hubspot.contact", ""),
    ("hubspot.contact", "hubspt.contact", "stage.MQL.hubspt", "did you mean `hubspot`?"),
    ('"marketing"', '"marketting"', "stage.MQL.side", "did you mean `marketing`?"),
    ('"number"', '"numbr"', "fields.score.type", "did you mean `number`?"),
    (', hubspot = "hubspotscore"', "", "fields.score", ""),
    ('"stage MQL"', '"stage MLQ"', '"to sales"', "did you mean `MQL`?"),
    ('timezone  = "Europe/Berlin"', 'timezone = "Europe/Berln"', "timezone", ""),
    ("[calendar.default]", "[calendar.berlin]", "calendar.default", "add a table [calendar.default]"),
    ("effective = 2026-03-29", "effective = '2026-03-29'", "effective", ""),
    ("effective = 2026-03-29", "effective = 2026-03-29\nexpires_on = 2026-03-28", "expires_on", ""),
    ('title     = "Leads"', "", "title", "add `title = …`"),
    ('title     = "Leads"', "titel = 'x'\ntitle = ' '", "titel", "did you mean `title`?"),
]


@pytest.mark.parametrize(("right", "slip", "where", "fix"), SLIPS)
def test_each_slip_is_named_with_its_place_and_its_fix(right: str, slip: str, where: str, fix: str) -> None:
    assert right in MINIMAL

    problems = problems_of(MINIMAL.replace(right, slip, 1))

    problem = next(problem for place, problem in problems.items() if where in place)
    assert fix in problem.fix
    assert problem.expected


def test_what_is_wrong_anywhere_is_told_at_once_and_once() -> None:
    text = MINIMAL
    for right, slip in [
        ('title     = "Leads"', ""),
        ("2 business hours", "soon"),
        ("score >= 60", "icp AND score >= 60"),
        ('name     = "to sales"', ""),
        ('starts  = "handoff"', 'starts = "stage MLQ"'),
    ]:
        text = text.replace(right, slip, 1)
    text += "[define]\nicp = { is = \"scor > 1\", meaning = 'm' }\n"
    text += "[[goal]]\nname = 'A'\nside = 'sales'\nmetric = 'attainment: first_tuch'\ntarget = 'solve: B'\nperiod = 'month'\n"

    problems = problems_of(text)

    assert set(problems) == {
        "title",
        "handoff[1].name",
        "clock.first_touch.within",
        "clock.first_touch.starts",
        "define.icp.is",
        "goal.A.metric",
        "goal.A.target",
    }


def test_a_rule_with_a_slip_still_counts_as_known() -> None:
    text = (
        MINIMAL.replace("2 business hours", "soon")
        + "[[goal]]\nname = 'A'\nside = 'sales'\nmetric = 'attainment: first_touch'\ntarget = 1\nperiod = 'month'\n"
    )

    assert set(problems_of(text)) == {"clock.first_touch.within"}


def test_a_field_with_a_slip_does_not_make_criteria_wrong() -> None:
    assert set(problems_of(MINIMAL.replace('"number"', '"numbr"'))) == {"fields.score.type"}


def test_defines_that_go_in_a_circle_are_a_problem() -> None:
    text = MINIMAL + "[define]\na = { is = 'b', meaning = 'm' }\nb = { is = 'a', meaning = 'm' }\n"

    problems = problems_of(text)

    assert set(problems) <= {"define.a.is", "define.b.is"}
    assert "circle" in next(iter(problems.values())).expected


def test_names_stand_once_and_clocks_and_cadences_share_them() -> None:
    text = MINIMAL + '[[cadence]]\nname = "first_touch"\nstage = "MQL"\nattempts = 2\nwithin = "2 days"\nchannels = { call = 3 }\n'

    problems = problems_of(text)

    assert problems["clock.first_touch"].found == "the name 'first_touch' 2 times"
    assert set(problems) == {"clock.first_touch", "cadence.first_touch.channels"}


def test_pools_and_teams_are_checked_once_the_agreement_lists_them() -> None:
    text = MINIMAL.replace('opens_on = "stage MQL"', 'opens_on = "stage MQL"\npool = "srd"')

    assert set(read(text).pools) == {"srd"}
    assert problems_of(text + '[pool.sdr]\ncalendar = "defalt"\n')['handoff."to sales".pool'].fix == "did you mean `sdr`?"


def test_a_signature_needs_a_moment_and_a_whole_hash() -> None:
    text = MINIMAL + "[[signature]]\nside = 'sales'\nname = 'S'\nat = 2026-01-01T10:00:00\nhash = 'abc'\n"

    assert set(problems_of(text)) == {"signature.S.at", "signature.S.hash"}


@pytest.mark.parametrize("text", ["", "clock = 1\nstage = 'x'\nfields = []\ndefine = 3\nrecycle = 'x'\nlevel = [1]\nhandoff = [[1]]"])
def test_a_document_of_another_shape_is_problems_and_no_crash(text: str) -> None:
    assert {"title", "effective", "timezone"} <= set(problems_of(text))


def test_the_reference_explains_every_key() -> None:
    text = (ROOT / "docs" / "reference" / "agreement.md").read_text(encoding="utf-8")
    tables = [
        table
        for module in (schema, schema_people)
        for table in vars(module).values()
        if isinstance(table, type) and issubclass(table, Table)
    ]
    keys = {info.alias or name for table in tables for name, info in table.model_fields.items()}

    assert {key for key in keys if key not in text} == set()
