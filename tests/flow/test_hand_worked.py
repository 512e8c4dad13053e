"""The hand-worked portal: every lead is judged as it was written down, by somebody who had not read the judge."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import sync
from tests.flow.practice import audit

HERE = Path(__file__).parent
COLUMNS = ("rule", "started_at", "status", "due_at", "settled_at", "side")

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class WorkedSet:
    """Leads with what must be found of them, worked out by hand."""

    name: str
    now: str
    agreement: Path | None = None  # None: the example agreement
    own_app: str | None = None
    rules: tuple[str, ...] | None = None  # those that the set tells of; None: all

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Read one of the set's files."""
        return [json.loads(line) for line in (HERE / self.name / name).read_text(encoding="utf-8").splitlines()]

    def texts(self) -> dict[str, str]:
        """Return the files that stand instead of the example agreement and the drafted roster."""
        paths = {"roster.toml": HERE / self.name / "roster.toml", "agreement.toml": self.agreement}
        return {name: path.read_text(encoding="utf-8") for name, path in paths.items() if path and path.exists()}


CLOCKS = ("speed_to_assign", "first_touch", "accept_or_reject")
PRACTICE_AGREEMENT = Path(sync.__file__).parent / "examples" / "practice.agreement.toml"
SETS = (
    WorkedSet("hand_worked", "2026-11-20T15:00:00.000Z", rules=CLOCKS),
    WorkedSet("from_design", "2026-11-18T20:00:00.000Z", rules=CLOCKS),
    WorkedSet("hand_worked_rules", "2026-11-20T15:00:00.000Z", agreement=PRACTICE_AGREEMENT, own_app="424242"),
)


def case_of(worked: WorkedSet, lead: dict[str, Any]) -> Any:
    name = f"{worked.name}-{lead['lead'].rsplit('/', 1)[1]}-{lead['case']}"
    return pytest.param(worked, lead, id=name, marks=pytest.mark.xdist_group(worked.name))


CASES = [case_of(worked, lead) for worked in SETS for lead in worked.lines("expected.jsonl")]


@cache
def found_in(worked: WorkedSet) -> Mapping[str, Counter[Row]]:
    """Return the rows that one audit of the whole set finds, by lead."""
    with TemporaryDirectory() as folder:
        document = audit(worked.lines("portal.jsonl"), now=worked.now, tmp_path=Path(folder), texts=worked.texts(), own_app=worked.own_app)
    rows: dict[str, Counter[Row]] = defaultdict(Counter)
    for finding in document["findings"]:
        if worked.rules is None or finding["rule"] in worked.rules:
            rows[finding["lead"]][row_of(finding)] += 1
    return rows


def row_of(finding: Mapping[str, Any]) -> Row:
    """Return what is compared."""
    return tuple(finding.get(column) for column in COLUMNS)


def compared(rows: Counter[Row], expected: list[dict[str, Any]]) -> Counter[Row]:
    """Leave out the settling where the set does not tell it, and of what was excused."""
    told = any("settled_at" in finding for finding in expected)
    return Counter((*row[:4], row[4] if told and row[2] != "excused" else None, row[5]) for row in rows.elements())


def as_text(rows: Counter[Row]) -> str:
    return "".join(f"\n    {dict(zip(COLUMNS, row, strict=True))}" for row in sorted(rows.elements(), key=str)) or " nothing"


@pytest.mark.parametrize(("worked", "lead"), CASES)
def test_a_lead_is_judged_as_written_down(worked: WorkedSet, lead: dict[str, Any]) -> None:
    expected = compared(Counter(row_of(finding) for finding in lead["findings"]), lead["findings"])
    actual = compared(found_in(worked).get(lead["lead"], Counter()), lead["findings"])

    assert expected == actual, (
        f"{lead['lead']} ({lead['case']}): {lead['why']}\n"
        f"  missing:{as_text(expected - actual)}\n"
        f"  not expected:{as_text(actual - expected)}"
    )


@pytest.mark.parametrize("worked", [pytest.param(SETS[n], id=SETS[n].name, marks=pytest.mark.xdist_group(SETS[n].name)) for n in (0, 2)])
def test_every_contact_of_the_portal_is_written_down_once(worked: WorkedSet) -> None:
    contacts = [f"hubspot/contact/{record['id']}" for record in worked.lines("portal.jsonl") if record["object"] == "contacts"]
    written = [lead["lead"] for lead in worked.lines("expected.jsonl")]

    assert sorted(contacts) == sorted(written)
    assert set(found_in(worked)) <= set(written)
