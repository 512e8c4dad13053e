"""The findings are exactly what the world planted: no more and no fewer."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.flow.practice import audit_json, practice_hubspot

WORLDS = [
    pytest.param(720, 11, "2026-11-20T15:00Z", id="a Friday noon"),
    pytest.param(720, 23, "2026-11-02T07:30Z", id="the night after daylight saving ended"),
    pytest.param(720, 5, "2026-11-27T21:45Z", id="the day after Thanksgiving"),
]


def rows(promises: list[dict[str, Any]], record: str) -> Counter[tuple[Any, ...]]:
    return Counter((row[record], row["rule"], row["started_at"], row["status"], row["due_at"], row["side"]) for row in promises)


@pytest.mark.parametrize(("leads", "seed", "now"), WORLDS)
def test_the_findings_are_what_the_world_planted(leads: int, seed: int, now: str, tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    with practice_hubspot(tmp_path, "--leads", str(leads), "--seed", str(seed), "--now", now, "--truth", str(truth)) as files:
        document = audit_json(files)
    planted = rows(json.loads(truth.read_text(encoding="utf-8"))["promises"], "record")
    found = rows(document["findings"], "lead")
    assert found - planted == Counter(), "found but not planted"
    assert planted - found == Counter(), "planted but not found"
