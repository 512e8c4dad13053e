"""Killed at any moment, started again: the same mirror and findings as runs that nobody disturbed."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.faults.mirrored import mirror_of
from tests.faults.portal_now import Holding, differences, mirror_holding, portal_holding
from tests.faults.worlds import NOW, World, practice_world
from tests.flow import warm
from tests.flow.people import People
from tests.flow.practice import audit_json, base_url, leadpact, practice_hubspot

campaign = pytest.mark.campaign


def start_and_kill(files: Path, world: World, *, calls: int, then_s: float) -> None:
    """Kill a run a moment after so many calls of its; one that ends before needs no killing."""
    before = world.calls()
    process = warm.start(["sync", "--dry-run", "--config", str(files / "config.toml")])
    with process.folder:
        while process.poll() is None and world.calls() - before < calls:
            time.sleep(0.02)
        time.sleep(then_s)
        process.send_signal(signal.SIGKILL)
        process.wait(within_s=30)


def kill_several(files: Path, world: World, moments: random.Random, *, kills: int, calls: int) -> None:
    """Kill runs all over a reading that takes `calls`, and the judging behind it."""
    for _ in range(kills):
        start_and_kill(files, world, calls=moments.randint(1, 1 + 2 * calls // kills), then_s=moments.uniform(0, 0.4))


@pytest.mark.parametrize(
    ("crm", "seed", "leads", "rounds", "kills"),
    [
        pytest.param("hubspot", 1, 120, 1, 4, id="HubSpot, a handful"),
        pytest.param("salesforce", 1, 60, 1, 2, id="Salesforce, a handful", marks=campaign),
        pytest.param("hubspot", 2, 300, 25, 4, id="HubSpot, many", marks=campaign),
        pytest.param("salesforce", 2, 300, 10, 4, id="Salesforce, many", marks=campaign),
    ],
)
def test_a_first_pull_that_was_killed_loses_and_doubles_nothing(
    crm: str, seed: int, leads: int, rounds: int, kills: int, tmp_path: Path
) -> None:
    moments = random.Random(seed)
    with practice_world(crm, tmp_path, leads=leads, seed=seed) as world:
        calm = shutil.copytree(world.files, tmp_path / "calm")
        undisturbed, calls = audit_json(calm)["findings"], world.calls()
        for number in range(rounds):
            files = shutil.copytree(world.files, tmp_path / f"killed {number}")
            kill_several(files, world, moments, kills=kills, calls=calls)
            assert audit_json(files)["findings"] == undisturbed
            assert mirror_of(files / "leadpact.db") == mirror_of(calm / "leadpact.db")
        assert world.writes() == 0


@pytest.mark.parametrize(
    ("crm", "seed", "rounds", "kills"),
    [
        pytest.param("hubspot", 3, 1, 3, id="HubSpot, a handful", marks=campaign),
        pytest.param("salesforce", 3, 1, 2, id="Salesforce, a handful"),
        pytest.param("hubspot", 4, 20, 5, id="HubSpot, many", marks=campaign),
        pytest.param("salesforce", 4, 10, 4, id="Salesforce, many", marks=campaign),
    ],
)
def test_later_pulls_that_were_killed_lose_and_double_nothing(crm: str, seed: int, rounds: int, kills: int, tmp_path: Path) -> None:
    """Each round much changes, vanishes and is merged; who is killed and who is not then read the same CRM at the same time."""
    moments = random.Random(seed)
    with practice_world(crm, tmp_path, leads=120, seed=seed) as world:
        files, calm, people = world.files, tmp_path / "calm", world.people
        shutil.copytree(files, calm)
        audit_json(files)
        audit_json(calm)
        for _ in range(rounds):
            people.rest(3600)
            for _ in range(60):
                people.do(people.restless_deeds)
            people.rest(1)
            before = world.calls()
            undisturbed = audit_json(calm)["findings"]
            kill_several(files, world, moments, kills=kills, calls=world.calls() - before)
            assert audit_json(files)["findings"] == undisturbed
            assert mirror_of(files / "leadpact.db") == mirror_of(calm / "leadpact.db")


@pytest.mark.parametrize(
    ("crm", "kills"),
    [
        pytest.param("hubspot", 2, id="HubSpot, a handful"),
        pytest.param("salesforce", 2, id="Salesforce, a handful", marks=campaign),
        pytest.param("hubspot", 40, id="HubSpot, many", marks=campaign),
        pytest.param("salesforce", 40, id="Salesforce, many", marks=campaign),
    ],
)
def test_what_changes_between_a_kill_and_the_next_run_is_in_after_that(crm: str, kills: int, tmp_path: Path) -> None:
    """The next run completes the reading that was killed, and reads what changed since too."""
    moments = random.Random(kills)
    with practice_world(crm, tmp_path, leads=120, seed=5) as world:
        unread, people = shutil.copytree(world.files, tmp_path / "unread"), world.people
        for _ in range(kills):
            start_and_kill(world.files, world, calls=moments.randint(2, 12), then_s=moments.uniform(0, 0.4))
            people.rest(60)
            for _ in range(20):
                people.do(people.settled_deeds)
        people.rest(300)

        audit_json(world.files)

        assert differences(held_now(world, unread), mirror_holding(world.files / "leadpact.db")) == []


def held_now(world: World, unread: Path) -> Holding:
    """What the CRM holds: as HubSpot lists it, or as a pull of a Salesforce finds it that never read anything before."""
    if isinstance(world.people, People):
        return portal_holding(world.people, world.files)
    audit_json(unread)
    return mirror_holding(unread / "leadpact.db")


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
