from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.agreement.changes import How, find_changes
from sync.agreement.versions import content_hash
from sync.report.agreement_changes import change_lines

TEXT = (Path(__file__).parents[2] / "agreement.example.toml").read_text(encoding="utf-8")
BEFORE = tomllib.loads(TEXT)
WORK, NEVER = "  `work_the_lead`:", "leads that are never in scope"


def told(*edits: tuple[str, str]) -> list[str]:
    """Return the lines about the example agreement after `edits`, headings too."""
    text = TEXT
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return list(change_lines(find_changes(BEFORE, tomllib.loads(text))))


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ('"2 business hours"', '"4 business hours"', ["clocks", "  `first_touch`: within 2 business hours -> within 4 business hours"]),
        ('"4 business hours", at', '"1 hour", at', ["cadences", f"{WORK} gap at least 4 business hours -> gap at least 1 hour"]),
        ('name = "Mid-month check-in"', 'name = "Check-in"', ["meetings", "  `Mid-month check-in` is now called `Check-in`"]),
        ('required = ["email", "company", "phone"]', 'required = ["email", "company"]', ["stages", "  `MQL`: required: removed phone"]),
        ('["duplicate", "bad data",', '["bad data", "spam",', ["rejecting", "  reasons: added spam; removed duplicate"]),
        ('"Mo-Fr 09:00-18:00; PH off"', '"Mo-Fr"', ["calendars", "  `berlin`: hours Mo-Fr 09:00-18:00; PH off -> hours Mo-Fr"]),
        ('"stale" = "30 days"', '"stale" = "9 days"', ["recycling", "  reasons stale 30 days -> reasons stale 9 days"]),
        ("bounce_limit = 2", "", ["recycling", "  no longer says bounce limit 2"]),
        ('steward      = "Revenue Operations"', "", ["the head", "  no longer says steward Revenue Operations"]),
        ("expires_on   = 2026-12-31", "expires_on   = 2027-06-30", ["the head", "  expires on 2026-12-31 -> expires on 2027-06-30"]),
        ("attempts = 6", "attempts = 6.0", ["cadences", f"{WORK} attempts 6 -> attempts 6.0"]),
        ('kept_by = "assigned"', 'kept_by = ["assigned"]', ["clocks", '  `speed_to_assign`: kept by "assigned" -> kept by ["assigned"]']),
        ('why  = "Competitors are no leads."', 'why = "No."', [NEVER, "  `competitor`: why Competitors are no leads. -> why No."]),
    ],
)  # fmt: skip
def test_a_change_is_told_in_plain_words_and_by_name(old: str, new: str, lines: list[str]) -> None:
    assert told((old, new)) == lines


def test_what_came_and_what_went_is_told_whole_by_name() -> None:
    added = '[[clock]]\nname = "second_touch"\nstarts = "assigned"\nkept_by = "touch"\nwithin = "1 business day"\n\n[[cadence]]'
    assert told(("[[cadence]]", added)) == [
        "clocks",
        "  added `second_touch`: starts assigned; kept by touch; within 1 business day",
    ]
    removed = TEXT[TEXT.index('[[meeting]]\nname = "Mid') : TEXT.index("[cancellation]")]
    assert told((removed, "")) == ["meetings", "  removed `Mid-month check-in`: on 15th of the month 10:00; led working managers"]


def test_an_entry_that_only_moved_is_told_as_an_order_and_not_as_changes() -> None:
    moved = deepcopy(BEFORE)
    moved["stage"].append(moved["stage"].pop(0))
    (change,) = find_changes(BEFORE, moved)
    assert (change.section, change.how, change.after) == ("stage", How.REORDERED, ["SAL", "SQL", "MQL"])
    assert list(change_lines([change])) == ["stages", "  the order was MQL, SAL, SQL; it is SAL, SQL, MQL"]


def test_an_entry_put_in_front_leaves_the_others_what_they_are() -> None:
    more = deepcopy(BEFORE)
    more["clock"].insert(0, {"name": "new", "starts": "handoff", "kept_by": "touch", "within": "1 hour"})
    assert [(change.how, change.name) for change in find_changes(BEFORE, more)] == [(How.ADDED, "new")]


def test_an_exclusion_is_known_by_its_condition_then_by_its_reason() -> None:
    more = deepcopy(BEFORE)
    more["exclude"] = [{"when": "score < 0", "why": "Test records."}, {"when": "competitor OR buyer", "why": BEFORE["exclude"][0]["why"]}]
    found = [(change.name, change.key, change.how) for change in find_changes(BEFORE, more)]
    assert found == [("score < 0", (), How.ADDED), ("competitor", ("when",), How.CHANGED)]


def test_text_that_would_move_the_cursor_is_harmless() -> None:
    lines = told(('"Competitors are no leads."', '"\\u001b[2JNone\\u202e."'))
    assert lines[-1] == "  `competitor`: why Competitors are no leads. -> why [2JNone."


@pytest.mark.parametrize(
    ("before", "after"), [({}, {"exclude": []}), ({}, {"pool": {}}), ({}, {"recycle": {}}), ({"a": "x\ny"}, {"a": "x y"})]
)
def test_what_only_the_hash_sees_is_told_too(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(change_lines(find_changes(before, after)))
    assert list(change_lines(find_changes(after, before)))


SCALARS = st.sampled_from(["a", "b", " a", "a  b", "", 1, 1.0, 0, True, False, date(2026, 1, 1), "2026-01-01"])
KEYS = st.sampled_from(["name", "when", "why", "side", "within", "hubspot"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=4)
SECTIONS = st.sampled_from(["clock", "exclude", "calendar", "recycle", "party", "title", "signature"])
ENTRIES = st.lists(st.dictionaries(KEYS, VALUES, max_size=3), max_size=3)
DOCUMENTS = st.dictionaries(SECTIONS, ENTRIES | VALUES, max_size=4)


@given(DOCUMENTS, DOCUMENTS)
def test_something_is_told_if_and_only_if_the_hash_differs(before: dict[str, Any], after: dict[str, Any]) -> None:
    lines = list(change_lines(find_changes(before, after)))
    assert bool(lines) == (content_hash(before) != content_hash(after))


@given(DOCUMENTS)
def test_a_text_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    assert find_changes(document, deepcopy(document)) == ()
