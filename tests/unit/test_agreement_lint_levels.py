"""The agreement's lint of goals, consequences and levels: for each thing it tells, a text that has it and a near miss."""

from __future__ import annotations

from sync.remarks import Level
from sync.roster import Person, Roster
from tests.unit.test_agreement_lint import told

LEVEL = '[[level]]\nname = "EMEA"\nteam = "EMEA SDR"\nclock.first_touch.within = "4 business hours"\n'


def goal(extra: str) -> list[tuple[Level, str]]:
    more = f'\n[[goal]]\nname = "G"\nmetric = "m"\nperiod = "month"\n{extra}\n'
    return [(level, where) for level, where, _ in told(more=more)]


def test_a_company_goal_that_nobody_has_a_part_in_is_a_warning() -> None:
    assert goal('side = "company"\ntarget = 5') == [(Level.WARNING, "goal.G")]
    assert goal('side = "company"\ntarget = 5\nowner = "CRO"') == []
    assert goal('side = "company"\ntarget = 5\nsplit = { sales = "50%" }') == []
    assert goal('side = "sales"\ntarget = 5') == []


def test_goals_that_are_worked_backwards_from_each_other_are_an_error() -> None:
    second = '\n[[goal]]\nname = "H"\nside = "sales"\nmetric = "n"\nperiod = "month"\ntarget = '
    assert goal('side = "sales"\ntarget = "solve: H"' + second + '"solve: G"') == [(Level.ERROR, "goal.G.target")]
    assert goal('side = "sales"\ntarget = "solve: H"' + second + "3") == []


def test_a_change_that_no_day_is_named_for_is_a_warning() -> None:
    change = 'side = "sales"\ntarget = "+20%"\nbaseline = "last year"'
    assert goal(change) == [(Level.WARNING, "goal.G.target")]
    assert goal(change + "\nby = 2026-12-31") == []


def test_an_attainment_above_all_is_an_error() -> None:
    assert [one[:2] for one in told(('target = "90%"', "target = 90"))] == [(Level.ERROR, 'goal."First touch in time".target')]
    assert told(('target = "90%"', "target = 0.9")) == []


def test_a_goal_that_is_due_before_the_agreement_begins_is_a_warning() -> None:
    assert goal('side = "sales"\ntarget = 5\nby = 2025-12-31') == [(Level.WARNING, "goal.G.by")]
    assert goal('side = "sales"\ntarget = 5\nby = 2026-01-01') == []


def test_a_consequence_that_cannot_fall_due_is_a_warning() -> None:
    assert [one[:2] for one in told(("below 80% for 2 months", "below 80% for 2 weeks"))] == [(Level.WARNING, "consequence[1].if")]
    assert told(("below 80% for 2 months", "below 80% for 30 days")) == []
    assert [one[:2] for one in told(("below 80% for 2 months", "below 0% for 2 months"))] == [(Level.WARNING, "consequence[1].if")]


def test_a_consequence_of_a_soft_goal_is_a_warning() -> None:
    assert [one[:2] for one in told(('target = "90%"', 'target = "90%"\nsoft = true'))] == [(Level.WARNING, "consequence[1]")]


def person(name: str, team: str | None) -> Person:
    return Person(name=name, email=None, ids={}, manager=None, team=team, calendar=None, hours=None, absences=())


def test_a_level_of_a_team_in_which_the_roster_has_nobody_is_a_warning() -> None:
    def found(*people: Person) -> list[tuple[Level, str]]:
        roster = Roster(people={one.name: one for one in people})
        return [one[:2] for one in told(more=f"\n{LEVEL}", roster=roster)]

    assert found(person("Ana", "EMEA SDR")) == []
    assert found(person("Ana", "EMEA")) == [(Level.WARNING, "level.EMEA.team")]
    assert found(person("Ana", "EMEA"), person("Ben", None)) == [(Level.NOTE, "level.EMEA.team")], "the CRM may say it of Ben"


def levels(second: str) -> list[tuple[Level, str]]:
    roster = Roster(people={"Ana": person("Ana", "EMEA SDR")})
    return [one[:2] for one in told(more=f'\n{LEVEL}\n[[level]]\nname = "two"\n{second}\n', roster=roster)]


def test_two_levels_that_change_one_rule_for_the_same_leads_overlap() -> None:
    assert levels('team = "EMEA SDR"\nclock.first_touch.within = "3 business hours"') == [(Level.WARNING, "level.two")]
    assert levels('team = "EMEA SDR"\nclock.decide.within = "3 business days"') == []
    assert levels('segment = "country = \'DE\'"\nclock.first_touch.within = "3 business hours"') == []


def segments(first: str, second: str) -> list[tuple[Level, str]]:
    change = 'clock.first_touch.within = "3 business hours"'
    return levels(f'{first}\n{change}\n[[level]]\nname = "three"\n{second}\n{change}')


def test_a_level_whose_leads_all_have_one_that_speaks_first_is_an_error() -> None:
    big, huge = 'segment = "employees > 500"', 'segment = "employees > 1000 AND icp"'
    assert segments(huge, big) == [(Level.ERROR, "level.two")]
    assert segments(big, huge) == [], "the narrower one is written last, and speaks for its own"
    assert segments('segment = "employees > 500"', "segment = \"country = 'DE'\"") == []


def test_a_level_of_a_source_speaks_before_a_segment_wherever_it_is_written() -> None:
    source, segment = 'source = "PAID_SEARCH"', "segment = \"original_source = 'PAID_SEARCH' AND score > 5\""
    assert segments(source, segment) == [(Level.ERROR, "level.three")]
    assert segments(segment, source) == [(Level.ERROR, "level.two")]
    assert segments(source, "segment = \"original_source <> 'REFERRALS'\"") == []


def test_a_level_that_asks_for_more_attempts_than_fit_is_told_at_the_level() -> None:
    more = 'segment = "employees > 1000"\ncadence.work_the_lead.attempts = '
    assert levels(f"{more}40") == [(Level.ERROR, "level.two.cadence.work_the_lead.gap")]
    assert levels(f"{more}8") == []


def test_levels_of_the_same_source_overlap() -> None:
    change = 'clock.first_touch.within = "3 business hours"'
    three = f'source = ["REFERRALS"]\n{change}\n[[level]]\nname = "three"\nsource = ["PAID_SOCIAL", "referrals"]\n{change}'
    assert levels(three.replace("referrals", "REFERRALS")) == [(Level.WARNING, "level.three")]
    assert levels(three.replace('"referrals"', '"OFFLINE"')) == []


def test_a_level_that_changes_nothing_is_a_warning() -> None:
    assert levels("segment = \"country = 'DE'\"") == [(Level.WARNING, "level.two")]


def test_a_level_that_can_hold_for_nobody_is_an_error() -> None:
    change = 'clock.first_touch.within = "3 business hours"'
    assert levels(f'segment = "score > 5 AND score < 2"\n{change}') == [(Level.ERROR, "level.two")]
    assert levels(f'segment = "competitor"\n{change}') == [(Level.ERROR, "level.two")]


def test_a_slip_in_what_a_level_changes_is_told_at_the_level() -> None:
    assert levels('segment = "score > 5"\nclock.first_touch.warn_at = "100%"') == [(Level.WARNING, "level.two.clock.first_touch.warn_at")]
