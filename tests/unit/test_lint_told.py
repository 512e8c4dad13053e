"""Whom nobody would tell what the agreement says: named once each, with what they would miss."""

from __future__ import annotations

from dataclasses import replace

from sync.agreement.parties import Tell
from sync.lint_told import untold
from sync.remarks import Level
from sync.roster import Person, Roster
from tests.builders import the_agreement

AGREEMENT = replace(the_agreement(), tell=Tell(at_risk=("manager",), broken=("manager", "team", "#sales"), recycled=("marketing",)))
ANN_OF_SDR = Person(name="Ann", email=None, ids={}, manager=None, team="SDR", calendar=None, hours=None, absences=())
EVERYBODY = frozenset({"owner", "manager", "marketing", "ops", "#new-mqls", "#sales", *(f"team {name}" for name in AGREEMENT.teams)})


def told(served: frozenset[str], roster: Roster = Roster()) -> list[str]:  # noqa: B008 - it is frozen
    return [remark.what for remark in untold(AGREEMENT, roster, served, file="config.toml")]


def test_nothing_is_said_where_everybody_is_served() -> None:
    assert told(EVERYBODY) == []


def test_who_is_not_served_is_named_once_with_all_that_they_would_miss() -> None:
    assert told(EVERYBODY - {"manager"}) == [
        "no [[notify]] serves `manager`, who would hear of broken promises (`tell.broken`), escalations, promises at risk (`tell.at_risk`)"
    ]
    assert told(EVERYBODY - {"#sales"}) == ["no [[notify]] serves `#sales`, who would hear of broken promises (`tell.broken`)"]
    (ops,) = told(EVERYBODY - {"ops"})
    missed = "CRMs that do not answer, changes that do not stand, held plans, reports (`tell.reports`)"
    assert ops == f"no [[notify]] serves `ops`, who would hear of {missed}"
    (owner,) = told(EVERYBODY - {"owner"})
    assert "new owners (`tell` of Marketing to SDR)" in owner
    assert "reminders" in owner


def test_a_channel_of_a_team_is_one_for_each_team() -> None:
    teams = [f"team {name}" for name in AGREEMENT.teams] or ["team SDR"]
    roster = Roster(people={"Ann": ANN_OF_SDR})
    found = told(EVERYBODY - set(teams), roster)
    assert [line.split("`")[1] for line in found] == sorted(teams)


def test_that_nobody_is_told_anything_is_a_note_and_one_alone() -> None:
    (remark,) = untold(AGREEMENT, Roster(), frozenset(), file="config.toml")
    assert (remark.level, remark.where) == (Level.NOTE, "config.toml: notify")
    assert remark.what == "no [[notify]]: nobody is told anything, whatever the agreement says"
