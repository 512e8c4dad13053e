"""docs/reference/cli.md and the README say of the commands what the program says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.cli.reference import PAGE, above_and_below, commands, written

README = Path(__file__).parents[2] / "README.md"


def test_the_reference_holds_every_command_and_option_as_the_program_tells_them() -> None:
    assert above_and_below()[1] == f"{written()}\n", "run: python -m tests.cli.reference"


def test_the_readme_names_every_command() -> None:
    named = set(re.findall(r"`leadpact ([a-z]+(?: (?:sign|diff))?)", README.read_text()))

    assert set(commands()) - named == set()


def test_who_can_end_with_2_is_listed_with_it() -> None:
    (row,) = [line for line in above_and_below()[0].splitlines() if line.startswith("| 2 ")]
    able = {name for name, one in commands().items() if any("--detailed-exitcode" in param.opts for param in one.params)}

    assert set(re.findall(r"`([a-z ]+)`", row)) == able


def test_every_command_line_of_a_how_to_is_one_that_the_program_takes() -> None:
    lines = [(page.name, line) for page in sorted((PAGE.parents[1] / "how-to").glob("*.md")) for line in command_lines(page.read_text())]

    assert len(lines) > 50
    wrong = [f"{page}: leadpact {line}" for page, line in lines if not is_taken(line)]
    assert not wrong, "\n".join(wrong)


def command_lines(page: str) -> Iterator[str]:
    """Yield what follows `leadpact` in the blocks of a page that are for a shell or for cron; not what runs as the user of that name."""
    for block in page.split("```")[1::2]:
        if block.startswith("\n"):
            yield from re.findall(r"(?:^|(?<!-u)[ /])leadpact ((?!leadpact\b)[a-z][^|;&\n#`>]*)", block.replace("\\\n", " "), re.M)


def is_taken(line: str) -> bool:
    """Whether a line names a command, and options that it has."""
    known = commands()
    name = next((name for name in sorted(known, key=len, reverse=True) if f"{line} ".startswith(f"{name} ")), None)
    options = re.findall(r"(?<= )--[a-z][a-z-]*", re.sub(r"'[^']*'|\"[^\"]*\"", "", line))
    return name is not None and set(options) <= {opt for param in known[name].params for opt in param.opts} | {"--help"}
