"""The promises that an agreement makes without naming a rule: read, by default, and refused with their place and their fix."""

from __future__ import annotations

import pytest

from sync.agreement.model import UNNAMED_RULES, Rung
from sync.agreement.spans import parse_span
from tests.unit.test_agreement_load import MINIMAL, problems_of, read

# The lines of a handoff that promises more.
HANDED = """opens_on = "stage MQL"
pool = "sdr"
hand_over_within = "4 business hours"
kept_until_handoff = true
if_premature = "return"
if_missed = "promote\""""


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


# Every other refusal of parts that do not fit: what is added, where it is told, what was found, what is to be done.
MISFITS: list[tuple[str, str, str, str]] = [
    (
        '[calendar.owner]\nhours = "24/7"\ntimezone = "UTC"\n',
        "calendar.owner",
        "a calendar named `owner`",
        "`owner` means the owner's calendar",
    ),
    ('[calendar.x]\nhours = "24/7"\ntimezone = "UTX"\n', "calendar.x.timezone", "'UTX'", "Europe/Berlin"),
    ('[pool.x]\ncalendar = "defalt"\n', "pool.x.calendar", "'defalt'", "did you mean `default`?"),
    ('[[team]]\nname = "T"\nside = "sales"\ncalendar = "defalt"\n', "team.T.calendar", "'defalt'", "did you mean `default`?"),
    ('[[team]]\nname = "West"\nside = "sales"\n[pool.x]\nteam = "Wets"\n', "pool.x.team", "'Wets'", "did you mean `West`?"),
    ("[define]\nscore = { is = \"email = 'a'\", meaning = 'm' }\n", "define.score", "a field too", "rename one"),
    ('[define]\n"a b" = { is = "score > 1", meaning = "m" }\n', 'define."a b"', "'a b'", "so that criteria can use it"),
    ('[[persona]]\nname = "P"\nmeaning = "m"\n' * 2, "persona.P", "the name 'P' 2 times", "rename one"),
    ('[[party]]\nside = "sales"\nsignatory = "S"\n' * 2, "party.sales", "the name 'sales' 2 times", "rename one"),
    ('[[level]]\nname = "L"\n', "level.L", "none", "for whom the level holds"),
    (
        '[[handoff]]\nname = "H"\nopens_on = "hand-raise"\nnurtured = { at_least = 1, unless = "stage MLQ" }\n',
        "handoff.H.opens_on",
        "'MLQ'",
        "did you mean `MQL`?",
    ),
    ('[[handoff]]\nname = "H"\nopens_on = "hand-raise"\nrequired = "fone"\n', "handoff.H.required", "'fone'", "did you mean `phone`?"),
    ('[[cadence]]\nname = "C"\nstage = "MLQ"\nattempts = 1\nwithin = "1 day"\n', "cadence.C.stage", "'MLQ'", "did you mean `MQL`?"),
    (
        '[[cadence]]\nname = "C"\nstage = "MQL"\nattempts = 1\nwithin = "1 day"\nthen = "recycle: x"\n',
        "cadence.C.then",
        "'x'",
        "known are: none",
    ),
    (
        '[[goal]]\nname = "G"\nside = "sales"\nmetric = "m"\ntarget = "+5%"\nperiod = "month"\n',
        "goal.G.baseline",
        "nothing",
        "add `baseline = …`",
    ),
    (
        '[[goal]]\nname = "G"\nside = "sales"\nmetric = "m"\ntarget = 5\nperiod = "month"\nserves = "G"\n',
        "goal.G.serves",
        "'G'",
        "known are: none",
    ),
    (
        '[[goal]]\nname = "G"\nside = "sales"\nmetric = "m"\ntarget = 5\nperiod = "month"\nsplit = { sales = "60%", marketing = "41%" }\n',
        "goal.G.split",
        "101% in all",
        "lower one of the shares",
    ),
    ('[[consequence]]\nif = "G below 5 for 2 months"\nthen = "talk"\n', "consequence[1].if", "'G'", "known are: none"),
]


@pytest.mark.parametrize(("more", "where", "found", "fix"), MISFITS, ids=[where for _, where, _, _ in MISFITS])
def test_each_part_that_does_not_fit_is_named_with_its_place_and_its_fix(more: str, where: str, found: str, fix: str) -> None:
    problems = problems_of(MINIMAL + more)

    assert list(problems) == [where]
    assert found in problems[where].found
    assert fix in problems[where].fix
    assert problems[where].expected


def test_an_agreement_without_stages_and_handoffs_is_told_both() -> None:
    head = MINIMAL[: MINIMAL.index("[[stage]]")] + '[calendar.default]\nhours = "24/7"\ntimezone = "UTC"\n'

    assert {where: problem.fix for where, problem in problems_of(head).items()} == {
        "stage": "add a table [[stage]]",
        "handoff": "add a table [[handoff]]",
    }
