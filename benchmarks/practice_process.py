"""A practice CRM in a process of its own, and a pull from it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import orjson
import urllib3

from sync.begin import begin
from sync.cli.practice_files import TOKEN, PracticeFiles, write_files
from sync.pull import Pulled
from sync.run import pull
from sync.wiring import open_context

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
Requests = list[dict[str, Any]]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Practice:
    """A practice CRM that answers at `url`."""

    url: str
    pid: int
    pool: urllib3.PoolManager

    def ask(self, method: str, path: str, body: object = None) -> Any:
        answer = self.pool.request(method, self.url + path, body=None if body is None else orjson.dumps(body))
        assert answer.status < 300, f"{method} {path} was answered {answer.status}: {answer.data[:200]!r}"
        return orjson.loads(answer.data)

    def calls(self) -> int:
        return int(self.ask("GET", "/_sandbox/stats")["calls"])

    def records(self, kind: str) -> int:
        """Count the records of a kind that it holds."""
        return int(self.ask("GET", "/_sandbox/stats")["records"].get(kind, 0))

    def requests(self, *, after: int = 0) -> Requests:
        return list(self.ask("GET", f"/_sandbox/requests?after={after}")["requests"])

    def cpu_s(self) -> float:
        """Return the seconds of the processor that it took so far (Linux alone tells; elsewhere 0)."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def let_pass(self, seconds: int) -> None:
        self.ask("POST", "/_sandbox/clock", {"advance_s": seconds})


@contextmanager
def running(arguments: Sequence[str]) -> Iterator[Practice]:
    """Run Python with these arguments; the last word of the first line that it prints is where it answers."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            yield Practice(url, process.pid, urllib3.PoolManager(headers=headers, retries=False))
        finally:
            process.terminate()  # a program that was started in the background may be deaf to an interrupt


def write_config(folder: Path, files: PracticeFiles, *, more: str = "") -> Path:
    """Write the files of an account in `folder`; `more` belongs to the table of its last CRM. Its store will be `leadpact.db`."""
    write_files(folder, files)
    config = folder / "config.toml"
    config.write_text(config.read_text(encoding="utf-8") + f'{more}[log]\nlevel = "error"\n', encoding="utf-8")
    return config


def pull_once(config: Path) -> tuple[Pulled, float]:
    """Pull what changed into the store beside `config`; return what came, and the seconds that our processor took for it."""
    with open_context(config, tell=lambda _: None) as run:
        begun = begin(run, None, kind="dry-run")
        began = process_time()
        (pulled,) = pull(run, begun)
        return pulled, process_time() - began
