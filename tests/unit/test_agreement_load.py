from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.agreement import schema, schema_people
from sync.agreement.goals import Amount, Share, Solve
from sync.agreement.load import agreement_of, load_agreement
from sync.agreement.model import (
    UNNAMED_RULES,
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

# The lines of a handoff that promises more.
HANDED = """opens_on = "stage MQL"
pool = "sdr"
hand_over_within = "4 business hours"
kept_until_handoff = true
if_premature = "return"
if_missed = "promote\""""


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


def test_clocks_that_start_at_a_stage_are_not_judged_yet(example: Agreement) -> None:
    assert [clock.name for clock in example.judged_clocks] == ["speed_to_assign", "first_touch", "accept_or_reject"]


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


def test_what_a_minimal_agreement_does_not_promise_is_not_judged() -> None:
    agreement = read(MINIMAL)
    (handoff,) = agreement.handoffs

    assert agreement.stages[0].stale_after is None
    assert (agreement.reject.reason, agreement.recycle.reason, agreement.disqualify.reason) == (None, None, None)
    assert (agreement.recycle.when, agreement.recycle.within, agreement.cover) == ({}, parse_span("1 business day"), None)
    assert (handoff.hand_over_within, handoff.kept_until_handoff) == (parse_span("24 hours"), False)
    assert (handoff.if_premature, handoff.if_missed) == ((), ())


PROMISING = (
    MINIMAL.replace('criteria = "score', 'stale_after = "7 days"\ncriteria = "score')
    .replace('opens_on = "stage MQL"', HANDED)
    .replace("[fields]", '[fields]\nwhy = { type = "text", hubspot = "why" }')
    + """
[pool.sdr]

[reject]
reasons = "duplicate"
reason  = "why"

[disqualify]
reasons = ["student"]
reason  = "why"

[recycle]
reasons = { "no response" = "60 days", "timing" = "90 days" }
reason  = "why"
when    = { rejected = "timing", "owner gone" = "timing" }
within  = "2 business days"

[cover]
"""
)


def test_the_promises_that_no_rule_names_are_read() -> None:
    agreement = read(PROMISING)
    (handoff,) = agreement.handoffs

    assert agreement.stages[0].stale_after == parse_span("7 days")
    assert (handoff.hand_over_within, handoff.kept_until_handoff) == (parse_span("4 business hours"), True)
    assert (handoff.if_premature, handoff.if_missed) == ((Rung(action="return", detail=None),), (Rung(action="promote", detail=None),))
    assert (agreement.reject.reason, agreement.reject.reasons) == ("why", ("duplicate",))
    assert (agreement.disqualify.reason, agreement.recycle.reason) == ("why", "why")
    assert agreement.recycle.when == {"rejected": "timing", "owner gone": "timing"}
    assert agreement.recycle.within == parse_span("2 business days")
    assert agreement.cover is not None
    assert (agreement.cover.within, agreement.cover.ladder) == (parse_span("1 business day"), ())
    assert "stale MQL" in agreement.rule_names


def test_a_field_that_only_holds_a_reason_is_read_with_the_others() -> None:
    assert read(PROMISING).crm_fields("hubspot")["contact"] >= {"why"}
    built_in = read(MINIMAL + "[reject]\nreasons = 'spam'\nreason = 'original_source'\n")
    assert "original_source" in built_in.fields


# What is right, the slip, where it is told, what was found, and what to do.
BROKEN_PROMISES: list[tuple[str, str, str, str, str]] = [
    ('stale_after = "7 days"', 'stale_after = "soon"', "stage.MQL.stale_after", "'soon'", "15 minutes"),
    ('stale_after = "7 days"', 'stale_aftr = "7 days"', "stage.MQL.stale_aftr", "", "did you mean `stale_after`?"),
    ('"4 business hours"', '"0 hours"', 'handoff."to sales".hand_over_within', "'0 hours'", "more than zero"),
    ("kept_until_handoff = true", 'kept_until_handoff = "yes"', 'handoff."to sales".kept_until_handoff', "'yes'", ""),
    ('pool = "sdr"\n', "", 'handoff."to sales".pool', "nothing", "take out `kept_until_handoff`"),
    ('"return"', '"promote"', 'handoff."to sales".if_premature', "'promote'", "escalate, reassign, recycle, remind, return"),
    ('"return"', '"retrun"', 'handoff."to sales".if_premature', "'retrun'", "did you mean `return`?"),
    ('"return"', '"recycle: tired"', 'handoff."to sales".if_premature', "'tired'", "known are: no response, timing"),
    ('"promote"', '"return"', 'handoff."to sales".if_missed', "'return'", "escalate, promote, remind"),
    ('"promote"', '"recycle: timing"', 'handoff."to sales".if_missed', "'recycle: timing'", "escalate, promote, remind"),
    ('"promote"', '["remind", "reassign"]', 'handoff."to sales".if_missed', "'reassign'", "escalate, promote, remind"),
    ('reasons = "duplicate"\nreason  = "why"', 'reason = "why"', "reject.reasons", "nothing", "take out `reject.reason`"),
    ('reasons = ["student"]\nreason  = "why"', 'reasons = ["student"]\nreason = "wy"', "disqualify.reason", "'wy'", "did you mean `why`?"),
    ('days" }\nreason  = "why"', 'days" }\nreason = "nobody"', "recycle.reason", "'nobody'", "known are: "),
    ('rejected = "timing"', 'rejected = "timming"', "recycle.when.rejected", "'timming'", "did you mean `timing`?"),
    ('rejected = "timing"', 'rejectd = "timing"', "recycle.when.rejectd", "", "did you mean `rejected`?"),
    ('within  = "2 business days"', 'within = "2 days a week"', "recycle.within", "'2 days a week'", "15 minutes"),
    ("[cover]", "", "cover", "nothing", "add a table [cover]"),
    ("[cover]", '[cover]\nwithin = "1.5 business days"', "cover.within", "'1.5 business days'", "whole business days"),
    ("[cover]", '[cover]\nladder = ["reassign", "recycle: timing"]', "cover.ladder", "'recycle: timing'", "escalate, reassign, remind"),
    ("[cover]", '[cover]\nladder = "return"', "cover.ladder", "'return'", "escalate, reassign, remind"),
    ("[cover]", '[cover]\nladder = "promote"', "cover.ladder", "'promote'", "escalate, reassign, remind"),
    ('name    = "first_touch"', 'name    = "covered"', "clock.covered", "'covered'", "rename it"),
    ('name    = "first_touch"', 'name    = "stale MQL"', 'clock."stale MQL"', "'stale MQL'", "rename it"),
]


@pytest.mark.parametrize(("right", "slip", "where", "found", "fix"), BROKEN_PROMISES)
def test_each_slip_in_such_a_promise_is_named_with_its_place_and_its_fix(right: str, slip: str, where: str, found: str, fix: str) -> None:
    assert right in PROMISING

    problems = problems_of(PROMISING.replace(right, slip, 1))

    assert list(problems) == [where]
    assert found in problems[where].found
    assert fix in problems[where].fix
    assert problems[where].expected


def test_slips_in_such_promises_are_told_at_once() -> None:
    apart = {where: (right, slip) for right, slip, where, _, _ in BROKEN_PROMISES}
    text, wrong = (
        PROMISING,
        ["stage.MQL.stale_after", 'handoff."to sales".if_missed', "recycle.when.rejected", "recycle.within", "cover.ladder"],
    )
    for where in wrong:
        assert apart[where][0] in text
        text = text.replace(*apart[where], 1)

    assert set(problems_of(text)) == set(wrong)


@pytest.mark.parametrize("name", UNNAMED_RULES)
def test_no_clock_and_no_cadence_may_have_the_name_of_a_promise_without_one(name: str) -> None:
    cadence = f'[[cadence]]\nname = "{name}"\nstage = "MQL"\nattempts = 2\nwithin = "2 days"\n'

    assert set(problems_of(MINIMAL + cadence)) == {f"cadence.{name}"}
    assert set(problems_of(MINIMAL.replace('"first_touch"', f'"{name}"'))) == {f"clock.{name}"}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ('clock.first_touch.starts = "assigned"', "clock.first_touch.starts"),
        ('clock.first_touch.handoff = "to sales"', "clock.first_touch.handoff"),
        ('cadence.work.stage = "MQL"', "cadence.work.stage"),
    ],
)
def test_a_level_changes_nothing_that_decides_when_the_rule_starts(change: str, where: str) -> None:
    cadence = '[[cadence]]\nname = "work"\nstage = "MQL"\nattempts = 2\nwithin = "2 days"\n'

    problems = problems_of(MINIMAL + cadence + f'[[level]]\nname = "big"\nsegment = "score > 90"\n{change}\n')

    assert set(problems) == {f"level.big.{where}"}
    assert "of its own" in problems[f"level.big.{where}"].fix


def test_a_level_may_ask_for_no_more_channels_than_its_attempts() -> None:
    cadence = '[[cadence]]\nname = "work"\nstage = "MQL"\nattempts = 3\nwithin = "2 days"\nchannels = { call = 3 }\n'

    problems = problems_of(MINIMAL + cadence + '[[level]]\nname = "big"\nsegment = "score > 90"\ncadence.work.attempts = 2\n')

    assert set(problems) == {"level.big.cadence.work.channels"}


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
