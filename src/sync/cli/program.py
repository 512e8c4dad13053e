"""All commands of `leadpact`, and how an error becomes a message and an exit code."""

from __future__ import annotations

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

WrongUsage = typer.BadParameter.__mro__[1]  # the family that Typer's parser raises, whichever parser it carries

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
    version: bool = typer.Option(False, "--version", "-V", help="Show the version and stop."),  # noqa: ARG001 - told in app.main
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
    except WrongUsage as error:
        err(f"error: {error.format_message()}\n  fix: see `leadpact --help`, or `leadpact COMMAND --help`")  # type: ignore[attr-defined]
        return EXIT_USAGE


def exit_code(error: SyncError | ConnectorError) -> int:
    """Return the documented exit code: 78 where a setting is wrong, 1 where the world is."""
    if isinstance(error, SyncError):
        return error.exit_code
    return EXIT_ERROR if isinstance(error, Unreachable | Exhausted) else EXIT_CONFIGURATION
