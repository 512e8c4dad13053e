"""Killed at any moment, started again: the same findings as a run that nobody disturbed."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.flow.practice import PROGRAM, audit_json, practice_hubspot

MANY = pytest.param(2, 100, id="many", marks=pytest.mark.campaign)


@pytest.mark.parametrize(("seed", "kills"), [pytest.param(1, 6, id="a handful"), MANY])
def test_a_pull_that_was_killed_loses_and_doubles_nothing(seed: int, kills: int, tmp_path: Path) -> None:
    moments = random.Random(seed)
    with practice_hubspot(tmp_path, "--leads", "300", "--seed", str(seed), "--now", "2026-11-20T15:00Z") as files:
        calm = tmp_path / "calm"
        shutil.copytree(files, calm)
        undisturbed = audit_json(calm)["findings"]
        for _ in range(kills):
            command = [*PROGRAM, "sync", "--dry-run", "--config", str(files / "config.toml")]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(moments.uniform(0.4, 2.5))
            process.kill()
            process.wait()
        assert audit_json(files)["findings"] == undisturbed
    assert mirror_of(files / "leadpact.db") == mirror_of(calm / "leadpact.db")


def mirror_of(store: Path) -> list[tuple[object, ...]]:
    """Return what the mirror holds, by natural key."""
    with sqlite3.connect(store) as tables:
        changes = tables.execute(
            "SELECT crm_id, kind, field, value, at FROM field_change JOIN object ON object.id = field_change.record ORDER BY 1, 2, 3, 5, 4"
        ).fetchall()
        records = tables.execute(
            "SELECT kind, crm_id, changed_at, field_values FROM record JOIN object ON object.id = record.id ORDER BY 1, 2"
        ).fetchall()
        links = tables.execute(
            """
            SELECT low.kind, low.crm_id, high.kind, high.crm_id, is_primary FROM association
            JOIN object AS low ON low.id = low JOIN object AS high ON high.id = high ORDER BY 1, 2, 3, 4
            """
        ).fetchall()
    tables.close()
    pairs = sorted((*sorted((row[:2], row[2:4])), row[4]) for row in links)  # whichever end was named first
    return [*changes, *records, *pairs]
