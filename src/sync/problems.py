"""What is wrong with a file: every problem at once, each with its place and its fix. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sync.errors import ConfigurationError

LONGEST_FOUND = 120  # characters of a found value that a message repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, and how to put it right; never holds a secret's value."""

    file: str
    where: str  # dotted key (`clock.first_touch.within`), `line 12`, or empty for the whole file
    found: str
    expected: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.where}" if self.where else self.file
        return f"{place}: found {self.found}, expected {self.expected}\n    fix: {self.fix}"


class Problems(ConfigurationError):
    """Everything that is wrong with the files, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(
            "\n".join([f"{count} in the files", *(f"  {problem}" for problem in problems)]),
            fix="correct each line above, then run `leadpact check`",
        )
        self.problems = tuple(problems)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the name in `known` that looks most like `word`, without regard to case; None if none does."""
    by_lower = {name.lower(): name for name in known}
    matches = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def choose_fix(word: str, known: Iterable[str], *, otherwise: str) -> str:
    """Return the advice for an unknown name: the nearest known one, else `otherwise`."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near is not None else otherwise


def quoted(value: object) -> str:
    """Return a found value on one line, cut to a readable length and without control characters."""
    text = repr(value) if isinstance(value, str) else str(value)
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if len(shown) <= LONGEST_FOUND else f"{shown[:LONGEST_FOUND]}…"


def listed(names: Iterable[str]) -> str:
    """Return names as a person would list them: sorted, with commas; `none` for none."""
    return ", ".join(sorted(names)) or "none"
