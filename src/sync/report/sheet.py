"""Findings as CSV that a spreadsheet opens without running anything. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

import orjson

from sync.plain import plain

COLUMNS = (
    *("lead", "handoff", "passage", "rule", "level", "status", "side", "owner", "owner_name"),
    *("started_at", "due_at", "settled_at", "late_by_s", "message", "key"),
)
FORMULA_STARTS = ("=", "+", "-", "@")


def findings_csv(findings: Iterable[bytes], names: Mapping[str, str]) -> Iterator[str]:
    """Yield the header line and one line a finding, owners by `names` too; cells that would be formulas begin with an apostrophe."""
    yield _line(COLUMNS)
    for finding in findings:
        values = orjson.loads(finding)
        values |= {"handoff": values["cycle"]["handoff"], "passage": values["cycle"]["number"]}
        values["owner_name"] = names.get(values["owner"] or "")
        yield _line(_cell(values[column]) for column in COLUMNS)


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(list(cells))
    return buffer.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else plain(str(value))  # standard output may be a terminal
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
