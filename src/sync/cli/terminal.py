"""Where text meets the terminal: consoles, progress bars, and values of a CRM made harmless."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from sync.journald import is_the_journal
from sync.plain import plain
from sync.pull import Progress

LOGGED_EVERY_S = 10.0


def err(text: str) -> None:
    """Write lines for people to standard error; of an error the journal is told that it is one, for `journalctl -p err`."""
    mark = "<3>" if text.startswith("error:") and is_the_journal(sys.stderr, os.environ) else ""
    sys.stderr.writelines(f"{mark}{line}\n" for line in plain(text, keep_lines=True).split("\n"))


@contextmanager
def show_progress() -> Iterator[Callable[[Progress], None]]:
    """Show a bar per work on a terminal; elsewhere log how each goes on, now and then, and that it is done."""
    if not sys.stderr.isatty():
        yield LoggedProgress(monotonic)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(progress: Progress) -> None:
            name = progress.work
            task = tasks.setdefault(name, bars.add_task(name, total=None)) if name not in tasks else tasks[name]
            bars.update(task, completed=progress.rows, total=progress.rows if progress.done else progress.total)

        yield tell


class _Rate(ProgressColumn):
    """Rows a second, as far as it can be told."""

    def render(self, task: Task) -> Text:
        """Return `123/s`, or nothing before there is a rate."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="progress.data.speed")


class LoggedProgress:
    """Logs how a work goes on every ten seconds, with its rate and the time that is left, and that it is done."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began: dict[str, tuple[float, int]] = {}  # work -> when its first rows were done, and how many
        self._told: dict[str, float] = {}

    def __call__(self, progress: Progress) -> None:
        """Tell how far one work has come."""
        now, name = self._clock(), progress.work
        began, rows = self._began.setdefault(name, (now, progress.rows))
        told = {"work": name, "rows": progress.rows}
        if progress.done:
            structlog.get_logger().info("work_done", **told)
        elif now - self._told.setdefault(name, began) >= LOGGED_EVERY_S:
            self._told[name] = now
            rate = (progress.rows - rows) / (now - began)
            left = round((progress.total - progress.rows) / rate) if progress.total and rate else None
            structlog.get_logger().info("work_goes_on", **told, total=progress.total, rows_per_s=round(rate, 1), left_s=left)
