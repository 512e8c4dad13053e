"""Writes the part of docs/reference/cli.md that follows from the program: `python -m tests.cli.reference`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from sync.cli.program import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
MARK = "<!-- From here on `python -m tests.cli.reference` writes this page. -->\n"
EVERYWHERE = {"--config <path>", "--help"}  # told once, above the mark


def commands() -> dict[str, Any]:
    """Return every command by the words that call it, in the order in which the help tells them."""
    found: dict[str, Any] = {}
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        nested = getattr(command, "commands", None)
        found |= {name: command} if nested is None else {f"{name} {inner}": one for inner, one in nested.items()}
    return found


def written() -> str:
    """Return what the program says of its commands."""
    return "\n".join(line for name, command in commands().items() for line in _command(name, command))


def _command(name: str, command: Any) -> Iterator[str]:
    context = command.make_context(f"leadpact {name}", [], resilient_parsing=True)
    yield f"\n### leadpact {name}\n"
    yield f"`leadpact {' '.join([name, *command.collect_usage_pieces(context)])}`\n"
    yield f"{' '.join(command.help.split())}\n"
    for param in command.get_params(context):
        option, means = param.get_help_record(context)
        if option not in EVERYWHERE:
            yield f"- `{option}`: {' '.join(means.split())}"


def above_and_below() -> tuple[str, str]:
    """Return the page above the mark, and below it."""
    above, _, below = PAGE.read_text(encoding="utf-8").partition(MARK)
    return above, below


if __name__ == "__main__":
    PAGE.write_text(f"{above_and_below()[0]}{MARK}{written()}\n", encoding="utf-8")
