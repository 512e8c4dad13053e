"""All commands of `leadpact`, and how an error becomes a message and an exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Protocol, runtime_checkable

import typer

from connectors.errors import ConnectorError, Exhausted, Unreachable
from sync.cli.agreement import agreement
from sync.cli.apply import apply, undo
from sync.cli.backlog import backlog
from sync.cli.check import check
from sync.cli.daemon import daemon
from sync.cli.demo import demo
from sync.cli.due import due
from sync.cli.explain import explain
from sync.cli.forget import forget
from sync.cli.held import drop, held
from sync.cli.init import init
from sync.cli.notify import notify
from sync.cli.offboard import offboard
from sync.cli.pause import observe, pause, resume
from sync.cli.preset import preset
from sync.cli.reconcile import reconcile
from sync.cli.report import report
from sync.cli.restore import restore
from sync.cli.roster import roster
from sync.cli.route import route
from sync.cli.runs import runs
from sync.cli.sandbox import sandbox
from sync.cli.shadow import shadow
from sync.cli.show import show
from sync.cli.status import status
from sync.cli.sync import sync
from sync.cli.terminal import err
from sync.cli.waive import waive
from sync.errors import SyncError

EXIT_ERROR, EXIT_USAGE, EXIT_CONFIGURATION, EXIT_INTERRUPTED, EXIT_TERMINATED = 1, 64, 78, 130, 143

# The family that Typer's parser raises, whichever parser it carries: the first base of the one member it exports.
WRONG_USAGE: tuple[type[Exception], ...] = tuple(base for base in typer.BadParameter.__bases__ if issubclass(base, Exception))


@runtime_checkable
class SaysMore(Protocol):
    """An error of the parser that names the option it is about."""

    def format_message(self) -> str:
        """Return the whole sentence."""
        ...


app = typer.Typer(
    name="leadpact",
    help="Keeps the agreement that Marketing and Sales made about leads, in HubSpot and Salesforce.",
    epilog="Start with `leadpact demo`; then `leadpact init`, `leadpact check`, `leadpact sync --dry-run`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    demo,
    init,
    preset,
    check,
    roster,
    sync,
    daemon,
    apply,
    undo,
    backlog,
    offboard,
    waive,
    held,
    drop,
    pause,
    observe,
    resume,
    explain,
    due,
    status,
    route,
    runs,
    show,
    shadow,
    report,
    notify,
    reconcile,
    restore,
    forget,
    sandbox,
):
    app.command()(command)
app.add_typer(agreement)


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", "-V", help="Show the version and stop."),
) -> None:
    """Keep the agreement that Marketing and Sales made about leads, in HubSpot and Salesforce."""


class Terminated(BaseException):
    """The process was asked to end; what is open is closed on the way out."""


EXPECTED: tuple[type[BaseException], ...] = (
    SyncError,
    ConnectorError,
    OSError,
    typer.Exit,
    typer.Abort,
    KeyboardInterrupt,
    Terminated,
    *WRONG_USAGE,
)


def run_program() -> int:
    """Run one command and return its exit code; every expected error is one message with its fix."""
    signal.signal(signal.SIGTERM, _stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter shows another
    try:
        code = int(app(standalone_mode=False, prog_name="leadpact") or 0)
        sys.stdout.flush()
        return code
    except EXPECTED as error:
        return _ended_by(error)


def _ended_by(error: BaseException) -> int:
    """Tell what ended the program, where there is something to tell, and return the exit code."""
    match error:
        case SyncError() | ConnectorError():
            err(f"error: {error}\n  fix: {error.fix}")
            return exit_code(error)
        case typer.Exit():
            return error.exit_code
        case Terminated():
            return EXIT_TERMINATED
        case typer.Abort() | KeyboardInterrupt():
            err("stopped")
            return EXIT_INTERRUPTED
        case BrokenPipeError():
            return _leave_quietly()
        case OSError():
            where = f": {error.filename}" if error.filename else ""
            err(f"error: {error.strerror or error}{where}\n  fix: check that path, its rights and its disk")
            return EXIT_ERROR
        case _:
            return _wrong_usage(error)


def _stop(*_: object) -> None:
    raise Terminated


def _leave_quietly() -> int:
    """Whoever read our output has gone; keep the interpreter from writing the rest."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_ERROR


def _wrong_usage(error: BaseException) -> int:
    said = (error.format_message() if isinstance(error, SaysMore) else str(error)).replace("Value error, ", "")
    if said.lstrip().startswith("Usage:"):
        err(said)
    else:
        err(f"error: {said}\n  fix: see `leadpact --help`, or `leadpact COMMAND --help`")
    return EXIT_USAGE


def exit_code(error: SyncError | ConnectorError) -> int:
    """Return the documented exit code: 78 where a setting is wrong, 1 where the world is."""
    if isinstance(error, SyncError):
        return error.exit_code
    return EXIT_ERROR if isinstance(error, Unreachable | Exhausted) else EXIT_CONFIGURATION
