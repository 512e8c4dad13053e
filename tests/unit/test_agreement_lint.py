"""The agreement's lint: for each thing it tells, a text that has it and a near miss that has not."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.agreement.criteria import FieldType, compile_criterion
from sync.agreement.criteria_parse import parse_criterion
from sync.agreement.criteria_reach import Reach, unplaced
from sync.agreement.lint import lint_text
from sync.agreement.load import agreement_of
from sync.remarks import Level, Remark
from sync.roster import Roster
from sync.roster_load import load_roster

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "agreement.example.toml").read_text(encoding="utf-8")
CRITERIA = 'criteria = "icp AND buyer AND score >= 60"'
Edit = tuple[str, str]


def remarks(*edits: Edit, more: str = "", roster: Roster | None = None) -> list[Remark]:
    text = EXAMPLE
    for old, new in edits:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return lint_text(agreement_of(text + more, file="agreement.toml"), roster or Roster())


def told(*edits: Edit, more: str = "", roster: Roster | None = None) -> list[tuple[Level, str, str]]:
    """What is told beyond what the example is told: level, dotted key and sentence."""
    usual = of_the_example()
    found = [(remark.level, _key(remark), remark.what) for remark in remarks(*edits, more=more, roster=roster)]
    return [one for one in found if one not in usual]


@cache
def of_the_example() -> frozenset[tuple[Level, str, str]]:
    return frozenset((remark.level, _key(remark), remark.what) for remark in remarks())


def _key(remark: Remark) -> str:
    return remark.where.partition(": ")[2]


def criteria(text: str) -> Edit:
    return CRITERIA, f'criteria = "{text}"'


@pytest.mark.parametrize("with_roster", [False, True])
def test_the_example_has_no_error_and_no_warning(with_roster: bool) -> None:
    agreement = agreement_of(EXAMPLE, file="agreement.toml")
    roster = load_roster(ROOT / "roster.example.toml", agreement=agreement) if with_roster else Roster()
    assert [(remark.level, _key(remark)) for remark in lint_text(agreement, roster)] == [(Level.NOTE, "clock.accept_or_reject.within")]


def test_a_remark_names_the_line_of_its_key() -> None:
    lines = EXAMPLE.splitlines()
    (remark,) = [one for one in remarks() if "accept_or_reject" in one.where]
    line = int(remark.where.removeprefix("agreement.toml line ").partition(":")[0])
    assert lines[line - 1].startswith("within  = ")
    assert lines[line - 4] == 'name    = "accept_or_reject"'


def test_a_remark_of_a_list_without_names_names_its_line_too() -> None:
    (remark,) = [one for one in remarks(("90% for 2 months", "90% for 1 week")) if "consequence" in one.where]
    line = int(remark.where.removeprefix("agreement.toml line ").partition(":")[0])
    assert "for 1 week" in EXAMPLE.replace("90% for 2 months", "90% for 1 week").splitlines()[line - 1]


def test_errors_are_told_before_warnings_and_notes() -> None:
    levels = [remark.level for remark in remarks(criteria("score > 5 AND score < 2"), ('["50%", "80%"]', '["50%", "100%"]'))]
    assert levels == [Level.ERROR, Level.WARNING, Level.NOTE]


@pytest.mark.parametrize(
    "text",
    [
        "score >= 60 AND score < 50",
        "score >= 60 AND icp AND NOT (score > 20)",
        "country = 'US' AND country = 'CA'",
        "country IN ('US', 'CA') AND country NOT IN ('us', 'ca')",
        "score BETWEEN 60 AND 20",
        "score NOT BETWEEN 60 AND 20",
        "score > -5 AND score < -10",
        "score IS NULL AND score > 3",
        "email = ''",
        "no_call AND no_email AND NOT no_call",
        "title LIKE '%a%' AND title NOT LIKE '%a%'",
        "icp AND employees > 5000",
        "(score < 10 OR score > 90) AND score BETWEEN 20 AND 80",
        "country > 'B' AND country < 'A'",
    ],
)
def test_a_criterion_that_no_lead_can_meet_is_an_error(text: str) -> None:
    ((level, where, _),) = told(criteria(text))
    assert (level, where) == (Level.ERROR, "stage.MQL.criteria")


@pytest.mark.parametrize(
    "text",
    [
        "score >= 60 AND score <= 60",
        "score >= 60 AND score < 60.1",
        "country = 'US' AND country = 'us'",
        "country IN ('US', 'CA') AND country <> 'US'",
        "score BETWEEN 60 AND 60",
        "score IS NULL OR score > 3",
        "title LIKE '%a%' AND title NOT LIKE '%b%'",
        "title LIKE 'a%' AND title LIKE '%b'",
        "score * 2 > 10 AND score < 6",
        "icp AND employees >= 5000",
        "country > 'A' AND country < 'AB'",
        "country <> 'US' AND country <> 'CA'",
        "NOT (score > 20 AND country = 'US') AND score > 30",
    ],
)
def test_a_criterion_that_some_lead_meets_is_not_told(text: str) -> None:
    assert told(criteria(text)) == []


def test_the_two_conditions_that_contradict_each_other_are_named() -> None:
    ((_, _, what),) = told(criteria("icp AND score >= 60 AND buyer AND score < 50"))
    assert what == "`score >= 60` and `score < 50` are never true of one lead"


def test_a_day_after_which_nothing_can_lie_before_is_shown() -> None:
    field = ("[define] ", 'born = { type = "time", hubspot = "createdate" }\n\n[define] ')
    assert [one[1] for one in told(field, criteria("born > DATE '2026-03-01' AND born < DATE '2026-03-01'"))] == ["stage.MQL.criteria"]
    assert told(field, criteria("born >= DATE '2026-03-01' AND born <= DATE '2026-03-01'")) == []


@pytest.mark.parametrize("text", ["country <> 'US' OR country <> 'CA'", "score IS NULL OR score IS NOT NULL", "1 = 1"])
def test_a_criterion_that_every_lead_meets_is_a_warning(text: str) -> None:
    ((level, where, what),) = told(criteria(text))
    assert (level, where) == (Level.WARNING, "stage.MQL.criteria")
    assert "every lead" in what


def test_a_criterion_that_only_blanks_miss_is_not_told() -> None:
    assert told(criteria("score >= 10 OR score < 10")) == []


def test_a_part_after_or_that_is_never_true_is_a_warning() -> None:
    ((level, _, what),) = told(criteria("icp OR (score > 5 AND score < 2)"))
    assert level is Level.WARNING
    assert "character 9 (`score > 5" in what


def test_a_define_that_contradicts_itself_is_told_once_and_not_where_it_is_named() -> None:
    found = told(("employees BETWEEN 50 AND 5000", "employees > 50 AND employees < 5"))
    assert [(level, where) for level, where, _ in found] == [(Level.ERROR, "define.icp.is")]


def test_an_excuse_that_always_holds_is_an_error() -> None:
    assert [one[:2] for one in told(('when = "no_email AND no_call"', 'when = "email IS NULL OR email IS NOT NULL"'))] == [
        (Level.ERROR, "excuse[1].when")
    ]


def test_a_stage_whose_every_lead_is_excluded_is_an_error() -> None:
    ((level, where, what),) = told(criteria("competitor AND score > 60"))
    assert (level, where) == (Level.ERROR, "stage.MQL.criteria")
    assert "[[exclude]] `competitor`" in what
    assert told(criteria("(competitor OR buyer) AND score > 60")) == []


def test_a_stage_whose_every_lead_is_excused_is_a_warning() -> None:
    ((level, where, what),) = told(criteria("no_email AND no_call AND score > 60"))
    assert (level, where) == (Level.WARNING, "stage.MQL.criteria")
    assert "[[excuse]] `no_email AND no_call`" in what
    assert told(criteria("no_email AND score > 60")) == []


def test_a_stage_that_asks_for_a_blank_field_it_requires_is_an_error() -> None:
    assert [one[1] for one in told(criteria("phone IS NULL AND score > 60"))] == ["stage.MQL.criteria"]
    assert told(criteria("country IS NULL AND score > 60")) == []


def test_a_crm_criterion_that_nothing_shows_is_an_error() -> None:
    edit = ("\"hs_lead_status = 'RECYCLED'\"", "\"hs_lead_status = 'RECYCLED' AND hs_lead_status = 'OPEN'\"")
    assert [one[:2] for one in told(edit)] == [(Level.ERROR, "recycle.hubspot.contact")]


def test_a_stage_of_a_side_without_a_party_has_nobody_who_answers_for_it() -> None:
    start = EXAMPLE.index('[[party]]\nside             = "sales"')
    block = EXAMPLE[start : EXAMPLE.index("[fields]")]
    found = told((block, ""))
    assert {where for _, where, _ in found} == {"stage.SAL.side", "stage.SQL.side", 'goal."First touch in time"'}


WAYS_OUT = [
    line
    for line in EXAMPLE.splitlines()
    if any(value in line for value in ("UNQUALIFIED", "DISQUALIFIED", "RECYCLED", "'Rejected'", "'Disqualified'", "'Recycled'"))
]


def test_a_last_stage_in_which_leads_are_worked_needs_a_way_out() -> None:
    no_way_out = [(line, "") for line in WAYS_OUT]
    assert "stage.SQL" not in [where for _, where, _ in told(*no_way_out)], "leads are handed over before the last stage"
    worked = ('starts  = "stage SAL"\nkept_by = ["stage SQL", "recycled", "disqualified"]', 'starts  = "stage SQL"\nkept_by = "recycled"')
    assert ("stage.SQL", Level.WARNING) in [(where, level) for level, where, _ in told(*no_way_out, worked)]
    assert "stage.SQL" not in [where for _, where, _ in told(worked)]


def without(section: str, name: str) -> Edit:
    start = EXAMPLE.index(f"[[{section}]]\nname", EXAMPLE.index(f'"{name}"') - 30)
    return EXAMPLE[start : EXAMPLE.index("\n\n", start)], ""


NOT_STALE = (next(line for line in EXAMPLE.splitlines() if line.startswith("stale_after")), ""), ('stale = "stale", ', "")


def test_a_stage_in_which_no_clock_runs_is_a_warning() -> None:
    found = told(without("cadence", "work_the_lead"), without("clock", "decide"), *NOT_STALE)
    assert [(level, where) for level, where, _ in found] == [(Level.WARNING, "stage.SAL")]


def test_a_stage_that_leads_do_not_stay_in_without_a_sign_of_life_has_a_clock() -> None:
    assert told(without("cadence", "work_the_lead"), without("clock", "decide")) == []


def test_a_stage_through_which_an_earlier_clock_runs_on_is_not_told() -> None:
    until_sql = ('kept_by = ["stage SAL", "rejected"]', 'kept_by = ["stage SQL", "rejected"]')
    assert told(without("cadence", "work_the_lead"), without("clock", "decide"), *NOT_STALE, until_sql) == []


def test_two_places_shown_by_the_same_values_are_an_error() -> None:
    found = told(("\"hs_lead_status = 'DISQUALIFIED'\"", "\"hs_lead_status IN ('Unqualified')\""))
    assert [(level, where) for level, where, _ in found] == [(Level.ERROR, "disqualify.hubspot.contact")]


def test_a_calendar_that_is_open_only_in_other_years_is_an_error() -> None:
    found = told(('hours    = "Mo-Fr 08:00-17:00; PH off"', 'hours    = "2020 Mo-Fr 08:00-17:00; PH off"'))
    assert [(level, where) for level, where, _ in found] == [(Level.ERROR, "calendar.pacific.hours")]


@pytest.mark.parametrize("hours", ["PH off", "2001 Mo-Fr 08:00-17:00"])
def test_a_calendar_that_is_never_open_is_told_once_and_with_everything_else(hours: str) -> None:
    start = EXAMPLE.index("[calendar.default]")
    default = EXAMPLE[start : EXAMPLE.index("timezone", start)]
    too_short = ('within   = "10 business days"', 'within   = "2 hours"')
    found = told((default, f'[calendar.default]\nhours = "{hours}"\n'), criteria("score > 5 AND score < 2"), too_short)
    errors = [where for level, where, _ in found if level is Level.ERROR]
    assert errors == ["stage.MQL.criteria", "calendar.default.hours", "cadence.work_the_lead.gap"]


def test_holidays_that_the_hours_do_not_name_are_a_note() -> None:
    ((level, where, what),) = told(('"Mo-Fr 08:00-17:00; PH off"', '"Mo-Fr 08:00-17:00"'))
    assert (level, where) == (Level.NOTE, "calendar.pacific.hours")
    assert "PH" in what


def first_touch(within: str, hours: str | None = None) -> list[tuple[Level, str]]:
    edits = [('within   = "2 business hours"', f'within   = "{within}"'), ('calendar = "owner"\n', 'calendar = "pacific"\n')]
    edits += [('"Mo-Fr 08:00-17:00; PH off"', f'"{hours}"')] if hours else []
    start = EXAMPLE.index('[[clock]]\nname     = "first_touch"')
    block = EXAMPLE[start : EXAMPLE.index("\n\n", start)]
    changed = block
    for old, new in edits[:2]:
        assert old in changed
        changed = changed.replace(old, new)
    return [(level, where) for level, where, _ in told((block, changed), *edits[2:])]


def test_a_short_deadline_in_wall_time_is_a_warning_where_people_are_closed_most_of_the_time() -> None:
    calendar, within = (Level.NOTE, "clock.first_touch.calendar"), "clock.first_touch.within"
    assert first_touch("2 hours") == [(Level.WARNING, within), calendar]
    assert first_touch("30 hours") == [calendar, (Level.NOTE, within)]
    assert first_touch("4 days") == [calendar]
    assert first_touch("2 hours", hours="24/7; PH off") == [calendar]


def test_a_clock_that_a_system_owes_may_run_at_night() -> None:
    assert "speed_to_assign" not in str(remarks())
    assert [one[1] for one in told(('owed_by = "system"\n', ""))] == [], "nor may one that only asks for an owner"


def test_hours_that_take_more_than_a_week_are_a_warning() -> None:
    assert first_touch("10 business hours", hours="Mo 09:00-17:00; PH off") == [(Level.WARNING, "clock.first_touch.within")]
    assert first_touch("10 business hours", hours="Mo,Tu 09:00-17:00; PH off") == []
    assert first_touch("60 business hours") == []


def test_a_deadline_beyond_all_calendars_is_an_error() -> None:
    assert first_touch("2000 business hours", hours="Mo 09:00-10:00; PH off") == [(Level.ERROR, "clock.first_touch.within")]
    assert first_touch("200 business hours", hours="Mo 09:00-10:00; PH off") == []


def test_a_warning_that_comes_with_the_deadline_is_a_warning() -> None:
    assert [one[:2] for one in told(('warn_at = ["80%"]', 'warn_at = ["80%", "100%"]'))] == [
        (Level.WARNING, "clock.speed_to_assign.warn_at")
    ]
    assert told(('warn_at = ["80%"]', 'warn_at = ["1%", "99%"]')) == []


def test_a_clock_that_is_kept_as_it_starts_is_an_error() -> None:
    kept = 'kept_by = ["stage SAL", "rejected"]'
    assert [one[:2] for one in told((kept, 'kept_by = ["assigned", "rejected"]'))] == [(Level.ERROR, "clock.accept_or_reject.kept_by")]
    starts = 'starts  = "stage SAL"\nkept_by = ["stage SQL", "recycled", "disqualified"]'
    assert "clock.decide.kept_by" in [one[1] for one in told((starts, 'starts  = "stage SAL"\nkept_by = ["stage MQL"]'))]
    only_stage = ('["stage MQL", "hand-raise: Demo request, Contact sales"]', '"stage MQL"')
    handed = ('starts  = "handoff"\nkept_by = "assigned"', 'starts  = "handoff"\nkept_by = "stage MQL"')
    assert [one[1] for one in told(only_stage, handed)] == ["clock.speed_to_assign.kept_by"]
    assert "clock.speed_to_assign.kept_by" not in [one[1] for one in told(handed)], "a hand-raise opens it before the stage"


def test_reassigning_without_a_pool_is_a_warning() -> None:
    no_pool = ('pool     = "sdr"\n', "")
    assert [one[:2] for one in told(no_pool)] == [(Level.WARNING, "cover.ladder"), (Level.WARNING, "clock.first_touch.ladder")]
    other_rungs = ('["reassign", "reassign", "escalate"]', '["remind", "escalate"]'), ('["reassign"]', '["escalate"]')
    assert told(no_pool, *other_rungs) == []


def test_more_reassignments_than_a_lead_may_change_hands_are_a_warning() -> None:
    assert [one[:2] for one in told(("bounce_limit = 2", "bounce_limit = 1"))] == [(Level.WARNING, "clock.first_touch.ladder")]


def cadence(attempts: int, within: str, gap: str) -> list[tuple[Level, str]]:
    edits = [("attempts = 6", f"attempts = {attempts}"), ('within   = "10 business days"', f'within   = "{within}"')]
    edits += [('{ at_least = "4 business hours", at_most = "3 business days" }', gap), ("channels = { call = 3, email = 2 }\n", "")]
    return [(level, where) for level, where, _ in told(*edits)]


def test_a_cadence_that_cannot_fit_its_time_is_an_error() -> None:
    gap = [(Level.ERROR, "cadence.work_the_lead.gap")]
    assert cadence(6, "5 business days", '{ at_least = "2 business days" }') == gap
    assert cadence(6, "10 business days", '{ at_least = "2 business days" }') == []
    assert cadence(6, "2 business days", '{ at_least = "5 business hours" }') == gap
    assert cadence(3, "24 hours", '{ at_least = "13 hours" }') == gap
    assert cadence(3, "24 hours", '{ at_least = "12 hours" }') == []
    assert cadence(1, "1 hours", '{ at_least = "12 days" }') == []
    assert cadence(2_000_000_000, "10 business days", '{ at_least = "1 seconds" }') == gap


def test_a_cadence_that_fits_only_from_a_few_starts_is_a_warning() -> None:
    assert cadence(5, "5 days", '{ at_least = "1 business days" }') == [(Level.WARNING, "cadence.work_the_lead.gap")]
    assert cadence(5, "9 days", '{ at_least = "1 business days" }') == []


def test_a_gap_whose_ends_are_swapped_is_an_error() -> None:
    assert cadence(3, "20 business days", '{ at_least = "3 business days", at_most = "4 business hours" }') == [
        (Level.ERROR, "cadence.work_the_lead.gap")
    ]
    assert cadence(3, "20 business days", '{ at_least = "1 days", at_most = "24 hours" }') == []


ZONE = ZoneInfo("America/New_York")
FIELDS = {"a": FieldType.NUMBER, "b": FieldType.NUMBER, "t": FieldType.TEXT, "y": FieldType.BOOLEAN}
NUMBERS, TEXTS = st.integers(-3, 3), st.sampled_from(["a", "B", "ab", "c"])
ATOMS = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from("ab"), st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), NUMBERS),
    st.builds("{} BETWEEN {} AND {}".format, st.sampled_from("ab"), NUMBERS, NUMBERS),
    st.builds("t {} '{}'".format, st.sampled_from(["=", "<>", "<", ">=", "LIKE", "NOT LIKE"]), TEXTS),
    st.builds("t {} ('{}', '{}')".format, st.sampled_from(["IN", "NOT IN"]), TEXTS, TEXTS),
    st.sampled_from(["y", "NOT y", "a IS NULL", "t IS NOT NULL", "a + b > 1", "a < b", "y = TRUE"]),
)
CRITERION = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner), st.builds("({} OR {})".format, inner, inner), st.builds("NOT ({})".format, inner)
    ),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries(
    {
        "a": st.none() | NUMBERS.map(float) | st.floats(-4, 4),
        "b": st.none() | NUMBERS.map(float),
        "t": st.none() | TEXTS | st.text(min_size=1, max_size=3).filter(str.strip),
        "y": st.none() | st.booleans(),
    }
)


@settings(max_examples=300, deadline=None)
@given(text=CRITERION, rows=st.lists(ROWS, min_size=1, max_size=20))
def test_no_lead_meets_what_is_said_to_be_met_by_none(text: str, rows: list[dict[str, float | str | bool | None]]) -> None:
    reach, tree = Reach(types=FIELDS, zone=ZONE), unplaced(parse_criterion(text).tree, {})
    criterion = compile_criterion(text, fields=FIELDS, zone=ZONE)
    answers = {criterion.truth(row) for row in rows}
    assert True not in answers or reach.can_hold(tree)
    assert not reach.always_holds(tree) or answers == {True}
