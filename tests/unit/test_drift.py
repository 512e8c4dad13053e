"""What counts as drift, what is only news, and what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.records import FieldChange, Record, RecordKey
from sync.drift import LATE, SHOWN, SILENT, Drift, Held, Sort, What, changed_fields, missed, sorted_out, value_drifts
from sync.report.drift import drift_lines
from sync.reversals import Signs

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEY = RecordKey("hubspot", "contact", "1")


def a_record(changed_at: datetime, **values: str | None) -> Record:
    return Record(key=KEY, values=values, created_at=NOON - timedelta(days=1), changed_at=changed_at)


def held(changed_at: datetime, *, is_live: bool = True, **values: str | None) -> Held:
    return Held(changed_at=changed_at, is_live=is_live, values=values)


@pytest.mark.parametrize(
    ("changed_at", "as_held", "why"),
    [
        (NOON - MINUTE, None, LATE),
        (NOON - MINUTE, held(NOON - MINUTE, is_live=False), "held as gone, and there again"),
        (NOON, None, None),  # what was changed as its stream was read up to then comes with the next pull
        (NOON - MINUTE, held(NOON - MINUTE), None),
    ],
)
def test_a_row_that_is_not_held_is_drift_unless_the_next_pull_brings_it(
    changed_at: datetime, as_held: Held | None, why: str | None
) -> None:
    found = missed(a_record(changed_at), as_held, upto=NOON)

    assert (found.why if found else None) == why


@pytest.mark.parametrize(
    ("changed_at", "held_at", "fields"),
    [
        (NOON - MINUTE, NOON - MINUTE, ("city",)),  # changed without a new time
        (NOON - MINUTE, NOON - 2 * MINUTE, ("city",)),  # shown late
        (NOON, NOON - MINUTE, ()),  # news
        (NOON, NOON, ("city",)),  # read as it was then, and otherwise since
        (NOON - 2 * MINUTE, NOON - MINUTE, ()),  # an older answer than what is held
    ],
)
def test_a_value_that_differs_is_drift_unless_it_is_news(changed_at: datetime, held_at: datetime, fields: tuple[str, ...]) -> None:
    now, before = a_record(changed_at, city="Bonn", score="2.0", note=None), held(held_at, city="Ulm", score="2", note="")

    assert changed_fields(now, before, upto=NOON) == fields


def test_what_is_not_held_as_live_has_no_values_to_differ() -> None:
    assert changed_fields(a_record(NOON - MINUTE, city="Bonn"), None, upto=NOON) == ()
    assert changed_fields(a_record(NOON - MINUTE, city="Bonn"), held(NOON - MINUTE, is_live=False, city="Ulm"), upto=NOON) == ()


def a_change(value: str, source: str | None = "AUTOMATION_PLATFORM") -> FieldChange:
    return FieldChange(record=KEY, field="city", value=value, at=NOON, source=source, source_id="88" if source else None)


@pytest.mark.parametrize(
    ("history", "why"),
    [
        ([a_change("Ulm", "CRM_UI"), a_change("Bonn")], f"{SILENT}, by workflow 88"),
        ([a_change("Bonn"), a_change("Ulm")], SILENT),  # it does not end in what the field holds
        ([a_change("Bonn", None)], SILENT),
        ([], SILENT),
    ],
)
def test_who_changed_a_value_is_told_where_its_history_does(history: list[FieldChange], why: str) -> None:
    (found,) = value_drifts(a_record(NOON, city="Bonn"), held(NOON, city="Ulm"), ["city"], {"city": history}, Signs())

    assert (found.what, found.field, found.why) == (What.VALUE, "city", why)


def test_differences_are_counted_by_sort_and_some_are_named() -> None:
    drifts = [Drift(what=What.MISSED, key=RecordKey("hubspot", "contact", str(n)), why=LATE) for n in range(8)]
    half = sorted_out((), drifts[:3])

    assert sorted_out(half, drifts[3:]) == sorted_out((), drifts)
    (sort,) = sorted_out(half, drifts[3:])
    assert (sort.count, len(sort.keys)) == (8, SHOWN)
    assert Sort.from_json(sort.as_json()) == sort


def test_a_report_tells_each_part_what_differed_and_what_was_left_out() -> None:
    (sort,) = sorted_out(
        (), [Drift(what=What.VALUE, key=RecordKey("hubspot", "contact", str(n)), field="city", why=SILENT) for n in range(6)]
    )
    told = {
        "reconciled": [
            {"crm": "hubspot", "part": "open leads", "state": "done", "rows": 1310, "drift": [sort.as_json()], "why": ""},
            {"crm": "hubspot", "part": "deals", "state": "left out", "rows": 0, "drift": [], "why": "no call is left"},
        ],
        "kept": {"erased": 2, "given_back": 4096, "backup": "leadpact.db.20261120T030000Z.bak"},
    }
    named = ", ".join(f"hubspot/contact/{n}" for n in range(5))
    assert list(drift_lines(told)) == [
        "hubspot deals: 0 compared, left out: no call is left",
        "hubspot open leads: 1,310 compared, 6 differences",
        f"    6 x another value in city: {SILENT} ({named}, …)",
        "store: erased 2 records of persons who were deleted longer ago than retention.deleted",
        "store: gave 4,096 bytes back to the disk",
        "store: backed up to leadpact.db.20261120T030000Z.bak",
    ]
    assert list(drift_lines({})) == []
