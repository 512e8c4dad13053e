"""All commands of `leadpact`, and how an error becomes a message and an exit code."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import typer

from connectors.errors import ConnectorError, Exhausted, Unreachable
from sync.cli.check import check
from sync.cli.demo import demo
from sync.cli.init import init
from sync.cli.roster import roster
from sync.cli.sandbox import sandbox
from sync.cli.sync import sync
from sync.cli.terminal import err
from sync.errors import SyncError

EXIT_ERROR, EXIT_USAGE, EXIT_CONFIGURATION, EXIT_INTERRUPTED = 1, 64, 78, 130

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
for command in (demo, init, check, roster, sync, sandbox):
    app.command()(command)


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", "-V", help="Show the version and stop."),
) -> None:
    """Keep the agreement that Marketing and Sales made about leads, in HubSpot and Salesforce."""


def run_program() -> int:
    """Run one command and return its exit code; every expected error is one message with its fix."""
    try:
        return int(app(standalone_mode=False, prog_name="leadpact") or 0)
    except (SyncError, ConnectorError) as error:
        err(f"error: {error}\n  fix: {error.fix}")
        return exit_code(error)
    except typer.Exit as stop:
        return stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        err("stopped")
        return EXIT_INTERRUPTED
    except WRONG_USAGE as error:
        said = error.format_message() if isinstance(error, SaysMore) else str(error)
        err(f"error: {said}\n  fix: see `leadpact --help`, or `leadpact COMMAND --help`")
        return EXIT_USAGE


def exit_code(error: SyncError | ConnectorError) -> int:
    """Return the documented exit code: 78 where a setting is wrong, 1 where the world is."""
    if isinstance(error, SyncError):
        return error.exit_code
    return EXIT_ERROR if isinstance(error, Unreachable | Exhausted) else EXIT_CONFIGURATION
