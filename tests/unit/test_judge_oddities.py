"""What in the CRM's data cannot be: told by itself, so that nobody is blamed for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.records import Activity, ActivityKind, FieldChange
from sync.judge.findings import Finding, Side, Status
from sync.judge.judge import judge_lead
from tests.builders import (
    ANN,
    BEN,
    BORN,
    MS,
    a_call,
    a_mail,
    a_meeting,
    a_reply,
    an_activity,
    mql,
    ny,
    owned_by,
    raised,
    set_to,
    status,
    the_practice_agreement,
    the_rows,
    the_terms,
)

OPENED = ny("2026-09-14 10:00")
NOW = ny("2026-09-18 16:00")
NAMES = {ANN: "Ann", BEN: "Ben"}
DAY = timedelta(days=1)


def oddities(
    changes: Sequence[FieldChange], activities: Sequence[Activity] = (), *, names: Mapping[str, str] = NAMES, born: datetime = BORN
) -> list[Finding]:
    terms = the_terms(upto=NOW, agreement=the_practice_agreement(), names=names)
    return [f for f in judge_lead(the_rows(changes, activities, born=born), terms, NOW).findings if f.rule == "crm_data"]


def sorts(*args: object, **more: object) -> list[tuple[str, datetime | None]]:
    return [(f.cycle.opened_by, f.started_at) for f in oddities(*args, **more)]  # type: ignore[arg-type]


LEAD = [mql(OPENED), owned_by(ANN, OPENED)]


def test_an_ordinary_lead_has_none() -> None:
    assert sorts([*LEAD, status("IN_PROGRESS", OPENED + DAY)], [a_call(OPENED)]) == []


def test_an_oddity_is_unknown_has_no_deadline_and_blames_nobody() -> None:
    (finding,) = oddities(LEAD, [a_call(BORN - MS)])
    assert (finding.status, finding.side, finding.owner, finding.due_at, finding.settled_at) == (
        Status.UNKNOWN,
        Side.NONE,
        None,
        None,
        None,
    )
    assert (finding.cycle.number, finding.kind, finding.owed) == (0, "data", False)


@pytest.mark.parametrize(
    ("activity", "odd"),
    [
        (a_call(BORN - MS), True),
        (a_mail(BORN - MS), True),
        (a_reply(BORN - MS), True),
        (a_meeting(BORN - MS, booked=BORN), True),
        (an_activity(ActivityKind.MESSAGE, BORN - MS), True),
        (a_call(BORN), False),
        (an_activity(ActivityKind.TASK, BORN - MS), False),
        (an_activity(ActivityKind.NOTE, BORN - MS), False),
        (replace(a_call(BORN - MS), archived_at=BORN), False),
    ],
    ids=["call", "mail", "reply", "meeting", "message", "at creation", "task", "note", "deleted"],
)
def test_a_contact_before_the_record_was_created_is_odd(activity: Activity, odd: bool) -> None:
    assert sorts(LEAD, [activity]) == ([("touch before creation", BORN - MS)] if odd else [])


def test_the_first_of_several_is_told_and_no_other() -> None:
    calls = [a_call(BORN - n * DAY, id=str(n)) for n in (1, 3, 2)]
    assert sorts(LEAD, calls) == [("touch before creation", BORN - 3 * DAY)]


@pytest.mark.parametrize(
    ("changes", "since"),
    [
        ([status("IN_PROGRESS", OPENED - DAY)], OPENED - DAY),
        ([status("IN_PROGRESS", OPENED - DAY), status("NEW", OPENED - MS)], None),
        ([status("IN_PROGRESS", OPENED - DAY), status("NEW", OPENED)], None),
        ([status("IN_PROGRESS", OPENED - DAY), status("NEW", OPENED + MS)], OPENED - DAY),
        ([status("IN_PROGRESS", OPENED)], None),
        ([status("IN_PROGRESS", OPENED - 3 * DAY), status("NEW", OPENED - 2 * DAY), status("IN_PROGRESS", OPENED - DAY)], OPENED - DAY),
        ([set_to("lifecyclestage", "salesqualifiedlead", OPENED - DAY)], None),
    ],
    ids=["still in work", "left before", "left as it opened", "left after", "entered as it opened", "entered again", "fell back to it"],
)
def test_a_later_stage_in_which_the_lead_stood_when_it_was_handed_over_is_odd(changes: list[FieldChange], since: datetime | None) -> None:
    assert sorts([*LEAD, *changes]) == ([("stages out of order", since)] if since else [])


def test_a_hand_raise_of_a_lead_in_work_is_in_order() -> None:
    changes = [status("IN_PROGRESS", OPENED - DAY), *raised("Demo request", OPENED)]
    assert sorts(changes) == []


def test_only_the_first_passage_that_began_out_of_order_is_told() -> None:
    again = OPENED + DAY
    changes = [status("IN_PROGRESS", OPENED - DAY), *LEAD, set_to("lifecyclestage", "lead", OPENED + timedelta(hours=1)), mql(again)]
    assert sorts(changes) == [("stages out of order", OPENED - DAY)]


@pytest.mark.parametrize(("owner", "odd"), [("77", True), (BEN, False), ("90", False), ("91", False), (None, False)])
def test_an_owner_whom_the_crm_does_not_list_is_odd(owner: str | None, odd: bool) -> None:
    assert sorts([*LEAD, owned_by(owner, OPENED + DAY)]) == ([("owner unknown", OPENED + DAY)] if odd else [])


def test_the_first_unknown_owner_is_told_and_no_other() -> None:
    owners = [owned_by("78", OPENED + DAY), owned_by("77", OPENED - DAY)]
    assert sorts([*LEAD, *owners]) == [("owner unknown", OPENED - DAY)]


def test_no_owner_is_unknown_where_the_crm_lists_none() -> None:
    assert sorts([*LEAD, owned_by("77", OPENED)], names={}) == []


def test_only_leads_that_were_handed_over_are_looked_at() -> None:
    assert sorts([owned_by("77", OPENED), status("IN_PROGRESS", OPENED)], [a_call(BORN - MS)]) == []


def test_each_sort_is_told_once_although_the_lead_passed_two_handoffs() -> None:
    changes = [*LEAD, owned_by("77", OPENED), set_to("lifecyclestage", "salesqualifiedlead", OPENED + DAY)]
    assert sorted(sort for sort, _ in sorts(changes, [a_call(BORN - MS)])) == ["owner unknown", "touch before creation"]
