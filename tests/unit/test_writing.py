"""What goes out with a change and what is said about it: batches, values, words."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.batches import cut
from connectors.changes import Change
from connectors.records import RecordKey
from connectors.salesforce.values import json_of
from connectors.words import plain_words

CHANGES = st.lists(
    st.builds(
        lambda kind, number: Change(record=RecordKey("crm", kind, str(number)), values={}),
        st.sampled_from(["contact", "company", "task"]),
        st.integers(0, 5),
    ),
    max_size=40,
)


@given(changes=CHANGES, most=st.integers(1, 10), kinds=st.integers(1, 3))
def test_batches_hold_every_change_once_and_no_more_than_a_call_takes(changes: list[Change], most: int, kinds: int):
    batches = list(cut(changes, most=most, kinds=kinds))
    assert all(0 < len(batch) <= most for batch in batches)
    assert all(len({change.record.kind for change in batch}) <= kinds for batch in batches)
    assert all(len({change.record for change in batch}) == len(batch) for batch in batches)
    for kind in ("contact", "company", "task"):
        sent = [change for batch in batches for change in batch if change.record.kind == kind]
        assert sent == [change for change in changes if change.record.kind == kind]


def test_batches_are_as_few_as_they_can_be():
    changes = [Change(record=RecordKey("crm", kind, str(n)), values={}) for n in range(150) for kind in ("contact", "company")]
    assert Counter(len(batch) for batch in cut(changes, most=100, kinds=1)) == {100: 2, 50: 2}
    assert Counter(len(batch) for batch in cut(changes, most=200, kinds=10)) == {200: 1, 100: 1}


@pytest.mark.parametrize(
    ("text", "type_", "expected"),
    [
        ("70", "double", 70),
        ("-70.25", "currency", -70.25),
        ("0.1", "percent", 0.1),
        ("9007199254740993", "double", 9007199254740993),
        ("9007199254740993.5", "double", "9007199254740993.5"),  # no float holds it
        ("nan", "double", "nan"),
        ("1e3", "double", "1e3"),
        ("seventy", "int", "seventy"),
        ("70", "string", "70"),
        ("70", None, "70"),
        ("true", "boolean", True),
        ("false", "boolean", False),
        ("yes", "boolean", "yes"),
        ("true", "picklist", "true"),
        ("2026-11-20", "date", "2026-11-20"),
        ("", "string", None),
        (None, "double", None),
    ],
)
def test_a_value_is_written_to_salesforce_as_its_fields_type_asks_for(text: str | None, type_: str | None, expected: object):
    told = json_of(text, type_)
    assert (told, type(told)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("text", "hide", "expected"),
    [
        ("Email address ada@planted.example is invalid", (), "Email address … is invalid"),
        ("call +49 30 1234567 or (030) 123-4567 now", (), "call … or … now"),
        ("Existing ID: 123456789012", (), "Existing ID: 123456789012"),
        ("owner 005xx000001Sv6AAAS is inactive", (), "owner 005xx000001Sv6AAAS is inactive"),
        ("Ann's annual plan: Ann", ("Ann",), "…'s annual plan: …"),
        ("value A+B (x) too large", ("A+B (x)",), "value … too large"),
        ("Ada Lovelace and Ada", ("Ada", "Ada Lovelace"), "… and …"),
        ("a b", ("a", None, ""), "a b"),
        ("two\nlines\x1b[31m red", (), "two lines [31m red"),
        (None, (), ""),
        ("x" * 300, (), "x" * 199 + "…"),
    ],
)
def test_a_crms_words_are_kept_without_what_they_tell_of_a_person(text: str | None, hide: tuple[str, ...], expected: str):
    assert plain_words(text, hide=hide) == expected
