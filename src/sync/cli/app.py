"""The program `leadpact`: parses, runs a command, shows its error and fix, ends with its exit code."""

from __future__ import annotations

import sys

from sync.version import VERSION


def main() -> None:
    """Run the command line; the version is told before anything heavy is imported."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"leadpact {VERSION}\n")
        return
    try:
        from sync.cli.program import run_program

        sys.exit(run_program())
    except KeyboardInterrupt:  # before the program could take care of it
        sys.exit(130)
