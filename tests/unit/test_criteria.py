"""Criteria: values, blanks, days, explanations, mappings."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sync.agreement.criteria import Criterion, CriterionError, FieldType, Row, compile_criterion, compile_mapping, read_value

ZONE = ZoneInfo("America/New_York")
FIELDS = {
    "score": FieldType.NUMBER,
    "employees": FieldType.NUMBER,
    "country": FieldType.TEXT,
    "industry": FieldType.TEXT,
    "title": FieldType.TEXT,
    "no_email": FieldType.BOOLEAN,
    "created": FieldType.TIME,
    "changed": FieldType.TIME,
}
DEFINES = {
    "icp": "employees BETWEEN 50 AND 5000 AND industry IN ('SOFTWARE', 'BANKING')",
    "buyer": "title LIKE '%operations%' OR title LIKE '%revenue%'",
    "fits": "icp AND NOT no_email",
}


def compiled(text: str) -> Criterion:
    return compile_criterion(text, fields=FIELDS, defines=DEFINES, zone=ZONE)


def truth(text: str, **values: str | float | bool | datetime | None) -> bool | None:
    return compiled(text).truth(values)


@pytest.mark.parametrize(
    ("raw", "type_", "value"),
    [
        (None, FieldType.TEXT, None),
        ("", FieldType.NUMBER, None),
        ("  ", FieldType.TEXT, None),
        (" US ", FieldType.TEXT, " US "),
        ("60", FieldType.NUMBER, 60.0),
        (" -6.5e1 ", FieldType.NUMBER, -65.0),
        ("1,000", FieldType.NUMBER, None),
        ("1_000", FieldType.NUMBER, None),
        ("inf", FieldType.NUMBER, None),
        ("1e999", FieldType.NUMBER, None),
        ("٣", FieldType.NUMBER, None),
        ("true", FieldType.BOOLEAN, True),
        ("True", FieldType.BOOLEAN, True),
        ("FALSE", FieldType.BOOLEAN, False),
        ("1", FieldType.BOOLEAN, True),
        ("0", FieldType.BOOLEAN, False),
        ("yes", FieldType.BOOLEAN, None),
        ("2026-11-01T10:00:00Z", FieldType.TIME, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01T10:00:00.123Z", FieldType.TIME, datetime(2026, 11, 1, 10, 0, 0, 123000, tzinfo=UTC)),
        ("2026-11-01T10:00:00.000+0000", FieldType.TIME, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01T10:00:00-05:00", FieldType.TIME, datetime(2026, 11, 1, 15, tzinfo=UTC)),
        ("2026-11-01T10:00:00", FieldType.TIME, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("1793527200123", FieldType.TIME, datetime(2026, 11, 1, 10, 0, 0, 123000, tzinfo=UTC)),
        ("2026-11-01", FieldType.TIME, datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("9999-12-31", FieldType.TIME, datetime(9999, 12, 31, 5, tzinfo=UTC)),
        ("2026-13-01", FieldType.TIME, None),
        ("99999999999999999999", FieldType.TIME, None),
        ("0001-01-01T00:00:00+14:00", FieldType.TIME, None),
        ("yesterday", FieldType.TIME, None),
    ],
)
def test_a_value_is_read_by_its_declared_type(raw: str | None, type_: FieldType, value: object) -> None:
    assert read_value(raw, type_, ZONE) == value


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("country = 'us'", "US", True),
        ("country IN ('us', 'ca')", "Ca", True),
        ("country LIKE 'U%'", "us", True),
        ("country LIKE '_s'", "US", True),
        ("country LIKE '_'", "US", False),
        ("country BETWEEN 'a' AND 'C'", "B", True),
        ("country = 'STRASSE'", "straße", True),
        ("country LIKE '%\n%'", "a\nb", True),
        ("country LIKE '.*'", "abc", False),
        ("country LIKE 'a%b%b'", "ab", False),
    ],
)
def test_text_compares_without_case(text: str, country: str, expected: bool) -> None:
    assert truth(text, country=country) is expected


@pytest.mark.parametrize(
    "text",
    ["country <> 'US'", "country NOT IN ('US')", "country NOT LIKE 'U%'", "score <> 1", "no_email <> TRUE", "created <> '2026-01-01'"],
)
def test_a_negative_comparison_is_true_for_a_blank(text: str) -> None:
    assert truth(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "country = 'US'",
        "NOT country = 'US'",
        "NOT country IN ('US')",
        "NOT (country LIKE 'U%')",
        "score NOT BETWEEN 1 AND 2",
        "no_email",
        "created < '2026-01-01'",
    ],
)
def test_any_other_comparison_with_a_blank_is_unknown(text: str) -> None:
    assert truth(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("created = DATE '2026-03-08'", (False, True, True, False)),
        ("created <> DATE '2026-03-08'", (True, False, False, True)),
        ("created < DATE '2026-03-08'", (True, False, False, False)),
        ("created <= DATE '2026-03-08'", (True, True, True, False)),
        ("created > DATE '2026-03-08'", (False, False, False, True)),
        ("created >= DATE '2026-03-08'", (False, True, True, True)),
        ("DATE '2026-03-08' < created", (False, False, False, True)),
        ("created BETWEEN '2026-03-08' AND '2026-03-08'", (False, True, True, False)),
        ("created NOT BETWEEN '2026-03-08' AND '2026-03-08'", (True, False, False, True)),
        ("created IN ('2026-03-07', '2026-03-09')", (True, False, False, True)),
        ("created NOT IN ('2026-03-07', '2026-03-09')", (False, True, True, False)),
    ],
)
def test_a_date_is_a_day_in_the_agreement_s_zone(text: str, expected: tuple[bool, ...]) -> None:
    last_of_the_7th = datetime(2026, 3, 8, 4, 59, 59, 999000, tzinfo=UTC)
    first, last = datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 9, 3, 59, 59, 999000, tzinfo=UTC)  # 23 hours
    first_of_the_9th = datetime(2026, 3, 9, 4, tzinfo=UTC)
    assert tuple(truth(text, created=moment) for moment in (last_of_the_7th, first, last, first_of_the_9th)) == expected


def test_the_last_day_there_is_may_be_written() -> None:
    assert truth("created = DATE '9999-12-31' OR created < '0001-01-01'", created=datetime(9999, 12, 31, 6, tzinfo=UTC)) is True


def test_two_times_are_compared_as_moments() -> None:
    assert truth("created < changed", created=datetime(2026, 1, 1, tzinfo=UTC), changed=datetime(2026, 1, 2, tzinfo=UTC)) is True


def test_a_criterion_names_every_field_it_rests_on() -> None:
    criterion = compiled("fits AND score >= 60")
    assert criterion.fields == {"employees", "industry", "no_email", "score"}
    assert criterion.types["score"] is FieldType.NUMBER


def test_an_explanation_tells_each_condition_as_written_with_its_values() -> None:
    row: Row = {"employees": 100.0, "industry": "banking", "title": "CFO", "score": None}
    explanation = compiled("icp  AND buyer AND (score >= 60 OR country = 'US') AND employees BETWEEN 1 AND 200").explain(row)

    assert explanation.truth is False
    assert [(part.text, part.truth) for part in explanation.conjuncts] == [
        ("icp", True),
        ("buyer", False),
        ("(score >= 60 OR country = 'US')", None),
        ("employees BETWEEN 1 AND 200", True),
    ]
    assert explanation.conjuncts[2].values == {"country": None, "score": None}


def test_a_define_is_one_condition_that_is_explained_in_turn() -> None:
    explanation = compiled("fits").explain({"employees": 10.0, "industry": None, "no_email": False})
    (fits,) = explanation.conjuncts
    icp, reachable = fits.parts
    assert (fits.define, icp.define, reachable.define) == ("fits", "icp", None)
    assert [(part.text, part.truth) for part in icp.parts] == [
        ("employees BETWEEN 50 AND 5000", False),
        ("industry IN ('SOFTWARE', 'BANKING')", None),
    ]
    assert fits.values == {"employees": 10.0, "industry": None, "no_email": False}


def test_parentheses_around_the_whole_are_no_condition() -> None:
    texts = [part.text for part in compiled("((score > 1 AND (country = 'a AND b' AND no_email)))").explain({}).conjuncts]
    assert texts == ["score > 1", "(country = 'a AND b' AND no_email)"]


@pytest.mark.parametrize(
    ("text", "picklist"),
    [
        ("lifecyclestage = 'salesqualifiedlead'", ("lifecyclestage", {"salesqualifiedlead"})),
        ("('X' = Status)", ("Status", {"X"})),
        ("hs_lead_status IN ('NEW', 'Open')", ("hs_lead_status", {"NEW", "Open"})),
        ("hs_lead_status NOT IN ('NEW')", None),
        ("lifecyclestage <> 'lead'", None),
        ("lifecyclestage = 'lead' AND owner IS NULL", None),
        ("score = 5", None),
        ("IsConverted", None),
    ],
)
def test_a_mapping_to_values_of_one_picklist_says_so(text: str, picklist: tuple[str, set[str]] | None) -> None:
    expected = picklist and (picklist[0], frozenset(picklist[1]))
    assert compile_mapping(text, zone=ZONE).picklist == expected


def test_a_mapping_s_types_follow_from_its_use() -> None:
    text = (
        "Status = 'x' AND (n + 1 > 3 OR copy = n) AND NOT IsConverted AND closed >= DATE '2026-01-01' AND other IS NULL AND \"a b\" = TRUE"
    )
    assert compile_mapping(text, zone=ZONE).types == {
        "Status": FieldType.TEXT,
        "n": FieldType.NUMBER,
        "copy": FieldType.NUMBER,
        "IsConverted": FieldType.BOOLEAN,
        "closed": FieldType.TIME,
        "other": FieldType.TEXT,
        "a b": FieldType.BOOLEAN,
    }


def test_a_mapping_may_name_any_field() -> None:
    for name in ("order", "type", "index", "date", "company.name", "Lead_Score__c", "key", "end", "group", "timestamp", "left"):
        assert compile_mapping(f"{name} = 'x'", zone=ZONE).truth({name: "X"}) is True


def test_a_mapping_that_uses_a_field_in_two_ways_is_refused() -> None:
    with pytest.raises(CriterionError, match="`Status` is a text, and 3 is a number"):
        compile_mapping("Status = 'x' OR Status > 3", zone=ZONE)
