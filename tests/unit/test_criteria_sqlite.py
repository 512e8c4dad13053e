"""Criteria answer as SQLite does, but for the three documented differences."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.agreement.criteria import FieldType, Row, compile_criterion

ZONE = ZoneInfo("America/New_York")
FIELDS = {
    **dict.fromkeys(("n1", "n2"), FieldType.NUMBER),
    **dict.fromkeys(("t1", "t2"), FieldType.TEXT),
    **dict.fromkeys(("b1", "b2"), FieldType.BOOLEAN),
    "m1": FieldType.TIME,
}
DEFINES = {"good": "n1 > 2 AND t1 = 'a'", "fair": "good OR b1"}
DAYS = ("2026-03-08", "2026-03-09", "2026-11-01")


@dataclass(frozen=True)
class Pair:
    """One condition as an agreement writes it, and as SQLite must be asked to mean the same."""

    ours: str
    sqlite: str


def same(text: str) -> Pair:
    return Pair(text, text)


def true_for_blank(text: str, *operands: str) -> Pair:
    """The second documented difference: <>, NOT IN and NOT LIKE are true for a blank."""
    return Pair(text, f"CASE WHEN {' OR '.join(f'({operand}) IS NULL' for operand in operands)} THEN 1 ELSE {text} END")


@st.composite
def numbers(draw: st.DrawFn, depth: int = 2) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["n1", "n2", "0", "1", "7", "2.5", "-3", "1e3"]))
    left, right = draw(numbers(depth - 1)), draw(numbers(depth - 1))
    shape = draw(st.sampled_from(["({0} + {1})", "({0} - {1})", "{0} * {1}", "({0} / {1})", "- ({0})"]))
    return shape.format(left, f"({right})" if right.startswith("-") else right)


texts = st.sampled_from(["t1", "t2", "'a'", "'ab'", "'it''s'", "''", "'_'"])
flags = st.sampled_from(["b1", "b2", "TRUE", "FALSE"])
signs = st.sampled_from(["=", "==", "<", "<=", ">", ">="])
unequal = st.sampled_from(["<>", "!="])


@st.composite
def comparisons(draw: st.DrawFn) -> Pair:
    of = draw(st.sampled_from([numbers(), texts]))
    left, right = draw(of), draw(of)
    if draw(st.booleans()):
        return same(f"{left} {draw(signs)} {right}")
    return true_for_blank(f"{left} {draw(unequal)} {right}", left, right)


@st.composite
def memberships(draw: st.DrawFn) -> Pair:
    if draw(st.booleans()):
        operand, items = draw(numbers()), draw(st.lists(st.sampled_from(["1", "-2", "2.5", "7"]), min_size=1, max_size=3))
    else:
        operand, items = draw(texts), draw(st.lists(st.sampled_from(["'a'", "'ab'", "'x'"]), min_size=1, max_size=3))
    plain = f"{operand} IN ({', '.join(items)})"
    negated = f"{operand} NOT IN ({', '.join(items)})"
    return draw(st.sampled_from([same(plain), same(f"NOT {plain}"), same(f"NOT ({plain})"), true_for_blank(negated, operand)]))


@st.composite
def patterns(draw: st.DrawFn) -> Pair:
    operand, pattern = draw(texts), draw(st.text("ab%_", max_size=5))
    plain, negated = f"{operand} LIKE '{pattern}'", f"{operand} NOT LIKE '{pattern}'"
    return draw(st.sampled_from([same(plain), same(f"NOT {plain}"), same(f"NOT ({plain})"), true_for_blank(negated, operand)]))


@st.composite
def ranges(draw: st.DrawFn) -> Pair:
    of = draw(st.sampled_from([numbers(), texts]))
    word = draw(st.sampled_from(["BETWEEN", "NOT BETWEEN"]))
    return same(f"{draw(of)} {word} {draw(of)} AND {draw(of)}")


@st.composite
def blanks(draw: st.DrawFn) -> Pair:
    operand = draw(st.one_of(numbers(), texts, flags, st.just("m1")))
    return same(f"{operand} {draw(st.sampled_from(['IS NULL', 'IS NOT NULL', 'ISNULL', 'NOTNULL']))}")


@st.composite
def days(draw: st.DrawFn) -> Pair:
    """The third documented difference: a date literal is a day in the agreement's zone."""
    day, literal = draw(st.sampled_from(DAYS)), draw(st.sampled_from(["DATE '{}'", "'{}'"]))
    start = datetime.fromisoformat(day).replace(tzinfo=ZONE)
    end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=ZONE)
    low, high = start.timestamp(), end.timestamp()
    sign, meaning = draw(
        st.sampled_from(
            [
                ("=", f"m1 >= {low} AND m1 < {high}"),
                ("<>", f"m1 IS NULL OR m1 < {low} OR m1 >= {high}"),
                ("<", f"m1 < {low}"),
                ("<=", f"m1 < {high}"),
                (">", f"m1 >= {high}"),
                (">=", f"m1 >= {low}"),
            ]
        )
    )
    return Pair(f"m1 {sign} {literal.format(day)}", f"({meaning})")


def connected(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    def join(parts: tuple[Pair, Pair, str]) -> Pair:
        left, right, shape = parts
        return Pair(shape.format(left.ours, right.ours), shape.format(left.sqlite, right.sqlite))

    shapes = st.sampled_from(["({0}) AND ({1})", "({0}) OR ({1})", "NOT ({0})", "(NOT ({0})) OR ({1})", "({0} AND {1})", "({0}) = ({1})"])
    return st.tuples(inner, inner, shapes).map(join)


defined = st.sampled_from(
    [Pair("good", "(n1 > 2 AND t1 = 'a')"), Pair("fair", "((n1 > 2 AND t1 = 'a') OR b1)"), Pair("NOT good", "NOT (n1 > 2 AND t1 = 'a')")]
)
atoms = st.one_of(comparisons(), memberships(), patterns(), ranges(), blanks(), days(), flags.map(same), defined)
expressions = st.recursive(atoms, connected, max_leaves=5)

moments = st.sampled_from(
    [
        moment
        for day in DAYS
        for start in [datetime.fromisoformat(day).replace(tzinfo=ZONE).astimezone(UTC)]
        for moment in (start, start - timedelta(milliseconds=1), start + timedelta(hours=23, minutes=30), start + timedelta(hours=24))
    ]
)
rows = st.fixed_dictionaries(
    {
        **dict.fromkeys(("n1", "n2"), st.none() | st.sampled_from([0.0, 1.0, 2.5, 7.0, -2.0, 1000.0])),
        **dict.fromkeys(("t1", "t2"), st.none() | st.sampled_from(["", "a", "ab", "aab", "it's", "x", "b_"])),
        **dict.fromkeys(("b1", "b2"), st.none() | st.booleans()),
        "m1": st.none() | moments,
    }
)


@pytest.fixture(scope="module")
def sqlite() -> Iterator[sqlite3.Connection]:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE lead (n1 REAL, n2 REAL, t1 TEXT, t2 TEXT, b1 INTEGER, b2 INTEGER, m1 REAL)")
        connection.execute("INSERT INTO lead DEFAULT VALUES")
        yield connection
    connection.close()


def ask_sqlite(connection: sqlite3.Connection, condition: str, row: Mapping[str, object]) -> bool | None:
    stored = {name: value.timestamp() if isinstance(value, datetime) else value for name, value in row.items()}
    connection.execute("UPDATE lead SET n1 = :n1, n2 = :n2, t1 = :t1, t2 = :t2, b1 = :b1, b2 = :b2, m1 = :m1", stored)
    (answer,) = connection.execute(f"SELECT {condition} FROM lead").fetchone()
    return None if answer is None else bool(answer)


@settings(max_examples=300, deadline=None)
@given(pair=expressions, leads=st.lists(rows, min_size=1, max_size=4))
def test_a_criterion_answers_as_sqlite_does_on_the_same_row(
    sqlite: sqlite3.Connection, pair: Pair, leads: list[dict[str, str | float | bool | datetime | None]]
) -> None:
    criterion = compile_criterion(pair.ours, fields=FIELDS, defines=DEFINES, zone=ZONE)
    for row in leads:
        assert ask_sqlite(sqlite, pair.sqlite, row) is criterion.truth(row), (pair, row)


@pytest.mark.parametrize(
    "condition",
    [
        "7 / 2 = 3",
        "-7 / 2 = -3",
        "n1 / 2 = 3.5",
        "9223372036854775807 + 1 > 0",
        "1e308 * 10 > 1",
        "1e308 * 10 - 1e308 * 10 = 0",
        "1 / 0 IS NULL",
        "0.0 / 0 IS NULL",
        "NOT n1 = 7",
        "NOT n1 IN (7) AND b1",
        "n1 = 7 OR b1 AND n2 = 0",
        "NOT n1 BETWEEN 1 AND 2",
        "- n1 + 3 * 2 - 1 < 0",
        "2 - 3 - 4 = -5",
        "8 / 2 / 2 = 2",
        "0x10 = 16",
        "NOT n1 IS NULL",
        "NOT n1 IS NOT NULL",
        "NOT NOT n1 NOTNULL",
        "b1 AND NOT b2 OR n1 <> n1",
    ],
)
def test_precedence_and_arithmetic_are_sqlite_s(sqlite: sqlite3.Connection, condition: str) -> None:
    row: Row = {"n1": 7.0, "n2": 0.0, "t1": "a", "t2": None, "b1": True, "b2": None, "m1": None}
    criterion = compile_criterion(condition, fields=FIELDS, zone=ZONE)
    assert criterion.truth(row) is ask_sqlite(sqlite, condition, row)
