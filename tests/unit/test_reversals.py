"""What a field's history tells about a write of ours: whose edit it replaced unseen, who took it back, and when we stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.records import FieldChange, RecordKey
from sync.reversals import Fought, Reversed, Signs, Written, fought_over, has_arrived, left_alone, lost_edit, reversal_of, who

NOTED = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LEAD = RecordKey("hubspot", "contact", "1")
OWNER = "hubspot_owner_id"
HUBSPOT = Signs(own="900", by_hand=frozenset({"CRM_UI"}))
NAMELESS = Signs(by_hand=frozenset({"CRM_UI"}))
SALESFORCE = Signs(own="005A")


def change(value: str | None, by: str, *, s: float = 1) -> FieldChange:
    """Make a change so many seconds after our note."""
    sources = {
        "us": {"source": "INTEGRATION", "source_id": "900"},
        "app": {"source": "INTEGRATION", "source_id": "7"},
        "person": {"source": "CRM_UI", "source_id": "userId:77", "actor": "77"},
        "workflow": {"source": "AUTOMATION_PLATFORM", "source_id": "123"},
        "our user": {"source_id": "005A", "actor": "005A"},
        "user": {"source_id": "005B", "actor": "005B"},
    }
    return FieldChange(record=LEAD, field=OWNER, value=value, at=NOTED + timedelta(seconds=s), **sources[by])


LONG_AGO = change("1", "person", s=-86_400)
ONE = Written(field=OWNER, before="1", values=("2",), since=NOTED)
CLEARED_AND_SET = Written(field=OWNER, before="1", values=(None, "2"), since=NOTED)


@pytest.mark.parametrize("signs", [HUBSPOT, NAMELESS])
@pytest.mark.parametrize(
    ("written", "history", "lost"),
    [
        pytest.param(ONE, [LONG_AGO, change("2", "us")], [], id="nobody came between"),
        pytest.param(ONE, [LONG_AGO, change("3", "person"), change("2", "us")], ["3"], id="a person"),
        pytest.param(ONE, [LONG_AGO, change("3", "workflow"), change("2", "us")], ["3"], id="a workflow"),
        pytest.param(ONE, [LONG_AGO, change("4", "person"), change("3", "person"), change("2", "us")], ["3"], id="the last of two"),
        pytest.param(ONE, [LONG_AGO, change("", "person"), change("2", "us")], [""], id="a value that was taken away"),
        pytest.param(ONE, [LONG_AGO, change("3", "person"), change("1", "person"), change("2", "us")], [], id="and put back by themselves"),
        pytest.param(ONE, [change("3", "person", s=-120), change("2", "us")], [], id="one that we must have seen"),
        pytest.param(ONE, [change("3", "person", s=-50), change("2", "us")], ["3"], id="one that another clock dates earlier"),
        pytest.param(ONE, [LONG_AGO, change("2", "us"), change("3", "person")], [], id="one that came after"),
        pytest.param(ONE, [LONG_AGO, change("3", "person")], [], id="ours never arrived"),
        pytest.param(ONE, [], [], id="no history"),
        pytest.param(CLEARED_AND_SET, [LONG_AGO, change(None, "us"), change("2", "us")], [], id="cleared and set"),
        pytest.param(CLEARED_AND_SET, [LONG_AGO, change(None, "us"), change("3", "person"), change("2", "us")], ["3"], id="in between"),
        pytest.param(CLEARED_AND_SET, [LONG_AGO, change("3", "person"), change(None, "us"), change("2", "us")], ["3"], id="before both"),
        pytest.param(CLEARED_AND_SET, [LONG_AGO, change(None, "us"), change("1", "person"), change("2", "us")], ["1"], id="the same again"),
        pytest.param(CLEARED_AND_SET, [LONG_AGO, change("1", "person"), change("2", "us")], [], id="the clearing left no line"),
    ],
)
def test_an_edit_that_our_write_replaced_unseen_is_found(
    written: Written, history: list[FieldChange], lost: list[str], signs: Signs
) -> None:
    found = lost_edit(written, history, signs)
    assert ([found.value] if found is not None else []) == lost


def test_an_earlier_write_of_our_own_app_is_nobodys_edit() -> None:
    history = [LONG_AGO, change("3", "us"), change("2", "us")]
    assert lost_edit(ONE, history, HUBSPOT) is None
    told = lost_edit(ONE, history, NAMELESS)
    assert told is not None, "without an app id its changes cannot be told from others'"


def test_after_an_edit_was_put_back_nothing_is_lost_any_more_but_a_later_edit_is() -> None:
    put_back = Written(field=OWNER, before="1", values=("2", "3"), since=NOTED)
    history = [LONG_AGO, change("3", "person"), change("2", "us"), change("4", "person"), change("3", "us")]
    found = lost_edit(put_back, history, HUBSPOT)
    assert found is not None and found.value == "4"


@pytest.mark.parametrize(
    ("held", "history", "signs", "by"),
    [
        pytest.param("2", [change("2", "us")], HUBSPOT, None, id="it stands"),
        pytest.param("1", [change("2", "us"), change("1", "workflow")], HUBSPOT, "workflow 123", id="set back by a workflow"),
        pytest.param("3", [change("2", "us"), change("3", "app")], HUBSPOT, "app 7", id="replaced by an app"),
        pytest.param("3", [change("2", "us"), change("3", "person")], HUBSPOT, None, id="a person went on from there"),
        pytest.param("1", [change("2", "us"), change("1", "person")], HUBSPOT, "user 77", id="set back by a person"),
        pytest.param("1", [change("2", "us"), change("1", "workflow", s=86_400)], HUBSPOT, "workflow 123", id="within a day"),
        pytest.param("1", [change("2", "us"), change("1", "workflow", s=86_401)], HUBSPOT, None, id="more than a day later"),
        pytest.param("4", [change("2", "us"), change("3", "person"), change("4", "workflow")], HUBSPOT, None, id="a person came first"),
        pytest.param("1", [], HUBSPOT, "something that leaves no trace in the field's history", id="back, without a history"),
        pytest.param("3", [], HUBSPOT, None, id="replaced, without a history"),
        pytest.param("1", [change("2", "our user"), change("1", "user")], SALESFORCE, "user 005B", id="set back by a user"),
        pytest.param("3", [change("2", "our user"), change("3", "user")], SALESFORCE, None, id="a user went on"),
        pytest.param(
            "3",
            [change("2", "our user"), change("3", "our user")],
            SALESFORCE,
            "an automation that runs as leadpact itself",
            id="a trigger of the org",
        ),
    ],
)
def test_a_write_was_reversed_if_it_was_set_back_or_replaced_by_no_person(
    held: str, history: list[FieldChange], signs: Signs, by: str | None
) -> None:
    found = reversal_of(ONE, held, [LONG_AGO, *history], signs)
    assert (found.by if found is not None else None) == by


def test_a_write_of_ours_is_known_by_its_source_or_else_by_its_value() -> None:
    assert has_arrived(ONE, [LONG_AGO, change("2", "us")], HUBSPOT)
    assert has_arrived(ONE, [LONG_AGO, change("2", "app")], HUBSPOT), "the app id of the config may be wrong"
    assert not has_arrived(ONE, [change("2", "us", s=-61), LONG_AGO], HUBSPOT), "an earlier one"
    assert who(change("2", "us"), NAMELESS) == "app 900"


def at(hour: int, field: str = OWNER, by: str = "workflow 123") -> Reversed:
    return Reversed(record=LEAD, field=field, by=by, at=NOTED + timedelta(hours=hour))


def test_a_field_that_is_set_back_twice_is_left_alone_and_it_is_said_by_whom() -> None:
    assert fought_over([at(0)]) == {}
    assert fought_over([at(0), at(1, "hs_lead_status")]) == {}, "each field by itself"
    fought = fought_over([at(5), at(0, by="app 7")])
    assert fought == {(LEAD, OWNER): Fought(by="workflow 123", times=2, last_at=NOTED + timedelta(hours=5))}
    assert left_alone(OWNER, fought[LEAD, OWNER], UTC) == (
        "workflow 123 set hubspot_owner_id back twice, seen last on Fri 2026-11-20 20:00 UTC: leadpact leaves it alone"
    )
    assert " back 3 times" in left_alone(OWNER, Fought(by="x", times=3, last_at=NOTED), UTC)
