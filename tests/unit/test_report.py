"""Reports: what a person sees at any width, and values that stay harmless."""

from __future__ import annotations

import orjson
import pytest

from sync.plain import plain
from sync.report.sheet import COLUMNS, findings_csv

ROW = {**dict.fromkeys(COLUMNS), "cycle": {"handoff": "Marketing to SDR", "number": 1}}


@pytest.mark.parametrize("value", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x1b=1"])
def test_a_cell_that_would_be_a_formula_becomes_text(value: str) -> None:
    _, line = findings_csv([orjson.dumps({**ROW, "owner": value})], {})
    assert f",'{plain(value)}," in line


def test_no_cell_colours_the_terminal_that_shows_it_or_turns_its_text() -> None:
    _, line = findings_csv([orjson.dumps({**ROW, "owner": "12"})], {"12": "\x1b[31mBen\u202e\x07 Kim"})
    assert ",12,[31mBen Kim," in line


def test_a_number_in_the_sheet_stays_a_number() -> None:
    _, line = findings_csv([orjson.dumps({**ROW, "late_by_s": 60})], {})
    assert ",60," in line


def test_an_owner_in_the_sheet_stands_with_id_and_name() -> None:
    _, line = findings_csv([orjson.dumps({**ROW, "owner": "12"})], {"12": "Ben Kim"})
    assert ",12,Ben Kim," in line


def test_escape_sequences_and_marks_that_turn_the_writing_direction_are_taken_out() -> None:
    assert plain("\x1b[31mred\x1b[0m \u202egnp.exe\u202c\x07") == "[31mred[0m gnp.exe"
