"""What two CRMs show of a planned lead, and what is therefore true of its promises."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from sandbox.world.beside import Beside, Face
from sandbox.world.both.doings import each_once
from sandbox.world.both.shown import OnBoth, show_both
from sandbox.world.campaigns import make_shared_companies
from sandbox.world.clock import OpenHours
from sandbox.world.deeds import Deed
from sandbox.world.draft import Draft, Scene
from sandbox.world.passage import DoesNotFit, Passage
from sandbox.world.people import make_staff
from sandbox.world.promises import ACCEPTED_STATUS, CALENDARS, HANDOFF_STAGE, LAG, Promise, PromiseName
from sandbox.world.sheet import Sheet
from sandbox.world.sync import Hitch, SetBack
from sandbox.world.verdict import promises_of
from tests.unit import world_course
from tests.unit.both_world import a_world
from tests.unit.world_course import a_course

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEN = datetime(2026, 11, 9, 15, tzinfo=UTC)  # a Monday, ten o'clock in New York
NOW = datetime(2026, 12, 7, 15, tzinfo=UTC)
HOURS = {name: OpenHours(calendar) for name, calendar in CALENDARS.items()}
STAFF = make_staff(leads=100, today=NOW.date(), rng=Random(1))
ANN, BEN, *_ = (rep for rep in STAFF.there() if rep.calendar == "default")
EVE = STAFF.executives[0]


def a_draft(seed: int = 1) -> Draft:
    """A lead in both CRMs for days, handed over at TEN, and Ann's two minutes later."""
    companies = make_shared_companies(leads=8, now=NOW, rng=Random(1))
    draft = Draft(scene=Scene(now=NOW, staff=STAFF, hours=HOURS, companies=companies, readers=()), rng=Random(seed), title="by hand")
    draft.sync.place, draft.sync.delivered = "both", "early"
    passage = draft.hand_over(TEN, born=TEN - 5 * DAY, fits=True)
    draft.assign(passage, ANN, TEN + 2 * MINUTE)
    return draft


def told(shown: OnBoth, promise: PromiseName, now: datetime = NOW) -> list[Promise]:
    return [row for row in promises_of(shown.course, title="by hand", now=now) if row.promise == promise]


def in_salesforce(shown: OnBoth) -> Sheet:
    assert shown.salesforce is not None
    return shown.salesforce.course.contact


# -- who has the last word --------------------------------------------------------------------------


def test_the_handoff_is_hubspots_word_and_acceptance_salesforces() -> None:
    draft = a_draft()
    draft.accept(draft.passages[0], TEN + HOUR + timedelta(milliseconds=700))

    shown = show_both(draft)

    assert [one.at for one in shown.course.contact.versions("lifecyclestage") if one.value == HANDOFF_STAGE] == [TEN]
    assert [one.at for one in shown.course.contact.versions("hs_lead_status") if one.value == ACCEPTED_STATUS] == [TEN + HOUR]


def test_each_crm_hears_of_what_the_other_says_within_half_an_hour() -> None:
    for seed in range(20):
        draft = a_draft(seed)
        draft.accept(draft.passages[0], TEN + HOUR)

        shown = show_both(draft)

        assert shown.contact is not None
        handed = [one.at for one in in_salesforce(shown).versions("hs_lead_status") if one.value == HANDOFF_STAGE]
        accepted = [one.at for one in shown.contact.versions("hs_lead_status") if one.value == ACCEPTED_STATUS]
        assert all(TEN < at < TEN + LAG for at in handed)
        assert all(TEN + HOUR < at < TEN + HOUR + LAG for at in accepted)
        assert (len(handed), len(accepted)) == (1, 1)


def test_leaving_hubspots_ladder_returns_the_lead() -> None:
    draft = a_draft()
    draft.contact.set("lifecyclestage", "lead", TEN + HOUR)
    draft.end(TEN + HOUR, "returned")

    shown = show_both(draft)

    assert [one.ended_at for one in shown.course.passages] == [TEN + HOUR]
    assert [row.status for row in told(shown, "decided")] == ["excused"]


def test_a_conversion_hands_over_to_the_executives_when_salesforce_says_so() -> None:
    draft = a_draft()
    passage = draft.qualify(TEN + DAY + timedelta(milliseconds=400))
    draft.assign(passage, EVE, TEN + DAY + HOUR)

    shown = show_both(draft)

    assert [(row.started_at, row.status) for row in told(shown, "taken over")] == [(TEN + DAY, "kept")]


def test_an_owner_counts_from_when_the_lead_was_created_in_salesforce() -> None:
    draft = a_draft()
    draft.sync.delivered = 20 * MINUTE

    assert [row.status for row in told(show_both(draft), "assigned")] == ["breached"]


def test_who_never_came_to_salesforce_is_judged_by_hubspots_word() -> None:
    draft = a_draft()
    draft.sync.place = "hubspot"
    draft.accept(draft.passages[0], TEN + HOUR + timedelta(milliseconds=700))

    shown = show_both(draft)

    assert shown.salesforce is None
    assert [row.status for row in told(shown, "assigned")] == ["kept"]
    assert [row.started_at for row in told(shown, "settled")] == [TEN + HOUR + timedelta(milliseconds=700)]


def test_a_converted_lead_is_never_returned() -> None:
    draft = a_draft()
    draft.qualify(TEN + DAY)
    draft.contact.set("lifecyclestage", "lead", TEN + 2 * DAY)
    draft.end(TEN + 2 * DAY, "returned")

    with pytest.raises(DoesNotFit):
        show_both(draft)


# -- arriving -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lag", "status"), [(HOUR - SECOND, "kept"), (HOUR, "kept"), (HOUR + SECOND, "breached"), (2 * DAY, "breached")])
def test_a_lead_arrives_within_the_hour(lag: timedelta, status: str) -> None:
    draft = a_draft()
    draft.sync.delivered = lag

    assert [(row.started_at, row.status, row.due_at, row.side) for row in told(show_both(draft), "delivered")] == [
        (TEN, status, TEN + HOUR, "system")
    ]


@pytest.mark.parametrize("delivered", ["early", timedelta(0)])
def test_a_lead_that_was_there_when_it_was_handed_over_need_not_arrive(delivered: timedelta) -> None:
    draft = a_draft()
    draft.sync.delivered = delivered

    assert told(show_both(draft), "delivered") == []


def test_a_lead_that_never_arrives_is_missed_in_each_passage_and_no_longer_once_it_is_closed() -> None:
    draft = a_draft()
    draft.sync.place = "hubspot"
    draft.reject(draft.passages[0], TEN + 40 * MINUTE)
    draft.submit(TEN + DAY, "Demo request")
    draft.open_passage(TEN + DAY, by="hand-raise")

    rows = told(show_both(draft), "delivered")

    assert [(row.started_at, row.status, row.side) for row in rows] == [(TEN, "excused", "none"), (TEN + DAY, "breached", "system")]


def test_it_is_running_until_the_hour_is_over() -> None:
    draft = a_draft()
    draft.sync.place = "hubspot"

    assert [row.status for row in told(show_both(draft), "delivered", now=TEN + 50 * MINUTE)] == ["running"]


# -- differing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lasts", "breaches"), [(LAG - SECOND, 0), (LAG, 0), (LAG + SECOND, 1), (2 * DAY, 1), (None, 1)])
@pytest.mark.parametrize("of", ["owner", "status", "conversion"])
def test_hubspot_may_be_behind_for_half_an_hour(of: str, lasts: timedelta | None, breaches: int) -> None:
    draft = a_draft()
    at = TEN + 3 * HOUR
    if of == "owner":
        draft.own(BEN, at)
    elif of == "status":
        draft.accept(draft.passages[0], at)
    else:
        draft.qualify(at)
    draft.sync.hitch = Hitch(of=of, lasts=lasts)  # type: ignore[arg-type]

    rows = told(show_both(draft), "in step")

    assert [(row.started_at, row.status, row.due_at, row.side) for row in rows] == [(at, "breached", at + LAG, "system")] * breaches


@pytest.mark.parametrize(("lasts", "breaches"), [(LAG, 0), (LAG + SECOND, 1), (None, 1)])
def test_salesforce_may_be_behind_for_half_an_hour(lasts: timedelta | None, breaches: int) -> None:
    draft = a_draft()
    draft.sync.hitch = Hitch(of="handoff", lasts=lasts)

    assert [row.started_at for row in told(show_both(draft), "in step")] == [TEN] * breaches


def test_what_a_workflow_sets_back_differs_until_it_is_mended() -> None:
    draft = a_draft()
    draft.own(BEN, TEN + 3 * HOUR)
    draft.sync.set_back = SetBack(of="owner", after=2 * HOUR, lasts=5 * HOUR)

    shown = show_both(draft)

    assert shown.contact is not None
    copied, undone, mended = shown.contact.versions("hubspot_owner_id")[-3:]
    assert [copied.value, undone.value, mended.value] == [BEN.owner_id, ANN.owner_id, BEN.owner_id]
    assert [row.started_at for row in told(shown, "in step")] == [undone.at]


def face(*stages: tuple[datetime, str], owners: tuple[tuple[datetime, str], ...] = (), since: datetime = TEN - DAY) -> Face:
    return Face(since=since, stages=stages, owners=owners)


def test_nothing_is_compared_before_the_handoff_and_before_both_have_it() -> None:
    early = Beside(marketing=face((TEN - HOUR, HANDOFF_STAGE)), sales=face((TEN + 10 * MINUTE, HANDOFF_STAGE)))
    late = Beside(marketing=face((TEN, HANDOFF_STAGE)), sales=face((TEN + 5 * HOUR, HANDOFF_STAGE), since=TEN + 5 * HOUR))

    assert world_course.told(a_course(beside=early), "in step") == []
    assert world_course.told(a_course(beside=late), "in step") == []


def test_two_that_differ_at_the_handoff_differ_from_then_on() -> None:
    beside = Beside(marketing=face(owners=((TEN - DAY, "1"),)), sales=face())

    assert [row.started_at for row in world_course.told(a_course(beside=beside), "in step")] == [TEN]


def test_who_was_never_handed_over_is_not_compared() -> None:
    beside = Beside(marketing=face(owners=((TEN - DAY, "1"),)), sales=face(), confusions=["pointer to nothing"])
    rows = promises_of(a_course(passages=[], owners=[], beside=beside), title="by hand", now=world_course.NOW)

    assert [row for row in rows if row.promise in ("in step", "sound data", "delivered")] == []


def test_doubts_are_told_once_from_the_first_handoff_on() -> None:
    beside = Beside(marketing=face(), sales=face(), confusions=["pointer to nothing"])
    passages = [Passage(opened_at=TEN, ended_at=TEN + HOUR, ending="returned"), Passage(opened_at=TEN + DAY)]

    assert [
        (row.started_at, row.status, row.due_at, row.side)
        for row in world_course.told(a_course(passages=passages, beside=beside), "sound data")
    ] == [(TEN, "unknown", None, "none")]


# -- what both log ------------------------------------------------------------------------------------


def a_deed(kind: str, at: datetime, *, logged: datetime | None = None, **said: str) -> Deed:
    sheet = Sheet(kind=kind, written_at=logged or at, plain=dict(said))
    return Deed(sheet=sheet, channel="call", rep=ANN, at=at, logged_at=logged or at, over_at=at)


def test_a_call_that_both_log_counts_once_as_it_was_logged_first() -> None:
    ours, copy = a_deed("calls", TEN), a_deed("Task", TEN + LAG)

    assert each_once([copy, ours]) == [ours]


def test_calls_further_apart_than_the_lag_or_the_other_way_are_two() -> None:
    ours = a_deed("calls", TEN)

    for other in (a_deed("Task", TEN + LAG + SECOND), a_deed("Task", TEN + MINUTE, CallType="Inbound")):
        assert each_once([ours, other]) == [ours, other]


def test_two_calls_with_one_copy_are_planned_anew() -> None:
    with pytest.raises(DoesNotFit):
        each_once([a_deed("calls", TEN), a_deed("calls", TEN + MINUTE), a_deed("Task", TEN + 2 * MINUTE)])


# -- the whole ----------------------------------------------------------------------------------------


def test_there_are_some_of_each_sort_of_finding_between_the_crms() -> None:
    world = a_world()
    counts: Counter[tuple[str, str]] = Counter((row.promise, row.status) for row in world.promises)

    assert [status for status in ("kept", "breached", "excused", "running") if counts["delivered", status] < 3] == []
    assert counts["in step", "breached"] > 15
    assert {row.why.rpartition(": ")[2] for row in world.promises if row.promise == "sound data"} >= {
        *("address of several records", "several records of one person", "pointer to nothing", "owner unknown"),
    }


def test_leads_that_salesforce_alone_knows_owe_nothing_between_the_crms() -> None:
    world = a_world()
    alone = [row for row in world.promises if row.record.startswith("salesforce/")]

    assert len({row.record for row in alone}) > 10
    assert not {row.promise for row in alone} & {"delivered", "in step"}
