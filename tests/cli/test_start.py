"""The first five minutes: init, roster, check, demo, version."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from sync.version import VERSION
from tests.flow.practice import PROGRAM, leadpact, practice_hubspot


def test_the_version_is_told() -> None:
    assert leadpact("--version").stdout == f"leadpact {VERSION}\n"


def test_what_sends_messages_is_loaded_with_the_first_message_alone() -> None:
    asked = "import sys, sync.wiring, sync.cli.program; print('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "False\n"


def test_init_writes_three_private_files_and_never_over_one(tmp_path: Path) -> None:
    (tmp_path / "roster.toml").write_text("# mine\n")
    first = leadpact("init", str(tmp_path))
    assert first.returncode == 0
    assert (tmp_path / "roster.toml").read_text() == "# mine\n"
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("config.toml", "agreement.toml")} == {0o600}
    second = leadpact("init", str(tmp_path))
    assert second.returncode == 1
    assert "fix:" in second.stderr


def test_what_init_writes_needs_only_a_token(tmp_path: Path) -> None:
    leadpact("init", str(tmp_path))
    done = leadpact("check", "--offline", "--config", str(tmp_path / "config.toml"))
    assert done.returncode == 78
    assert "token" in done.stderr
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "hubspot_token").write_text("pat-na1-0")
    (tmp_path / "secrets" / "hubspot_token").chmod(0o600)
    assert leadpact("check", "--offline", "--config", str(tmp_path / "config.toml")).returncode == 0


def test_a_drafted_roster_passes_the_check(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "10", "--now", "2026-11-20T15:00Z") as folder:
        config = str(folder / "config.toml")
        (folder / "roster.toml").unlink()
        drafted = leadpact("roster", "--from-crm", "--config", config)
        assert drafted.returncode == 0, drafted.stderr
        checked = leadpact("check", "--config", config)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "manager" in checked.stdout
        again = leadpact("roster", "--from-crm", "--output", str(folder / "roster.toml"), "--config", config)
        assert again.returncode == 1, "an existing roster is never written over"


def test_a_kept_world_is_served_again_as_it_was_left_with_its_own_roster_and_agreement(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    told = []
    for number, options in enumerate((("--leads", "12", "--now", "2026-11-20T15:00Z"), ())):
        place = tmp_path / str(number)
        place.mkdir()
        with practice_hubspot(place, "--state", state, *options) as folder:
            checked = leadpact("check", "--config", str(folder / "config.toml"))
            assert checked.returncode == 0, checked.stdout + checked.stderr
            told.append([(folder / name).read_text() for name in ("roster.toml", "agreement.toml")])
    assert told[0] == told[1]


def test_a_kept_world_has_no_truth_and_takes_no_other_records(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with practice_hubspot(tmp_path, "--state", str(state), "--leads", "5"):
        pass
    for options in (("--truth", str(tmp_path / "truth.json")), ("--load", str(tmp_path / "portal.jsonl"))):
        refused = leadpact("sandbox", "--state", str(state), "--port", "0", *options)
        assert (refused.returncode, "served as it is" in refused.stderr) == (64, True)
    (tmp_path / "other").write_text("mine")
    refused = leadpact("sandbox", "--state", str(tmp_path / "other"), "--port", "0")
    assert (refused.returncode, "no state file" in refused.stderr, (tmp_path / "other").read_text()) == (78, True, "mine")
    nowhere = leadpact("sandbox", "--state", str(tmp_path / "no" / "where"), "--leads", "5", "--port", "0")
    assert (nowhere.returncode, "cannot be opened" in nowhere.stderr) == (78, True)


def test_the_demo_shows_broken_promises_and_leaves_nothing_behind(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = leadpact("demo", "--leads", "300", env=env)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("first_touch", "owner", "system", "The worst leads", "reassign", "leadpact init"))
    assert list(tmp_path.iterdir()) == []


def test_the_demo_keeps_its_files_when_asked(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    assert leadpact("demo", "--leads", "60", "--keep", str(folder)).returncode == 0
    assert {path.name for path in folder.iterdir()} >= {"config.toml", "agreement.toml", "roster.toml", "leadpact.db"}


def test_a_second_demo_leaves_what_the_first_one_kept(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    assert leadpact("demo", "--leads", "30", "--keep", str(folder)).returncode == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    again = leadpact("demo", "--leads", "30", "--keep", str(folder))
    assert again.returncode == 64
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_the_demo_heeds_no_setting_of_ones_own_account() -> None:
    env = {**os.environ, "LEADPACT_HUBSPOT__TOKEN": "pat-real", "LEADPACT_HUBSPOT__BASE_URL": "http://127.0.0.1:9"}
    assert leadpact("demo", "--leads", "30", env=env).returncode == 0


def test_an_edited_agreement_of_a_practice_folder_is_kept(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "10") as folder:
        edited = (folder / "agreement.toml").read_text().replace("2 business hours", "3 business hours")
        (folder / "agreement.toml").write_text(edited)
    process = subprocess.Popen([*PROGRAM, "sandbox", "--leads", "10", "--port", "0", "--config-out", str(folder)], stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert b"kept" in process.stderr.readline()
    process.terminate()
    process.communicate()
    assert (folder / "agreement.toml").read_text() == edited


def test_the_readmes_way_from_init_to_check_ends_without_errors(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "40", "--now", "2026-11-20T15:00Z") as practice:
        mine = tmp_path / "mine"
        leadpact("init", str(mine))
        (mine / "secrets").mkdir(mode=0o700)
        (mine / "secrets" / "hubspot_token").write_text("sandbox")
        (mine / "secrets" / "hubspot_token").chmod(0o600)
        base = next(line for line in (practice / "config.toml").read_text().splitlines() if line.startswith("base_url"))
        config = (mine / "config.toml").read_text()
        (mine / "config.toml").write_text(config.replace("[hubspot]", f"[hubspot]\n{base}", 1))
        drafted = leadpact("roster", "--from-crm", "--config", str(mine / "config.toml"))
        assert drafted.returncode == 0, drafted.stderr
        checked = leadpact("check", "--config", str(mine / "config.toml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not (mine / "roster.draft.toml").exists(), "an example that nobody touched is replaced"
