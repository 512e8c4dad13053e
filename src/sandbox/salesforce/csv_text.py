"""CSV as the Bulk API writes and reads it. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.salesforce.refusals import Refused

DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_MOMENT = len("2026-11-20T15:00:00.000+0000")
_NULL = "#N/A"


def line(values: Iterable[str], delimiter: str, ending: str) -> str:
    """One line; every value stands in quotes."""
    return delimiter.join('"' + value.replace('"', '""') + '"' for value in values) + ending


def text_of(value: Any) -> str:
    """A value as the Bulk API writes it: nothing for null, moments with Z. Raises Refused for one of several parts."""
    if value is None:
        return ""
    if isinstance(value, str):
        is_moment = len(value) == _MOMENT and value.endswith(".000+0000")
        return value[:-5] + "Z" if is_moment else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        raise Refused("API_ERROR", "Selecting compound data not supported in Bulk Query")
    return str(value)


def value_at(row: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The value of a row at a path such as owner, name, in any case; None if there is nothing on the way."""
    here: Any = row
    for step in path:
        here = None if here is None else next((value for name, value in here.items() if name.lower() == step), None)
    return here


def read(text: str, delimiter: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of an upload; blank lines are none. Raises Refused for a row that does not fit the header."""
    lines = [each for each in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if each]
    header, rows = (lines[0], lines[1:]) if lines else ([], [])
    if any(len(row) != len(header) for row in rows):
        raise Refused("InvalidBatch", "InvalidBatch : Field name not found : the rows have more or fewer values than the header")
    return header, rows


def values_of(header: Sequence[str], row: Sequence[str], types: Mapping[str, str]) -> dict[str, Any]:
    """What a row sets: an empty value leaves a field as it is, `#N/A` empties it; `types` are those of the fields in lower case."""
    told = ((name, value) for name, value in zip(header, row, strict=True) if value)
    return {name: None if value == _NULL else _typed(value, types.get(name.lower(), "string")) for name, value in told}


def _typed(value: str, kind: str) -> Any:
    """`value` as its field's JSON has it; a text that is none of its kind stays as it is, for the org to refuse."""
    if kind == "boolean" and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    if kind in ("int", "double", "currency", "percent"):
        try:
            return int(value) if kind == "int" else float(value)
        except ValueError:
            return value
    return value
