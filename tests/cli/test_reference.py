"""docs/reference/cli.md and the README say of the commands what the program says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.reference import above_and_below, commands, written

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
