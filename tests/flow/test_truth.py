"""The findings are exactly what the world planted: no more and no fewer."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.flow.practice import audit_json, practice_hubspot

MOMENTS = {  # with the seed of the world at each
    "a Friday noon": (11, "2026-11-20T15:00Z"),
    "the night after daylight saving ended": (23, "2026-11-02T07:30Z"),
    "the day after Thanksgiving": (5, "2026-11-27T21:45Z"),
    "seed 31": (31, "2026-03-09T16:00Z"),
    "seed 32": (32, "2026-03-30T07:00Z"),
    "seed 33": (33, "2026-07-06T13:30Z"),
    "seed 34": (34, "2026-12-24T23:59:59.999Z"),
}
LEADS = {"hubspot": 720, "salesforce": 720, "both": 870}  # enough for every story
IN_THE_GATE = {
    ("hubspot", "the night after daylight saving ended"),
    ("salesforce", "a Friday noon"),
    ("both", "the day after Thanksgiving"),
}
WORLDS = [
    pytest.param(crm, *world, id=f"{crm}, {moment}", marks=() if (crm, moment) in IN_THE_GATE else pytest.mark.campaign)
    for moment, world in MOMENTS.items()
    for crm in LEADS
]


def rows(promises: list[dict[str, Any]], record: str) -> Counter[tuple[Any, ...]]:
    return Counter((row[record], row["rule"], row["started_at"], row["status"], row["due_at"], row["side"]) for row in promises)


def planted_reasons(touches: list[dict[str, Any]]) -> set[tuple[str, str, str, str]]:
    return {(touch["record"], touch["rule"], touch["activity"], touch["reason"]) for touch in touches}


def told_reasons(findings: list[dict[str, Any]]) -> set[tuple[str, str, str, str]]:
    """Why each touch did not count; where a fact has no known time, what rests on it is told as not certain and left out."""
    looked_at = ((f, e) for f in findings if f["rule"] in ("first_touch", "work_the_lead") for e in f["evidence"] if not e["counted"])
    told = ((f["lead"], f["rule"], e["source"], e["what"].partition(": ")[2]) for f, e in looked_at)
    return {row for row in told if not row[3].endswith("(not certain)")}


@pytest.mark.parametrize(("crm", "seed", "now"), WORLDS)
def test_the_findings_and_the_reasons_for_what_does_not_count_are_what_the_world_planted(
    crm: str, seed: int, now: str, tmp_path: Path
) -> None:
    truth = tmp_path / "truth.json"
    world_of = ("--crm", crm, "--leads", str(LEADS[crm]), "--seed", str(seed), "--now", now)
    with practice_hubspot(tmp_path, *world_of, "--truth", str(truth)) as files:
        document = audit_json(files)
    world = json.loads(truth.read_text(encoding="utf-8"))
    planted = rows(world["promises"], "record")
    found = rows(document["findings"], "lead")
    assert found - planted == Counter(), "found but not planted"
    assert planted - found == Counter(), "planted but not found"
    assert told_reasons(document["findings"]) == planted_reasons(world["touches"])
