"""On a real terminal, a narrow one, one that cannot show every letter, and none at all."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.flow.practice import PROGRAM, leadpact, practice_hubspot

NOW = "2026-11-20T15:00Z"


def on_a_terminal(*arguments: str, columns: int) -> str:
    """Run the program on a pseudo terminal and return what a person sees, without colours."""
    master, slave = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "LINES": "50", "TERM": "xterm-256color"}
    process = subprocess.Popen([*PROGRAM, *arguments], stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    shown = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    process.wait(timeout=60)
    os.close(master)
    return shown.decode()


def test_the_report_follows_the_progress_bars_whole() -> None:
    shown = on_a_terminal("demo", "--leads", "60", columns=100)
    report = shown[shown.rindex("Inbound leads") :]
    assert "\x1b[2K" not in report, "nothing of the report is wiped by a bar that is still alive"
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", report)
    assert all(word in plain for word in ("Promises", "Nothing was written to a CRM", "leadpact init"))


@pytest.mark.parametrize("columns", [40])
def test_numbers_stay_whole_on_a_narrow_terminal(columns: int) -> None:
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_a_terminal("demo", "--leads", "60", columns=columns))
    assert "…" not in shown[shown.rindex("Inbound leads") :]
    assert "broken" in shown


def test_a_terminal_that_cannot_show_a_letter_shows_another() -> None:
    done = leadpact("demo", "--leads", "60", env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0, done.stderr


def test_a_demo_that_is_told_to_stop_takes_its_sandbox_and_files_along(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "demo", "--leads", "2000"], env={**os.environ, "TMPDIR": str(tmp_path)}, stderr=subprocess.DEVNULL
    )
    give_up = time.monotonic() + 30
    while not list(tmp_path.glob("leadpact-demo-*/config.toml")) and time.monotonic() < give_up:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 143
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_early_is_no_error_of_ours(tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "300", "--now", NOW) as folder:
        command = [*PROGRAM, "sync", "--dry-run", "--format", "json", "--config", str(folder / "config.toml")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read() if process.stderr else b""
        process.wait(timeout=60)
    assert b"Traceback" not in said


def test_the_journal_is_told_that_an_error_is_one_and_a_file_is_not(tmp_path: Path) -> None:
    said = {}
    for name in ("journal", "file"):
        with (tmp_path / name).open("w+") as stream:
            its = os.fstat(stream.fileno())
            told = {"JOURNAL_STREAM": f"{its.st_dev}:{its.st_ino if name == 'journal' else 0}"}
            done = subprocess.run([*PROGRAM, "due", "--config", "nowhere.toml"], stderr=stream, env=os.environ | told, check=False)
            stream.seek(0)
            said[name] = stream.read().splitlines()
        assert done.returncode == 78

    assert said["file"][0].startswith("error: ")
    assert said["journal"] == [f"<3>{line}" for line in said["file"]]
    assert len(said["file"]) > 1
