"""What no criterion may hold, and how it is told."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.agreement.criteria import CriterionError, FieldType, compile_criterion, compile_mapping

ZONE = ZoneInfo("America/New_York")
FIELDS = {
    "score": FieldType.NUMBER,
    "country": FieldType.TEXT,
    "industry": FieldType.TEXT,
    "no_email": FieldType.BOOLEAN,
    "created": FieldType.TIME,
}


def refused(text: str, **defines: str) -> CriterionError:
    with pytest.raises(CriterionError) as caught:
        compile_criterion(text, fields=FIELDS, defines=defines, zone=ZONE)
    assert caught.value.fix
    assert 0 <= caught.value.position <= len(caught.value.text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("score > (SELECT 1)", 9),
        ("country IN (SELECT name FROM sqlite_master)", 12),
        ("EXISTS (SELECT 1)", 0),
        ("ATTACH 'x' AS y", 0),
        ("PRAGMA table_info(lead)", 7),
        ("load_extension('x')", 0),
        ("no_email; DROP TABLE lead", 8),
        ("randomblob(1e9)", 0),
        ("created < date('now')", 10),
        ("created < current_date", 10),
        ("CASE WHEN no_email THEN 1 END", 0),
        ("CAST(score AS TEXT) = 'x'", 0),
        ("score::text = 'x'", 5),
        ("score = ?", 8),
        ("score = :x", 8),
        ("score = @x", 8),
        ("no_email -- a comment", 9),
        ("no_email /* a comment */", 9),
        ("country || 'x' = 'y'", 8),
        ("score % 2 = 1", 6),
        ("score & 1 = 1", 6),
        ("country GLOB 'x'", 8),
        ("country LIKE 'x' ESCAPE '!'", 17),
        ("country COLLATE nocase = 'x'", 8),
        ("country = x'00'", 10),
        ("country -> 'a' = 'b'", 8),
        ("{fn now()}", 4),
        ("DELETE FROM lead", 0),
        ("WITH x AS (SELECT 1) SELECT 1", 7),
        ("VACUUM", 0),
        ("*", 0),
        ("", 0),
        ("   ", 0),
        ("country = 'open", 10),
        ("score >=", 6),
        ("score > 1 AND", 10),
        ("(score > 1", 9),
        ("score > 1)", 9),
        ("no_email country", 9),
    ],
)
def test_what_is_no_condition_over_fields_is_refused_where_it_stands(text: str, position: int) -> None:
    assert refused(text).position == position


@pytest.mark.parametrize(
    "text",
    [
        "country REGEXP 'x'",
        "country MATCH 'x'",
        "country IN country",
        "score IS TRUE",
        "country = NULL",
        "score = 1 = no_email",
        "(score, score) = (1, 2)",
        "NULL",
        "NOT NULL",
        "score BETWEEN SYMMETRIC 1 AND 2",
        "country LIKE country",
        "country IN ()",
        "created > TIMESTAMP '2026-01-01'",
        "created > INTERVAL '1 day'",
        "created > DATE '2026-02-30'",
        "score = 1e999",
    ],
)
def test_sql_beyond_the_allowed_is_refused(text: str) -> None:
    refused(text)


def test_a_criterion_has_at_most_2000_characters() -> None:
    longest = "score = 1".ljust(2000)
    assert compile_criterion(longest, fields=FIELDS, zone=ZONE)
    assert "2001 characters" in str(refused(longest + " "))


@pytest.mark.parametrize("opener", ["(", "NOT ", "NOT ("])
def test_a_criterion_is_nested_at_most_20_deep(opener: str) -> None:
    def nested(depth: int) -> str:
        return opener * depth + "no_email" + ")" * (opener * depth).count("(")

    assert compile_criterion(nested(20), fields=FIELDS, zone=ZONE)
    assert "nested more than 20 deep" in str(refused(nested(21)))


def test_a_long_chain_is_not_deep() -> None:
    for text in ("no_email AND " * 150 + "no_email", "no_email OR " * 160 + "no_email", "score" + " + 1" * 480 + " > 3"):
        assert compile_criterion(text, fields=FIELDS, zone=ZONE)


WORDS = [
    *("(", ")", "[", "{", ",", "=", "- ", "+ ", ":", "::", "||", "?", "@", "$", ";", "/*", "--", "'", '"', "`", "\n", "é", "\x00"),
    *("a ", "a.", "'x' ", "1 ", "NULL ", "AND ", "NOT ", "IN ", "BETWEEN ", "LIKE ", "IS ", "DATE ", "INTERVAL ", "COLLATE "),
    *("CASE ", "WHEN ", "SELECT ", "FROM ", "EXISTS ", "ANY ", "ALL "),
]


@settings(max_examples=250, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=30), repeat=st.sampled_from([1, 1, 1, 20, 300]))
def test_whatever_is_written_is_compiled_or_refused_with_a_place(words: list[str], repeat: int) -> None:
    text = ("".join(words) * repeat)[:2000]
    try:
        compile_mapping(text, zone=ZONE)
    except CriterionError as error:
        assert 0 <= error.position <= len(text)
        assert error.fix
        assert error.text == text


@pytest.mark.parametrize(
    ("text", "position", "found", "message", "fix"),
    [
        ("score = '60'", 8, "'60'", "`score` is a number, and '60' is a text", "without quotes"),
        ("country = 5", 10, "5", "`country` is a text, and 5 is a number", "single quotes"),
        ("country IN ('US', 5)", 18, "5", "`country` is a text", "single quotes"),
        ("country", 0, "country", "`country` is a text, not a condition", "say what it must be"),
        ("no_email AND score", 13, "score", "`score` is a number, not a condition", "say what it must be"),
        ("country = no_email", 10, "no_email", "`country` is a text, and `no_email` is a boolean", "one type"),
        ("no_email = 'true'", 11, "'true'", "`no_email` is a boolean, and 'true' is a text", "TRUE or FALSE"),
        ("no_email < TRUE", 0, "no_email", "has no order", "= or <>"),
        ("created > 5", 10, "5", "`created` is a time, and 5 is a number", "DATE '2026-01-31'"),
        ("created = 'soon'", 10, "'soon'", "`created` is a time, and 'soon' is a text", "DATE '2026-01-31'"),
        ("score = DATE '2026-01-01'", 0, "score", "is a time, and `score` is a number", "DATE"),
        ("score + country > 5", 8, "country", "only numbers are calculated with", "number fields"),
        ("score LIKE '6%'", 0, "score", "LIKE reads text", "= < >"),
        ("country IN (industry)", 12, "industry", "values only", "IN ('US', 'CA')"),
    ],
)
def test_types_that_do_not_go_together_are_found_at_load(text: str, position: int, found: str, message: str, fix: str) -> None:
    error = refused(text)
    assert (error.position, error.found) == (position, found)
    assert message in str(error)
    assert fix in error.fix


def test_an_unknown_name_is_answered_with_the_nearest_known_one() -> None:
    error = refused("no_email AND scor >= 60")
    assert (error.position, error.found, error.nearest) == (13, "scor", "score")
    assert error.fix == "write score"
    assert refused("ICP", icp="score > 1").nearest == "icp"
    assert refused("zzz = 1").nearest is None


def test_a_text_in_double_quotes_is_told_to_take_single_ones() -> None:
    assert refused('country = "Germany"').fix == "a text stands in single quotes: 'Germany'"


def test_all_problems_of_a_text_are_told_at_once_in_its_order() -> None:
    error = refused("scor >= 60 AND countri = 'US' AND score = '60' AND country")
    assert [problem.position for problem in error.problems] == [0, 15, 42, 51]
    assert error.problems[0] is error


def test_a_problem_within_a_define_names_the_define_and_its_place_there() -> None:
    error = refused("score > 1 AND icp", icp="score > 50 AND industri = 'x'")
    assert (error.define, error.position, error.nearest) == ("icp", 15, "industry")
    assert error.text == "score > 50 AND industri = 'x'"


def test_defines_that_go_in_a_circle_are_named() -> None:
    assert "a -> b -> c -> a" in str(refused("no_email AND a", a="b", b="NOT c", c="a OR no_email"))
    assert "a -> a" in str(refused("a", a="a"))


def test_defines_cannot_be_nested_or_multiplied_without_end() -> None:
    deep = {f"d{n}": f"NOT d{n + 1}" for n in range(30)} | {"d30": "no_email"}
    assert "20 deep" in str(refused("d0", **deep))
    many = {f"d{n}": f"d{n + 1} AND d{n + 1} AND d{n + 1}" for n in range(15)} | {"d15": "no_email"}
    assert "at most 5,000" in str(refused("d0", **many))


def test_a_hostile_pattern_costs_no_time() -> None:
    criterion = compile_criterion("country LIKE '" + "%a" * 900 + "%b'", fields=FIELDS, zone=ZONE)
    assert criterion.truth({"country": "a" * 5000}) is False
