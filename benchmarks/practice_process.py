"""A practice HubSpot in a process of its own, filled with plain contacts, and what a pull from it is told to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import orjson
import urllib3

from sandbox.fill import Bulk, fill
from sync.cli.practice_files import TOKEN, PracticeFiles, write_files
from sync.pull import Pulled
from sync.run import begin, pull
from sync.wiring import open_context

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
UNLIMITED = {"enforced": False, "burst": 1_000_000}  # told in every answer, so that nobody waits
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Practice:
    """A practice HubSpot that answers at `url`."""

    url: str
    pid: int
    pool: urllib3.PoolManager

    def ask(self, method: str, path: str, body: object = None) -> Any:
        answer = self.pool.request(method, self.url + path, body=None if body is None else orjson.dumps(body))
        assert answer.status < 300, f"{method} {path} was answered {answer.status}: {answer.data[:200]!r}"
        return orjson.loads(answer.data)

    def calls(self) -> int:
        return int(self.ask("GET", "/_sandbox/stats")["calls"])

    def requests(self, *, after: int = 0) -> list[dict[str, Any]]:
        return list(self.ask("GET", f"/_sandbox/requests?after={after}")["requests"])

    def cpu_s(self) -> float:
        """Return the seconds of the processor that it took so far (Linux alone tells; elsewhere 0)."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def change(self, contacts: int) -> None:
        """Change some contacts, spread over all that it holds, and let a minute pass."""
        held = self.ask("GET", "/_sandbox/stats")["records"]["contacts"]
        ids = [1 + place * held // contacts for place in range(contacts)]
        for start in range(0, contacts, 100):
            inputs = [{"id": str(id_), "properties": {"jobtitle": "Director"}} for id_ in ids[start : start + 100]]
            self.ask("POST", "/crm/v3/objects/contacts/batch/update", {"inputs": inputs})
        self.let_pass(60)

    def let_pass(self, seconds: int) -> None:
        self.ask("POST", "/_sandbox/clock", {"advance_s": seconds})


@contextmanager
def practice(folder: Path, *, contacts: int, engagements: int = 0, options: tuple[str, ...] = ()) -> Iterator[Practice]:
    """Fill a portal in `folder` and serve it; without `options` that limit it nobody is ever slowed."""
    folder.mkdir(parents=True)
    state = folder / "portal.state"
    fill(state, Bulk(contacts=contacts, engagements=engagements, seed=1, now=NOW))
    command = [sys.executable, "-m", "sandbox", "--state", str(state), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            pool = urllib3.PoolManager(headers={"Authorization": f"Bearer {TOKEN}"}, retries=False)
            served = Practice(url, process.pid, pool)
            if not options:
                served.ask("POST", "/_sandbox/limits", UNLIMITED)
            yield served
        finally:
            process.send_signal(signal.SIGINT)


def config_for(practice: Practice, folder: Path) -> Path:
    """Write the files of an account in `folder` that point at the practice HubSpot; its store will be `leadpact.db`."""
    write_files(folder, PracticeFiles(url=practice.url, crms=("hubspot",), roster="", agreement="agreement.example"))
    config = folder / "config.toml"
    config.write_text(config.read_text(encoding="utf-8") + '[log]\nlevel = "error"\n', encoding="utf-8")
    return config


def pull_once(config: Path) -> tuple[Pulled, float]:
    """Pull what changed into the store beside `config`; return what came, and the seconds that our processor took for it."""
    with open_context(config, tell=lambda _: None) as run:
        begun = begin(run, None)
        began = process_time()
        (pulled,) = pull(run, begun)
        return pulled, process_time() - began
