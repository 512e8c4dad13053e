"""When two texts of a field say the same."""

from __future__ import annotations

import pytest

from sync.same_value import same_value


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (None, ""),
        ("open", "open"),
        ("2", "2.0"),
        ("2026-11-20T15:00:00Z", "2026-11-20T15:00:00.000+0000"),
        ("2026-11-20T15:00:00Z", "2026-11-20T10:00:00-05:00"),
        ("2026-11-20T15:00:00Z", "1795186800000"),
        ("2026-12-01", "1796083200000"),
        ("2026-12-01", "2026-12-01T00:00:00Z"),
    ],
)
def test_the_forms_of_one_value_are_the_same(left: str | None, right: str | None) -> None:
    assert same_value(left, right)
    assert same_value(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (None, "0"),
        ("open", "Open"),
        ("2", "3"),
        ("0051", "51"),
        ("2026-11-20T15:00:00Z", "2026-11-20T15:00:01Z"),
        ("2026-12-01", "2026-12-02"),
        ("2026-13-01", "2026-13-02"),
        ("12", "2026-12-01"),
    ],
)
def test_other_values_are_not(left: str | None, right: str | None) -> None:
    assert not same_value(left, right)
    assert not same_value(right, left)
