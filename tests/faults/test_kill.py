"""Killed at any moment, started again: the same mirror and findings as runs that nobody disturbed."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.mirrored import mirror_of
from tests.faults.portal_now import differences, mirror_holding, portal_holding
from tests.flow.people import People
from tests.flow.practice import PROGRAM, audit_json, base_url, leadpact, practice_hubspot

NOW = "2026-11-20T15:00Z"


def start_and_kill(files: Path, *, after_s: float) -> None:
    command = [*PROGRAM, "sync", "--dry-run", "--config", str(files / "config.toml")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after_s)
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("seed", "kills"), [pytest.param(1, 6, id="a handful"), pytest.param(2, 100, id="many", marks=pytest.mark.campaign)]
)
def test_a_first_pull_that_was_killed_loses_and_doubles_nothing(seed: int, kills: int, tmp_path: Path) -> None:
    moments = random.Random(seed)
    with practice_hubspot(tmp_path, "--leads", "300", "--seed", str(seed), "--now", NOW) as files:
        calm = tmp_path / "calm"
        shutil.copytree(files, calm)
        undisturbed = audit_json(calm)["findings"]
        for _ in range(kills):
            start_and_kill(files, after_s=moments.uniform(0.4, 2.5))
        assert audit_json(files)["findings"] == undisturbed
    assert mirror_of(files / "leadpact.db") == mirror_of(calm / "leadpact.db")


@pytest.mark.parametrize(
    ("seed", "rounds", "kills"), [pytest.param(3, 1, 6, id="a handful"), pytest.param(4, 20, 5, id="many", marks=pytest.mark.campaign)]
)
def test_later_pulls_that_were_killed_lose_and_double_nothing(seed: int, rounds: int, kills: int, tmp_path: Path) -> None:
    """Each round much changes, vanishes and is merged; who is killed and who is not then read the same portal at the same time."""
    moments = random.Random(seed)
    with practice_hubspot(tmp_path, "--leads", "120", "--seed", str(seed), "--now", NOW) as files:
        calm = tmp_path / "calm"
        shutil.copytree(files, calm)
        people = People(base_url(files), seed)
        audit_json(files)
        audit_json(calm)
        for _ in range(rounds):
            people.rest(3600)
            for _ in range(60):
                people.do(people.restless_deeds)
            people.rest(1)
            for _ in range(kills):
                start_and_kill(files, after_s=moments.uniform(0.5, 3.0))
            assert audit_json(files)["findings"] == audit_json(calm)["findings"]
            assert mirror_of(files / "leadpact.db") == mirror_of(calm / "leadpact.db")


@pytest.mark.parametrize("kills", [pytest.param(3, id="a handful"), pytest.param(40, id="many", marks=pytest.mark.campaign)])
def test_what_changes_between_a_kill_and_the_next_run_is_in_after_that(kills: int, tmp_path: Path) -> None:
    """The next run completes the reading that was killed, and reads what changed since too."""
    moments = random.Random(kills)
    with practice_hubspot(tmp_path, "--leads", "120", "--seed", "5", "--now", NOW) as files:
        people = People(base_url(files), 5)
        for _ in range(kills):
            start_and_kill(files, after_s=moments.uniform(0.8, 2.0))
            people.rest(60)
            for _ in range(20):
                people.do(people.settled_deeds)
        people.rest(1)

        audit_json(files)

        assert differences(portal_holding(people, files), mirror_holding(files / "leadpact.db")) == []


def test_what_changes_after_a_reading_stopped_half_way_is_in_when_it_is_completed(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "120", "--seed", "5", "--now", NOW) as files:
        people = People(base_url(files), 5)
        people.ask("POST", "/_sandbox/faults", {"status": 401, "path": "/crm/objects/*/contacts*", "after": 2})
        assert leadpact("sync", "--dry-run", "--config", str(files / "config.toml")).returncode == 78
        people.ask("DELETE", "/_sandbox/faults")
        assert mirror_holding(files / "leadpact.db").values
        people.rest(60)
        for contact in people.contacts:
            people.edit(contact)
        people.ask("DELETE", f"/crm/v3/objects/contacts/{min(people.contacts, key=int)}")
        people.rest(1)

        audit_json(files)

        assert differences(portal_holding(people, files), mirror_holding(files / "leadpact.db")) == []
