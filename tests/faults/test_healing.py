"""A law: whatever was lost, altered or invented in a store behind its cursors, one reconciliation brings its live rows back."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.worlds import World, practice_world
from tests.flow.practice import leadpact

LOST, ALTERED, INVENTED = 12, 6, 5
LIVE = """
    SELECT object.kind, object.crm_id FROM record JOIN object USING (id) WHERE gone_at IS NULL
    UNION ALL SELECT object.kind, object.crm_id FROM activity JOIN object USING (id) WHERE gone_at IS NULL
"""
OPEN = """
    SELECT DISTINCT object.kind, object.crm_id, record.field_values FROM finding
    JOIN finding_version AS version ON version.id = finding.version
    JOIN record ON record.id = finding.lead JOIN object ON object.id = record.id
    WHERE finding.withdrawn = 0 AND version.status IN ('running', 'at_risk') AND version.cycle_closed_at IS NULL
"""


def rows(store: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store)) as tables:
        return sorted(tables.execute(sql), key=repr)


def harm(store: Path, chance: random.Random) -> None:
    """Lose rows, alter values of open leads, and hold rows that the CRM has not."""
    with closing(sqlite3.connect(store)) as tables, tables:
        live = [
            id_
            for (id_,) in tables.execute("SELECT id FROM record WHERE gone_at IS NULL UNION SELECT id FROM activity WHERE gone_at IS NULL")
        ]
        for id_ in chance.sample(sorted(live), LOST):
            if chance.random() < 0.5:
                tables.execute("UPDATE record SET gone_at = changed_at WHERE id = ?", (id_,))
                tables.execute("UPDATE activity SET gone_at = changed_at WHERE id = ?", (id_,))
            else:
                tables.execute("DELETE FROM record WHERE id = ?", (id_,))
                tables.execute("DELETE FROM activity WHERE id = ?", (id_,))
        for kind, crm_id, values in chance.sample(sorted(tables.execute(OPEN)), ALTERED):
            altered = json.loads(values) | {chance.choice(sorted(json.loads(values))): "altered"}
            tables.execute(
                "UPDATE record SET field_values = ? WHERE id = (SELECT id FROM object WHERE kind = ? AND crm_id = ?)",
                (json.dumps(altered), kind, crm_id),
            )
        for number in range(INVENTED):
            (crm, kind, crm_id), *_ = tables.execute(
                "SELECT crm, kind, crm_id FROM object JOIN record USING (id) WHERE gone_at IS NULL LIMIT 1"
            )
            invented = f"{crm_id[:-6]}{chance.randrange(900_000, 999_999)}"
            (id_,) = tables.execute("SELECT max(id) + 1 FROM object").fetchone()
            as_number = int(invented) if invented.isdigit() else 2**63 - 1
            tables.execute("INSERT INTO object VALUES (?, ?, ?, ?, ?)", (id_, crm, kind, as_number, invented))
            tables.execute(
                "INSERT INTO record (id, created_at, changed_at, seen_at, field_values) VALUES (?, ?, ?, ?, '{}')",
                (id_, number, number, number),
            )


def pulled(world: World) -> Path:
    done = leadpact("sync", "--dry-run", "--config", str(world.files / "config.toml"))
    assert done.returncode == 0, done.stderr
    return world.files / "leadpact.db"


@pytest.mark.campaign
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
@pytest.mark.parametrize("seed", range(3))
def test_a_reconciliation_brings_back_what_was_lost_altered_or_invented(crm: str, seed: int, tmp_path: Path) -> None:
    with practice_world(crm, tmp_path, leads=60, seed=seed) as world:
        store = pulled(world)
        world.people.rest(3600)
        pulled(world)
        live, open_ = rows(store, LIVE), rows(store, OPEN)
        harm(store, random.Random(seed))
        assert rows(store, LIVE) != live and rows(store, OPEN) != open_

        done = leadpact("reconcile", "--format", "json", "--config", str(world.files / "config.toml"))

        assert done.returncode == 0, done.stderr
        told = [sort for part in json.loads(done.stdout)["reconciled"] for sort in part["drift"]]
        assert {sort["what"] for sort in told} >= {"missed", "value", "erased"}
        assert rows(store, LIVE) == live
        assert rows(store, OPEN) == open_
        again = leadpact("reconcile", "--detailed-exitcode", "--config", str(world.files / "config.toml"))
        assert again.returncode == 0, again.stdout
