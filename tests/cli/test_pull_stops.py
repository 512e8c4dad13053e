"""What stops a pull: said in a sentence with its fix, with the documented exit code, and gone on from by the next run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.mirrored import mirror_of
from tests.faults.portal_now import differences, mirror_holding, portal_holding
from tests.flow.people import People
from tests.flow.practice import PROGRAM, audit_json, base_url, leadpact, practice_hubspot

NOW = "2026-11-20T15:00Z"


class Served:
    """A practice portal with files that point at it."""

    def __init__(self, files: Path) -> None:
        self.files = files
        self.store = files / "leadpact.db"
        self.people = People(base_url(files), 1)

    def configure(self, *lines: str) -> None:
        with (self.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write("\n".join([*lines, ""]))

    def tell(self, path: str, body: Any) -> Any:
        return self.people.ask("POST", f"/_sandbox/{path}", body)

    def calls(self) -> int:
        return int(self.people.ask("GET", "/_sandbox/stats")["calls"])

    def refused(self, *options: str, code: int) -> str:
        """Audit, which must fail with `code` and a fix; return what it said."""
        done = leadpact("sync", "--dry-run", "--config", str(self.files / "config.toml"), *options)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        assert "fix: " in done.stderr
        return done.stderr

    def pulled_afresh(self) -> list[tuple[Any, ...]]:
        """Audit into an empty store, and return the mirror."""
        fresh = self.files.with_name("fresh")
        shutil.copytree(self.files, fresh, ignore=shutil.ignore_patterns("leadpact.db*"))
        audit_json(fresh)
        return mirror_of(fresh / "leadpact.db")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with practice_hubspot(tmp_path, "--leads", "60", "--seed", "8", "--now", NOW) as files:
        yield Served(files)


# --- a shrunken pull


def standing(store: Path) -> list[tuple[Any, ...]]:
    """What is live and what was found of it."""
    return [row for row in mirror_of(store) if row[0] in {"v_findings", "live"}]


def test_more_than_half_of_the_contacts_gone_stops_every_run_until_it_is_accepted(served: Served) -> None:
    audit_json(served.files)
    before, contacts = standing(served.store), served.people.contacts
    for contact in contacts[: len(contacts) * 2 // 3]:
        served.people.ask("DELETE", f"/crm/v3/objects/contacts/{contact}")
    left = len(contacts) - len(contacts) * 2 // 3

    for _ in range(2):
        said = served.refused(code=3)
        assert f"hubspot/contacts holds {left:,} rows, and held {len(contacts):,}" in said
        assert "--accept-shrunken hubspot/contacts" in said
        assert standing(served.store) == before
    audit_json(served.files, "--accept-shrunken", "hubspot/contacts")

    assert ("live", "contact", left) in mirror_of(served.store)
    audit_json(served.files)


def test_owners_who_are_not_told_any_more_stop_every_run_until_it_is_accepted(served: Served) -> None:
    audit_json(served.files)
    owners = served.people.ask("GET", "/crm/v3/owners?limit=100")["results"]
    gone = owners[: len(owners) * 2 // 3]
    served.tell("records", [{"object": "owners", **owner, "archived": True} for owner in gone])
    served.people.rest(60)

    for _ in range(2):
        said = served.refused(code=3)
        assert f"hubspot/owners holds {len(owners) - len(gone)} rows" in said
        assert "--accept-shrunken hubspot/owners" in said


# --- the token


def test_a_token_that_is_revoked_half_way_ends_the_run_and_keeps_its_pages(served: Served) -> None:
    undisturbed = served.pulled_afresh()
    served.tell("faults", {"status": 401, "path": "/crm/objects/*", "after": 9})

    assert "token" in served.refused(code=78)

    assert any(row[0] in ("record", "activity") for row in mirror_of(served.store))  # whichever streams came first
    served.people.ask("DELETE", "/_sandbox/faults")
    served.tell("token", {"revoked": True})
    assert "token" in served.refused(code=78)
    served.tell("token", {"revoked": False})
    audit_json(served.files)
    assert mirror_of(served.store) == undisturbed


def test_a_scope_that_is_missing_is_told_with_what_cannot_be_judged(served: Served) -> None:
    served.tell("token", {"without": ["crm.objects.deals.read"]})
    with_deals_closed = leadpact("sync", "--dry-run", "--config", str(served.files / "config.toml"))

    assert with_deals_closed.returncode == 0, with_deals_closed.stderr
    assert "deals" in with_deals_closed.stdout and "crm.objects.deals.read" in with_deals_closed.stdout
    assert "unknown" in with_deals_closed.stdout


# --- nobody there


def test_a_portal_that_dies_half_way_is_told_and_completed_when_it_is_back(tmp_path: Path) -> None:
    state = tmp_path / "portal.state"
    with practice_hubspot(tmp_path / "first", "--leads", "60", "--seed", "8", "--now", NOW, "--state", str(state)) as files:
        served = Served(files)
        undisturbed = served.pulled_afresh()
        served.configure('deadline = "3 seconds"')
        served.tell("faults", {"fault": "reset_before", "path": "/crm/objects/*", "after": 9})

        assert "could not be reached" in served.refused(code=1)
        assert any(row[0] in ("record", "activity") for row in mirror_of(served.store))
    with practice_hubspot(tmp_path / "second", "--state", str(state)) as again:
        shutil.copytree(served.files, tmp_path / "kept")
        shutil.copy(again / "config.toml", tmp_path / "kept" / "config.toml")
        audit_json(tmp_path / "kept")
    assert mirror_of(tmp_path / "kept" / "leadpact.db") == undisturbed


# --- the day's calls


def test_the_days_limit_ends_the_run_and_the_next_day_completes_it(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "60", "--seed", "8", "--now", NOW, "--daily", "15") as files:
        served = Served(files)
        served.configure("max_share = 1.0", "floor = 0.0")

        said = served.refused(code=1)

        assert "after 2026-11-21 00:00" in said
        kept = len(mirror_of(served.store))
        assert kept > 0
        served.tell("limits", {"daily": 100_000})
        served.tell("clock", {"now": "2026-11-21T15:00:00Z"})
        audit_json(files)
        assert differences(portal_holding(served.people, files), mirror_holding(served.store)) == []


def test_our_share_of_the_day_is_never_passed_by_several_runs(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "60", "--seed", "8", "--now", NOW) as files:
        served = Served(files)
        served.tell("limits", {"daily": 100})
        served.configure("max_share = 0.1", "floor = 0.0")
        before = served.calls()

        for _ in range(2):
            said = served.refused(code=1)
            assert "max_share = 0.1" in said and "after 2026-11-21 00:00" in said

        assert served.calls() - before <= 10
        served.tell("clock", {"now": "2026-11-21T15:00:00Z"})
        served.refused(code=1)
        assert served.calls() - before <= 20


def test_what_is_left_of_the_day_is_left_to_others(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "20", "--seed", "8", "--now", NOW, "--daily", "100") as files:
        served = Served(files)
        served.configure("max_share = 1.0", "floor = 0.9")
        said = served.refused(code=1)
        assert "leaves 90 to others (floor = 0.9)" in said


# --- the clock


def test_a_machine_whose_clock_is_a_day_off_judges_by_the_time_of_the_portal(tmp_path: Path) -> None:
    there = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    with practice_hubspot(tmp_path, "--leads", "20", "--seed", "8", "--now", there.isoformat()) as files:
        document = audit_json(files)

        assert datetime.fromisoformat(document["run"]["as_of"]) == there
        assert document["findings"]


# --- two runs at once


def test_a_second_run_waits_for_the_first_and_then_finds_the_same(served: Served) -> None:
    command = [*PROGRAM, "sync", "--dry-run", "--config", str(served.files / "config.toml")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate(timeout=120) for run in both]

    assert [run.returncode for run in both] == [0, 0], said
    assert sum("waiting_for_store" in told for _, told in said) == 1
    assert mirror_of(served.store) == served.pulled_afresh()
