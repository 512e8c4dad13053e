"""A lead in two CRMs is judged alike whichever of them was pulled first."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from sync.report.spool import Spool
from sync.run import dry_run
from sync.wiring import open_context
from tests.faults.mirrored import Row, mirror_of
from tests.flow.practice import practice_hubspot


def found(files: Path, *, reverse: bool) -> tuple[list[bytes], list[Row]]:
    """Pull and judge into a new store; return the findings and what the store holds."""
    with Spool() as spool, open_context(files / "config.toml", tell=lambda _: None) as context:
        order = tuple(reversed(context.connectors)) if reverse else context.connectors
        dry_run(replace(context, connectors=order), spool)
        findings = list(spool.findings())
    return findings, mirror_of(files / "leadpact.db")


def test_a_lead_is_judged_alike_whichever_crm_is_pulled_first(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--crm", "both", "--leads", "250", "--seed", "8", "--now", "2026-11-20T15:00Z") as files:
        other = shutil.copytree(files, tmp_path / "other")
        one, another = found(files, reverse=False), found(other, reverse=True)

    assert len(one[0]) > 400
    assert one == another
