"""What Salesforce shows of a planned lead, and what is therefore true of its promises."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from sandbox.world.campaigns import make_shared_companies
from sandbox.world.catalogue import ENOUGH_FOR_ALL, STORIES, pick_stories
from sandbox.world.clock import OpenHours
from sandbox.world.draft import Draft, Scene
from sandbox.world.passage import PlanError
from sandbox.world.people import make_staff
from sandbox.world.promises import ACCEPTED_STATUS, CALENDARS, HANDOFF_STAGE, Promise, PromiseName
from sandbox.world.salesforce.left_out import LEFT_OUT
from sandbox.world.salesforce.shown import OnSalesforce, show
from sandbox.world.salesforce.telling import SalesforceTelling
from sandbox.world.stages import accepted_spans, beyond_spans
from sandbox.world.truth import truth_document
from sandbox.world.verdict import not_counted, promises_of
from sync.cli.practice import RULES
from tests.unit.salesforce_world import a_world, of
from tests.unit.test_world_make import ALL, NEVER, NOWS

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEN = datetime(2026, 11, 9, 15, tzinfo=UTC)  # a Monday, ten o'clock in New York
NOW = datetime(2026, 12, 7, 15, tzinfo=UTC)
HOURS = {name: OpenHours(calendar) for name, calendar in CALENDARS.items()}
STAFF = make_staff(leads=100, today=NOW.date(), rng=Random(1))
ANN, BEN, *_ = (rep for rep in STAFF.there() if rep.calendar == "default")
EVE = STAFF.executives[0]


def a_draft() -> Draft:
    """A lead that was handed over at TEN, and is Ann's a minute later."""
    companies = make_shared_companies(leads=8, now=NOW, rng=Random(1))
    draft = Draft(scene=Scene(now=NOW, staff=STAFF, hours=HOURS, companies=companies, readers=()), rng=Random(1), title="by hand")
    passage = draft.hand_over(TEN, born=TEN - 5 * DAY, fits=True)
    draft.assign(passage, ANN, TEN + MINUTE)
    return draft


def told(shown: OnSalesforce, promise: PromiseName) -> list[Promise]:
    return [row for row in promises_of(shown.course, title="by hand", now=NOW) if row.promise == promise]


@pytest.mark.parametrize("now", NOWS)
def test_there_are_three_of_each_promise_and_status_whenever_now_is(now: str) -> None:
    seldom = {"assigned": {"unknown"}, "touched": {"unknown"}, "decided": {"unknown"}, "sound data": {"unknown"}, "nurtured": {"excused"}}
    counts: Counter[tuple[str, str]] = Counter((promise.promise, promise.status) for promise in a_world(NOWS[now]).promises)

    asked = {(name, status) for name, never in NEVER.items() for status in ALL - never - seldom.get(name, set())}
    assert {key for key in asked if counts[key] < 3} == set()
    assert counts["sound data", "unknown"] >= 2


def test_every_story_that_is_left_out_is_a_story_and_all_others_are_told() -> None:
    titles = {story.title for story in STORIES}
    picked = pick_stories(SalesforceTelling.stories, count=480, complete=True, readers=50, rng=Random(1))

    assert set(LEFT_OUT) <= titles
    assert {story.title for story in picked} >= titles - set(LEFT_OUT)
    assert ENOUGH_FOR_ALL == 720


def test_findings_are_told_of_leads_and_touches_of_tasks_and_events_that_exist() -> None:
    world = a_world()
    document = truth_document(world, RULES)
    leads = {f"salesforce/Lead/{line['Id']}" for line in of(world, "Lead")}
    there = {f"salesforce/{line['attributes']['type']}/{line['Id']}" for line in of(world, "Task", "Event")}

    assert {row["record"] for row in document["promises"]} <= leads
    assert {row["activity"] for row in document["touches"]} <= there
    assert {row["reason"] for row in document["touches"]} == {
        *(
            "a sequence does not answer a hand-raise",
            "automated",
            "failed",
            "by somebody else than the owner",
            "connected, but too short",
        ),
        *("has not happened yet", "inbound", "logged in bulk", "planned, not done", "too soon after the last", "wrong channel"),
    }
    assert all(row[name] is None or row[name].endswith(".000Z") for row in document["promises"] for name in ("started_at", "due_at"))


def test_one_picklist_holds_the_handoff_and_the_acceptance() -> None:
    draft = a_draft()
    draft.accept(draft.passages[0], TEN + HOUR)

    lead = show(draft).course.contact

    assert [(one.value, one.at) for one in lead.versions("hs_lead_status")] == [
        ("OPEN", TEN - 5 * DAY),
        (HANDOFF_STAGE, TEN),
        (ACCEPTED_STATUS, TEN + HOUR),
    ]


def test_leaving_the_handoff_stage_returns_nothing() -> None:
    draft = a_draft()
    draft.contact.set("lifecyclestage", "lead", TEN + HOUR)
    draft.end(TEN + HOUR, "returned")

    shown = show(draft)

    assert shown.course.contact.value("hs_lead_status") == "OPEN"
    assert shown.course.passages[0].ended_at is None
    assert [row.status for row in told(shown, "decided")] == ["breached"]


def test_a_lead_that_comes_back_into_the_stage_closes_the_cycle_that_was_open() -> None:
    draft = a_draft()
    draft.contact.set("lifecyclestage", "lead", TEN + HOUR)
    draft.end(TEN + HOUR, "returned")
    draft.contact.set("lifecyclestage", HANDOFF_STAGE, TEN + DAY)
    draft.open_passage(TEN + DAY)

    assert [(one.opened_at, one.ended_at) for one in show(draft).course.passages] == [(TEN, TEN + DAY), (TEN + DAY, None)]


def test_conversion_without_acceptance_keeps_what_acceptance_would_have_kept() -> None:
    draft = a_draft()
    draft.qualify(TEN + HOUR)

    shown = show(draft)

    assert accepted_spans(shown.course.contact) == []
    assert beyond_spans(shown.course.contact) == [(TEN + HOUR, None)]
    assert [row.status for row in told(shown, "decided")] == ["kept"]


def test_after_conversion_the_owner_of_the_contact_is_the_owner() -> None:
    draft = a_draft()
    passage = draft.qualify(TEN + HOUR)
    draft.assign(passage, EVE, TEN + 2 * HOUR)

    shown = show(draft)

    assert [one.value for one in shown.course.contact.versions("hubspot_owner_id")] == [STAFF.queue_id, ANN.owner_id]
    assert [one.value for one in shown.person.versions("hubspot_owner_id")] == [ANN.owner_id, EVE.owner_id]
    assert [(row.status, row.side) for row in told(shown, "taken over")] == [("kept", "manager")]


def test_a_contact_is_never_a_queues() -> None:
    draft = a_draft()
    draft.own(STAFF.queue_id, TEN + HOUR)
    draft.qualify(TEN + 2 * HOUR)
    draft.own("", TEN + 3 * HOUR)

    assert [one.value for one in show(draft).person.versions("hubspot_owner_id")] == [STAFF.placeholder_id]


def test_what_happened_to_a_lead_after_its_conversion_is_not_told() -> None:
    draft = a_draft()
    draft.qualify(TEN + HOUR)
    draft.contact.set("jobtitle", "Student", TEN + 2 * HOUR)
    draft.opt_out(TEN + 3 * HOUR)

    shown = show(draft)

    assert shown.course.contact.value("jobtitle") != "Student"
    assert shown.course.excused_at is None


def test_a_deal_cannot_be_older_than_the_conversion() -> None:
    draft = a_draft()
    draft.add_deal(ANN, opened=TEN + MINUTE, closed=None, stage="")
    draft.qualify(TEN + HOUR)

    with pytest.raises(PlanError, match="from its conversion on"):
        show(draft)


def test_a_sequence_answers_no_hand_raise() -> None:
    draft = a_draft()
    draft.passages[0].by = "hand-raise"
    draft.log("sequence mail", ANN, TEN + HOUR)

    shown = show(draft)

    assert [task.plain["TaskSubtype"] for task in shown.activities] == ["Cadence"]
    assert [row.status for row in told(shown, "touched")] == ["breached"]


def test_who_would_have_written_rings_instead() -> None:
    draft = a_draft()
    draft.log("incoming mail", ANN, TEN + HOUR)

    shown = show(draft)

    assert [(task.plain["TaskSubtype"], task.plain["CallType"]) for task in shown.activities] == [("Call", "Inbound")]
    assert [row.started_at for row in told(shown, "answered")] == [TEN + HOUR]
    assert [row.reason for row in not_counted(shown.course)] == ["inbound"]


def test_what_was_logged_a_day_later_happened_then() -> None:
    draft = a_draft()
    draft.log("connected call", ANN, TEN + HOUR, logged=TEN + DAY)

    assert [row.status for row in told(show(draft), "touched")] == ["breached"]
    assert [deed.at for deed in show(draft).course.deeds] == [TEN + DAY]


@pytest.mark.parametrize("sort", ["mail that bounced", "failed mail", "workflow mail", "out-of-office reply", "note"])
def test_what_salesforce_does_not_show_is_not_there(sort: str) -> None:
    draft = a_draft()
    draft.log(sort, ANN, TEN + HOUR)

    assert list(show(draft).activities) == []


def test_a_meeting_that_is_over_was_held() -> None:
    draft = a_draft()
    start = TEN + DAY
    draft.book(ANN, booked=TEN + HOUR, start=start, later=[(start + HOUR, "COMPLETED")])

    shown = show(draft)

    assert [(one.kind, one.written_at) for one in shown.activities] == [("Event", TEN + HOUR)]
    assert list(not_counted(shown.course)) == []
    assert [(row.status, row.due_at) for row in told(shown, "touched")] == [("kept", start + timedelta(minutes=30) + HOUR)]


def test_a_meeting_that_was_called_off_is_gone() -> None:
    draft = a_draft()
    draft.book(BEN, booked=TEN + HOUR, start=TEN + DAY, later=[(TEN + 2 * HOUR, "CANCELED")])

    assert list(show(draft).activities) == []


def test_a_company_is_never_blank() -> None:
    draft = a_draft()
    draft.contact.set("company", "", TEN + HOUR)

    assert show(draft).course.contact.value("company") == "[not provided]"
