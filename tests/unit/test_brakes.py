"""What is paused, observed, frozen or held: of which steps it speaks, and in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync.brakes import Brakes, Latch
from sync.freeze import Weekly, Window, frozen_by
from sync.stops import Scope, Stop, StopKind, Subject, Target

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEAD, RECORD = "hubspot/contact/1", "salesforce/Lead/00Q1"
SUBJECT = Subject(rule="first_touch", team="EMEA SDR", leads=(LEAD, RECORD))
EVERYTHING = Target()
RULE = Target(scope=Scope.RULE, name="first_touch")
TEAM = Target(scope=Scope.TEAM, name="EMEA SDR")
THE_LEAD = Target(scope=Scope.LEAD, name=LEAD)


def a_stop(target: Target, kind: StopKind = StopKind.PAUSE) -> Stop:
    until = NOON + HOUR if kind is StopKind.PAUSE else None
    return Stop(number=7, kind=kind, target=target, since=NOON, until=until, who="ann", why="Ben Kim's leads")


def brakes(*targets: Target, kind: StopKind = StopKind.PAUSE, frozen: tuple[str, ...] = ()) -> Brakes:
    return Brakes(stops=tuple(a_stop(target, kind) for target in targets), frozen=frozen)


@pytest.mark.parametrize(
    "target", [EVERYTHING, RULE, TEAM, THE_LEAD, Target(scope=Scope.LEAD, name=RECORD)], ids=["all", "rule", "team", "lead", "its record"]
)
def test_a_pause_speaks_of_what_it_names(target: Target) -> None:
    assert (brakes(target).stops_sending(SUBJECT) or "").startswith("paused until Fri 2026-11-20 13:00 UTC (pause 7 of ")


@pytest.mark.parametrize(
    "target",
    [
        Target(scope=Scope.RULE, name="decide"),
        Target(scope=Scope.TEAM, name="first_touch"),
        Target(scope=Scope.LEAD, name="hubspot/contact/2"),
    ],
)
def test_a_pause_of_something_else_lets_pass(target: Target) -> None:
    assert brakes(target).stops_sending(SUBJECT) is None
    assert brakes(Target(scope=Scope.TEAM, name="EMEA SDR")).stops_sending(replace(SUBJECT, team=None)) is None


def test_the_words_of_a_stop_name_neither_who_nor_why_for_they_go_into_plans_and_journal() -> None:
    told = brakes(THE_LEAD).stops_sending(SUBJECT) or ""
    assert "see leadpact held" in told
    assert not {"ann", "Ben"} & set(told.split())


def test_an_observe_sets_the_mode_down_and_a_pause_does_not() -> None:
    assert (
        brakes(RULE, kind=StopKind.OBSERVE).observes(SUBJECT)
        == "mode of first_touch is observe (observe 7 of rule first_touch, see leadpact held)"
    )
    assert brakes(RULE, kind=StopKind.OBSERVE).stops_sending(SUBJECT) is not None
    assert brakes(RULE).observes(SUBJECT) is None


@pytest.mark.parametrize(
    ("target", "whole"), [(EVERYTHING, True), (RULE, True), (TEAM, False), (Target(scope=Scope.RULE, name="decide"), False)]
)
def test_a_rule_that_is_observed_for_everybody_is_enforced_no_more(target: Target, whole: bool) -> None:
    assert brakes(target, kind=StopKind.OBSERVE).observes_whole("first_touch") is whole
    assert not brakes(target).observes_whole("first_touch")


@pytest.mark.parametrize(("target", "stopped"), [(EVERYTHING, True), (THE_LEAD, True), (RULE, False), (TEAM, False)])
def test_who_paused_a_rule_or_a_team_can_still_take_back_what_it_did(target: Target, stopped: bool) -> None:
    assert (brakes(target).stops_undoing(SUBJECT) is not None) is stopped
    assert brakes(target, kind=StopKind.OBSERVE).stops_undoing(SUBJECT) is None


def test_a_freeze_stops_sending_and_undoing() -> None:
    frozen = brakes(frozen=("frozen until Christmas",))
    assert frozen.stops_sending(SUBJECT) == frozen.stops_undoing(SUBJECT) == "frozen until Christmas"


def test_a_held_plan_latches_its_rule_for_its_leads_alone() -> None:
    held = Brakes(held={("first_touch", RECORD): Latch(17, NOON)})
    assert held.latched(SUBJECT) == "held in plan 17 since Fri 2026-11-20 12:00 UTC, see leadpact held"
    assert held.latched(replace(SUBJECT, rule="decide")) is None
    assert held.latched(replace(SUBJECT, leads=("hubspot/contact/2",))) is None
    assert held.stops_sending(SUBJECT) is None, "what a person lets pass is not stopped by its own plan"


@pytest.mark.parametrize(
    ("target", "option"),
    [
        (EVERYTHING, ""),
        (RULE, " --rule first_touch"),
        (TEAM, ' --team "EMEA SDR"'),
        (THE_LEAD, " --lead hubspot/contact/1"),
        (Target(scope=Scope.TEAM, name='The "A" team'), ' --team "The \\"A\\" team"'),
    ],
)
def test_the_command_that_ends_a_stop_can_be_typed(target: Target, option: str) -> None:
    assert target.option == option


CHRISTMAS = Window(since=NOON, until=NOON + 3 * HOUR, why="Christmas")
WEEKEND = Weekly(hours="Fr 16:00-24:00; Sa-Su 00:00-24:00", zone=ZoneInfo("Europe/Berlin"), why="nobody looks")
NIGHT = Weekly(hours="Mo-Su 22:00-06:00", zone=ZoneInfo("Europe/Berlin"), why="batch jobs")


@pytest.mark.parametrize(
    ("freeze", "at", "frozen"),
    [
        (CHRISTMAS, "2026-11-20T11:59:59Z", False),
        (CHRISTMAS, "2026-11-20T12:00:00Z", True),
        (CHRISTMAS, "2026-11-20T14:59:59Z", True),
        (CHRISTMAS, "2026-11-20T15:00:00Z", False),
        (WEEKEND, "2026-11-20T14:59:59Z", False),  # Friday 15:59:59 in Berlin
        (WEEKEND, "2026-11-20T15:00:00Z", True),
        (WEEKEND, "2026-11-22T22:59:59Z", True),
        (WEEKEND, "2026-11-22T23:00:00Z", False),  # Monday
        (WEEKEND, "2026-07-17T14:00:00Z", True),  # summer time
        (NIGHT, "2026-11-20T04:59:59Z", True),  # of the evening before
        (NIGHT, "2026-11-20T05:00:00Z", False),
    ],
)
def test_a_window_begins_at_its_first_moment_and_is_over_at_its_last(freeze: Window | Weekly, at: str, frozen: bool) -> None:
    assert freeze.covers(datetime.fromisoformat(at)) is frozen


def test_a_freeze_says_until_when_or_which_hours_and_why() -> None:
    told = list(frozen_by([CHRISTMAS, WEEKEND, NIGHT], NOON + HOUR * 2, ZoneInfo("America/New_York")))
    assert told == ["frozen until Fri 2026-11-20 10:00 EST: Christmas (config.toml, [[freeze]])"]
    told = list(frozen_by([WEEKEND], NOON + 4 * HOUR, UTC))
    assert told == ["frozen within Fr 16:00-24:00; Sa-Su 00:00-24:00 Europe/Berlin: nobody looks (config.toml, [[freeze]])"]
