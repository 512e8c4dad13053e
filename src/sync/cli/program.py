"""All commands of `leadpact`, and how an error becomes a message and an exit code."""

from __future__ import annotations

import click
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
        return int(app(standalone_mode=False) or 0)
    except (SyncError, ConnectorError) as error:
        err(f"error: {error}\n  fix: {error.fix}")
        return exit_code(error)
    except click.UsageError as error:
        err(f"error: {error.format_message()}\n  fix: see `{error.ctx.command_path if error.ctx else 'leadpact'} --help`")
        return EXIT_USAGE
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        err("stopped")
        return EXIT_INTERRUPTED


def exit_code(error: SyncError | ConnectorError) -> int:
    """Return the documented exit code: 78 where a setting is wrong, 1 where the world is."""
    if isinstance(error, SyncError):
        return error.exit_code
    return EXIT_ERROR if isinstance(error, Unreachable | Exhausted) else EXIT_CONFIGURATION
