"""The hand-worked portal: every lead is judged as it was written down, by somebody who had not read the judge."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.flow.practice import audit

HERE = Path(__file__).parent / "hand_worked"
NOW = "2026-11-20T15:00:00.000Z"
COLUMNS = ("rule", "started_at", "status", "due_at", "settled_at", "side")

Row = tuple[str | None, ...]


def read_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


PORTAL = read_lines("portal.jsonl")
EXPECTED = read_lines("expected.jsonl")
NAMES = [f"{lead['lead'].rsplit('/', 1)[1]}-{lead['case']}" for lead in EXPECTED]

pytestmark = pytest.mark.xdist_group("hand_worked")  # one audit serves them all


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Counter[Row]]:
    """The rows that one audit of the whole portal found, by lead."""
    roster = (HERE / "roster.toml").read_text(encoding="utf-8")
    document = audit(PORTAL, now=NOW, roster_toml=roster, tmp_path=tmp_path_factory.mktemp("hand_worked"))
    rows: dict[str, Counter[Row]] = defaultdict(Counter)
    for finding in document["findings"]:
        rows[finding["lead"]][row_of(finding)] += 1
    return rows


def row_of(finding: Mapping[str, Any]) -> Row:
    """What is compared; when an excused clock was settled is not written down."""
    told = {**finding, "settled_at": None} if finding["status"] == "excused" else finding
    return tuple(told[column] for column in COLUMNS)


def as_text(rows: Counter[Row]) -> str:
    return "".join(f"\n    {dict(zip(COLUMNS, row, strict=True))}" for row in sorted(rows.elements(), key=str)) or " nothing"


@pytest.mark.parametrize("lead", EXPECTED, ids=NAMES)
def test_a_lead_is_judged_as_written_down(lead: dict[str, Any], found: Mapping[str, Counter[Row]]) -> None:
    expected = Counter(row_of(finding) for finding in lead["findings"])
    actual = found.get(lead["lead"], Counter())

    assert expected == actual, (
        f"{lead['lead']} ({lead['case']}): {lead['why']}\n"
        f"  missing:{as_text(expected - actual)}\n"
        f"  not expected:{as_text(actual - expected)}"
    )


def test_no_lead_has_a_finding_that_nobody_wrote_down(found: Mapping[str, Counter[Row]]) -> None:
    assert set(found) <= {lead["lead"] for lead in EXPECTED}


def test_every_contact_of_the_portal_is_written_down_once() -> None:
    contacts = [f"hubspot/contact/{record['id']}" for record in PORTAL if record["object"] == "contacts"]

    assert sorted(contacts) == sorted(lead["lead"] for lead in EXPECTED)
