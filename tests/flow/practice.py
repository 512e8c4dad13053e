"""A practice HubSpot and the real program, as processes, for tests."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.flow import warm

PROGRAM = [sys.executable, "-m", "sync"]
STARTS_WITHIN_S, TAKES_AT_MOST_S = 120.0, 300.0


def leadpact(*arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program to its end and return what it said and how it ended; with an `env` of its own it is started from nothing."""
    if env is None:
        return warm.run(arguments, cwd, within_s=TAKES_AT_MOST_S)
    return subprocess.run(
        [*PROGRAM, *arguments], cwd=cwd, env=env, capture_output=True, text=True, errors="replace", timeout=TAKES_AT_MOST_S, check=False
    )


@contextmanager
def practice_hubspot(folder: Path, *options: str) -> Iterator[Path]:
    """Run `leadpact sandbox` with `options` on a free port; yield the folder with the files that point at it."""
    files = folder / "practice"
    process = warm.start(["sandbox", "--port", "0", "--config-out", str(files), *options])
    with process.folder:
        try:
            give_up = time.monotonic() + STARTS_WITHIN_S
            while not (files / "config.toml").exists():
                if process.poll() is not None or time.monotonic() > give_up:
                    raise AssertionError(f"the sandbox did not start: {process.said('stderr')}")
                time.sleep(0.02)
            yield files
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(within_s=30)


def base_url(files: Path, crm: str = "hubspot") -> str:
    """Return the address of a practice CRM that the config in `files` names."""
    address: str = tomllib.loads((files / "config.toml").read_text(encoding="utf-8"))[crm]["base_url"]
    return address


def store_bytes(store: Path) -> bytes:
    """Return all bytes of a store, those of its journal and backups too."""
    return b"".join(file.read_bytes() for file in sorted(store.parent.glob(f"{store.name}*")))


def audit_json(files: Path, *options: str) -> dict[str, Any]:
    """Run the audit and return its JSON document."""
    done = leadpact("sync", "--dry-run", "--format", "json", "--config", str(files / "config.toml"), *options)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def audit(
    lines: Iterable[Mapping[str, Any]], *, now: str, tmp_path: Path, texts: Mapping[str, str] | None = None, own_app: str | None = None
) -> dict[str, Any]:
    """Serve exactly `lines` at `now`, audit them and return the JSON document.

    `texts` stand instead of the example agreement or the drafted roster, by file name; `own_app` is the app that the config names as ours.
    """
    portal = tmp_path / "portal.jsonl"
    portal.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with practice_hubspot(tmp_path, "--load", str(portal), "--now", now) as files:
        for name, text in (texts or {}).items():
            (files / name).write_text(text, encoding="utf-8")
        if own_app is not None:
            with (files / "config.toml").open("a", encoding="utf-8") as config:
                config.write(f'app_id = "{own_app}"\n')
        return audit_json(files)
