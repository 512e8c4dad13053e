"""What became of leads that would have been moved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.records import Activity, ActivityStatus, FieldChange
from sync.cli.shadow import parse_last
from sync.errors import UsageError
from sync.judge.judge import judge_lead
from sync.report.shadow import shadow_json, shadow_lines
from sync.route import Given, Seat
from sync.shadow import Meant, Outcome, Shadow, what_became
from sync.steps import FieldWrite, Step
from sync.waivers import Waiver
from tests.builders import (
    ANN,
    BEN,
    DEAL,
    LEAD,
    a_call,
    a_mail,
    a_reply,
    judged,
    mql,
    ny,
    owned_by,
    set_to,
    status,
    the_record,
    the_rows,
    the_terms,
)

HANDOFF = ny("2026-11-18 10:00")
MEANT_AT = ny("2026-11-18 12:35")
NOW = ny("2026-11-20 12:00")
HANDED_OVER = [mql(HANDOFF), owned_by(ANN, HANDOFF), status("IN_PROGRESS", HANDOFF + timedelta(minutes=5))]
STEP = Step(
    lead=str(LEAD),
    record=LEAD,
    action="reassign",
    fields=(FieldWrite(field="hubspot_owner_id", before=ANN, after=BEN),),
    finding=judged(HANDED_OVER, now=NOW, rule="first_touch").key,
    rule="first_touch",
    rung=1,
    reason="broken",
    blocked_by=("mode of first_touch is observe (config.toml, [mode])",),
    given=Given(pool="sdr", seats=(Seat(owner=BEN, weight=1),), owner=BEN),
)
MEANT = Meant(at=MEANT_AT, step=STEP, is_beyond=False)
LATER = MEANT_AT + timedelta(hours=2, minutes=5)


def became(changes: Sequence[FieldChange] = (), activities: Sequence[Activity] = (), **more: object) -> Shadow:
    rows = replace(the_rows([*HANDED_OVER, *changes], activities), **more)  # type: ignore[arg-type]
    terms = the_terms(upto=NOW, names={ANN: "Ann", BEN: "Ben"})
    return what_became(MEANT, rows, judge_lead(rows, terms, NOW).findings, terms, now=NOW)


def by_hand(owner: str | None, source: str = "CRM_UI") -> FieldChange:
    return set_to("hubspot_owner_id", owner, LATER, source=source)


@pytest.mark.parametrize(
    ("changes", "activities", "outcome", "told"),
    [
        ([], [], Outcome.NOTHING, "nothing"),
        ([], [a_call(LATER)], Outcome.OWNER_TOUCHED, "call by Ann, its owner, 2 h 5 min later"),
        ([], [a_call(LATER, owner=BEN)], Outcome.ANOTHER_TOUCHED, "call by Ben, 2 h 5 min later"),
        ([], [a_call(LATER, ActivityStatus.CANCELLED)], Outcome.NOTHING, "nothing"),
        ([], [a_reply(LATER)], Outcome.NOTHING, "nothing"),
        ([by_hand(BEN)], [], Outcome.PASSED_ON, "given to Ben by a person, 2 h 5 min later"),
        ([by_hand(BEN, "AUTOMATION_PLATFORM")], [], Outcome.PASSED_ON, "given to Ben by a workflow or another tool, 2 h 5 min later"),
        ([by_hand(None)], [], Outcome.PASSED_ON, "given to nobody by a person, 2 h 5 min later"),
        ([status("RECYCLED", LATER)], [], Outcome.LEFT, "recycled, 2 h 5 min later"),
        (
            [status("RECYCLED", LATER + timedelta(hours=1))],
            [a_call(LATER)],
            Outcome.OWNER_TOUCHED,
            "call by Ann, its owner, 2 h 5 min later; 1 more things happened",
        ),
    ],
)
def test_what_happened_first_is_what_became_of_it(
    changes: list[FieldChange], activities: list[Activity], outcome: Outcome, told: str
) -> None:
    shadow = became(changes, activities)
    assert shadow.outcome is outcome
    lines = list(lines_of(shadow))
    assert lines[2] == "hubspot/contact/1  would have been given from Ann to Ben at Wed 2026-11-18 12:35 EST, for first_touch"
    assert lines[3] == f"    then: {told}"


def lines_of(*shadows: Shadow) -> Sequence[str]:
    names = {("hubspot", "hubspot_owner_id"): {ANN: "Ann", BEN: "Ben"}}
    return list(shadow_lines(shadows, since=HANDOFF, upto=NOW, names=names, zone=ZoneInfo("America/New_York")))


def test_what_happened_before_it_was_planned_is_no_outcome() -> None:
    before = MEANT_AT - timedelta(minutes=5)
    assert became([], [a_call(before)]).outcome is Outcome.NOTHING, "kept late: the plan knew"


def test_a_deal_that_was_opened_afterwards_is_told() -> None:
    opened = set_to("dealstage", "open", LATER, record=DEAL)
    shadow = became([opened], deals=(the_record(DEAL, [opened], born=LATER),))
    assert (shadow.outcome, shadow.then[0].source) == (Outcome.DEAL, str(DEAL))


def test_a_touch_that_was_logged_later_shows_that_the_move_would_have_been_wrong() -> None:
    in_time = a_mail(HANDOFF + timedelta(minutes=30), logged=MEANT_AT + timedelta(minutes=30))
    shadow = became([], [in_time])
    assert shadow.outcome is Outcome.NOT_BROKEN
    assert lines_of(shadow)[3] == "    then: the promise turned out not to be broken"


def test_a_waiver_that_came_afterwards_does_not_make_the_move_wrong() -> None:
    rows, waiver = (
        the_rows(HANDED_OVER),
        Waiver(number=1, finding=STEP.finding, lead=str(LEAD), rule="first_touch", at=LATER, by="Max", why="x"),
    )
    terms = replace(the_terms(upto=NOW), waivers={STEP.finding: waiver})
    assert what_became(MEANT, rows, judge_lead(rows, terms, NOW).findings, terms, now=NOW).outcome is Outcome.NOTHING


def test_a_lead_that_is_gone_is_said_to_be() -> None:
    shadow = what_became(MEANT, None, (), the_terms(upto=NOW), now=NOW)
    assert (shadow.outcome, shadow.then) == (Outcome.GONE, ())


def test_the_outcomes_are_counted_and_what_a_limit_would_have_held_too() -> None:
    touched, nothing = became([], [a_call(LATER)]), became()
    lines = lines_of(touched, nothing, replace(nothing, meant=replace(MEANT, is_beyond=True)))
    assert lines[0].endswith("planned from Wed 2026-11-18 10:00 EST to Fri 2026-11-20 12:00 EST: 3")
    assert lines[-3:] == [
        "     1  its owner got in touch",
        "     2  nothing",
        "1 of them were beyond a limit, and would have waited for a person.",
    ]


def test_the_document_holds_all_that_followed() -> None:
    shadow = became([status("RECYCLED", LATER + timedelta(hours=1))], [a_call(LATER)])
    told = json.loads(b"".join(shadow_json([shadow], since=HANDOFF, upto=NOW)))
    assert told["counts"] == {"owner_touched": 1}
    (move,) = told["moves"]
    assert (move["at"], move["outcome"], move["fields"][0]["after"]) == ("2026-11-18T17:35:00.000Z", "owner_touched", BEN)
    assert [(one["outcome"], one["owner"]) for one in move["then"]] == [("owner_touched", ANN), ("left", None)]


def test_a_recycling_that_was_not_made_is_told_by_its_fields() -> None:
    fields = (FieldWrite(field="hs_lead_status", before="IN_PROGRESS", after="RECYCLED"),)
    shadow = replace(became(), meant=replace(MEANT, step=replace(STEP, action="recycle", fields=fields)))
    assert "would have been recycled hs_lead_status IN_PROGRESS -> RECYCLED at" in lines_of(shadow)[2]


@pytest.mark.parametrize(("text", "days"), [("14d", 14), (" 2w", 14), ("48h", 2), ("3 days", 3)])
def test_how_far_to_look_back_may_be_short(text: str, days: int) -> None:
    assert parse_last(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "14", "0d", "14 moons", "99999w", "2 business days"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no span to look back"):
        parse_last(text)
