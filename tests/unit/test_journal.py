"""What reading a record back tells about a write, and what is left to do of one that was cut off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import FieldChange, RecordKey
from sync.journal import Entry, Event, Place, what_reading_tells, what_stands, what_was_written
from sync.reversals import Reversal, Signs
from sync.steps import FieldWrite, Step
from sync.tried import GONE, Seen, Tried, Verdict, as_it_was, lost_edits, verdict_on
from tests.builders import ny

NOW = ny("2026-11-20 10:00")
LEAD = RecordKey("hubspot", "contact", "1")
STAGE, STATUS = "lifecyclestage", "hs_lead_status"
BEFORE, CLEARED, AFTER = {STAGE: "customer"}, {STAGE: None}, {STAGE: "lead"}


def intent(part: int, before: dict[str, str | None], after: dict[str, str | None]) -> Entry:
    return Entry(place=Place(1, 0, part), event=Event.INTENDED, at=NOW, before=before, after=after)


STEP = Step(
    lead=str(LEAD),
    record=LEAD,
    action="recycle",
    fields=(FieldWrite(field=STAGE, before="customer", after="lead"),),
    finding="f",
    rule="r",
    rung=1,
    reason="broken",
    blocked_by=(),
)
TWO_PARTS = Tried(step=STEP, intents=(intent(0, BEFORE, CLEARED), intent(1, CLEARED, AFTER)))


@pytest.mark.parametrize(
    ("held", "event"),
    [
        ({"owner": "2", "city": "Bonn"}, Event.VERIFIED),
        ({"owner": "1"}, Event.NOT_WRITTEN),
        ({"owner": "3"}, Event.OVERWRITTEN),
        ({"owner": None}, Event.OVERWRITTEN),
        ({}, Event.OVERWRITTEN),
    ],
)
def test_a_record_shows_the_new_value_the_old_one_or_somebody_elses(held: dict[str, str | None], event: Event) -> None:
    assert what_reading_tells({"owner": "1"}, {"owner": "2"}, held) is event


def test_a_blank_and_no_value_are_the_same() -> None:
    assert what_reading_tells({"owner": None}, {"owner": "2"}, {"owner": ""}) is Event.NOT_WRITTEN
    assert what_reading_tells({"owner": "1"}, {"owner": None}, {}) is Event.VERIFIED


@pytest.mark.parametrize(("held", "missing"), [(BEFORE, 0), (CLEARED, 1), (AFTER, 0), ({STAGE: "other"}, 0)])
def test_only_a_step_that_stands_between_two_parts_is_finished(held: dict[str, str | None], missing: int) -> None:
    assert TWO_PARTS.rest(held) == TWO_PARTS.intents[2 - missing :]


@pytest.mark.parametrize(("held", "missing"), [(BEFORE, 2), (CLEARED, 1), (AFTER, 0), ({STAGE: "other"}, 0)])
def test_a_step_that_goes_with_one_that_stands_is_begun_too(held: dict[str, str | None], missing: int) -> None:
    assert replace(TWO_PARTS, is_due=True).rest(held) == TWO_PARTS.intents[2 - missing :]


def test_a_field_that_only_the_first_part_writes_must_stand_too() -> None:
    both = Tried(step=STEP, intents=(intent(0, BEFORE | {STATUS: "NEW"}, CLEARED | {STATUS: "OPEN"}), intent(1, CLEARED, AFTER)))
    assert (both.before, both.after) == (BEFORE | {STATUS: "NEW"}, AFTER | {STATUS: "OPEN"})
    assert both.rest(CLEARED | {STATUS: "OPEN"}) == both.intents[1:]
    assert both.rest(CLEARED | {STATUS: "NEW"}) == ()
    assert what_reading_tells(both.before, both.after, AFTER | {STATUS: "NEW"}) is Event.OVERWRITTEN


def test_what_a_clearing_may_lose_is_kept_and_decides_nothing() -> None:
    with_date = Tried(step=STEP, intents=(intent(0, BEFORE | {"became_customer": "2026-01-01"}, CLEARED), intent(1, CLEARED, AFTER)))
    assert (with_date.before, with_date.after) == (BEFORE, AFTER)
    assert with_date.rest(CLEARED) == with_date.intents[1:]


def test_what_was_cleared_for_a_part_that_failed_is_to_be_restored_until_it_is() -> None:
    failed = replace(TWO_PARTS, failed={Place(1, 0, 1): Event.REFUSED})
    restored = replace(failed, intents=(*failed.intents, intent(2, CLEARED, BEFORE)))
    tried_in_vain = replace(restored, failed={**failed.failed, Place(1, 0, 2): Event.LATER})
    assert [one.to_restore for one in (TWO_PARTS, failed, restored, tried_in_vain)] == [{}, BEFORE, {}, BEFORE]
    assert (restored.after, restored.rest(CLEARED)) == (BEFORE, restored.intents[2:])
    assert failed.rest(CLEARED) == ()


def test_a_list_that_refuses_leaves_the_fields_that_were_written_before_it() -> None:
    joins = Tried(step=STEP, intents=(intent(0, {STATUS: "NEW"}, {STATUS: "RECYCLED"}), intent(1, {"list:7": None}, {"list:7": "member"})))
    failed = replace(joins, failed={Place(1, 0, 1): Event.REFUSED})
    assert joins.rest({STATUS: "RECYCLED", "list:7": None}) == joins.intents[1:]
    assert (failed.rest({STATUS: "RECYCLED", "list:7": None}), failed.to_restore) == ((), {})
    assert (failed.before, failed.after) == ({STATUS: "NEW"}, {STATUS: "RECYCLED"})


def test_undo_knows_what_was_written_and_seen_to_stand() -> None:
    first, second, other = intent(0, BEFORE, CLEARED), intent(1, CLEARED, AFTER), intent(2, {"list:7": None}, {"list:7": "member"})
    verified = [replace(one, event=Event.VERIFIED) for one in (first, second)]
    lines = [first, second, other, *verified, replace(other, event=Event.REFUSED)]
    assert what_was_written(lines) == {0: AFTER}


def test_the_newest_line_about_a_write_is_what_stands() -> None:
    lines = [intent(0, BEFORE, CLEARED), replace(intent(0, BEFORE, CLEARED), event=Event.DONE), intent(1, CLEARED, AFTER)]
    assert {place.part: entry.event for place, entry in what_stands(lines).items()} == {0: Event.DONE, 1: Event.INTENDED}


SIGNS = Signs(own="900", by_hand=frozenset({"CRM_UI"}))


def told(field: str, value: str | None, source: str, s: int) -> FieldChange:
    source_id = "900" if source == "INTEGRATION" else "123"
    return FieldChange(record=LEAD, field=field, value=value, at=NOW + timedelta(seconds=s), source=source, source_id=source_id)


OURS, PERSONS, WORKFLOWS = "INTEGRATION", "CRM_UI", "AUTOMATION_PLATFORM"
BOTH = Tried(step=STEP, intents=(intent(0, {STATUS: "NEW", STAGE: "customer"}, {STATUS: "OPEN", STAGE: "lead"}),))
STANDS = {STATUS: "OPEN", STAGE: "lead"}


def test_what_somebody_wrote_unseen_is_put_back_and_the_rest_of_the_step_taken_back() -> None:
    history = {STATUS: (told(STATUS, "BUSY", PERSONS, 1), told(STATUS, "OPEN", OURS, 2)), STAGE: (told(STAGE, "lead", OURS, 2),)}
    seen = Seen(values=STANDS, history=history)
    assert {name: change.value for name, change in lost_edits(BOTH, seen, SIGNS).items()} == {STATUS: "BUSY"}
    assert as_it_was(BOTH, seen) == {STATUS: "NEW", STAGE: "customer"}


@pytest.mark.parametrize("held", ["NEXT", "BUSY"])
def test_where_somebody_went_on_since_nothing_is_put_back(held: str) -> None:
    history = {STATUS: (told(STATUS, "BUSY", PERSONS, 1), told(STATUS, "OPEN", OURS, 2), told(STATUS, held, PERSONS, 3))}
    assert lost_edits(BOTH, Seen(values=STANDS | {STATUS: held}, history=history), SIGNS) == {}


def taking_back(part: int, before: dict[str, str | None], after: dict[str, str | None]) -> Entry:
    return replace(intent(part, before, after), said="written right before")


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        pytest.param({STAGE: "lead"}, 2, id="nothing of it arrived"),
        pytest.param({STAGE: None}, 1, id="cut off in between"),
        pytest.param({STAGE: "opportunity"}, 0, id="it is done"),
        pytest.param({STAGE: "evangelist"}, 0, id="somebody went on"),
    ],
)
def test_a_putting_back_that_was_cut_off_is_finished(held: dict[str, str | None], missing: int) -> None:
    back = (taking_back(2, AFTER, CLEARED), taking_back(3, CLEARED, {STAGE: "opportunity"}))
    tried = Tried(step=STEP, intents=(*TWO_PARTS.intents, *back))
    assert tried.rest(held) == back[2 - missing :]
    assert (tried.writes, tried.takes_back, [place.part for place in tried.places]) == (TWO_PARTS.intents, back, [0, 1])


def test_a_stage_whose_setting_was_refused_is_not_asked_for_again_but_put_back() -> None:
    tried = Tried(step=STEP, intents=(*TWO_PARTS.intents, taking_back(2, CLEARED, BEFORE)))
    assert tried.rest(CLEARED) == tried.takes_back
    assert tried.rest(BEFORE) == ()


STATUS_ONLY = Tried(step=STEP, intents=(intent(0, {STATUS: "NEW"}, {STATUS: "OPEN"}),))
DONE = replace(STATUS_ONLY, is_done=True)
ARRIVED = (told(STATUS, "OPEN", OURS, 1),)


@pytest.mark.parametrize(
    ("tried", "seen", "verdict"),
    [
        pytest.param(DONE, None, Verdict(event=Event.OVERWRITTEN, said=GONE), id="gone"),
        pytest.param(DONE, Seen(values={STATUS: "OPEN"}), Verdict(event=Event.VERIFIED), id="it stands"),
        pytest.param(STATUS_ONLY, Seen(values={STATUS: "NEW"}), Verdict(event=Event.NOT_WRITTEN), id="nobody knows whether it came"),
        pytest.param(DONE, Seen(values={STATUS: "NEW"}, history={STATUS: ()}), Verdict(event=Event.NOT_WRITTEN), id="it never came"),
        pytest.param(
            STATUS_ONLY,
            Seen(values={STATUS: "NEW"}, history={STATUS: (*ARRIVED, told(STATUS, "NEW", WORKFLOWS, 2))}),
            Verdict(event=Event.REVERSED, reversals=(Reversal(field=STATUS, by="workflow 123"),), said="workflow 123"),
            id="it came and was set back",
        ),
        pytest.param(
            DONE,
            Seen(values={STATUS: "NEW"}),
            Verdict(
                event=Event.REVERSED,
                reversals=(Reversal(field=STATUS, by="something that leaves no trace in the field's history"),),
                said="something that leaves no trace in the field's history",
            ),
            id="the CRM said that it came, and keeps no history",
        ),
        pytest.param(
            DONE,
            Seen(values={STATUS: "BUSY"}, history={STATUS: (*ARRIVED, told(STATUS, "BUSY", PERSONS, 2))}),
            Verdict(event=Event.OVERWRITTEN, said=f"{STATUS} by a user"),
            id="a person went on at once",
        ),
    ],
)
def test_reading_back_tells_what_became_of_a_write_and_who_took_it_back(tried: Tried, seen: Seen | None, verdict: Verdict) -> None:
    assert verdict_on(tried, seen, SIGNS) == verdict
