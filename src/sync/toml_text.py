"""Reads one TOML file, or says in a sentence why it cannot be read."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.problems import Problem, Problems

_AT_LINE = re.compile(r"\s*\(at (line \d+)(, column \d+)?.*\)$|\s*\(at end of document\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlText:
    """One TOML file as it was read."""

    file: str  # the path as the user gave it, for messages
    text: str
    document: dict[str, Any]


def read_toml(path: Path, *, missing: str) -> TomlText:
    """Read `path`; a byte order mark is ignored.

    `missing` is the fix to name if the file is not there. Raises Problems: missing, unreadable, not UTF-8, not TOML.
    """
    file = str(path)
    try:
        text = decoded(path.read_bytes())
        return TomlText(file=file, text=text, document=tomllib.loads(text))
    except FileNotFoundError:
        raise _one(file, found="no such file", expected="a TOML file", fix=missing) from None
    except OSError as error:
        raise _one(
            file,
            found=(error.strerror or "an error of the system").lower(),
            expected="a readable file",
            fix="check the path and its rights",
        ) from None
    except UnicodeDecodeError as error:
        raise _one(file, found=f"a byte at {error.start} that is not UTF-8", expected="UTF-8 text", fix="save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _broken(file, str(error)) from None
    except RecursionError:
        raise _one(file, found="brackets nested too deeply", expected="a TOML file that people can read", fix="flatten it") from None


def decoded(file: bytes) -> str:
    """Return the text of a file's bytes: without a byte order mark, each line end one newline. UnicodeDecodeError if it is not UTF-8."""
    return file.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def _one(file: str, *, found: str, expected: str, fix: str, where: str = "") -> Problems:
    return Problems([Problem(file=file, where=where, found=found, expected=expected, fix=fix)])


def _broken(file: str, message: str) -> Problems:
    """Turn the parser's message, which ends with its place, into a problem; it may quote one character, never a value."""
    place = _AT_LINE.search(message)
    where = (place.group(0).strip(" ()").removeprefix("at ") if place else "") if message else ""
    what = message[: place.start()] if place else message
    return _one(
        file,
        where=where,
        found=f"broken TOML ({what[:1].lower()}{what[1:]})",
        expected="valid TOML",
        fix="look at that line and the one before it: a missing quote, bracket or comma, or a key written twice",
    )
