"""Where text meets the terminal: consoles, progress bars, and values of a CRM made harmless."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from sync.plain import plain
from sync.pull import Progress


def err(text: str) -> None:
    """Write a line for people to standard error."""
    sys.stderr.write(f"{plain(text, keep_lines=True)}\n")


@contextmanager
def show_progress() -> Iterator[Callable[[Progress], None]]:
    """Show a bar per stream on a terminal; elsewhere log an event when a stream is done."""
    if not sys.stderr.isatty():
        yield _tell_log
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(progress: Progress) -> None:
            name = f"{progress.crm} {progress.stream}"
            task = tasks.setdefault(name, bars.add_task(name, total=None)) if name not in tasks else tasks[name]
            bars.update(task, completed=progress.rows, total=progress.rows if progress.done else progress.total)

        yield tell


def _tell_log(progress: Progress) -> None:
    if progress.done:
        structlog.get_logger().info("stream_read", crm=progress.crm, stream=progress.stream, rows=progress.rows)
